# Everything a newcomer, a developer and CI run. Each target sets itself up: Python 3.11 or later and make are enough.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo up test faults bench bench-lanes screenshots lint check audit schemas site lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-11s %s\n", $$1, $$2 }'

demo: $(VENV)/ready ## Run the whole service on real input: embedded server, sandbox, worker; some ten seconds
	@$(BIN)/audience demo

up: $(VENV)/ready ## Run the same parts and Flower until Ctrl-C
	@$(BIN)/audience up

test: $(VENV)/ready ## Run every test that can run here; a missing RabbitMQ or Redis skips its tests
	$(BIN)/coverage erase
	COVERAGE_PROCESS_START=$(CURDIR)/pyproject.toml $(BIN)/coverage run -m pytest $(ARGS)
	@$(BIN)/coverage combine -q && $(BIN)/coverage report

faults: $(VENV)/ready ## Kill, freeze, cut and restart everything for a quarter of an hour; writes docs/faults.md
	PYTHONPATH=tests $(BIN)/python -m faults $(ARGS)

bench: $(VENV)/ready ## Measure the service beside Celery, dramatiq and taskiq alone; writes docs/performance.md
	PYTHONPATH=tests $(BIN)/python -m bench.compare $(ARGS)

bench-lanes: $(VENV)/ready ## Measure the figures of the lanes (FIGURE=name: one of them); writes docs/lanes-figures.md
	PYTHONPATH=tests $(BIN)/python -m bench.lanes $(FIGURE) $(ARGS)

screenshots: $(VENV)/ready ## Take the pictures of Flower's pages anew (needs chromium); writes docs/screenshots
	PYTHONPATH=tests $(BIN)/python -m browser

lint: $(VENV)/ready ## Check style, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test ## Run what CI runs

audit: $(VENV)/ready ## Ask which weaknesses of the lock's packages are known, and write dist/sbom.cdx.json
	$(BIN)/python .ci/audit.py $(ARGS)

schemas: $(VENV)/ready ## Write the JSON Schemas, the AsyncAPI document, its page and that of the settings anew
	$(BIN)/audience schema
	$(BIN)/python docs/asyncapi_page.py
	$(BIN)/python docs/settings_page.py

site: $(VENV)/ready ## Make a site of the documents, its links checked: dist/site/index.html
	$(BIN)/python docs/site.py

LOCK := $(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --custom-compile-command "make lock" -q

lock: $(VENV)/ready ## Write the three locks anew from pyproject.toml: for development, for the image, for its build
	$(BIN)/pip install -q uv
	$(LOCK) --upgrade --extra dev --extra embedded --extra bench -o requirements-dev.lock pyproject.toml
	$(LOCK) --constraint requirements-dev.lock --extra traces -o requirements.lock pyproject.toml
	echo hatchling | $(LOCK) --constraint requirements-dev.lock -o requirements-build.lock -

clean: ## Remove the virtual environment and what tools have left
	rm -rf $(VENV) .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/ready: pyproject.toml requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up $(VENV) (once) …"
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Python's venv module is needed (Debian, Ubuntu: apt-get install python3-venv)"; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@
