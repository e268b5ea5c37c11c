#!/bin/sh
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Every linter, whatever the ones before it said; the exit tells whether all were content.
set -eu
failed=

run() { # run COMMAND...: show it, and remember it when it fails
    echo "$*"
    "$@" || failed="$failed
  $*"
}

# The documentation's linter has nothing to judge, and fails, while no plugin carries documentation.
has_plugins() {
    [ -n "$(find plugins/modules plugins/inventory plugins/filter -name '[!_]*.py' -print -quit 2>/dev/null)" ]
}

run ruff check .
run ruff format --check .
run yamllint --strict .
run reuse lint --lines
run antsibull-changelog lint
run python -m tests.tools.readme_plugins
run python -m tests.tools.action_groups
if has_plugins; then
    run antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs self .
else
    echo "skipped: antsibull-docs: the collection has no plugin yet"
fi
if [ -e plugins/modules/xen_domain.py ] && [ -e plugins/modules/xen_domain_info.py ] &&
    [ -e plugins/modules/xen_sedf.py ]; then
    run ansible-lint --offline
else
    echo "skipped: ansible-lint of extensions and tests/integration: the modules are not there yet"
    run ansible-lint --offline --exclude extensions --exclude tests/integration
fi

if [ -n "$failed" ]; then
    echo "these found something:$failed" >&2
    exit 1
fi
