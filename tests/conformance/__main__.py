# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: replay the recordings, print a table, and exit non-zero when more or fewer exchanges differ than script.GAPS says."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import TYPE_CHECKING

from tests.simulator import PERSONALITIES

from . import answers
from .runner import run
from .script import GAPS

if TYPE_CHECKING:
    from .runner import Result

_ROW = "{:<8} {:<34} {:>8} {:>9} {:>8}"


def _table(result: Result) -> str:
    matched: Counter[str] = Counter()
    compared: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    for each in result.verdicts:
        (skipped if each.skipped else compared)[each.label] += 1
        matched[each.label] += not each.skipped and not each.differences
    rows = [
        _ROW.format(result.version, label[:34], matched[label], compared[label], skipped[label])
        for label in sorted({*compared, *skipped})
    ]
    return "\n".join([*rows, _ROW.format(result.version, "total", result.matched, result.compared, result.skipped)])


def _mismatches(result: Result) -> str:
    lines = []
    for each in result.verdicts:
        if each.differences and not each.skipped:
            lines.append(f"{each.file}: {each.slug}")
            lines += [f"  {text}" for text in each.differences]
    return "\n".join(lines)


def _reasons(result: Result) -> str:
    reasons: dict[str, list[str]] = {}
    for each in result.verdicts:
        if each.skipped:
            reasons.setdefault(each.skipped, []).append(each.slug)
    return "\n".join(f"  {len(slugs):>3}  {reason}: {' '.join(slugs)}" for reason, slugs in reasons.items())


def main(arguments: list[str] | None = None) -> int:
    """Return 0 when nothing differs but the known gaps."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--version", choices=sorted(PERSONALITIES), action="append", default=[])
    parser.add_argument("--verbose", action="store_true", help="show what differs, and what is skipped and why")
    parser.add_argument("--answers", action="store_true", help="write answers.json anew, from the recordings")
    options = parser.parse_args(arguments)
    results = run(() if options.answers else options.version)
    table = answers.drawn(results.values())
    if options.answers:
        answers.store(table)
    print(_ROW.format("version", "operation", "matched", "compared", "skipped"))
    for result in results.values():
        print(_table(result))
        if options.verbose:
            print(f"skipped in {result.version}:\n{_reasons(result) or '  nothing'}\n{_mismatches(result)}")
    for version in results:
        seen, pairs = answers.backed(table, version)
        print(f"{version}: {seen} of {pairs} pairs of an operation and a state of a domain were recorded")
    wrong = [
        f"{file}: {found} exchanges differ, and GAPS in script.py says {GAPS.get(file, 0)}"
        for result in results.values()
        for file, found in result.gaps().items()
        if found != GAPS.get(file, 0)
    ]
    if not options.version and table != answers.stored():
        wrong.append("answers.json is not what the recordings give: write it anew with --answers")
    left = sum(sum(result.gaps().values()) for result in results.values())
    print("\n".join(wrong) or (f"{left} exchanges differ, all of them known gaps" if left else "everything matches"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
