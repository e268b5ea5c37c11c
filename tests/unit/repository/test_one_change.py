# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/ONE_CHANGE.md works as it is written: its blocks are applied to a copy of the clone, its commands run there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.support.copies import Copy

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "ONE_CHANGE.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEW_FILE = re.compile(r"# new file: (\S+)\n")


def apply(copy: Copy, block: str, *, diff: bool) -> None:
    """Make the change that a block of the page describes."""
    if diff:
        (copy.top / ".build" / "diff").write_text(block, encoding="utf-8")
        copy.git("apply", "--unidiff-zero", "--recount", ".build/diff")
        return
    named = NEW_FILE.match(block)
    assert named, f"a block that says neither what it is nor where it belongs:\n{block}"
    path = copy.top / named[1]
    assert not path.exists()
    path.write_text(block[named.end() :], encoding="utf-8")


def test_the_page_makes_a_module_that_passes_its_tests(tmp_path: Path) -> None:
    copy = Copy(tmp_path / "clone")
    commands: list[str] = []
    for language, block in BLOCK.findall(PAGE):
        if language == "sh":
            commands += block.splitlines()
        else:
            apply(copy, block, diff=language == "diff")
    assert len(commands) >= 8
    for command in commands:
        done = copy.run(*shlex.split(command))
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        assert "passed" in done.stdout or not command.startswith("pytest")
