# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cutting a release, in a copy of the clone: what comes of it, and when it is refused."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
import yaml

from tests.support.copies import Copy
from tests.tools.release import refusals

VERSION = "97.0.0"
FRAGMENT = "---\nminor_changes:\n  - rehearsal - release notes of a release that never was.\n"


@pytest.fixture(name="copy", scope="module")
def _copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    copy = Copy(tmp_path_factory.mktemp("release") / "clone")
    (copy.top / "changelogs" / "fragments" / "rehearsal.yml").write_text(FRAGMENT)
    copy.git("add", "--all")
    copy.git("commit", "--quiet", "--message", "Rehearse")
    return copy


def release(copy: Copy, version: str) -> tuple[int, str]:
    """Cut a release without galaxy-importer, which judges the same tree in `make galaxy`."""
    done = copy.python("-m", "tests.tools.release", version, "--no-import")
    return done.returncode, done.stdout


def state(copy: Copy) -> list[str]:
    """Return all that a release could have touched."""
    return [copy.git("rev-parse", "HEAD"), copy.git("tag"), copy.git("status", "--porcelain")]


@pytest.mark.parametrize("version", ["", "1", "1.0", "v1.0.0", "1.0.0-rc1", "01.0.0", "1.0.0.0", "1.0.0\n"])
def test_what_is_no_version_is_refused(version: str) -> None:
    (why,) = refusals(version)
    assert "is not three numbers with dots" in why


def test_a_release_is_cut_once_and_each_obstacle_to_the_next_is_named(copy: Copy) -> None:
    stray = copy.top / "stray"
    stray.write_text("")
    status, said = release(copy, VERSION)
    assert status == 1
    assert "the tree is not clean" in said
    assert "?? stray" in said
    stray.unlink()

    status, said = release(copy, VERSION)
    assert status == 0, said
    assert (
        f"git push --follow-tags\n    ansible-galaxy collection publish .build/dist/dom0-xend-{VERSION}.tar.gz" in said
    )
    assert copy.git("status", "--porcelain") == ""
    assert copy.git("log", "-1", "--format=%s %D") == f"Release {VERSION} HEAD -> main, tag: v{VERSION}\n"
    check_contents(copy.top)

    for version in (VERSION, "96.99.99"):
        before = state(copy)
        status, said = release(copy, version)
        assert (status, state(copy)) == (1, before)
        assert f"not newer than {VERSION}" in said
        assert "holds no fragment" in said


def check_contents(top: Path) -> None:
    """See that everything that a release says says the same."""
    assert yaml.safe_load((top / "galaxy.yml").read_text())["version"] == VERSION
    changelog = (top / "CHANGELOG.md").read_text().replace("\\", "")
    assert f"## v{VERSION}" in changelog
    assert "release notes of a release that never was" in changelog
    assert VERSION in yaml.safe_load((top / "changelogs" / "changelog.yaml").read_text())["releases"]
    assert list((top / "changelogs" / "fragments").glob("*.yml")) == []
    with tarfile.open(top / ".build" / "dist" / f"dom0-xend-{VERSION}.tar.gz") as archive:
        assert "CHANGELOG.md" in archive.getnames()


def test_a_release_that_fails_half_way_leaves_all_as_it_was(tmp_path: Path) -> None:
    copy = Copy(tmp_path / "clone")
    broken = copy.top / "changelogs" / "fragments" / "broken.yml"
    broken.write_text("---\nno_such_section:\n  - x\n")
    copy.git("add", "--all")
    copy.git("commit", "--quiet", "--message", "Break")
    before = state(copy)
    status, said = release(copy, "97.0.0")
    assert (status, state(copy)) == (1, before)
    assert "all is as it was" in said
