# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter guests_plan: which order it finds, and which names it holds to be the same. The role's tests show the rest."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dom0.xend.plugins.filter.guests_plan import FilterModule
from ansible_collections.dom0.xend.plugins.plugin_utils.guests.checks import look_alike

DOWN = {"stopped", "absent"}


def planned(guests: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return the plan for guests of a xend that has none yet."""
    plan: dict[str, Any] = FilterModule().filters()["guests_plan"](guests, host="xen1", **{"domains": [], **more})
    return plan


def guest(name: str, after: list[str], state: str = "running") -> dict[str, Any]:
    """Return an entry of the list that is complete."""
    return {"name": name, "after": after, "state": state, "memory": 64, "image": {"kernel": "/k"}}


@st.composite
def lists(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return a list without circles, in any order."""
    names = [f"g{number}" for number in range(draw(st.integers(0, 8)))]
    entries = [
        guest(
            name,
            draw(st.lists(st.sampled_from(names[:place]), unique=True)) if place else [],
            draw(st.sampled_from(["running", "paused", *sorted(DOWN)])),
        )
        for place, name in enumerate(names)
    ]
    return draw(st.permutations(entries))


@given(lists())
def test_each_guest_comes_after_those_that_it_needs_and_goes_down_before_them(entries: list[dict[str, Any]]) -> None:
    plan = planned(entries)
    assert plan["problems"] == []
    place = {name: number for number, step in enumerate(plan["steps"]) for name in step}
    assert sorted(place) == sorted(plan["guests"]) == sorted(entry["name"] for entry in entries)
    down = {entry["name"] for entry in entries if entry["state"] in DOWN}
    for entry in entries:
        for needed in entry["after"]:
            pair = {entry["name"], needed}
            if pair <= down:
                assert place[entry["name"]] < place[needed]
            elif not pair & down:
                assert place[entry["name"]] > place[needed]
    assert all(place[one] < place[other] for one in down for other in place if other not in down)


def test_a_circle_is_named_from_the_first_of_it_in_the_list_and_without_what_leads_to_it() -> None:
    circle = planned([guest("x", ["b"]), guest("a", ["b"]), guest("b", ["c"]), guest("c", ["a"])])
    assert circle["problems"] == ["No order is possible: a comes after b, which comes after c, which comes after a."]


def test_an_unchecked_list_has_no_steps() -> None:
    assert planned([guest("a", [])], domains=None) == {"problems": [], "warnings": [], "steps": [], "guests": {}}


def test_every_fault_is_reported() -> None:
    entries = [guest("a", ["x"]), {**guest("b", []), "memory": 0}, {**guest("c", []), "vifs": [{"mca": "x"}]}]
    assert [problem.split(" ")[0] for problem in planned(entries)["problems"]] == ["a", "b:", "c:"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("web1", "Web1"),
        ("web1", "web-1"),
        ("web1", "web01"),
        ("web1", "web_001"),
        ("web1", "web1."),
        ("web 1", "web1"),
        ("web-server", "webserver"),
        ("rack1-11", "rack1_11"),
        ("8", "008"),
        ("0", "00"),
    ],
)
def test_names_that_somebody_may_have_mixed_up(one: str, other: str) -> None:
    assert all(look_alike(first, second) for first, second in permutations((one, other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("web1", "web2"),
        ("web1", "web11"),
        ("web1", "web10"),
        ("rack1-11", "rack11-1"),
        ("web-0-1", "web1"),
        ("8", "10"),
    ],
)
def test_names_that_are_different(one: str, other: str) -> None:
    assert not look_alike(one, other)
