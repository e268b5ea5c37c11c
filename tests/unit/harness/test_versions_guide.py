# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guide says of each release, in its tables, is what the code goes by: the collection's, and the simulator's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Optional

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.wire.release import RELEASES, Release
from tests.simulator import PERSONALITIES, Personality
from tests.support.guide import TOP


def _yes(holds: object) -> str:
    return "yes" if holds else "no"


def _after(seconds: object) -> str:
    return f"{seconds:g} s" if isinstance(seconds, (int, float)) and seconds else "no"


ROWS: dict[str, tuple[Callable[[Personality], str], Optional[Callable[[Release], str]]]] = {
    "One client is served at a time": (lambda sim: _yes(sim.serial), None),
    "Lists hold only what runs": (lambda sim: _yes(sim.lists_only_running), lambda rel: _yes(rel.lists_hide_stopped)),
    "Destroyed domains stay listed as Zombie-NAME": (lambda sim: _yes(sim.zombies), None),
    "Definitions are kept (state: defined)": (lambda sim: _yes(sim.managed), lambda rel: _yes(rel.manages)),
    "Status of a failed operation": (lambda sim: str(sim.failure_status or "2xx"), None),
    "Status where there is no such domain": (lambda sim: "500" if sim.missing_domain_is_empty else "404", None),
    "A guest still up after a shutdown is destroyed": (
        lambda sim: "30 s" if sim.destroys_overdue else "no",
        lambda rel: _after(rel.shutdown_ends_after),
    ),
    "A reboot after another reboot loses the guest": (
        lambda sim: _after(sim.restart_seconds if sim.restart_guard == "previous" else 0),
        lambda rel: _after(rel.reboot_settles_after if not rel.manages else 0),
    ),
    "A reboot after the start loses the guest": (
        lambda sim: _after(sim.restart_seconds if sim.restart_guard == "start" else 0),
        lambda rel: _after(rel.reboot_settles_after if rel.manages else 0),
    ),
    "A reboot loses a guest whose vif has an ip": (
        lambda sim: _yes(not sim.rereads_ip),
        lambda rel: _yes(not rel.rereads_ip),
    ),
    "A save of a paused guest never ends": (lambda sim: _yes(not sim.refuses_to_save_paused), None),
    "A failed save is reported as done": (lambda sim: _yes(sim.hides_failed_save), None),
    "A second restore makes a second guest": (lambda sim: _yes(sim.restores_twice), None),
    "A bootloader costs the kernel and RAM disk": (
        lambda sim: _yes(not sim.keeps_bootloader_files),
        lambda rel: _yes(rel.deletes_boot_files),
    ),
    "A living domain can be pinned": (lambda sim: _yes(sim.pincpu != "unpins"), lambda rel: _yes(rel.pins)),
    "A vif keeps several addresses": (lambda sim: _yes(sim.ip != "last"), lambda rel: _yes(rel.keeps_all_ips)),
    "A detached device can be attached again": (
        lambda sim: _yes(not sim.remembers_detached),
        None,  # the collection does with 3.3 as with 3.2, which shows its domains alike
    ),
    "A changed maxmem is shown": (
        lambda sim: _yes(sim.maxmem not in {"hidden", "checked"}),
        lambda rel: _yes(rel.shows_maxmem),
    ),
    "The medium in an hvm guest's cdrom can change": (
        lambda sim: _yes("vbd" in sim.reconfigure_refused),  # on a condition of its own: there has to be hvm
        lambda rel: _yes(rel.changes_media),
    ),
    "vcpus in a config, in its image or beside it": (
        lambda sim: {"image": "in", "either": "either", "top": "beside"}[sim.vcpus_in],
        None,
    ),
    "on_crash knows coredump-*": (lambda sim: _yes(sim.core_actions), None),
    "A name may hold a slash": (lambda sim: _yes("/" in sim.name_characters), None),
    "A refused sedf setting is an error": (lambda sim: _yes(not sim.sedf_hides_refusal), None),
    "xen_credit can set a cap": (lambda sim: _yes("cap" in sim.credit_numbers), lambda rel: _yes(rel.sets_cap)),
    "Scheduler, unless the host says otherwise": (lambda sim: sim.scheduler, None),
}


def rows() -> list[tuple[str, list[str]]]:
    """Return what the tables of the guide say: what it is about, and what holds for each release."""
    text = (TOP / "docs" / "docsite" / "rst" / "versions.rst").read_text()
    tables = re.findall(r"^ +={5,}(?:  =+)+\n +\\ +(.*)\n +={5,}.*\n((?:.+\n)+?) +={5,}", text, re.MULTILINE)
    assert all(head.split() == list(PERSONALITIES) for head, _body in tables)
    lines = [re.split(r" {2,}", line.strip()) for _head, body in tables for line in body.splitlines()]
    return [(about, said) for about, *said in lines]


def test_the_tables_are_about_what_is_tested_here() -> None:
    assert [about for about, _said in rows()] == list(ROWS)


@pytest.mark.parametrize(("about", "said"), rows())
def test_a_row_says_what_the_code_goes_by(about: str, said: list[str]) -> None:
    of_simulator, of_collection = ROWS[about]
    assert said == [of_simulator(each) for each in PERSONALITIES.values()]
    if of_collection:
        assert said == [of_collection(each) for each in RELEASES.values()]
