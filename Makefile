# Every entry sets up what it needs: scripts/setup makes .venv, and does nothing where it is up to date.
# ARGS goes to the command: `make test ARGS="tests/store -x -n0"`, `make demo ARGS="--port 9000"`.

.DEFAULT_GOAL := help
.PHONY: help demo soak test-fast test test-long test-client test-glibc241 lint format schema schema-check bench lock setup clean

BIN := .venv/bin

# Some environments forbid Python to keep bytecode. Tests start hundreds of processes, each of which would compile
# hundreds of modules again.
export PYTHONDONTWRITEBYTECODE :=

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: ## make a demonstration store and serve it at http://127.0.0.1:8000
	@scripts/setup
	@$(BIN)/lineageql demo $(ARGS)

# Tests run on every core; `ARGS=-n0` runs them one after the other. One more at a time than cores took longer.
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal
PATIENT := -o timeout=7200 -o faulthandler_timeout=7300

test-fast: ## run the tests that need no database server and no browser, with few random examples: a minute
	@scripts/setup dev
	@TEST_NO_SERVERS=1 TEST_EXAMPLES=$${TEST_EXAMPLES:-3} $(PYTEST) -m "not server and not browser and not slow" $(ARGS)

test: ## run every test but the long ones
	@scripts/setup dev
	@$(PYTEST) $(ARGS)

test-long: ## run the long tests, every property with thousands of examples, and all with ml-metadata 1.21: hours
	@scripts/setup client
	@$(PYTEST) $(PATIENT) --long -m long $(ARGS)
	@TEST_EXAMPLES=$${TEST_EXAMPLES:-1000} $(PYTEST) $(PATIENT) -m "property and not long" $(ARGS)
	@scripts/glibc241 $(ARGS)
	@# Nothing else runs beside it. Its exit code is 2 where a server or a package is missing.
	@$(BIN)/python -m tests.bench gate || [ $$? = 2 ]

test-client: ## run the tests of the Python client with the libraries that it serves
	@scripts/setup client
	@TEST_REQUIRE_CLIENT=1 $(BIN)/python -m pytest -n auto --dist loadfile clients/python/tests -m "not long" $(ARGS)

test-glibc241: ## run every test but the long ones with ml-metadata 1.21 and Python 3.13, in a Debian 13 root folder; as root
	@scripts/glibc241 $(ARGS)

lint: ## check style, types and the direction of imports
	@scripts/setup dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then $(BIN)/mypy --strict gql clients/python/src clients/python/tests/user_code.py; \
	else echo "types are checked with Python 3.11 and newer: SQLAlchemy's differ before"; fi
	@$(BIN)/lint-imports --no-logo

format: ## put the code into its style
	@scripts/setup dev
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

schema: ## print schema.graphql and docs/settings.md from the code, and the Python client's types from the schema
	@scripts/setup
	@$(BIN)/lineageql schema > .venv/schema.graphql
	@mv .venv/schema.graphql schema.graphql
	@scripts/setup dev
	@$(BIN)/python clients/python/scripts/generate.py
	@$(BIN)/python scripts/settings_page.py

schema-check: ## check that schema.graphql is what the code prints
	@scripts/setup
	@$(BIN)/lineageql schema > .venv/schema.graphql
	@diff -u schema.graphql .venv/schema.graphql || { echo "schema.graphql is not what the code prints: run make schema" >&2; exit 1; }

bench: ## measure
	@scripts/setup dev
	@$(BIN)/python -m tests.bench $(ARGS)

soak: ## run a service under clients of every kind for SECONDS=600, its worker killed every 20 s; wrong answers end it with 1
	@scripts/setup dev
	@$(BIN)/python -m tests.soak --seconds $(or $(SECONDS),600) $(ARGS)

lock: ## make requirements/*.txt again from pyproject.toml; ARGS=--upgrade takes newer versions
	@scripts/lock $(ARGS)

setup: ## make .venv, with everything for development
	@scripts/setup dev

clean: ## take away what these entries made
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find gql tests clients -name __pycache__ -type d -prune -exec rm -rf {} +
