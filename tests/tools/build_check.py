# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the collection, install it in an empty place, and ask what was installed to show its plugins and roles.

Says what it found wrong: a file that has no business in an archive, a plugin or a role that is missing from it, or whose
documentation does not load from there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

from tests.tools.readme_plugins import existing

TOP = Path(__file__).resolve().parents[2]
DIST = TOP / ".build" / "dist"
INSTALLED = TOP / ".build" / "installed"

# What an archive may hold at its top. The simulator goes along: users rehearse their playbooks on it. So does what
# ansible-test reads, for a hub that runs it over the archive: the oldest Python that modules are promised to run on.
WELCOME = {
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSES",
    "MANIFEST.json",
    "README.md",
    "REUSE.toml",
    "changelogs",
    "docs",
    "meta",
    "playbooks",
    "plugins",
    "requirements.txt",
    "roles",
    "tests/config.yml",
    "tests/simulator",
}


def ansible(program: str, *arguments: str) -> str:
    """Run one of ansible's programs on the installed copy alone; what it prints on stdout."""
    return subprocess.run(
        [program, *arguments],
        cwd=DIST,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(INSTALLED)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def build() -> Path:
    """Build the collection; return the archive, the only one in DIST."""
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir(parents=True)
    subprocess.run(["ansible-galaxy", "collection", "build", "--output-path", str(DIST)], cwd=TOP, check=True)
    (archive,) = DIST.glob("*.tar.gz")
    return archive


def install(archive: Path) -> None:
    """Install the archive, and nothing else, in INSTALLED."""
    shutil.rmtree(INSTALLED, ignore_errors=True)
    INSTALLED.mkdir(parents=True)
    # --force: the copy that .venv sees is of the same version, and would be held to be enough.
    ansible("ansible-galaxy", "collection", "install", "--offline", "--force", "-p", str(INSTALLED), str(archive))


def strangers(archive: Path) -> list[str]:
    """Return the archive's files that WELCOME does not name."""
    with tarfile.open(archive) as tar:
        names = [member.name for member in tar.getmembers() if member.isfile()]
    return [
        name for name in names if name.split("/")[0] not in WELCOME and "/".join(name.split("/")[:2]) not in WELCOME
    ]


def source(shown: dict[str, Any], kind: str) -> str | None:
    """Return the file or folder that ansible-doc read what it shows of a plugin or role from; None if it shows nothing."""
    found = (
        (shown.get("entry_points") and shown.get("path")) if kind == "role" else shown.get("doc", {}).get("filename")
    )
    return str(found) if found else None


def undocumented(kind: str, names: list[str]) -> list[str]:
    """Return what is wrong with the documentation of the installed plugins of one kind."""
    shown = json.loads(ansible("ansible-doc", "--json", "--type", kind, *names))
    found = {name: source(shown.get(name, {}), kind) for name in names}
    return [
        f"{name} ({kind}): no documentation was shown"
        if filename is None
        else f"{name} ({kind}) was read from {filename}, not from the installed copy"
        for name, filename in found.items()
        if filename is None or not Path(filename).is_relative_to(INSTALLED)
    ]


def without_role(names: list[str]) -> list[str]:
    """Return which roles the installed copy does not document."""
    shown = json.loads(ansible("ansible-doc", "--json", "--type", "role", *names))
    return [
        f"{name} (role): no documentation was shown"
        for name in names
        if not Path(shown.get(name, {}).get("path", "/")).is_relative_to(INSTALLED)
    ]


def main() -> int:
    """Build, install, compare; the exit status."""
    archive = build()
    install(archive)
    faults = [f"{archive.name} holds {name}, which is no part of the collection" for name in strangers(archive)]
    plugins = existing(TOP)
    for kind in sorted({plugin[1] for plugin in plugins}):
        faults += undocumented(kind, sorted(f"dom0.xend.{name}" for name, its_kind in plugins if its_kind == kind))
    roles = sorted(f"dom0.xend.{folder.name}" for folder in (TOP / "roles").iterdir())
    faults += without_role(roles)
    shown = f"{len(plugins)} plugins and {len(roles)} roles show their documentation when installed"
    print("\n".join(faults) or f"{archive.name}: {shown}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
