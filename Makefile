# Everything that a person or the CI does with this repository. BB_STACK and BB_PORT_BASE choose another stack beside the demo.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

UV_VERSION := 0.13.9
# The interpreter that makes the virtual environment: 3.11 to 3.13.
PYTHON3 ?= python3
BIN := .venv/bin
PYTHON := $(BIN)/python
LOCAL := $(PYTHON) -m deploy.local

.PHONY: help venv install up down restart status logs reset token test unit integration lint types contracts bench chaos demo demo-data spec lock

help: ## Print this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

# Keyed by the lock's content and not by its time, which a fresh clone changes.
venv: ## Make the virtual environment from requirements.lock.
	@if [ "$$(cat .venv/lock.sha256 2>/dev/null)" != "$$(sha256sum < requirements.lock)" ]; then \
		echo "installing Python packages"; \
		[ -x $(PYTHON) ] || $(PYTHON3) -m venv .venv; \
		[ -x $(BIN)/uv ] || $(PYTHON) -m pip install -q --disable-pip-version-check uv==$(UV_VERSION); \
		VIRTUAL_ENV="$$PWD/.venv" $(BIN)/uv pip sync -q requirements.lock; \
		sha256sum < requirements.lock > .venv/lock.sha256; \
	fi

lock: ## Write requirements.lock anew from pyproject.toml.
	@$(BIN)/uv pip compile -q --no-emit-index-url --group dev pyproject.toml -o requirements.lock

install: venv ## Fetch and build what every stack shares.
	@$(LOCAL) install

up: venv ## Install what is missing, start everything, wait until it is ready, print the addresses.
	@$(LOCAL) up

down: venv ## Stop everything; data stays.
	@$(LOCAL) down

restart: venv ## Stop and start the processes of the Procfile, or NAME="trade web".
	@$(LOCAL) restart $(NAME)

status: venv ## Show every daemon and process.
	@$(LOCAL) status

logs: venv ## Follow all logs, or NAME="trade web".
	@$(LOCAL) logs $(NAME)

reset: venv ## Stop everything and delete the data of this stack.
	@$(LOCAL) reset

token: venv ## Print a token for NAME=haru, of ROLE=buyer or, with STORE=id, of that store's seller.
	@$(LOCAL) run -- python -m web.tokens make --name "$(NAME)" --role $(or $(ROLE),$(if $(STORE),seller,buyer)) $(addprefix --store ,$(STORE))

test: lint types contracts install ## Lint, types, import contracts, then every test, on stacks of their own, side by side.
	@$(PYTHON) -m tests

unit: venv ## The tests that need no stack.
	@$(PYTHON) -m pytest tests/unit

integration: install ## The tests on the real stack.
	@$(PYTHON) -m tests test kernel read up

lint: venv ## Rules and format of style (ruff).
	@$(BIN)/ruff check .
	@$(BIN)/ruff format -q --check .

types: venv ## Types (mypy, strict).
	@$(BIN)/mypy

contracts: venv ## Who may import whom (import-linter).
	@$(BIN)/lint-imports --no-cache

bench: venv ## Measure throughput, latency and cost on this machine.
	@$(PYTHON) -m tests.bench

chaos: venv ## Kill every process in turn under load, then audit the books.
	@$(PYTHON) -m tests.chaos

demo-data: up ## Fill the marketplace: 20 florists, 400 products with pictures, reviews, questions; SCALE=100000: products only.
	@$(LOCAL) run -- python -m deploy.demo.data $(if $(SCALE),--scale $(SCALE))

demo: up ## A day in the life of the marketplace, live.
	@$(LOCAL) run -- python -m deploy.demo

spec: venv ## Which weaknesses of the original system are closed, and by which test.
	@$(PYTHON) -m tests.spec_marks
