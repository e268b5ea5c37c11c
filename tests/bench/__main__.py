# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run all benchmarks, or one of them: ``python -m tests.bench [inventory [OPTION..]]`` from the clone's top.

Each is a process of its own: what one has in memory would be counted as memory of the commands that another runs.
"""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = ("sxp", "inventory", "tasks", "stops", "report")


def main(arguments: list[str]) -> int:
    """Run them; return the exit status."""
    if arguments and arguments[0] not in BENCHMARKS:
        print(f"no such benchmark: {arguments[0]}; there are {' '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    for name in arguments[:1] or BENCHMARKS:
        print(f"==== {name}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"tests.bench.{name}", *arguments[1:]], check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
