# Two commands set everything up on a fresh machine: `make run` plays the main job, `make test` runs the tests.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$p"; break; }; done)
BIN := .venv/bin

.PHONY: install run test check bench docs clean

install: .venv/.compiled

.venv/.installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Sekisho needs Python 3.11 or newer; install it or say make PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	@echo "installing Sekisho and its development tools into .venv (about a minute the first time)"
	@SEKISHO_INTERPRETED=1 $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

.venv/.compiled: .venv/.installed hatch_build.py $(shell find src/sekisho -name '*.py')
	@echo "compiling what every request passes (less than a minute)"
	@$(BIN)/python hatch_build.py
	@touch $@

run: install
	@$(BIN)/python -m examples.iam_caller_credentials
	@$(BIN)/python -m examples.http_authorizer

test: install
	@$(BIN)/python -m pytest -n 2 --dist loadfile

check: install
	@$(BIN)/ruff check hatch_build.py src tests bench examples
	@$(BIN)/ruff format --check hatch_build.py src tests bench examples
	@$(BIN)/mypy

bench: install
	@$(BIN)/python -m bench

docs: install
	@$(BIN)/sekisho docs --write docs

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
