# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge README's list of plugins and roles by those that exist.

README has a section "## Plugins" whose list items begin ``* `dom0.xend.NAME` (KIND)``, where KIND is module, role,
inventory, filter, lookup, callback, connection or become.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
KINDS = {"module": "modules"} | {
    kind: kind for kind in ("inventory", "filter", "lookup", "callback", "connection", "become")
}
ITEM = re.compile(r"^[*-] `dom0\.xend\.(?P<name>\w+)` \((?P<kind>\w+)\)", re.MULTILINE)


def existing(top: Path) -> set[tuple[str, str]]:
    """Return (name, kind) of each plugin and role; a plugin whose name begins with an underscore is private."""
    roles = {(path.parents[1].name, "role") for path in (top / "roles").glob("*/tasks/main.yml")}
    return roles | {
        (path.stem, kind)
        for kind, folder in KINDS.items()
        for pattern in ("*.py", "*.yml")
        for path in (top / "plugins" / folder).glob(pattern)
        if not path.stem.startswith("_")
    }


def listed(readme: str) -> list[tuple[str, str]]:
    """Return (name, kind) of each item below the heading "## Plugins", up to the next heading of that rank."""
    section = re.search(r"^## Plugins\n(.*?)(?=^## |\Z)", readme, re.MULTILINE | re.DOTALL)
    return [(item["name"], item["kind"]) for item in ITEM.finditer(section.group(1))] if section else []


def faults(top: Path) -> list[str]:
    """Return one sentence per disagreement; none when all agree."""
    real = existing(top)
    names = listed((top / "README.md").read_text(encoding="utf-8"))
    return [
        *(f"README.md does not list dom0.xend.{name} ({kind})" for name, kind in sorted(real - set(names))),
        *(
            f"README.md lists dom0.xend.{name} ({kind}), which does not exist"
            for name, kind in sorted(set(names) - real)
        ),
        *(f"README.md lists dom0.xend.{name} twice" for name, kind in sorted({n for n in names if names.count(n) > 1})),
    ]


def main() -> int:
    """Print the faults; the number of the exit says whether there were any."""
    if not existing(TOP) or not (TOP / "README.md").exists():
        print("skipped: README's plugin list: there is no README.md or no plugin yet")
        return 0
    found = faults(TOP)
    print("\n".join(found) or "README.md lists the plugins and roles that exist")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
