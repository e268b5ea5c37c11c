# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A copy of the clone to work on: a repository of its own, and the collection for whoever runs there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
IDENTITY = {f"GIT_{who}_{what}": "nobody@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


class Copy:
    """The files that git tracks or would track, copied to a folder and committed there."""

    def __init__(self, top: Path) -> None:
        """Copy them to *top*, which must not exist."""
        self.top = top
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listing = subprocess.run(command, cwd=TOP, check=True, capture_output=True).stdout
        for name in filter(None, os.fsdecode(listing).split("\0")):
            if (TOP / name).is_file():
                (top / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(TOP / name, top / name)
        link = top / ".build" / "ansible_collections" / "dom0" / "xend"
        link.parent.mkdir(parents=True)
        link.symlink_to("../../..")
        self.git("init", "--quiet", "--initial-branch", "main", ".")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Copy")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command at the top of the copy, where the collection is the copy's; its output in one stream."""
        build = str(self.top / ".build")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTEST_"))}
        environment |= IDENTITY | {"PYTHONPATH": build, "ANSIBLE_COLLECTIONS_PATH": build, "ANSIBLE_HOME": build}
        environment |= {"PATH": f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            command,
            cwd=self.top,
            env=environment,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the copy, with the libraries of the clone."""
        return self.run(sys.executable, *arguments)

    def git(self, *arguments: str) -> str:
        """Run git; what it prints."""
        done = self.run("git", *arguments)
        assert done.returncode == 0, done.stdout
        return done.stdout
