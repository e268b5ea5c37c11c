# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run tasks with the real ansible-playbook, and read their results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

PLUGINS = Path(__file__).parent / "callback_plugins"


@dataclass(frozen=True)
class Played:
    """What a playbook printed, and the result of each task, as "ok", "failed", "unreachable" or "item", and its fields."""

    shown: str
    results: list[tuple[str, dict[str, Any]]]

    @property
    def only(self) -> dict[str, Any]:
        """The result of the only task."""
        assert len(self.results) == 1, self.shown
        return self.results[0][1]


def play(
    folder: Path,
    tasks: Sequence[Mapping[str, Any]],
    *,
    inventory: Optional[str] = None,
    variables: Optional[Mapping[str, Any]] = None,
    environment: Optional[Mapping[str, str]] = None,
    arguments: Sequence[str] = (),
    **keywords: Any,
) -> Played:
    """Run a play of *tasks*, on localhost or on the host of an *inventory*. Further *keywords* are those of the play."""
    hosts = "all" if inventory else "localhost"
    play_ = {"hosts": hosts, "gather_facts": False, "tasks": list(tasks), "vars": dict(variables or {}), **keywords}
    playbook, results = folder / "playbook.yml", folder / "results.jsonl"
    playbook.write_text(json.dumps([play_]))
    results.write_text("")
    command = [str(Path(sys.executable).parent / "ansible-playbook"), *arguments, str(playbook)]
    if inventory:
        (folder / "inventory.ini").write_text(inventory)
        command += ["-i", str(folder / "inventory.ini")]
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("XEND_")}
    surroundings |= {
        "ANSIBLE_CALLBACKS_ENABLED": "results",
        "ANSIBLE_CALLBACK_PLUGINS": str(PLUGINS),
        "ANSIBLE_NOCOLOR": "1",
        "COLUMNS": "500",
        "RESULTS": str(results),
        **(environment or {}),
    }
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False, timeout=300)
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    return Played(done.stdout + done.stderr, [(line["how"], line["result"]) for line in lines])
