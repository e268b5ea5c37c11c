#!/bin/sh
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Plain pytest over tests/unit; `make unit` stays quick without coverage: add --cov for it.
set -eu
exec pytest -q -n 2 tests/unit "$@"
