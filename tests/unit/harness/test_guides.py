# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guides and the README work as they stand: each block in them is run, or says why it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.documents import blocks
from tests.support.guide import TOP, Reader

GUIDES = sorted((TOP / "docs" / "docsite" / "rst").glob("*.rst"))
README = TOP / "README.md"
PAGES = [*GUIDES, TOP / "docs" / "docsite" / "index.rst", README]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_shows_works_one_block_after_the_other(page: Path, tmp_path: Path) -> None:
    with Reader(tmp_path, guests=page != README) as reader:
        reader.follow(blocks(page))
