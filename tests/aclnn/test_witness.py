"""Our runtime headers against the vendor's, which the PyPI wheel of torch-npu contains.

The wheel is downloaded without dependencies into the cache and read as an archive; it is
never installed or imported. Without it these tests are skipped. The headers of tensors
and executors are not in it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from backends.aclnn.library import HEADERS
from backends.twin.cache import cache_directory
from backends.twin.compiler import find_compiler

INSIDE = "torch_npu/include/third_party/acl/inc/"
CALLS = """\
#include "acl/acl.h"

void caller(void* host, const void* source)
{
    const aclError ok = ACL_SUCCESS;
    aclrtContext context = nullptr;
    aclrtStream stream = nullptr;
    aclrtEvent event = nullptr;
    void* device = nullptr;
    uint32_t count = 0;
    int32_t number = 0, major, minor, patch;
    size_t free_bytes, total;
    float ms = 0;
    int64_t value = 0;
    aclrtRunMode mode;
    aclrtEventStatus status;
    aclrtEventRecordedStatus recorded;
    aclrtStreamStatus state;
    bool good = aclInit(nullptr) == ok && aclrtGetVersion(&major, &minor, &patch) == ok
        && aclrtGetDeviceCount(&count) == ok && aclrtSetDevice(number) == ok
        && aclrtGetDevice(&number) == ok && aclrtGetRunMode(&mode) == ok
        && aclrtCreateContext(&context, number) == ok
        && aclrtSetCurrentContext(context) == ok && aclrtGetCurrentContext(&context) == ok
        && aclrtCreateStream(&stream) == ok
        && aclrtCreateStreamWithConfig(&stream, 0, ACL_STREAM_FAST_LAUNCH) == ok
        && aclrtMalloc(&device, 64, ACL_MEM_MALLOC_HUGE_FIRST) == ok
        && aclrtMallocAlign32(&device, 64, ACL_MEM_MALLOC_NORMAL_ONLY) == ok
        && aclrtMallocHost(&host, 64) == ok && aclrtMemset(device, 64, 0, 64) == ok
        && aclrtMemsetAsync(device, 64, 0, 64, stream) == ok
        && aclrtMemcpy(device, 64, source, 64, ACL_MEMCPY_HOST_TO_DEVICE) == ok
        && aclrtMemcpyAsync(host, 64, device, 64, ACL_MEMCPY_DEVICE_TO_HOST, stream) == ok
        && aclrtGetMemInfo(ACL_HBM_MEM, &free_bytes, &total) == ok
        && aclrtCreateEvent(&event) == ok
        && aclrtCreateEventWithFlag(&event, ACL_EVENT_TIME_LINE) == ok
        && aclrtRecordEvent(event, stream) == ok
        && aclrtStreamWaitEvent(stream, event) == ok
        && aclrtQueryEvent(event, &status) == ok
        && aclrtQueryEventStatus(event, &recorded) == ok
        && aclrtSynchronizeEvent(event) == ok
        && aclrtEventElapsedTime(&ms, event, event) == ok && aclrtDestroyEvent(event) == ok
        && aclrtStreamQuery(stream, &state) == ok && aclrtSynchronizeStream(stream) == ok
        && aclrtSynchronizeStreamWithTimeout(stream, 1000) == ok
        && aclrtSynchronizeDevice() == ok
        && aclrtSetSysParamOpt(ACL_OPT_DETERMINISTIC, 1) == ok
        && aclrtGetSysParamOpt(ACL_OPT_DETERMINISTIC, &value) == ok
        && aclrtCtxSetSysParamOpt(ACL_OPT_DETERMINISTIC, 1) == ok
        && aclrtCtxGetSysParamOpt(ACL_OPT_DETERMINISTIC, &value) == ok
        && aclrtFree(device) == ok && aclrtFreeHost(host) == ok
        && aclrtDestroyStream(stream) == ok && aclrtDestroyStreamForce(stream) == ok
        && aclrtDestroyContext(context) == ok && aclrtResetDevice(number) == ok
        && aclrtResetDeviceForce(number) == ok && aclFinalize() == ok;
    const char* message = good ? aclrtGetSocName() : aclGetRecentErrMsg();
    aclDataBuffer* buffer = aclCreateDataBuffer(device, 64);
    aclFloat16 half = aclFloatToFloat16(1.0f);
    ms = aclFloat16ToFloat(half) + (message != nullptr) + aclDataTypeSize(ACL_BF16);
    ms += aclGetDataBufferAddr(buffer) == device && aclGetDataBufferSizeV2(buffer) == 64;
    aclDestroyDataBuffer(buffer);
}
"""


def compiled(source: str, include: Path, tmp_path: Path) -> str:
    """What the compiler complains of; deprecated functions are still there."""
    file = tmp_path / "caller.cpp"
    file.write_text(source)
    flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
    flags += ["-Wno-deprecated-declarations", "-Wno-unused-function"]
    flags += [f"-I{include}", f"-I{include / 'acl'}"]
    done = subprocess.run(
        [*find_compiler().command, *flags, str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr


@pytest.fixture(scope="session")
def vendor() -> Path:
    """The folder of the vendor's headers."""
    folder = cache_directory().parent / "torch-npu"
    if not (folder / INSIDE).is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
        command += ["--only-binary=:all:", "--disable-pip-version-check"]
        try:
            subprocess.run(
                [*command, "-d", str(folder), "torch-npu"],
                check=True,
                capture_output=True,
                timeout=180,
            )
        except (subprocess.SubprocessError, OSError):
            pytest.skip("the wheel of torch-npu cannot be had")
        [wheel, *_] = folder.glob("torch_npu-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.startswith(f"{INSIDE}acl/") and name.endswith(".h"):
                    archive.extract(name, folder)
        wheel.unlink()
    return folder / INSIDE


def constants() -> list[str]:
    """Every enumerator and code that our runtime headers define."""
    found: list[str] = []
    for header in sorted((HEADERS / "acl").rglob("*.h")):
        text = header.read_text(encoding="utf-8")
        text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
        found += re.findall(r"^\s+(ACL_\w+)(?: = [^,]*)?,$", text, re.MULTILINE)
        found += re.findall(r"^static const int (ACL_\w+) = \d+;", text, re.MULTILINE)
        found += re.findall(r"^#define (ACL_\w+) \w+$", text, re.MULTILINE)
    return found


def declared() -> set[str]:
    """Every function that our runtime headers declare."""
    texts = [p.read_text(encoding="utf-8") for p in (HEADERS / "acl").rglob("*.h")]
    return {name for text in texts for name in re.findall(r"\b(acl\w+)\(", text)}


def test_the_calls_are_all_calls() -> None:
    assert declared() == set(re.findall(r"\b(acl\w+)\(", CALLS))


def test_the_calls_compile_here(tmp_path: Path) -> None:
    assert compiled(CALLS, HEADERS, tmp_path) == ""


def test_the_calls_compile_with_the_vendors_headers(
    vendor: Path, tmp_path: Path
) -> None:
    assert compiled(CALLS, vendor, tmp_path) == ""


def test_enumerators_and_codes_are_the_vendors(vendor: Path, tmp_path: Path) -> None:
    names = constants()
    assert len(names) > 130
    values = tmp_path / "values.cpp"
    lines = [f'    std::printf("%lld\\n", static_cast<long long>({n}));' for n in names]
    values.write_text(
        '#include "acl/acl.h"\n#include <cstdio>\nint main()\n{\n'
        + "\n".join(lines)
        + "\n}\n"
    )
    ours = evaluated(values, HEADERS)
    theirs = evaluated(values, vendor)
    assert dict(zip(names, ours)) == dict(zip(names, theirs))


def evaluated(source: Path, include: Path) -> list[str]:
    """What a program without a library prints."""
    binary = source.with_suffix("")
    command = [
        *find_compiler().command,
        "-std=c++17",
        "-w",
        f"-I{include}",
        f"-I{include / 'acl'}",
    ]
    subprocess.run([*command, str(source), "-o", str(binary)], check=True)
    done = subprocess.run([str(binary)], capture_output=True, text=True, check=True)
    return done.stdout.split()
