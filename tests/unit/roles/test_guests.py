# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role guests says of itself: its argument spec, against its defaults, its README, its tasks and xen_domain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.dom0.xend.plugins.module_utils.module import connection_spec
from ansible_collections.dom0.xend.plugins.modules import xen_domain

TOP = Path(__file__).resolve().parents[3]
ROLE = TOP / "roles" / "guests"


def read(name: str) -> Any:
    """Return what a YAML file of the role says."""
    return yaml.safe_load((ROLE / name).read_text(encoding="utf-8"))


VARIABLES: dict[str, dict[str, Any]] = read("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
GUEST: dict[str, dict[str, Any]] = VARIABLES["guests_list"]["options"]
README = (ROLE / "README.md").read_text(encoding="utf-8")
MODULE = {key: spec for key, spec in xen_domain.argument_spec().items() if key not in connection_spec()}


def shape(spec: dict[str, Any]) -> dict[str, Any]:
    """Return of an option what has to be the same for the role and for the module."""
    facts = {key: spec[key] for key in ("type", "elements", "choices", "no_log") if key in spec}
    return facts | {"options": {name: shape(option) for name, option in spec.get("options", {}).items()}}


@pytest.mark.parametrize("option", sorted({*GUEST, *MODULE} - {"after", "wait_for"}))
def test_a_guest_takes_each_option_of_xen_domain_as_that_does(option: str) -> None:
    assert shape(GUEST[option]) == shape(MODULE[option])


def test_all_options_of_a_guest_but_those_of_the_role_reach_xen_domains() -> None:
    assert set(GUEST) - set(MODULE) == {"after", "wait_for"}  # the plan takes the first out, and orders the steps by it
    task = read("tasks/step.yml")[0]["block"][0]["dom0.xend.xen_domains"]
    assert task == {"domains": "{{ __guests_items | map('rejectattr', 'key', 'eq', 'wait_for') | map('items2dict') }}"}


def test_each_variable_has_the_default_that_its_spec_says() -> None:
    said = {name: spec["default"] for name, spec in VARIABLES.items() if not spec.get("required")}
    assert read("defaults/main.yml") == said


@pytest.mark.parametrize("name", VARIABLES)
def test_the_readme_names_each_variable_with_its_default(name: str) -> None:
    spec = VARIABLES[name]
    default = "required" if spec.get("required") else f"`{yaml.safe_dump(spec['default']).splitlines()[0]}`"
    assert re.search(rf"^\| `{name}` \| {spec['type']} \| {re.escape(default)} \| \S", README, re.MULTILINE)


@pytest.mark.parametrize("option", ["after", "wait_for"])
def test_the_readme_names_what_the_role_adds_to_a_guest(option: str) -> None:
    assert f"\n| `{option}` | {GUEST[option]['type']} |" in README


def test_the_readme_of_the_collection_names_the_role() -> None:
    assert "\n* `dom0.xend.guests` (role): " in (TOP / "README.md").read_text(encoding="utf-8")
