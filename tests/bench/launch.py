# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a command and write down what it has cost: ``launch.py REPORT COMMAND [ARGUMENT..]``.

The kernel counts the memory of whoever starts a process as memory that the process has had. So it is started from
here, where there is next to none: this file imports nothing but what Python has in memory anyway.
"""

from __future__ import annotations

import os
import sys
import time


def main(report: str, *command: str) -> int:
    """Run it; return the exit status. The report is wall and cpu seconds, and the most memory at a time in KiB."""
    began = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _pid, status, used = os.wait4(pid, 0)
    wall = time.perf_counter() - began
    with open(report, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib is memory
        file.write(f"{wall} {used.ru_utime + used.ru_stime} {used.ru_maxrss}")
    return abs(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
