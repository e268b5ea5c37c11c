# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet of simulated xends: the same each time, with a bit of every trouble, and gone without a trace."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.simulator import PERSONALITIES, Fault
from tests.simulator.estate import guests
from tests.simulator.fleet import VERSIONS, Fleet, main, parser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Callable

    from .conftest import Answer

    Ask = Callable[..., Answer]

TOP = Path(__file__).resolve().parents[3]
DETAIL = "/xend/domain?detail=1"
LOCAL = ("127.0.0.1", 0)


def listings(ask: Ask, **options: Any) -> dict[str, str]:
    """Return what each xend of a fleet lists."""
    with Fleet(xends=5, domains=30, tcp=LOCAL, **options) as fleet:
        return {name: ask(each, DETAIL).body for name, each in fleet.simulators.items()}


def words(ask: Ask, fleet: Fleet, name: str, path: str) -> list[str]:
    """Return the names that a list holds."""
    return ask(fleet.simulators[name], path).body.strip("()").split()


# -- the same each time ------------------------------------------------------------------------------------------------


def test_a_still_fleet_answers_the_same_to_the_byte_whenever_it_is_started(ask: Ask) -> None:
    once = listings(ask, still=True)
    assert len(set(once.values())) == 5
    assert listings(ask, still=True) == once


def test_in_a_fleet_with_a_clock_nothing_differs_but_the_times_that_pass(ask: Ask) -> None:
    def without_times(found: dict[str, str]) -> dict[str, str]:
        return {name: re.sub(r"\((cpu_time|up_time|start_time) [^)]*\)", "", text) for name, text in found.items()}

    once, again = listings(ask), listings(ask)
    assert without_times(once) == without_times(again)
    assert "(name web01-01)" in once["xen01"]


def test_a_larger_estate_holds_the_smaller_one() -> None:
    assert list(guests(3, 200))[:50] == list(guests(3, 50))


def test_no_two_guests_share_a_name_a_uuid_or_an_address() -> None:
    trees = [str(guest.tree(vcpus_in_image=False)) for xend in (1, 2, 3) for guest in guests(xend, 300)]
    for key in ("name", "uuid", "mac", "ip"):
        found = list(chain.from_iterable(re.findall(rf"\['{key}', '([^']+)'\]", tree) for tree in trees))
        assert len(found) == len(set(found)) >= 900


def test_the_releases_are_dealt_out_in_turn() -> None:
    with Fleet(xends=5, domains=1) as fleet:
        assert [each.version for each in fleet.simulators.values()] == [*VERSIONS, VERSIONS[0]]


# -- who does not run --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [each for each in PERSONALITIES if not PERSONALITIES[each].managed])
def test_old_releases_list_the_paused_and_the_crashed(ask: Ask, version: str) -> None:
    with Fleet(1, 20, versions=[version], stopped=30, tcp=LOCAL) as fleet:
        states = re.findall(r"\(state ([a-z-]+)\)", ask(fleet.simulators["xen01"], DETAIL).body)
    assert sorted(states) == sorted(["r-----", *["-b----"] * 14, *["-bp---"] * 3, *["----c-"] * 3])


@pytest.mark.parametrize("version", ["3.3", "3.4", "4.0", "4.1", "4.4"])
def test_later_releases_know_the_halted_too_and_hide_all_three(ask: Ask, version: str) -> None:
    with Fleet(1, 20, versions=[version], stopped=30, tcp=LOCAL) as fleet:
        counts = {
            state: len(words(ask, fleet, "xen01", f"/xend/domain?state={state}"))
            for state in ("running", "paused", "crashed", "halted", "all")
        }
    assert counts == {"running": 15, "paused": 2, "crashed": 2, "halted": 2, "all": 21}


@pytest.mark.parametrize(("percent", "still"), [(0, 0), (4, 2), (33.3, 16), (100, 50)])
def test_the_share_of_those_that_do_not_run_can_be_chosen(percent: float, still: int) -> None:
    with Fleet(1, 50, versions=["4.1"], stopped=percent) as fleet:
        domains = fleet.simulators["xen01"].host.domains
        assert len([each for each in domains if not each.running]) == still


def test_a_guest_can_be_started_stopped_and_created_like_any_other(ask: Ask, config: Callable[..., str]) -> None:
    with Fleet(1, 12, versions=["4.1"], stopped=25, tcp=LOCAL) as fleet:
        sim = fleet.simulators["xen01"]
        halted = words(ask, fleet, "xen01", "/xend/domain?state=halted")[0]
        assert ask(sim, f"/xend/domain/{halted}", op="start").status == 202
        assert halted in words(ask, fleet, "xen01", "/xend/domain")
        assert ask(sim, "/xend/domain", op="create", config=config()).status == 201
        assert sim.domain("web1").domid == 14


# -- trouble -----------------------------------------------------------------------------------------------------------


def connect(url: str) -> None:
    """Connect as a client with a little patience does."""
    where = url.partition("//")[2]
    family = socket.AF_UNIX if url.startswith("unix") else socket.AF_INET
    host, _colon, port = where.rpartition(":")
    with closing(socket.socket(family)) as client:
        client.settimeout(0.2)
        client.connect(where if family == socket.AF_UNIX else (host, int(port)))


@pytest.mark.parametrize(("tcp", "error"), [(LOCAL, TimeoutError), (None, BlockingIOError)])
def test_a_dead_xend_takes_no_connection_however_often_it_is_tried(
    tcp: tuple[str, int] | None, error: type[OSError]
) -> None:
    with Fleet(3, 1, dead=1, tcp=tcp) as fleet:
        urls = {place.what: place.url for place in fleet.places}
        for _try in range(3):
            with pytest.raises((error, socket.timeout)):
                connect(urls["dead"])
        assert list(fleet.simulators) == ["xen01", "xen03"]


@pytest.mark.parametrize("tcp", [LOCAL, None])
def test_a_refusing_one_refuses_at_once(tcp: tuple[str, int] | None) -> None:
    with Fleet(2, 1, refusing=1, tcp=tcp) as fleet:
        urls = {place.what: place.url for place in fleet.places}
        with pytest.raises(ConnectionRefusedError):
            connect(urls["refuses connections"])


def test_the_dead_are_spread_over_the_fleet_and_all_of_them_are_in_the_inventory() -> None:
    with Fleet(40, 0, dead=3, refusing=1) as fleet:
        found = {place.name: place.what for place in fleet.places if place.name not in fleet.simulators}
        assert found == {"xen07": "dead", "xen21": "dead", "xen34": "dead", "xen20": "refuses connections"}
        assert re.findall(r"name: (\w+)", fleet.inventory()) == [f"xen{number:02}" for number in range(1, 41)]


def test_a_fault_belongs_to_one_xend_or_to_all(ask: Ask) -> None:
    faults = [(2, Fault("detail", "html", times=-1)), (None, Fault("node", "status", status=502))]
    with Fleet(3, 1, faults=faults, tcp=LOCAL) as fleet:
        for name, sim in fleet.simulators.items():
            assert ("<html>" in ask(sim, DETAIL).body) is (name == "xen02")
            assert [ask(sim, "/xend/node").status for _try in (1, 2)] == [502, 200]


# -- a fleet without time ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["3.0.0", "4.1"])
def test_a_still_fleet_keeps_its_answers_until_something_is_changed(ask: Ask, version: str) -> None:
    with Fleet(1, 3, versions=[version], still=True, tcp=LOCAL) as fleet:
        sim = fleet.simulators["xen01"]
        name = next(iter(guests(1, 1))).name
        before = ask(sim, DETAIL).body
        assert ask(sim, DETAIL).body == before
        assert ask(sim, f"/xend/domain/{name}").body.removesuffix("''") in before
        assert ask(sim, f"/xend/domain/{name}", op="destroy").status == 202
        assert f"(name {name})" not in ask(sim, DETAIL).body


# -- a beginning and an end --------------------------------------------------------------------------------------------


@pytest.fixture
def no_trace() -> Iterator[None]:
    """Have no thread left that was not there before."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) - before == set()


@pytest.mark.usefixtures("no_trace")
@pytest.mark.parametrize("there", [True, False])
def test_nothing_is_left_of_a_fleet_that_has_been_stopped(tmp_path: Path, there: bool) -> None:
    folder = tmp_path / "sockets" / "of-xends"
    if there:
        folder.mkdir(parents=True)
    with Fleet(6, 2, dead=1, refusing=1, unix=folder) as fleet:
        assert len(list(folder.iterdir())) == 6
        urls = [place.url for place in fleet.places]
    assert folder.exists() is there
    assert not there or not list(folder.iterdir())
    for url in urls:
        with pytest.raises(FileNotFoundError):
            connect(url)


@pytest.mark.usefixtures("no_trace")
def test_nothing_is_left_of_a_fleet_that_could_not_start(tmp_path: Path) -> None:
    (tmp_path / "xen03").write_text("somebody else's", encoding="utf-8")
    with pytest.raises(OSError, match="in use"), Fleet(4, 2, unix=tmp_path):
        pass
    assert [each.name for each in tmp_path.iterdir()] == ["xen03"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"xends": 0}, "xends must be from 1 to 255, not 0"),
        ({"domains": 16384}, "domains must be from 0 to 16383"),
        ({"stopped": 101}, "stopped must be from 0 to 100"),
        ({"dead": 4}, "dead must be from 0 to 3"),
        ({"dead": 2, "refusing": 2}, "refusing must be from 0 to 1"),
        ({"faults": [(9, Fault("*", "drop"))]}, "there is no xend 9 that could go wrong"),
        ({"dead": 3, "faults": [(2, Fault("*", "drop"))]}, "there is no xend 2 that could go wrong"),
    ],
)
def test_what_is_not_available_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Fleet(**wrong)


def test_ports_follow_one_another_from_the_first() -> None:
    fleet = Fleet(3, 0, tcp=("127.0.0.1", 8001))
    assert [fleet._port(number) for number in (1, 2, 3)] == [("127.0.0.1", port) for port in (8001, 8002, 8003)]


def test_more_domains_than_a_real_one_would_list_are_pointed_out() -> None:
    with Fleet(2, 1024, versions=["3.0.3", "4.1"]) as fleet:
        assert [place.what.partition(" (")[2] for place in fleet.places] == ["a real one would list 1024)", ""]


# -- as a program ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way_to_stop", [signal.SIGTERM, signal.SIGINT])
def test_the_program_serves_until_it_is_told_to_stop(tmp_path: Path, way_to_stop: signal.Signals) -> None:
    source, pid = tmp_path / "fleet.xen_domains.yml", tmp_path / "pid"
    arguments = "--xends 3 --domains 4 --version 3.0.0 --version 4.1 --dead 1 --tcp 127.0.0.1:0 --fault 3:node:html"
    arguments += f" --inventory {source} --pid-file {pid}"
    command = [sys.executable, "-m", "tests.simulator.fleet", *arguments.split()]
    with subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE, text=True) as process:
        for _try in range(500):
            if pid.exists() or process.poll() is not None:
                break
            time.sleep(0.01)
        url = re.findall(r'"(http:[^"]*)"', source.read_text(encoding="utf-8"))[2]
        with urllib.request.urlopen(f"{url}/xend/domain", timeout=5) as response:  # noqa: S310
            assert b"Domain-0" in response.read()
        with urllib.request.urlopen(f"{url}/xend/node", timeout=5) as response:  # noqa: S310
            assert b"Bad Gateway" in response.read()
        process.send_signal(way_to_stop)
        output, _errors = process.communicate(timeout=5)
    assert process.returncode == 0
    assert f"xen03  {url}  3.0.0, 4 domains, 0 of them not running" in output
    assert re.search(r"^xen02  http\S+  dead$", output, re.MULTILINE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--tcp", "192.0.2.1:0"], 2, "not a loopback address"),
        (["--xends", "900"], 1, "cannot start: xends must be from 1 to 255"),
        (["--unix", "x" * 120], 1, "cannot start: AF_UNIX path too long"),
    ],
)
def test_what_cannot_start_says_why(
    arguments: list[str],
    status: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == status
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--inventory", "fleet.yml"], "does not end in .xen_domains.yml"),
        (["--fault", "list:drop"], "does not begin with the number of a xend, or *"),
        (["--fault", "1:list:dorp"], "unknown kind of fault 'dorp'"),
        (["--unix", "here", "--tcp", "127.0.0.1:0"], "not allowed with argument"),
    ],
)
def test_wrong_arguments_are_explained(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(arguments)
    assert said in capsys.readouterr().err


def test_the_inventory_takes_the_source(tmp_path: Path) -> None:
    manager = pytest.importorskip("ansible.inventory.manager")
    loader = pytest.importorskip("ansible.parsing.dataloader")
    source = tmp_path / "fleet.xen_domains.yml"
    with Fleet(4, 25) as fleet:
        source.write_text(fleet.inventory(), encoding="utf-8")
        inventory = manager.InventoryManager(loader.DataLoader(), sources=[str(source)])
        assert len(inventory.get_hosts("all")) == 100
        assert len(inventory.get_hosts("xend_xen04")) == 25
        assert len(inventory.get_hosts("!state_running")) == 4


def test_a_guest_of_a_fleet_migrates_to_any_other_xend_of_it() -> None:
    with Fleet(xends=3, domains=1, refusing=1, versions=["4.1"]) as fleet:
        names = sorted(fleet.simulators)
        assert all(sorted(each.host.peers) == names for each in fleet.simulators.values())
        assert len(names) == 2
