# Two commands: `make demo` runs the main job, `make test` checks everything.
# Both set themselves up in their own virtual environment.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Further extras to install, e.g. `make test EXTRAS=torch` for the second witness.
EXTRAS ?=
# Tests run side by side, a process a core: a matrix product takes one thread.
ONE_THREAD := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

.PHONY: demo test lint types unit filecheck clean

demo: $(VENV)/installed
	$(BIN)/ligrad compile examples/lightning_indexer_grad.lig -o out/kernel
	$(BIN)/ligrad run examples/lightning_indexer_grad.lig --level source \
	  --project out/kernel --check --output out/demo.npz

test: lint types unit filecheck

lint: $(VENV)/tested$(EXTRAS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/tested$(EXTRAS)
	$(BIN)/basedpyright --pythonpath $(BIN)/python

unit: $(VENV)/tested$(EXTRAS)
	$(ONE_THREAD) $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

filecheck: $(VENV)/tested$(EXTRAS)
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/lit -q tests/filecheck

# A marker is renewed when the dependencies change.
$(VENV)/installed: pyproject.toml
	$(PYTHON) -c 'import sys; v = sys.version_info; \
	  v >= (3, 11) or sys.exit("ligrad needs Python 3.11 or later, not %d.%d" % v[:2])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/tested$(EXTRAS): $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test$(if $(EXTRAS),$(comma)$(EXTRAS))]'
	touch $@

comma := ,

clean:
	rm -rf $(VENV) out
