# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long it takes to shut down many guests: by a loop over xen_domain, and by one task of xen_domains.

Each is a whole ansible-playbook against a simulated xend, whose guests all take the same time to go down.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.bench.timing import Command, rewrite
from tests.simulator import Simulator

TOP = Path(__file__).resolve().parents[2]
RELEASE = "4.1"


def tasks(url: str, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the two tasks that stop guests of these names."""
    domains = [{"name": name} for name in names]
    one = {"xend_url": url, "name": "{{ item }}", "state": "stopped"}
    return {
        "loop over xen_domain": {"dom0.xend.xen_domain": one, "loop": list(names)},
        "xen_domains": {
            "dom0.xend.xen_domains": {"xend_url": url, "domains": domains, "defaults": {"state": "stopped"}}
        },
    }


def measure(name: str, guests: int, seconds: float, folder: Path) -> float:
    """Return the seconds that one of the tasks takes. Raises CommandFailed."""
    names = [f"guest{number}" for number in range(guests)]
    with Simulator(RELEASE, tcp=None, shutdown_delay=seconds) as sim:
        for each in names:
            sim.create(f"(vm (name {each}) (memory 16) (vcpus 1) (image (linux (kernel /k))))").unpause()
        play = [{"hosts": "localhost", "gather_facts": False, "tasks": [tasks(sim.unix_url, names)[name]]}]
        playbook = rewrite(folder / "stops.yml", json.dumps(play))
        collections = os.environ.get("ANSIBLE_COLLECTIONS_PATH", str(TOP / ".build"))
        program = str(Path(sys.executable).parent / "ansible-playbook")
        command = Command([program, str(playbook)], {"ANSIBLE_COLLECTIONS_PATH": collections})
        return command.cost().wall


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench stops", description=__doc__.partition("\n")[0])
    parser.add_argument("--guests", metavar="N", type=int, default=50)
    parser.add_argument("--seconds", metavar="S", type=float, default=5.0, help="that each guest takes; default: 5")
    options = parser.parse_args(arguments)
    print(
        f"{options.guests} guests are shut down, each takes {options.seconds:g} s: ansible-core {version('ansible-core')}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in tasks("", ()):
            print(f"{name:22}{measure(name, options.guests, options.seconds, Path(folder)):8.1f} s", flush=True)


if __name__ == "__main__":
    main()
