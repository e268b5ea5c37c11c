#!/bin/sh
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# mypy over each package, under the name that it is imported by.
set -eu
collection=ansible_collections.dom0.xend
set --
for package in $collection.plugins $collection.tests.unit tests.simulator tests.conformance tests.support tests.bench tests.tools tests.xm; do
    set -- "$@" -p "$package"
done
exec mypy "$@"
