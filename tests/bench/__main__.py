# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run every benchmark: ``python -m tests.bench`` from the clone's top."""

from __future__ import annotations

from tests.bench import sxp

if __name__ == "__main__":
    sxp.main()
