# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge meta/runtime.yml's action group, and what each module's documentation says of it, by the modules that exist.

The group ``xend`` holds every module, by its full name, and nothing else; there is no other group. Each module documents
the attribute ``action_group`` with full support and this group alone: users set the connection's options by it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.tools.readme_plugins import existing

TOP = Path(__file__).resolve().parents[2]
COLLECTION = "dom0.xend"
GROUP = "xend"


def modules(top: Path) -> set[str]:
    """Return the full names of the modules."""
    return {f"{COLLECTION}.{name}" for name, kind in existing(top) if kind == "module"}


def documented(names: set[str]) -> dict[str, Any]:
    """Return what each module documents of the attribute action_group, as ansible-doc shows it; {} for nothing."""
    command = ["ansible-doc", "--json", "--type", "module", *sorted(names)]
    shown = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return {name: shown.get(name, {}).get("doc", {}).get("attributes", {}).get("action_group", {}) for name in names}


def faults_of_group(groups: dict[str, list[Any]], names: set[str]) -> list[str]:
    """Return one sentence per disagreement between meta/runtime.yml and the modules."""
    listed = [entry for entry in groups.get(GROUP, []) if isinstance(entry, str)]
    return [
        *(f"meta/runtime.yml: there is an action group {other}, and no rule for it" for other in set(groups) - {GROUP}),
        *(f"meta/runtime.yml: action group {GROUP} lacks {name}" for name in sorted(names - set(listed))),
        *(f"meta/runtime.yml: action group {GROUP} names {name}, no module" for name in sorted(set(listed) - names)),
        *(f"meta/runtime.yml: action group {GROUP} names {name} twice" for name in sorted(twice(listed))),
    ]


def twice(names: list[str]) -> set[str]:
    """Return the names that occur more than once."""
    return {name for name in names if names.count(name) > 1}


def faults_of_documentation(attributes: dict[str, Any]) -> list[str]:
    """Return one sentence per module that does not document the group."""
    wanted = {"support": "full", "membership": [f"{COLLECTION}.{GROUP}"]}
    return [
        f"{name} documents {key}={attribute.get(key)!r} of the attribute action_group, and is in {value!r}"
        for name, attribute in sorted(attributes.items())
        for key, value in wanted.items()
        if attribute.get(key) != value
    ]


def main() -> int:
    """Print the faults; the exit status."""
    names = modules(TOP)
    runtime = yaml.safe_load((TOP / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    found = faults_of_group(runtime["action_groups"], names) + faults_of_documentation(documented(names))
    print("\n".join(found) or f"{len(names)} modules are in the action group {GROUP}, and say so")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
