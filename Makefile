# make demo      see it work            make test     run the tests
# ARGS passes through: make demo ARGS="--events 5000", make test ARGS="tests/unit -k klaviyo"

SHELL := bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
# Tests mostly wait: one process more than there are cores.
TOGETHER = --dist loadfile --maxprocesses 8 --numprocesses $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

.PHONY: help
help: ## this list
	@echo "Signal Fleet"
	@awk -F ':.*## ' '/^[.a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

.PHONY: demo
demo: .venv ## everything on this machine, with sample traffic  (ARGS="--events 5000 --json")
	@$(BIN)/fleet demo $(ARGS)

.PHONY: test
test: .venv ## the whole test suite, several files at once  (ARGS="tests/unit -k klaviyo": a part, one by one)
	@$(BIN)/python -m pytest $(or $(ARGS),$(TOGETHER))

.PHONY: chaos
chaos: .venv ## what survives what, counted at the vendors  (ARGS="--short", ARGS="--only 3,14 --seed 7")
	@$(BIN)/python -m tests.chaos $(ARGS)

.PHONY: bench
bench: .venv/.bench ## how fast, beside what else one would write  (ARGS="--quick", ARGS="--only enqueue,latency")
	@$(BIN)/python -m tests.bench $(ARGS)

.PHONY: check lint types imports
check: lint types imports ## lint, format, types, direction of imports  (-k: all faults at once)
lint: .venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
types: .venv
	$(BIN)/mypy --strict
imports: .venv
	$(BIN)/lint-imports

.PHONY: format
format: .venv ## let ruff fix and format what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: docs
docs: .venv ## write docs/destinations/ from the declarations
	$(BIN)/python -m destinations.form.pages docs/destinations

COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
    --no-emit-find-links --quiet
LOCK := $(COMPILE) pyproject.toml --group build

.PHONY: lock
lock: ## pin every dependency anew  (needs uv; ARGS="--upgrade" for newer ones)
	@command -v uv >/dev/null || { echo "make lock needs uv: install it, or put it on PATH." >&2; exit 1; }
	$(LOCK) --group dev --output-file requirements.lock $(ARGS)
	$(LOCK) --constraints requirements.lock --no-annotate --output-file deploy/requirements.lock
	$(COMPILE) --group bench --constraints requirements.lock --output-file tests/bench/requirements.lock $(ARGS)

.PHONY: clean
clean: ## remove the environment, caches and data of local runs
	rm -rf .venv .fleet .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: .venv
.venv: .venv/.installed ## the environment alone

.venv/.installed: pyproject.toml .venv/.locked
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.bench: tests/bench/requirements.lock .venv/.installed
	@echo "Installing what is compared with, from tests/bench/requirements.lock ..."
	@$(PIP) install --quiet --require-hashes --requirement tests/bench/requirements.lock
	@touch $@

.venv/.locked: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Signal Fleet needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Creating .venv with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv --clear .venv
	@echo "Installing about $$(grep -c '^[a-z].*==' requirements.lock) packages from requirements.lock ..."
	@set -o pipefail; $(PIP) install --require-hashes --requirement requirements.lock | awk '/^(Collecting|Processing) /{ if (++n % 10 == 0) { print "  " n " fetched"; fflush() } } \
	    /^Installing collected/{ print "  installing"; fflush() }'
	@touch $@
