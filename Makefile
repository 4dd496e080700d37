# Two commands do everything: `make demo` and `make test`. Both set up by themselves.
VENV   := .venv
BIN    := $(VENV)/bin
# 3.12 and 3.11 come first: for them a wheel with an embedded Redis exists.
PYTHON ?= $(shell for p in python3.12 python3.11 python3.13 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$p && break; done)
SECONDS_OF_DEMO ?= 30
SEED ?= 1
# Tests wait for processes much of their time: one more at a time than there are processors.
JOBS ?= $(shell expr 1 + $$(getconf _NPROCESSORS_ONLN))

.PHONY: help demo test bench prove check audit format conformance sinks-conformance configuration lock clean setup setup-sinks setup-dev

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup  ## a simulated day of planning and clocking, from signed webhook to sink
	$(BIN)/shiftwire demo --seconds $(SECONDS_OF_DEMO) --seed $(SEED)

# What judges seconds runs by itself, behind the rest. Pytest's 5: nothing in this half was asked for.
test: setup-dev  ## all tests, some files at a time; JOBS=0: one after another
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not alone" $(ARGS) || [ $$? -eq 5 ]
	$(BIN)/python -m pytest -m alone $(ARGS) || [ $$? -eq 5 ]

bench: setup-dev  ## what it costs, beside its ceilings and three ways to do without it: one run, one table
	$(BIN)/python -m bench $(ARGS)

prove: setup-dev  ## what can fail, made to happen: lost, doubled, reordered, time to full flow, into docs/failures.md
	$(BIN)/python -m tests.prove --write $(ARGS)

check: setup-dev  ## format, lint, types, import rules, known vulnerabilities of dependencies
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/audit.py

audit: setup-dev  ## hold the locked dependencies against known vulnerabilities; ARGS=--required: fail where nobody can be asked
	$(BIN)/python .ci/audit.py $(ARGS)

format: setup-dev  ## write the code as the formatter wants it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

conformance: setup-dev  ## which test shows which rule of the Protime API
	$(BIN)/python -m tests.protime_rules

sinks-conformance: setup-dev  ## what every sink was seen to do, against the real thing
	CI=true $(BIN)/python -m tests.workers.sinks.page

configuration: setup-dev  ## every key of the configuration, into docs/configuration.md
	$(BIN)/python -m tests.workers.config.page

lock: setup-dev  ## resolve the dependencies anew into the lock files
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --no-annotate --python-version 3.11 $(LOCK_ARGS) pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --no-annotate --python-version 3.11 $(LOCK_ARGS) pyproject.toml --group dev --extra all -o requirements-dev.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --no-annotate --python-version 3.11 $(LOCK_ARGS) pyproject.toml --extra all -c requirements-dev.lock -o requirements-sinks.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --no-annotate --python-version 3.12 $(LOCK_ARGS) tests/helm/requirements.in -o tests/helm/requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --no-annotate --python-version 3.11 $(LOCK_ARGS) bench/requirements.in -o bench/requirements.lock

clean:  ## remove what the other targets made
	rm -rf $(VENV) .venv-helm .venv-bench bench/results.json build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache shiftwire-data

setup: $(VENV)/.runtime
setup-sinks: $(VENV)/.sinks  ## the client libraries of all sinks, as the image has them
setup-dev: $(VENV)/.dev

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found on the path." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The command line is a launcher beside the interpreter: the code runs from this folder, nothing is built.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements.lock
	$(BIN)/python .ci/link.py
	@touch $@

# The runtime and every extra: one set of versions, whichever sinks are used.
$(VENV)/.sinks: requirements-sinks.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements-sinks.lock
	$(BIN)/python .ci/link.py
	@touch $@ $(VENV)/.runtime

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements-dev.lock
	$(BIN)/python .ci/link.py
	@touch $@ $(VENV)/.runtime
