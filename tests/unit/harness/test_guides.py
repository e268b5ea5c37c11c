# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guides and the README work as they stand: each block in them is run, or says why it cannot be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.support.documents import blocks
from tests.support.guide import TOP, Reader

SITE = TOP / "docs" / "docsite"
GUIDES = sorted((SITE / "rst").glob("*.rst"))
README = TOP / "README.md"
PAGES = [*GUIDES, SITE / "index.rst", README]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_shows_works_one_block_after_the_other(page: Path, tmp_path: Path) -> None:
    with Reader(tmp_path) as reader:
        reader.follow(blocks(page))


def test_each_guide_is_found_from_each_front_door() -> None:
    names = [page.stem for page in GUIDES]
    (section,) = yaml.safe_load((SITE / "extra-docs.yml").read_text())["sections"]
    assert sorted(section["toctree"]) == names
    assert sorted(set(re.findall(r"docs/docsite/rst/(\w+)\.rst", README.read_text()))) == names
    front = (SITE / "index.rst").read_text()
    assert sorted(re.findall(r"^   docsite/(\w+)$", front, re.MULTILINE)) == names
    assert all(f"docsite.{name}>`" in front for name in names if name != "upgrading")  # that can wait for the menu


def test_what_an_error_is_said_to_say_is_what_the_code_says() -> None:
    terms = re.findall(r"^``(.+)``$", (SITE / "rst" / "reach.rst").read_text(), re.MULTILINE)
    code = "".join(path.read_text() for path in (TOP / "plugins" / "module_utils").rglob("*.py"))
    assert len(terms) >= 5
    assert [term for term in terms if term not in code] == []


# ---- that nothing slips through

NO_BLOCKS = "Guide\n=====\n\nWords.\n"
RST = "Words.\n\n{mark}.. code-block:: {language}\n\n   {text}\n"
LITERAL = "Words::\n\n   {text}\n"
FENCE = "Words.\n\n{mark}```{language}\n{text}\n```\n"
INDENTED = "Words:\n\n    {text}\n"


def follow(folder: Path, suffix: str, document: str) -> None:
    """Follow a document as if it were a guide."""
    page = folder / f"page{suffix}"
    page.write_text(document)
    (folder / "clone").mkdir()
    with Reader(folder / "clone") as reader:
        reader.follow(blocks(page))


@pytest.mark.parametrize(
    ("suffix", "document", "complaint"),
    [
        pytest.param(".rst", RST.format(mark="", language="ini", text="a=1"), "page.rst:3: is neither", id="unknown"),
        pytest.param(".rst", LITERAL.format(text="true"), "page.rst:1: is neither", id="no language"),
        pytest.param(".md", FENCE.format(mark="", language="", text="true"), "page.md:3: is neither", id="bare fence"),
        pytest.param(".md", INDENTED.format(text="ansible all -m ping"), "page.md:3: is neither", id="indented"),
        pytest.param(
            ".rst", RST.format(mark="", language="text", text="1"), "follows no lines", id="output of nothing"
        ),
        pytest.param(".rst", RST.format(mark="", language="yaml", text="- 1"), "names its file", id="no name"),
        pytest.param(".md", FENCE.format(mark="", language="yaml", text="# a.yml\n- 1"), "a.yml", id="not used"),
        pytest.param(".md", FENCE.format(mark="", language="shell", text="false"), "exit 1", id="fails"),
        pytest.param(
            ".rst",
            RST.format(mark="", language="shell", text="echo 1") + RST.format(mark="", language="text", text="2")[6:],
            "this is shown instead:\n1",
            id="other output",
        ),
    ],
)
def test_a_block_that_is_not_run_or_does_not_work_is_found(
    suffix: str, document: str, complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError) as caught:
        follow(tmp_path, suffix, document)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("suffix", "document"),
    [
        pytest.param(".rst", NO_BLOCKS, id="nothing"),
        pytest.param(".rst", RST.format(mark=".. not run: why\n\n", language="ini", text="a=1"), id="marked"),
        pytest.param(".md", FENCE.format(mark="<!-- not run: why -->\n\n", language="", text="a"), id="marked fence"),
        pytest.param(".md", FENCE.format(mark="", language="shell", text="export A=1\ntest $A = 1"), id="works"),
    ],
)
def test_a_block_that_works_or_says_why_it_is_not_run_is_well(suffix: str, document: str, tmp_path: Path) -> None:
    follow(tmp_path, suffix, document)


def test_a_mark_gives_a_reason() -> None:
    marked = [block for page in PAGES for block in blocks(page) if block.not_run]
    assert all(len(block.not_run.split()) >= 4 for block in marked)
