#!/bin/sh
# Builds the operator package: build_out/custom_opp_*.run, which installs itself into the toolkit.
set -eu
cd "$(dirname "$0")"
if [ -z "${ASCEND_HOME_PATH:-${ASCEND_TOOLKIT_HOME:-}}" ]; then
    echo "build.sh: no CANN toolkit: source its set_env.sh, which sets ASCEND_HOME_PATH" >&2
    exit 2
fi
export ASCEND_HOME_PATH="${ASCEND_HOME_PATH:-$ASCEND_TOOLKIT_HOME}"
cmake --preset default
cmake --build build_out --target binary --parallel "${JOBS:-2}"
cmake --build build_out --target package --parallel "${JOBS:-2}"
