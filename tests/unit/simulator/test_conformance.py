# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator answers what xend was recorded to answer, and the comparison notices when it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.conformance import Result, run
from tests.conformance.masks import Known, mask, read
from tests.conformance.recordings import DIRECTORY
from tests.conformance.script import GAPS, SCENARIOS, SKIPS
from tests.simulator import PERSONALITIES

if TYPE_CHECKING:
    from tests.conformance import Verdict
    from tests.simulator import Personality


def _mismatches(result: Result) -> list[Verdict]:
    return [each for each in result.verdicts if each.differences and not each.skipped]


def test_no_recording_is_left_out() -> None:
    assert {each.version for each in SCENARIOS} == set(PERSONALITIES)
    assert {each.file for each in SCENARIOS} >= set(GAPS)
    assert {each.file for each in SCENARIOS} == {
        each.name[: -len(".jsonl.gz")] for each in DIRECTORY.glob("*.jsonl.gz")
    }


def test_every_skipped_step_says_why() -> None:
    assert all(each.reason and each.pattern for each in SKIPS)


_BREAKAGES = {
    "an error text": lambda old: replace(old, words=replace(old.words, not_found="Nobody here called {name}")),
    "a status": lambda old: replace(old, failure_status=500),
    "a field of a domain": lambda old: replace(old, domain_fields=tuple(f for f in old.domain_fields if f != "state")),
    "the order of the fields": lambda old: replace(old, domain_fields=old.domain_fields[::-1]),
    "the form of a uuid": lambda old: replace(old, uuid_groups=(8, 4, 4, 4, 12)),
    "the empty string": lambda old: replace(old, dialect=replace(old.dialect, empty="''")),
    "one connection at a time": lambda old: replace(old, serial=False),
    "zombies": lambda old: replace(old, zombies=False),
    "the 30 seconds": lambda old: replace(old, destroys_overdue=False),
    "the restart guard": lambda old: replace(old, restart_guard="start"),
    "the files of a bootloader": lambda old: replace(old, keeps_bootloader_files=True),
    "what a save says when it fails": lambda old: replace(old, hides_failed_save=True),
    "a paused guest's save": lambda old: replace(old, refuses_to_save_paused=True),
    "the scheduler": lambda old: replace(old, scheduler="credit"),
}


@pytest.mark.parametrize("broken", sorted(_BREAKAGES))
def test_the_comparison_notices_a_difference_in(broken: str) -> None:
    personality: Personality = _BREAKAGES[broken](PERSONALITIES["3.0.0"])
    result = run(["3.0.0"], {"3.0.0": personality})["3.0.0"]
    assert _mismatches(result)


def test_the_comparison_notices_when_the_server_closes() -> None:
    personality = replace(PERSONALITIES["4.1"], leaves_open_after_logging=False)
    result = run(["4.1"], {"4.1": personality}, files=["xend-4.1-restart"])["4.1"]
    assert any("closes" in text for each in _mismatches(result) for text in each.differences)


_STABLE = (
    "(state --p---)",
    "(name web1)",
    "(memory 64)",
    "(domid 7)",
    "(uname phy:vg0/root)",
    "(mode 'w!')",
    "(bridge xenbr0)",
    "(xend.err 'No such domain')",
)


@pytest.mark.parametrize("text", _STABLE)
def test_what_matters_is_not_masked(text: str) -> None:
    nothing = Known("")
    assert mask(read(text), nothing) == read(text)


@pytest.mark.parametrize(
    ("recorded", "other"),
    [
        ("(ls  node domain)", "(ls node domain)"),
        ("(ramdisk )", "(ramdisk)"),
        ("(a '1')", "(a 1)"),
        ("(domain)''", "(domain)"),
        ("(a (b) c)", "(a (b c))"),
        ("(a 'b c')", "(a b c)"),
    ],
)
def test_reading_keeps_what_is_printed_apart(recorded: str, other: str) -> None:
    assert read(recorded) != read(other)
