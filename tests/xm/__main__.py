# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print how each release fares: ``python -m tests.xm [--differences]``, with the collection on the path of Python."""

from __future__ import annotations

import sys
from collections import Counter

from tests.xm.compare import NAMES, compare
from tests.xm.dryruns import dry_runs

VERDICTS = ("equal", "noted", "refused", "unmet", "wrong")


def table() -> str:
    """Return the numbers of files by release and verdict."""
    counted = {release: Counter(compare(run, release).verdict for run in dry_runs()) for release in NAMES}
    head = "release " + "".join(f"{verdict:>9}" for verdict in VERDICTS)
    return "\n".join(
        [
            head,
            *(f"{name:8}" + "".join(f"{count[verdict]:9}" for verdict in VERDICTS) for name, count in counted.items()),
        ]
    )


def differences() -> str:
    """Return all that is not equal."""
    lines = []
    for run in dry_runs():
        found = {release: compare(run, release) for release in NAMES}
        cells = dict.fromkeys(
            (cell.verdict, cell.differences) for cell in found.values() if cell.verdict not in ("equal", "refused")
        )
        for verdict, texts in cells:
            where = [release for release, cell in found.items() if (cell.verdict, cell.differences) == (verdict, texts)]
            lines.append(f"{run.name}: {verdict} on {', '.join(where)}: {'; '.join(texts)}")
    return "\n".join(lines)


print(differences() if "--differences" in sys.argv else table())
