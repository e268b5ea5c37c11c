# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Saving, restoring and migrating: files in memory, names meanwhile, and guests which do not take part."""

from __future__ import annotations

import http.client
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.simulator import PERSONALITIES, ManualClock, Simulator
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Callable

    from .conftest import Answer

    Ask = Callable[..., Answer]
    Config = Callable[..., str]

FILE = "/var/xen/web1.chk"
BY_AGE = list(PERSONALITIES)


@pytest.fixture(params=BY_AGE)
def simulator(request: pytest.FixtureRequest, config: Config) -> Iterator[Simulator]:
    with Simulator(request.param, shutdown_delay=0.02) as running:
        running.create(config()).unpause()
        yield running


def test_a_saved_domain_comes_back_as_it_was(simulator: Simulator, ask: Ask) -> None:
    before = simulator.domain("web1")
    assert ask(simulator, "/xend/domain/web1", op="save", file=FILE) == (202, "")
    wait_until(lambda: simulator.names() == ["Domain-0"], "not yet")
    assert list(simulator.state_files) == [FILE]
    assert ask(simulator, "/xend/domain", op="restore", file=FILE) == (201, "")
    after = simulator.domain("web1")
    assert (after.uuid, after.memory, after.running) == (before.uuid, before.memory, True)
    assert after.domid == 2


def test_others_are_served_and_see_another_name_during_a_save(simulator: Simulator, ask: Ask) -> None:
    simulator.host.shutdown_delay = 0.3
    thread = threading.Thread(target=ask, args=(simulator, "/xend/domain/web1"), kwargs={"op": "save", "file": FILE})
    thread.start()
    wait_until(lambda: "migrating-web1" in simulator.names(), "not yet")
    assert ask(simulator, "/xend/domain").body == "(Domain-0 migrating-web1)"
    thread.join()
    assert FILE in simulator.state_files


def test_a_save_nobody_waits_for_any_more_is_done_when_the_guest_wakes(
    simulator: Simulator, ask: Ask, config: Config
) -> None:
    simulator.create(config("idle"))
    if simulator.personality.refuses_to_save_paused:
        answer = ask(simulator, "/xend/domain/idle", op="save", file=FILE)
        assert answer == (202, "(xend.err 'Domain is not running')")
        return
    with pytest.raises((TimeoutError, OSError)):
        ask(simulator, "/xend/domain/idle", patience=0.1, op="save", file=FILE)
    ask(simulator, "/xend/domain/migrating-idle", op="unpause")
    wait_until(lambda: FILE in simulator.state_files, "not yet")


def test_a_save_without_a_file_is_never_answered(simulator: Simulator, ask: Ask) -> None:
    with pytest.raises((OSError, http.client.HTTPException)):
        ask(simulator, "/xend/domain/web1", patience=0.1, op="save")
    assert simulator.domain("web1").running


def test_a_failing_save_leaves_the_domain_alone(simulator: Simulator, ask: Ask) -> None:
    simulator.failing.add("xc_save")
    answer = ask(simulator, "/xend/domain/web1", op="save", file=FILE)
    assert answer.status == 202
    assert ("xc_save" in answer.body) is not simulator.personality.hides_failed_save
    assert simulator.domain("web1").running
    assert simulator.state_files == {}


@pytest.mark.parametrize("content", ["this is not a state file", "short"])
def test_what_is_no_state_file_is_not_restored(simulator: Simulator, ask: Ask, content: str) -> None:
    simulator.state_files[FILE] = content
    answer = ask(simulator, "/xend/domain", op="restore", file=FILE)
    assert answer.status == 200
    assert answer.body.startswith("(xend.err ")


def test_a_state_file_can_be_made_off_the_record(simulator: Simulator, ask: Ask) -> None:
    simulator.save("web1", FILE)
    assert simulator.names() == ["Domain-0"]
    assert ask(simulator, "/xend/domain", op="restore", file=FILE).status == 201
    assert ask(simulator, "/xend/domain", op="restore", file=FILE).status == (
        201 if simulator.personality.restores_twice else 200
    )


def test_a_managed_domain_is_halted_by_a_save_and_takes_its_state_back(ask: Ask, config: Config) -> None:
    with Simulator("4.1", shutdown_delay=0.02) as simulator:
        simulator.define(config())
        ask(simulator, "/xend/domain/web1", op="start")
        ask(simulator, "/xend/domain/web1", op="save", file=FILE)
        assert simulator.domain("web1").domid is None
        ask(simulator, "/xend/domain", op="restore", file=FILE)
        simulator.domain("web1").destroy()
        assert simulator.names() == ["Domain-0", "web1"]


def test_a_migration_reaches_another_simulator(simulator: Simulator, ask: Ask) -> None:
    with Simulator(simulator.version) as other:
        simulator.knows("dom0b", other)
        numbers = dict.fromkeys(("live", "resource", "port", "node", "ssl", "change_home_server"), "0")
        assert ask(simulator, "/xend/domain/web1", op="migrate", destination="dom0b", **numbers) == (200, "")
        time.sleep(other.personality.arrival_seconds)
        assert other.domain("web1").running
    assert "web1" not in simulator.names()


NUMBERS = dict.fromkeys(("live", "resource", "port", "node", "ssl", "change_home_server"), "0")


@pytest.fixture
def other(simulator: Simulator) -> Iterator[Simulator]:
    """Return another host, which the first one knows as dom0b."""
    with Simulator(simulator.version) as running:
        simulator.knows("dom0b", running)
        yield running


def test_a_migrating_guest_is_built_at_its_destination_before_it_leaves(
    simulator: Simulator, other: Simulator, ask: Ask
) -> None:
    simulator.host.shutdown_delay = 0.3
    given = {"op": "migrate", "destination": "dom0b", **NUMBERS}
    thread = threading.Thread(target=ask, args=(simulator, "/xend/domain/web1"), kwargs=given)
    thread.start()
    wait_until(lambda: "web1" in other.names(), "not yet")
    assert simulator.names() == ["Domain-0", "migrating-web1"]
    assert (other.domain("web1").paused, simulator.domain("migrating-web1").running) == (True, True)
    thread.join()
    wait_until(lambda: other.domain("web1").running, "not yet")


def _destroy_on_arrival(host: Simulator) -> None:
    wait_until(lambda: "web1" in host.names(), "not yet")
    host.domain("web1").destroy()


@pytest.mark.parametrize("reason", ["memory", "tool", "gone there", "gone here"])
def test_a_migration_that_its_destination_does_not_take_leaves_the_guest_where_it_is(
    simulator: Simulator, other: Simulator, ask: Ask, reason: str
) -> None:
    if reason == "memory":
        simulator.domain("web1").memory = 20000
    elif reason == "tool":
        other.failing.add("xc_restore")
    elif reason == "gone here":
        simulator.failing.add("xc_save")
    else:
        simulator.host.shutdown_delay = 0.3
        threading.Thread(target=_destroy_on_arrival, args=(other,)).start()
    answer = ask(simulator, "/xend/domain/web1", op="migrate", destination="dom0b", **NUMBERS)
    assert answer.status == 200
    assert ("xc_save" in answer.body) is not simulator.personality.hides_failed_save
    assert simulator.domain("web1").running
    assert [each.name for each in other.host.domains if not each.zombie] == ["Domain-0"]


def test_a_host_that_is_known_listens_for_migrations_on_the_default_port_only(
    simulator: Simulator, other: Simulator, ask: Ask
) -> None:
    answer = ask(simulator, "/xend/domain/web1", op="migrate", destination="dom0b", **{**NUMBERS, "port": "8003"})
    refused = "port" in simulator.personality.migrate_numbers
    assert ("Connection refused" in answer.body) is refused
    assert ("web1" in other.names()) is not refused


def test_peers_can_be_named_at_once(other: Simulator) -> None:
    assert Simulator(other.version, peers={"dom0b": other}).host.peers == {"dom0b": other.host}


def test_a_hand_moved_clock_moves_on_during_a_save(ask: Ask, config: Config) -> None:
    with Simulator("3.0.0", clock=ManualClock()) as simulator:
        simulator.create(config()).unpause()
        assert ask(simulator, "/xend/domain/web1", op="save", file=FILE).status == 202
        assert simulator.host.clock.now() == 1.0


def test_the_server_stops_while_it_waits_for_a_deaf_guest(ask: Ask, config: Config) -> None:
    simulator = Simulator("3.0.0").start()
    simulator.create(config(args="rig.ignore_shutdown")).unpause()
    with pytest.raises((TimeoutError, OSError)):
        ask(simulator, "/xend/domain/web1", patience=0.1, op="save", file=FILE)
    started = time.monotonic()
    simulator.stop()
    assert time.monotonic() - started < 1
