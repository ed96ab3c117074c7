# The whole vocabulary of the repository. Each target sets up what it needs by itself: .venv in this folder, and system
# packages where it may install them.
.DEFAULT_GOAL := help
SHELL := /bin/bash

.PHONY: help run test lint bench environment everything

help: ## say this
	@echo "make run     set everything up, then run the demo: the simulated arm sorts the table"
	@echo "make test    set everything up, then run all tests (ONLY=unit, sim or live for a part of them)"
	@echo "make lint    formatting, types, architecture, C++ warnings"
	@echo "make bench   measure speed; writes docs/benchmarks.md"
	@echo
	@echo "ARGS='...' is handed on, e.g. make run ARGS='--seed 7'. Everything else: .venv/bin/dynamical --help"

run: environment
	@.venv/bin/dynamical run $(ARGS)

test: everything
	@.ci/test $(ONLY) $(if $(ARGS),-- $(ARGS))

lint: everything
	@.ci/lint

bench: environment
	@.venv/bin/dynamical bench --page docs/benchmarks.md $(ARGS)

environment:
	@.ci/environment

everything:
	@.ci/environment all
