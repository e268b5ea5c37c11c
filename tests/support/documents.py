# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The blocks of code in a document, in reStructuredText or in Markdown, in order.

A block that cannot be run says why, in a comment right before it: ``.. not run: REASON`` or ``<!-- not run: REASON -->``.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

_MARK = re.compile(r"\s*(?:\.\.|<!--) not run: (?P<reason>.*?)(?: -->)?$")
_DIRECTIVE = re.compile(
    r"(?P<indent>\s*)\.\. (?:code|code-block|sourcecode|literalinclude|parsed-literal)::\s*(?P<language>\S*)"
)
_LITERAL = re.compile(r"(?P<indent>\s*)(?!\.\. ).*::$(?P<language>)")
_FENCE = re.compile(r"(?P<indent>\s*)```(?P<language>\S*)$")
_INDENTED = re.compile(r"    +\S")


@dataclass(frozen=True)
class Block:
    """A block of code, and the number of the line where it begins; ``not_run`` is empty if it is to be run."""

    place: str
    language: str
    text: str
    not_run: str


def blocks(path: Path) -> list[Block]:
    """Return the blocks of a document."""
    lines = path.read_text(encoding="utf-8").splitlines()
    find = _in_restructuredtext if path.suffix == ".rst" else _in_markdown
    return [
        Block(f"{path.name}:{number + 1}", language, text, _reason(lines[:number]))
        for number, language, text in find(lines)
    ]


def _reason(before: list[str]) -> str:
    """Return why a block is not run, where the last line before it that is not empty says so."""
    mark = next((_MARK.match(line) for line in reversed(before) if line.strip()), None)
    return mark["reason"] if mark else ""


def _in_restructuredtext(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(lines):
        begun = _DIRECTIVE.match(line) or _LITERAL.match(line)
        if begun:
            deeper = re.compile(rf"{begun['indent']}\s|\s*$")
            body = list(takewhile(deeper.match, lines[number + 1 :]))
            yield number, begun["language"], textwrap.dedent("\n".join(body)).strip("\n") + "\n"


def _in_markdown(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    """Yield what stands between fences, and what is indented, which has no language."""
    rest = iter(enumerate(lines))
    before = ""
    for number, line in rest:
        begun = _FENCE.match(line)
        if begun:
            body = [text for _number, text in takewhile(lambda each: each[1].strip() != "```", rest)]
            yield number, begun["language"], textwrap.dedent("\n".join(body)) + "\n"
        elif _INDENTED.match(line) and not before.strip():
            yield number, "", line.strip() + "\n"
        before = line
