# Needs Python 3.11-3.13 and make; everything else comes out of the package registries into .venv.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin

export REFLEX_TELEMETRY_ENABLED = false
export REFLEX_CHECK_LATEST_VERSION = false
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Without compiled files each start takes seconds longer.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run install install-dev test test-fast check format bench lock clean
.DEFAULT_GOAL := run

run: install  ## everything: PostgreSQL, Valkey, web, worker, demo shops
	@exec $(BIN)/microcrm up

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(BIN)/uv: requirements-bootstrap.lock
	@test -n "$(PYTHON)" || { echo "MicroCRM needs Python 3.11, 3.12 or 3.13 with its venv module (Debian: apt-get install python3-venv)."; exit 1; }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install -q --require-hashes -r requirements-bootstrap.lock
	@touch $@

# uv installs in a few seconds but does not read pip's own configuration; where that matters, pip does it.
define install_lock
	@echo "Installing $(1) ..."
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r $(1) \
		|| $(BIN)/python -m pip install -q --require-hashes -r $(1)
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation --config-settings editable_mode=compat -e .
	@touch $@
endef

$(VENV)/.installed: $(BIN)/uv requirements.lock pyproject.toml
	$(call install_lock,requirements.lock)

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	$(call install_lock,requirements-dev.lock)

test: install-dev  ## what CI runs
	@sh scripts/browser.sh
	@$(MAKE) --no-print-directory check
	@$(BIN)/python -m pytest --ignore tests/browser -n auto $(PYTEST_ARGS)
	@$(BIN)/python -m pytest tests/browser $(PYTEST_ARGS)

test-fast: install-dev  ## all but the browser
	@$(BIN)/python -m pytest --ignore tests/browser -n auto $(PYTEST_ARGS)

check: install-dev  ## style, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: install-dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: install-dev
	@$(BIN)/microcrm bench $(ARGS)

# Universal: one lock for each system and Python from 3.11 on. It holds hashes and no address of any index.
UV_LOCK = $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	--python-version 3.11 --custom-compile-command "make lock"
lock: $(BIN)/uv
	@$(UV_LOCK) $(LOCK_ARGS) pyproject.toml -o requirements.lock
	@$(UV_LOCK) $(LOCK_ARGS) -c requirements.lock --group dev pyproject.toml -o requirements-dev.lock
	@echo "uv==0.13.9" | $(UV_LOCK) - -o requirements-bootstrap.lock

clean:
	rm -rf $(VENV) .web .states .mypy_cache .ruff_cache .hypothesis .import_linter_cache build *.egg-info
