# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# `make` alone lists what there is. Every path is quoted: a clone may lie in a folder with spaces.
# PYTHON=... names the Python that builds .venv (3.11 or newer); without it the newest tried one is taken.
# ANSIBLE_CORE=... names the ansible-core to install there, instead of the one in requirements/constraints.txt.

PYTHON ?=
ANSIBLE_CORE ?=
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

# Sessions of noxfile.py, and of antsibull-nox: its lint is yamllint and its own settings.
LINTERS := lint extra-checks codeqa format-check license-check changelog lists action-groups docs-check ansible-lint
STAGES := lint typecheck docs sanity build-check galaxy molecule integration conformance units-oldest unit

ifneq ($(PYTHON),)
ifneq ($(shell sh tests/tools/venv.sh check '$(PYTHON)' && echo ok),ok)
$(error PYTHON=$(PYTHON) cannot be used)
endif
endif

ifneq ($(ANSIBLE_CORE),)
$(shell sh tests/tools/venv.sh core '$(ANSIBLE_CORE)')
endif

# A clone that was moved since: what pip wrote into .venv names the old place.
ifneq ($(wildcard .venv/.base),)
ifneq ($(shell cat .venv/.base),$(CURDIR))
$(shell rm -f .venv/.base .venv/.dev)
endif
endif

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo simulator test bench clean coverage format release $(STAGES)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  PYTHON=/path/to/python3.12   the Python to build .venv with (3.11 or newer)"
	@echo "  ANSIBLE_CORE=2.20.10         the ansible-core to install there; without it the newest that is pinned"

.venv/.base: requirements/demo.in requirements/constraints.txt
	@echo '==== building .venv'
	@sh tests/tools/venv.sh build '$(PYTHON)' '$(ANSIBLE_CORE)'
	@pwd -P >$@

.venv/.dev: .venv/.base requirements/dev.in
	@echo '==== installing the tools of requirements/dev.in'
	@$(PIP) install -r requirements/dev.in -c .venv/constraints.txt
	@touch $@

.build/galaxy/.done: .venv/.base requirements/galaxy.in
	@echo '==== installing the tools of requirements/galaxy.in'
	@.venv/bin/python -m venv --clear .build/galaxy
	@sed '/^attrs==/d' .venv/constraints.txt >.build/galaxy/constraints.txt
	@.build/galaxy/bin/python -m pip --disable-pip-version-check -qq install -r requirements/galaxy.in -c .build/galaxy/constraints.txt
	@touch $@

demo: .venv/.base ## see it work: a simulated xend, a few guests, nothing but ansible-core, requests and sexpdata
	@sh playbooks/demo.sh

simulator: .venv/.base ## a simulated xend to play with; ARGS='--version 3.0.0 --seed listing.sxp', ARGS=--help
	@.venv/bin/python -m tests.simulator $(ARGS)

test: .venv/.dev ## every gate below, in turn; KEEP_GOING=1 runs the others after one has failed
	@MAKE='$(MAKE)' nox -s test -- $(STAGES)

lint: .venv/.dev ## yamllint, ruff, reuse, changelog, documentation, ansible-lint, the lists of plugins and the action group
	@nox -s $(LINTERS)

typecheck: .venv/.dev ## mypy --strict over plugins and tests
	@nox -s typecheck

docs: .venv/.dev ## the documentation as a site, in .build/docs/html; a warning is an error
	@nox -s docs

sanity: .venv/.dev ## ansible-test sanity, on every Python that starts here
	@nox -s sanity

build-check: .venv/.dev ## build the collection, install it elsewhere, and read its documentation from there
	@nox -s build-check

galaxy: .venv/.dev .build/galaxy/.done ## what galaxy-importer and ansible-builder make of the built collection
	@nox -s galaxy

molecule: .venv/.dev ## the stories of extensions/molecule, each told twice, on simulated xends
	@nox -s molecule

integration: .venv/.dev ## ansible-test integration
	@nox -s integration

conformance: .venv/.dev ## the simulator against what real xends answered
	@nox -s conformance

units-oldest: .venv/.dev ## the modules' unit tests on the oldest Python that starts here, from 3.9 on
	@nox -s units-oldest

bench: .venv/.dev ## how fast: the reader of s-expressions, the inventory beside libvirt's, and a report; some minutes
	@python -m tests.bench

unit: .venv/.dev ## pytest over tests/unit: the harness, the traps, the modules, the simulator, the inventory
	@nox -s unit

coverage: .venv/.dev ## the branches of plugins/ that the unit tests take; TESTS=tests/unit/traps measures a part of them
	@nox -s coverage -- $(TESTS)

release: .venv/.dev .build/galaxy/.done ## VERSION=0.2.0: the changelog, the version, the archive, a commit and a tag; nothing is sent
	@python -m tests.tools.release '$(VERSION)'

format: .venv/.dev ## let ruff write the layout
	ruff check --fix-only .
	ruff format .

clean: ## remove .venv and .build
	rm -rf .venv .build
