# The commands of this project. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test check format soak bench screenshots clean install

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

run: ## Install, prepare and serve the site at http://127.0.0.1:8000/ (HOST=... PORT=... change that)
	@scripts/run.sh

test: install ## All tests, on SQLite and on PostgreSQL (ARGS="-k name" goes to pytest, WORKERS=0 keeps them in one process)
	@scripts/test.sh $(ARGS)

check: install ## Formatting, types, Django's checks, missing migrations, known vulnerabilities
	@scripts/check.sh

format: install ## Bring the code into the form that `make check` wants
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format .

soak: install ## Long trials under load, apart from `make test`, on SQLite and on PostgreSQL
	@WORKERS=0 scripts/test.sh -m soak -s $(ARGS)

bench: install ## Measure against simpler ways to do the same (takes minutes; writes docs/performance.md)
	@.venv/bin/python -m bench $(ARGS)

screenshots: install ## Take the pictures of docs/screenshots anew, of the sample (needs Chromium)
	@.venv/bin/python scripts/screenshots.py

clean: ## Remove .venv and caches; var/ with the database stays
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

install:
	@scripts/install.sh requirements-dev.txt
