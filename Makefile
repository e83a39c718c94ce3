# `make run` and `make test` are all a new user needs; the rest is for contributors.
PYTHON ?= python3
BIN := .venv/bin
PYTEST_WORKERS ?= auto
# Faults mostly wait, and run side by side; those that time calls run alone, after them.
FAULT_WORKERS ?= 2
TIMED := tests/faults/test_queues.py tests/coordination tests/executor
ROUND_TRIPS := back or written_whole or any_bytes or whatever_comes or conversion_succeeds

.PHONY: run test test-browser faults fuzz round-trips mutations bench lint types imports openapi audit goldens format clean help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

run: .venv/.run .venv-sample/.run  ## the hub and a sample system, one real call, then serve
	@exec $(BIN)/python deploy/sample/run.py

test: .venv/.dev  ## the fast suite, on SQLite or whatever DATABASE_URL and REDIS_URL say
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) -m "not faults and not browser and not fuzz"

test-browser: .venv/.dev  ## the admin in a real Chromium
	$(BIN)/python -m pytest tests/browser -m browser

faults: .venv/.dev  ## real processes, really killed; HUB_FAULTS=full for the full sizes
	$(BIN)/python -m pytest tests/faults -m faults -n $(FAULT_WORKERS) --dist loadfile $(TIMED:%=--ignore %)
	$(BIN)/python -m pytest $(TIMED) -m faults

fuzz: .venv/.dev  ## the API by its own OpenAPI document; expressions for HUB_FUZZ_SECONDS
	$(BIN)/python -m pytest -m fuzz -n $(PYTEST_WORKERS)

round-trips: .venv/.dev  ## every format there and back, 20,000 cases each
	HUB_EXAMPLES=20000 $(BIN)/python -m pytest tests/transformer --timeout 3600 -n $(PYTEST_WORKERS) -k "$(ROUND_TRIPS)"

mutations: .venv/.dev  ## take out one safeguard at a time: do the tests notice?
	$(BIN)/python -m tests.mutations

bench: .venv/.dev  ## ratios against a floor in the same run (docs/performance.md)
	$(BIN)/python -m tests.benchmarks.bench_execute

lint: .venv/.dev  ## style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.dev  ## mypy, strict
	$(BIN)/mypy

imports: .venv/.dev  ## the rooms know each other in one direction only
	$(BIN)/lint-imports

goldens: .venv/.dev  ## write anew what tests/catalogue/golden says of the shipped definitions
	$(BIN)/python -m tests.catalogue

format: .venv/.dev  ## mend style and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

openapi: .venv/.dev  ## the API document, validated
	$(BIN)/python -m tests.openapi_document

audit: .venv/.dev  ## known vulnerabilities, risky code, committed secrets
	$(BIN)/pip-audit --requirement requirements.txt --disable-pip --no-deps
	$(BIN)/bandit -q -r integration_hub registry credentials executor transformer -c pyproject.toml
	git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --baseline .secrets.baseline

clean:  ## remove what the targets made (not .env)
	rm -rf .venv .venv-sample var .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 run"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.run: .venv/bin/python requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.dev: .venv/bin/python requirements.txt requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/.run

.venv-sample/.run: .venv/bin/python deploy/sample/requirements.txt
	.venv/bin/python -m venv .venv-sample
	.venv-sample/bin/python -m pip install --quiet --disable-pip-version-check -r deploy/sample/requirements.txt
	@touch $@
