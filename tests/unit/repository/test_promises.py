# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the repository promises in one place it promises in all: versions, gates, requirements, and no silent exceptions."""

from __future__ import annotations

import importlib
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.dom0.xend.plugins.module_utils.wire.relay import SOURCE

TOP = Path(__file__).resolve().parents[3]
MODULES_PYTHON = "3.9"
"""The oldest Python on a managed node. ansible-core 2.19 would take 3.8 as well; we do not."""


def text(path: str) -> str:
    return (TOP / path).read_text(encoding="utf-8")


def load(path: str) -> Any:
    return yaml.safe_load(text(path))


def pins(path: str = "requirements/constraints.txt") -> list[str]:
    return [line for line in text(path).splitlines() if line and not line.startswith("#")]


def names(path: str) -> set[str]:
    """Return the packages that a requirements file names itself."""
    return {re.split(r"[=<>~! ;]", line)[0].lower() for line in pins(path) if not line.startswith("-")}


def workflow(job: str) -> Any:
    return load(".github/workflows/ci.yml")["jobs"][job]


def series(version: str) -> str:
    """Return 2.19 for 2.19.14."""
    return ".".join(version.split(".")[:2])


def tried() -> set[str]:
    """Return the releases of ansible-core that the forge tries."""
    return {cell["ansible_core"] for cell in workflow("versions")["strategy"]["matrix"]["include"]} - {"devel"}


def targets() -> list[str]:
    """Return the targets of make that say what they are for."""
    return re.findall(r"^([a-z-]+):.*## ", text("Makefile"), re.MULTILINE)


def stages() -> list[str]:
    found = re.search(r"^STAGES := (.*)$", text("Makefile"), re.MULTILINE)
    assert found
    return found[1].split()


def commands(job: Any) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


# ---- ansible-core


def test_the_forge_tries_each_series_of_ansible_core_from_the_oldest_that_is_promised() -> None:
    found = sorted({series(each) for each in tried()}, key=lambda each: int(each.split(".")[1]))
    assert load("meta/runtime.yml")["requires_ansible"] == f">={found[0]}.0"
    assert found == [f"2.{minor}" for minor in range(int(found[0][2:]), int(found[-1][2:]) + 1)]
    assert {series(each) for each in workflow("containers")["strategy"]["matrix"]["ansible_core"]} == set(found)


def test_only_what_is_not_released_may_fail() -> None:
    assert workflow("versions")["continue-on-error"] == "${{ matrix.ansible_core == 'devel' }}"
    assert "continue-on-error" not in workflow("gates")


def test_the_oldest_and_the_newest_ansible_core_are_those_that_are_pinned() -> None:
    pinned = {pin.split(" ")[0].partition("==")[2] for pin in pins() if pin.startswith("ansible-core==")}
    by_age = sorted(tried(), key=lambda each: [int(part) for part in each.split(".")])
    assert pinned == {by_age[0], by_age[-1]}


# ---- Python


@pytest.mark.parametrize(
    ("path", "promise"),
    [
        ("tests/config.yml", f'python_requires: ">={MODULES_PYTHON}"'),
        ("pyproject.toml", f'target-version = "py{MODULES_PYTHON.replace(".", "")}"'),
        ("README.md", f"Python from {MODULES_PYTHON} on"),
        ("CONTRIBUTING.md", f"Python {MODULES_PYTHON}"),
        ("plugins/doc_fragments/connection.py", f"  - python >= {MODULES_PYTHON}\n"),
    ],
)
def test_the_oldest_python_of_a_managed_node_is_the_same_everywhere(path: str, promise: str) -> None:
    assert promise in text(path)


def needed_python(program: str, folder: Path) -> str:
    """Return the oldest Python 2 and the oldest Python 3 that a program needs, as vermin says them."""
    path = folder / "program.py"
    path.write_text(program, encoding="utf-8")
    done = subprocess.run(["vermin", "--no-tips", str(path)], check=True, capture_output=True, text=True)
    (found,) = re.findall(r"^Minimum required versions: (.+)$", done.stdout, re.MULTILINE)
    return str(found)


def test_the_relay_needs_no_newer_python_than_the_oldest_xend_has(tmp_path: Path) -> None:
    assert "2.3 or later" in text("README.md")
    assert needed_python(f"import binascii\n{SOURCE}", tmp_path) == "2.3, 3.0"
    assert needed_python(f"import subprocess\n{SOURCE}", tmp_path) == "2.4, 3.0"


@pytest.mark.parametrize("job", ["gates", "versions"])
def test_the_forge_has_the_oldest_python_of_a_managed_node(job: str) -> None:
    (given,) = [
        step["with"]["python-version"] for step in workflow(job)["steps"] if "python-version" in step.get("with", {})
    ]
    assert given.split()[0] == MODULES_PYTHON


# ---- the gates


def test_every_stage_is_a_target_that_make_explains() -> None:
    assert set(stages()) <= set(targets())


def test_every_session_that_make_calls_exists() -> None:
    listing = subprocess.run(["nox", "--list"], cwd=TOP, check=True, capture_output=True, text=True).stdout
    linters = re.search(r"^LINTERS := (.*)$", text("Makefile"), re.MULTILINE)
    called = set(re.findall(r"nox -s ([\w-]+)", text("Makefile")))
    assert linters
    assert set(stages()) <= called | {"lint"}
    assert called | set(linters[1].split()) <= set(re.findall(r"^[*-] ([\w-]+)", listing, re.MULTILINE))


def test_the_forge_calls_targets_that_exist() -> None:
    called = {line.split()[1] for line in commands(workflow("versions"))}
    called |= {
        line.split()[1]
        for line in commands(load(".github/workflows/release.yml")["jobs"]["release"])
        if "make " in line
    }
    assert called
    assert called <= set(targets())


def test_what_depends_on_ansible_core_is_tried_with_each() -> None:
    called = [line.split()[1] for line in commands(workflow("versions"))]
    the_same_with_each = {"lint", "typecheck", "docs", "galaxy", "conformance"}
    assert called == [stage for stage in stages() if stage not in the_same_with_each]


# ---- requirements


@pytest.mark.parametrize("path", ["tests/unit/requirements.txt", "tests/integration/requirements.txt"])
def test_the_tests_need_what_users_need(path: str) -> None:
    bounds = {line.partition(",")[0] for line in pins(path)}
    assert set(pins("requirements.txt")) <= bounds


def test_every_tool_is_pinned() -> None:
    pinned = {pin.partition("==")[0].lower().replace("_", "-") for pin in pins()}
    for path in ("requirements/demo.in", "requirements/dev.in", "requirements/galaxy.in"):
        assert names(path) <= pinned


@pytest.mark.parametrize("path", sorted((TOP / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit(path: Path) -> None:
    used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", each)] == []


# ---- exceptions


def test_no_sanity_test_is_ignored_without_a_reason() -> None:
    for path in (TOP / "tests" / "sanity").glob("ignore-*.txt"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert re.search(r"\S # \S", line), f"{path.name}: {line}"


def test_mypy_is_strict_and_leaves_nothing_of_ours_out() -> None:
    settings = importlib.import_module("tomllib").loads(text("pyproject.toml"))["tool"]["mypy"]
    assert settings["strict"] is True
    assert "exclude" not in settings
    assert {name for each in settings["overrides"] for name in each["module"]} == {
        "ansible.*",
        "ansible_test.*",
        "sexpdata.*",
    }
    for path in (TOP / "plugins").rglob("*.py"):
        assert "# mypy:" not in path.read_text(encoding="utf-8"), path
