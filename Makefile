# Every target sets up .venv by itself, once, and again when setup.cfg or constraints.txt changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow nightly check format lint types docs fix bench pictures browser clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): setup.cfg constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo "$(PYTHON) is older than Python 3.10; say: make PYTHON=/path/to/python3.10" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,examples]'
	@touch $@

setup: $(STAMP) ## create .venv and install hypercheck with what its tests need

demo: $(STAMP) ## find a cut gradient in a broken training script, then check its repaired twin
	@echo "== a training script with one fault: one finding, exit status 1"
	$(BIN)/hypercheck run examples/digits_full_broken.py --quick || test $$? -eq 1
	@echo "== its repaired twin: clean, exit status 0"
	$(BIN)/hypercheck run examples/digits_full.py --quick

test: $(STAMP) ## run the tests, and the examples in the docstrings
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

test-slow: $(STAMP) ## train the examples at full size, and compare their results
	$(BIN)/python -m pytest -q -m slow

nightly: $(STAMP) ## judge thousands of random programs
	$(BIN)/python -m pytest -q -m nightly

check: format lint types test docs ## format, lint, types, tests, generated pages

format: $(STAMP)
	$(BIN)/ruff format --check . || { echo "mend it by: make fix" >&2; exit 1; }

lint: $(STAMP)
	$(BIN)/ruff check . || { echo "mend what can be mended by: make fix" >&2; exit 1; }

types: $(STAMP)
	$(BIN)/mypy

docs: $(STAMP)
	$(BIN)/python tools/rule_docs.py --check || { echo "mend it by: $(BIN)/python tools/rule_docs.py --write" >&2; exit 1; }
	$(BIN)/python tools/fault_matrix.py --check

fix: $(STAMP) ## format, and repair what ruff can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## measure: every script in bench/
	@set -e; for script in bench/*.py; do echo "== $$script"; $(BIN)/python $$script; done

pictures: $(STAMP) ## draw the pictures of the README again, from real runs
	$(BIN)/python tools/pictures.py

browser: $(STAMP) ## open the HTML reports in Chromium; root installs it where it is missing
	@sh tools/browser.sh $(BIN)/python

clean: ## remove .venv and everything that was built
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
