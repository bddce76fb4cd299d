# Every target needs nothing but python3 (3.10 or newer, with venv) and make.

PYTHON ?= python3
RUN = "$(CURDIR)/.runtime/venv/bin/python" -m

# Whatever is made lies in .runtime.
export PYTHONPYCACHEPREFIX = $(CURDIR)/.runtime/pycache

.DEFAULT_GOAL := help
.PHONY: help runtime setup demo test one matrix wheels coverage lint format i18n readme shots \
	shell bench chaos mutants clean

help:
	@$(PYTHON) -m tools.help

runtime:
	@$(PYTHON) -m tools.runtime

setup: runtime
	@echo "Set-up complete: everything is in .runtime"

demo: runtime
	@$(RUN) tools.demo

test: runtime
	@$(RUN) tools.run_tests

one: runtime
	@$(RUN) tools.one_test

matrix: runtime
	@$(RUN) tools.matrix

wheels: runtime
	@$(RUN) tools.wheels

coverage: runtime
	@$(RUN) tools.coverage

lint: runtime
	@$(RUN) tools.lint

format: runtime
	@$(RUN) tools.format

i18n: runtime
	@$(RUN) tools.i18n

readme: runtime
	@$(RUN) tools.readme

shots: runtime
	@$(RUN) tools.shots

shell: runtime
	@$(RUN) tools.shell

bench: runtime
	@$(RUN) tools.bench

chaos: runtime
	@$(RUN) tools.chaos

mutants: runtime
	@$(RUN) tools.mutants

clean:
	@$(PYTHON) -m tools.clean
