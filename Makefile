# Every target needs nothing but python3 (3.10 or newer, with venv) and make.

PYTHON ?= python3
RUN = .runtime/venv/bin/python -m

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format shell bench chaos clean

help:
	@$(PYTHON) -m tools.help

setup:
	@$(PYTHON) -m tools.runtime

demo test bench chaos: setup

demo:
	@$(RUN) tools.demo

test:
	@$(RUN) tools.run_tests

lint: setup
	@$(RUN) tools.lint

format: setup
	@$(RUN) tools.format

shell: setup
	@$(RUN) tools.shell

bench:
	@$(RUN) tools.bench

chaos:
	@$(RUN) tools.chaos

clean:
	@$(PYTHON) -m tools.clean
