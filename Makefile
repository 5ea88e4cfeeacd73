# make       set up and run the main job (the demo)
# make test  set up and pass the tests
# make check style, types and unit tests, for the inner loop
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run env test check lock reference

run: env
	$(BIN)/snakemake --cores all

env: $(VENV)/.installed

# Two processes; files that share a workflow run in one of them (tests/conftest.py).
PYTEST := $(BIN)/pytest -n 2 --dist loadgroup --no-loadscope-reorder

test: $(VENV)/.installed-test
	$(PYTEST)

check: $(VENV)/.installed-test
	$(PYTEST) tests/test_house.py tests/unit

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

# New pins from the newest releases that pyproject.toml and requirements-test.in allow. torch is
# held at one version: its CPU build and its CUDA build have the same number.
TORCH := torch==2.13.0
lock:
	rm -rf .env-lock
	$(PYTHON) -m venv .env-lock
	.env-lock/bin/pip install --quiet $(TORCH) setuptools
	.env-lock/bin/pip install --quiet .
	{ echo "# Every package of the pipeline, pinned. Made by: make lock"; \
		.env-lock/bin/pip freeze --all --exclude pip --exclude langneurons | sed 's/+cpu$$//'; } > requirements.lock
	.env-lock/bin/pip install --quiet -r requirements-test.in
	{ echo "# What tests need beside requirements.lock, pinned. Made by: make lock"; \
		.env-lock/bin/pip freeze --all --exclude pip --exclude langneurons | sed 's/+cpu$$//' \
		| grep -vxFf requirements.lock; } > requirements-test.lock
	rm -rf .env-lock

# The JSON schema and the table of keys, from the types of the configuration.
reference: env
	$(BIN)/python -m langneurons.experiment.reference
