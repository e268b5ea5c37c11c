#!/bin/sh
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# mypy over each package of the collection that exists, under the names that they are imported by.
set -eu
set --
for folder in plugins tests/unit tests/simulator tests/conformance tests/tools; do
    if [ -n "$(find "$folder" -name '*.py' -print -quit 2>/dev/null)" ]; then
        set -- "$@" -p "ansible_collections.dom0.xend.$(echo "$folder" | tr / .)"
    else
        echo "skipped: $folder holds no Python yet"
    fi
done
exec mypy "$@"
