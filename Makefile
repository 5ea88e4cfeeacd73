# make       set up and run the main job (the demo)
# make test  set up and pass the tests
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run env test lock

run: env
	$(BIN)/snakemake --cores all

env: $(VENV)/.installed

test: $(VENV)/.installed-test
	$(BIN)/pytest

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "langneurons needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed requirements-test.lock
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-test.lock
	touch $@
