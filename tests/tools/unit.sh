#!/bin/sh
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Plain pytest over tests/unit; `make unit` stays quick without coverage: add --cov for it. A tree without tests is said, not passed over.
set -eu
if [ -z "$(find tests/unit -name 'test_*.py' -print -quit)" ]; then
    echo "skipped: tests/unit holds no test yet"
    exit 0
fi
exec pytest -q -n 2 tests/unit "$@"
