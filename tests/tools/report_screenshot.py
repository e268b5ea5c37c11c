# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the picture of a report that the guide shows: ``python -m tests.tools.report_screenshot [FILE]``.

The hosts are simulated xends, and the time is theirs: the picture is the same each time, but for the browser's fonts.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ansible_collections.dom0.xend.plugins.filter.report_files import report_files
from tests.simulator import ManualClock, Simulator
from tests.support.browser import NO_CHROMIUM, browser
from tests.support.estate import seen

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "static" / "report.png"
WIDTH, HEIGHT = 1120, 1160
_DAY = 86400
_CONFIG = """(vm (name {name}) (memory {memory}) (vcpus {vcpus}) (image (linux (kernel /boot/vmlinuz-2.6-xenU) (vcpus {vcpus})))
    (device (vbd (uname phy:vg0/{name}) (dev sda1) (mode w)))
    (device (vif (mac 00:16:3e:00:00:{last:02x}) (bridge xenbr0) (ip 10.0.0.{last}))))"""
SMALL = {"memory": 128, "image": {"kernel": "/boot/vmlinuz-2.6-xenU"}}
HOSTS: tuple[tuple[str, str, list[tuple[str, int, int]], list[dict[str, Any]]], ...] = (
    ("alder", "3.0.0", [("web1", 2048, 1), ("web2", 2048, 1)], [{"name": "web1"}, {"name": "web2"}]),
    (
        "birch",
        "3.2",
        [("db1", 8192, 2), ("migrating-mail", 1024, 1)],
        [{"name": "db1", "memory": 6144}, {"name": "mail", **SMALL}, {"name": "backup", **SMALL}],
    ),
    ("cedar", "4.1", [("ci1", 4096, 4), ("ci2", 4096, 4), ("test", 512, 1)], [{"name": "ci1"}, {"name": "ci2"}]),
)
"""Name, release, guests and what is declared, of each host."""


def hosts() -> dict[str, dict[str, Any]]:
    """Return hosts as the modules describe them, after some days, and one that does not answer."""
    found: dict[str, dict[str, Any]] = {
        "dogwood": {"failure": "Cannot connect to xend at http://dogwood:8000: timed out"}
    }
    last = 10
    for name, release, guests, declared in HOSTS:
        clock = ManualClock()
        with ExitStack() as stack:
            sim = stack.enter_context(Simulator(release, tcp=None, clock=clock))
            for guest, memory, vcpus in guests:
                last += 1
                clock.advance(0.7 * _DAY)
                sim.create(_CONFIG.format(name=guest, memory=memory, vcpus=vcpus, last=last)).unpause()
            found[name] = seen(sim, declared=declared)
    return found


def main(arguments: list[str]) -> int:
    """Write the picture."""
    if NO_CHROMIUM:
        print(f"skipped: {NO_CHROMIUM}")
        return 1
    picture = Path(arguments[0]) if arguments else PICTURE
    made = report_files(hosts(), time="2026-11-26T03:00:00Z")
    with tempfile.TemporaryDirectory() as folder, browser() as opened:
        page = Path(folder, "report.html")
        page.write_text(made[0]["content"], encoding="utf-8")
        opened.resize(WIDTH, HEIGHT)
        opened.open(page)
        opened.run("age.hidden = true")  # how long ago the picture was taken is not its business
        picture.write_bytes(opened.screenshot())
    print(f"{picture}: {picture.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
