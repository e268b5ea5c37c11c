# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a report of many guests takes, to be made and to be shown: ``python -m tests.bench.report [HOSTS [GUESTS]]``."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from ansible_collections.dom0.xend.plugins.filter.report_files import report_files
from tests.support.browser import NO_CHROMIUM, browser
from tests.support.estate import estate

_PAINTED = """
    const done = arguments[0];
    const look = () => {
        const [paint] = performance.getEntriesByName('first-contentful-paint');
        const load = performance.getEntriesByType('navigation')[0].loadEventEnd;
        paint && load ? done([paint.startTime, load]) : setTimeout(look, 20);
    };
    look();
"""
_SEARCH = "search.value = 'web7'; odd.dispatchEvent(new Event('change'));"
_SORT = "document.querySelector('#guests th:nth-child(4) button').click();"
_TIMED = "const start = performance.now(); %s document.body.offsetHeight; return performance.now() - start"


def main(arguments: list[str]) -> int:
    """Print the times in milliseconds, and the sizes of the files."""
    hosts, guests = [*map(int, arguments), 40, 50][:2] if len(arguments) != 1 else (int(arguments[0]), 50)
    given = estate(hosts, guests)
    start = time.perf_counter()
    made = report_files(given, time="2026-11-26T08:00:00Z")
    print(f"{hosts} hosts of {guests} guests: made in {1000 * (time.perf_counter() - start):.0f} ms")
    for file in made:
        print(f"{file['path']}: {len(file['content'].encode()) / 1e6:.2f} MB")
    if NO_CHROMIUM:
        print(f"skipped: how long the page takes to be shown: {NO_CHROMIUM}")
        return 0
    with tempfile.TemporaryDirectory() as folder, browser() as opened:
        page = Path(folder, "report.html")
        page.write_text(made[0]["content"], encoding="utf-8")
        opened.open(page)
        paint, load = opened.wait(_PAINTED)
        print(f"first paint {paint:.0f} ms, loaded {load:.0f} ms", end=", ")
        print(f"sort {opened.run(_TIMED % _SORT):.0f} ms, search {opened.run(_TIMED % _SEARCH):.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
