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

run ruff check .
run ruff format --check .
run yamllint --strict .
run reuse lint --lines
run antsibull-changelog lint
run python -m tests.tools.readme_plugins
run python -m tests.tools.action_groups
run antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs self .
run ansible-lint --offline

if [ -n "$failed" ]; then
    echo "these found something:$failed" >&2
    exit 1
fi
