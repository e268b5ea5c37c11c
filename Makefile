# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# `make` alone lists what there is. Every path is quoted: a clone may lie in a folder with spaces.
# PYTHON=... names the Python that builds .venv (3.11 or newer); without it the newest tried one is taken.

PYTHON ?=
BUILD := $(CURDIR)/.build
BIN := $(CURDIR)/.venv/bin
PIP := .venv/bin/python -m pip --disable-pip-version-check -qq

export PATH := $(BIN):$(PATH)
export LC_ALL := C.UTF-8
export ANSIBLE_COLLECTIONS_PATH := $(BUILD)
export ANSIBLE_HOME := $(BUILD)/ansible_home
export ANSIBLE_LOCALHOST_WARNING := false
export ANSIBLE_INVENTORY_UNPARSED_WARNING := false
export ANSIBLE_NOCOLOR := 1
export PY_COLORS := 0
export NO_COLOR := 1

STAGES := lint typecheck sanity build-check molecule integration conformance units-oldest unit

ifneq ($(PYTHON),)
ifneq ($(shell sh tests/tools/venv.sh check '$(PYTHON)' && echo ok),ok)
$(error PYTHON=$(PYTHON) cannot be used)
endif
endif

# A clone that was moved since: what pip wrote into .venv names the old place.
ifneq ($(wildcard .venv/.base),)
ifneq ($(shell cat .venv/.base),$(CURDIR))
$(shell rm -f .venv/.base .venv/.dev)
endif
endif

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo test bench clean format $(STAGES)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  PYTHON=/path/to/python3.12   the Python to build .venv with (3.11 or newer)"

.venv/.base: requirements/demo.in requirements/constraints.txt
	@echo '==== building .venv'
	@sh tests/tools/venv.sh build '$(PYTHON)'
	@pwd -P >$@

.venv/.dev: .venv/.base requirements/dev.in
	@echo '==== installing the tools of requirements/dev.in'
	@$(PIP) install -r requirements/dev.in -c requirements/constraints.txt
	@touch $@

demo: .venv/.base ## see it work: a simulated xend, a few guests, nothing but ansible-core, requests and sexpdata
	@if [ -e playbooks/demo.sh ]; then sh playbooks/demo.sh; else echo "skipped: playbooks/demo.sh is not there yet"; fi

test: .venv/.dev ## every gate below, in turn; KEEP_GOING=1 runs the others after one has failed
	@sh tests/tools/stages.sh '$(MAKE)' $(STAGES)

lint: .venv/.dev ## ruff, yamllint, reuse, changelog, documentation, ansible-lint, the README's plugin list
	@sh tests/tools/lint.sh

typecheck: .venv/.dev ## mypy --strict over plugins and tests
	@sh tests/tools/typecheck.sh

sanity: .venv/.dev ## ansible-test sanity, on every Python that starts here
	@python -m tests.tools.ansible_test sanity

build-check: .venv/.dev ## build the collection, install it elsewhere, and read its documentation from there
	@python -m tests.tools.build_check

molecule: .venv/.dev ## the stories of extensions/molecule, each told twice, on simulated xends
	@sh tests/tools/molecule.sh

integration: .venv/.dev ## ansible-test integration
	@python -m tests.tools.ansible_test integration

conformance: .venv/.dev ## the simulator against what real xends answered
	@if [ -e tests/conformance/__main__.py ] || [ -e tests/conformance.py ]; then \
	    python -m tests.conformance; \
	else \
	    echo "skipped: tests/conformance is not there yet"; \
	fi

units-oldest: .venv/.dev ## the modules' unit tests on the oldest Python that starts here, from 3.9 on
	@python -m tests.tools.ansible_test units

bench: .venv/.dev ## how fast: the reader of s-expressions, on listings like xend's
	@python -m tests.bench

unit: .venv/.dev ## pytest over tests/unit: the harness, the traps, the modules, the simulator, the inventory
	@sh tests/tools/unit.sh

format: .venv/.dev ## let ruff write the layout
	ruff check --fix-only .
	ruff format .

clean: ## remove .venv and .build
	rm -rf .venv .build
