# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Show the built collection to galaxy-importer, which judges what is published, and to ansible-builder.

    python -m tests.tools.galaxy [ARCHIVE]

Both live in .build/galaxy, see requirements/galaxy.in. The importer's warnings count as much as its errors: one that
cannot be helped would be named in TOLERATED, with the reason. ansible-builder must read from meta/ what requirements.txt
says, and no system package, because none is needed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

from tests.tools.build_check import INSTALLED, build, install

TOP = Path(__file__).resolve().parents[2]
TOOLS = TOP / ".build" / "galaxy" / "bin"
WORK = TOP / ".build" / "import"

SETTINGS = {"CHECK_REQUIRED_TAGS": "true", "RUN_ANSIBLE_DOC": "true", "RUN_ANSIBLE_LINT": "true"}
COMPLAINT = re.compile(r"^(WARNING|ERROR|CRITICAL): .*", re.MULTILINE)
TOLERATED: dict[str, str] = {}
"""Complaint -> why it stays. There is none."""


def tool(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a program of .build/galaxy in WORK; its output, both streams in one."""
    environment = os.environ | {f"GALAXY_IMPORTER_{name}": value for name, value in SETTINGS.items()}
    environment |= {"PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}", "GALAXY_IMPORTER_TMP_ROOT_DIR": str(WORK)}
    environment |= {"GALAXY_IMPORTER_ANSIBLE_LOCAL_TMP": str(WORK / "ansible")}
    program = str(TOOLS / command[0])
    return subprocess.run(
        [program, *command[1:]],
        cwd=WORK,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def faults_of_import(archive: Path) -> list[str]:
    """Return what galaxy-importer has against the archive."""
    done = tool("python", "-m", "galaxy_importer.main", str(archive))
    complaints = [found[0] for found in COMPLAINT.finditer(done.stdout) if found[0] not in TOLERATED]
    if done.returncode or "Importer processing completed successfully" not in done.stdout:
        complaints.append(f"galaxy-importer did not import it, and ended with {done.returncode}:\n{done.stdout}")
    return complaints


def requirements() -> list[str]:
    """Return the lines of requirements.txt."""
    lines = (TOP / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def faults_of_environment() -> list[str]:
    """Return what is wrong with what ansible-builder would put into an execution environment for the collection."""
    done = tool("ansible-builder", "introspect", "--sanitize", str(INSTALLED))
    if done.returncode:
        return [f"ansible-builder introspect ended with {done.returncode}:\n{done.stdout}"]
    found = yaml.safe_load(done.stdout.partition("---")[2])
    python = [entry.partition("#")[0].strip() for entry in found["python"]]
    return [
        *([] if python == requirements() else [f"ansible-builder reads {python} as what Python needs: {done.stdout}"]),
        *([f"ansible-builder reads system packages: {found['system']}"] if found["system"] else []),
    ]


def main(given: str | None = None) -> int:
    """Judge the archive that is given, or the one that is built from the clone; the exit status."""
    WORK.mkdir(parents=True, exist_ok=True)
    archive = Path(given) if given else build()
    install(archive)
    found = faults_of_import(archive) + faults_of_environment()
    print("\n".join(found) or f"{archive.name}: galaxy-importer and ansible-builder have nothing against it")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
