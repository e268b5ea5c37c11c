# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks evacuate and restore, park and unpark, run by the real ansible-playbook, and killed on the way.

Whenever they are looked at, no guest is on two hosts, and none is on none and in no file.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.dom0.xend.plugins.filter.evacuation_plan import evacuation_plan
from ansible_collections.dom0.xend.plugins.filter.evacuation_spent import evacuation_spent
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import Transport
from ansible_collections.dom0.xend.plugins.plugin_utils._evacuation import path_on_host
from tests.simulator import Domain, Fault, Simulator
from tests.support.running import written
from tests.support.waiting import wait_until

GUESTS = ("db", "web", "extra")
ORDER = [{"name": "db"}, {"name": "web", "after": ["db"]}]
LEAVING = ["extra", "web", "db"]
HOSTS_OF = {"evacuate": "evacuate_hosts", "restore": "evacuate_hosts", "park": "park_hosts", "unpark": "park_hosts"}


@dataclass
class Hosts:
    """Two hosts, the guests of the first, and a folder to work in."""

    here: Simulator
    there: Simulator
    folder: Path

    def start(self, playbook: str, *arguments: str, migrate: bool) -> subprocess.Popen[str]:
        """Start a playbook in a session of its own."""
        target = ["-e", "evacuate_destination=dom0b", "-e", f"evacuate_destination_url={self.there.unix_url}"]
        kept = {key: value for key, value in os.environ.items() if not key.startswith("XEND_")}
        command = [str(Path(sys.executable).parent / "ansible-playbook"), f"dom0.xend.{playbook}", "-i", "xens.json"]
        return subprocess.Popen(
            [*command, "-e", f"{HOSTS_OF[playbook]}=dom0a", *(target if migrate else ()), *arguments],
            cwd=self.folder,
            env={**kept, "ANSIBLE_NOCOLOR": "1", "COLUMNS": "500", "PWD": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def play(self, playbook: str, *arguments: str, migrate: bool = False, succeeds: bool = True) -> str:
        """Run a playbook to its end; return what it shows."""
        process = self.start(playbook, *arguments, migrate=migrate)
        shown, _nothing = process.communicate(timeout=300)
        assert (process.returncode == 0) is succeeds, shown
        return shown

    def kill_after(self, writes: int, playbook: str, *arguments: str, migrate: bool = False) -> None:
        """Kill a playbook, with all its processes, as soon as it has sent so many requests that change something."""
        before = len(self.written())
        process = self.start(playbook, *arguments, migrate=migrate)
        wait_until(lambda: len(self.written()) >= before + writes, "it has not sent so many", 120, by=process)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def written(self) -> list[str]:
        return [*written(self.here), *written(self.there)]

    def places(self) -> dict[str, list[str]]:
        """Return where each guest is, once nothing is on its way any more."""
        deadline = time.monotonic() + 10
        while any(each.name.startswith("migrating-") for each in self._all()) and time.monotonic() < deadline:
            time.sleep(0.01)
        found: dict[str, list[str]] = {}
        for where, sim in (("here", self.here), ("there", self.there)):
            for guest in lives(sim):
                found.setdefault(guest.name, []).append(where)
        return found

    def _all(self) -> list[Domain]:
        return [*lives(self.here), *lives(self.there)]

    def assert_nothing_is_lost(self) -> None:
        """Assert that each guest is on one host, or in a file on the first."""
        places = self.places()
        saved = {each.name for each in self.here.state_files.values() if isinstance(each, Domain)}
        assert all(len(where) == 1 for where in places.values()), places
        assert {*places, *saved} >= set(GUESTS)

    def journal(self, folder: str = "evacuate") -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / folder / "dom0a.json").read_text())
        return content


def lives(sim: Simulator) -> list[Domain]:
    with sim.host.lock:
        sim.host.settle()
        return [each for each in sim.host.domains if each.domid and not each.zombie]


def all_at(place: str) -> dict[str, list[str]]:
    return {name: [place] for name in GUESTS}


@contextmanager
def hosts(folder: Path, version: str = "4.1") -> Iterator[Hosts]:
    with Simulator(version, tcp=None, shutdown_delay=0.2) as here, Simulator(version, tcp=None) as there:
        there.host.shutdown_delay = 0.2
        here.knows("dom0b", there)
        there.knows("dom0a", here)
        for name in GUESTS:
            vcpus = ("", "(vcpus 1)") if version == "3.0.0" else ("(vcpus 1)", "")
            here.create(f"(vm (name {name}) (memory 64) {vcpus[0]} (image (linux (kernel /k) {vcpus[1]})))").unpause()
        variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "guests_list": ORDER,
        }
        inventory = {"xens": {"vars": variables, "hosts": {"dom0a": {"xend_url": here.unix_url}}}}
        (folder / "xens.json").write_text(json.dumps(inventory))
        yield Hosts(here, there, folder)


def some(names: str, cases: list[Any], sparing: list[Any]) -> pytest.MarkDecorator:
    """Return the cases, or with HARNESS=full those that are spared by default, too: each runs ansible-playbook many times."""
    return pytest.mark.parametrize(names, cases + (sparing if os.environ.get("HARNESS") == "full" else []))


@some("version, migrate", [("3.0.0", False), ("4.1", True)], [("3.0.0", True), ("4.1", False)])
def test_a_host_is_emptied_in_order_and_filled_again(version: str, migrate: bool, tmp_path: Path) -> None:
    with hosts(tmp_path, version) as both:
        both.play("evacuate", "--check", migrate=migrate)
        assert both.written() == []
        both.play("evacuate", migrate=migrate)
        assert [each["name"] for each in both.journal()["guests"]] == LEAVING
        left = [request.path for request in both.here.requests if request.op in ("migrate", "save")]
        assert left == [f"/xend/domain/{name}" for name in LEAVING]
        assert both.places() == (all_at("there") if migrate else {})
        assert "changed=0 " in both.play("evacuate", migrate=migrate)
        both.play("restore")
        assert both.places() == all_at("here")
        assert all(each.running for each in lives(both.here))
        assert len(both.written()) == 6
        if migrate:
            assert list((tmp_path / "evacuate").iterdir()) == []
        else:  # the files that stay are remembered
            assert {each["file"] for each in both.journal()["spent"]} == {*both.here.state_files}
        assert "changed=0 " in both.play("restore")


@some("migrate, writes", [(True, 2), (False, 1)], [(True, 1), (True, 3), (False, 2), (False, 3)])
def test_a_run_that_was_killed_is_continued_by_the_next(migrate: bool, writes: int, tmp_path: Path) -> None:
    with hosts(tmp_path) as both:
        both.kill_after(writes, "evacuate", migrate=migrate)
        both.assert_nothing_is_lost()
        both.play("evacuate", migrate=migrate)
        both.assert_nothing_is_lost()
        assert lives(both.here) == []
        both.kill_after(writes, "restore")
        both.assert_nothing_is_lost()
        assert "on their way back" in both.play("evacuate", migrate=migrate, succeeds=False)
        both.play("restore")
        assert both.places() == all_at("here")
        assert len(both.written()) == 6  # each guest left once, and came back once


def test_a_paused_guest_comes_back_paused(tmp_path: Path) -> None:
    with hosts(tmp_path) as both:
        both.here.domain("web").pause()
        assert "web is paused" in both.play("evacuate", migrate=True, succeeds=False)
        assert both.written() == []
        both.play("evacuate")
        both.play("restore")
        assert both.here.domain("web").paused


def test_a_guest_whose_definition_is_in_the_way_is_not_started_anew(tmp_path: Path) -> None:
    with hosts(tmp_path) as both:
        both.here.domain("web").managed = True
        both.play("evacuate")
        assert "Restore it by hand" in both.play("restore", succeeds=False)
        assert both.places() == {"db": ["here"], "extra": ["here"]}
        (file,) = [each["file"] for each in both.journal()["guests"] if each["name"] == "web"]
        XendClient(Transport(both.here.unix_url)).restore(file)
        both.play("restore")
        assert both.places() == all_at("here")


def test_a_destination_without_a_bridge_or_disk_is_found_before_anything_is_sent(tmp_path: Path) -> None:
    disk, other = tmp_path / "web 1.img", tmp_path / "gone.img"
    disk.touch()
    with hosts(tmp_path) as both:
        for name, bridge, path in (("one", "lo", disk), ("two", "xenbr7", other)):
            both.here.create(
                f"(vm (name {name}) (memory 64) (vcpus 1) (image (linux (kernel /k))) (device (vif (bridge {bridge})))"
                f" (device (vbd (uname 'file:{path}') (dev sda1) (mode w))))"
            ).unpause()
        shown = both.play("evacuate", "-e", "evacuate_destination_host=localhost", migrate=True, succeeds=False)
        missing = f"/sys/class/net/xenbr7, which is needed by two; {other}, which is needed by two."
        assert f"localhost does not have {missing}" in shown
        assert both.written() == []
        both.here.domain("two").destroy()
        both.play("evacuate", "-e", "evacuate_destination_host=localhost", migrate=True)
        assert both.places()["one"] == ["there"]


def test_a_guest_that_has_ended_away_does_not_keep_the_others_there(tmp_path: Path) -> None:
    with hosts(tmp_path) as both:
        both.play("evacuate", migrate=True)
        both.there.domain("web").destroy()
        shown = both.play("restore", succeeds=False)
        assert "web did not come back." in shown
        assert both.places() == {"db": ["here"], "extra": ["here"]}
        before = both.written()
        assert "web did not come back." in both.play("restore", succeeds=False)
        both.play("restore", "-e", "evacuate_forget=web")
        assert both.written() == before
        both.play("evacuate", migrate=True)
        assert both.places() == {"db": ["there"], "extra": ["there"]}


def test_an_evacuation_that_failed_may_go_on_to_another_place(tmp_path: Path) -> None:
    with hosts(tmp_path) as both:
        both.play("evacuate", "-e", "evacuate_guests=extra", migrate=True)
        both.here.faults.append(Fault("migrate", "refuse"))
        both.play("evacuate", migrate=True, succeeds=False)
        assert both.places() == {"extra": ["there"], "web": ["here"], "db": ["here"]}
        both.play("evacuate")
        assert both.places() == {"extra": ["there"]}
        both.assert_nothing_is_lost()
        both.play("restore")
        assert both.places() == all_at("here")


def test_another_guest_of_the_same_name_is_neither_moved_nor_counted_as_back(tmp_path: Path) -> None:
    with hosts(tmp_path) as both:
        both.play("evacuate")
        both.here.create("(vm (name web) (memory 64) (vcpus 1) (image (linux (kernel /k))))").unpause()
        assert "There is another guest web on dom0a" in both.play("evacuate", succeeds=False)
        before = both.written()
        assert "is not the guest that left" in both.play("restore", succeeds=False)
        assert len(both.written()) == len(before) + 2  # the two others
        both.here.domain("web").destroy()
        both.play("restore")
        assert both.places() == all_at("here")


# ---- park


def park(both: Hosts, playbook: str, *more: str) -> str:
    return both.play(playbook, "-e", f"park_dir={both.folder}", *more)


def test_guests_are_parked_night_by_night_and_only_the_newest_files_stay(tmp_path: Path) -> None:
    with hosts(tmp_path) as both:
        nights = []
        for _night in range(2):
            park(both, "park")
            assert both.places() == {}
            files = [Path(each["file"]) for each in both.journal("park")["guests"]]
            for file in files:
                file.write_text("memory")  # xend's own files are on the host: here they are simulated
            nights.append(set(files))
            park(both, "unpark", "-e", "park_keep=1")
            assert both.places() == all_at("here")
            both.assert_nothing_is_lost()
            time.sleep(1.1 - time.time() % 1)  # files are named after the second
        assert set(tmp_path.glob("*.chk")) == nights[1]
        assert {Path(each["file"]) for each in both.journal("park")["spent"]} == nights[1]
        assert "changed=0 " in park(both, "unpark", "-e", "park_keep=1")
        park(both, "unpark", "-e", "park_keep=0")
        assert list(tmp_path.glob("*.chk")) == list((tmp_path / "park").iterdir()) == []


def test_only_the_named_guests_are_parked(tmp_path: Path) -> None:
    with hosts(tmp_path) as both:
        assert "There is no guest wbe on dom0a" in both.play("park", "-e", '{"park_guests": ["wbe"]}', succeeds=False)
        assert both.written() == []
        park(both, "park", "-e", "park_guests=web")
        assert both.places() == {"db": ["here"], "extra": ["here"]}
        park(both, "unpark")
        assert both.places() == all_at("here")


@some("writes", [2], [1, 3])
def test_a_park_that_was_killed_is_continued_and_no_spent_file_is_restored(writes: int, tmp_path: Path) -> None:
    with hosts(tmp_path) as both:
        park(both, "park")
        park(both, "unpark")
        spent = {each["file"] for each in both.journal("park")["spent"]}
        time.sleep(1.1 - time.time() % 1)
        before = len(both.written())
        both.kill_after(writes, "park", "-e", f"park_dir={tmp_path}")
        both.assert_nothing_is_lost()
        park(both, "park")
        assert both.places() == {}
        both.assert_nothing_is_lost()
        both.kill_after(writes, "unpark")
        both.assert_nothing_is_lost()
        both.play("unpark")
        assert both.places() == all_at("here")
        assert len(both.written()) == before + 6
        restored = [request.params["file"][0] for request in both.here.requests if request.op == "restore"][-3:]
        assert not spent & set(restored)


def test_guests_are_not_parked_where_a_boot_of_the_host_would_restore_them(tmp_path: Path) -> None:
    with hosts(tmp_path) as both:
        shown = both.play("park", "-e", "park_dir=/var/lib/xen/save/", succeeds=False)
        assert "xendomains restores what is in /var/lib/xen/save" in shown
        assert both.written() == []


def test_a_guest_that_shuts_itself_down_is_not_waited_for_in_the_morning(tmp_path: Path) -> None:
    with hosts(tmp_path) as both:
        process = both.start("park", "-e", f"park_dir={tmp_path}", migrate=False)
        wait_until(lambda: both.written() != [], "nothing was saved", 120, by=process)
        both.here.domain("web").destroy()
        shown, _nothing = process.communicate(timeout=300)
        assert "web shut itself down before it was saved." in shown
        assert [each["name"] for each in both.journal("park")["guests"]] == ["extra", "db"]
        park(both, "unpark")
        assert both.places() == {"db": ["here"], "extra": ["here"]}


def test_what_fails_on_one_host_keeps_no_guest_of_another_parked(tmp_path: Path) -> None:
    with hosts(tmp_path) as both:
        both.there.create("(vm (name app) (memory 64) (vcpus 1) (image (linux (kernel /k))))").unpause()
        inventory = json.loads((tmp_path / "xens.json").read_text())
        inventory["xens"]["hosts"]["dom0b"] = {"xend_url": both.there.unix_url}
        (tmp_path / "xens.json").write_text(json.dumps(inventory))
        both.here.domain("web").managed = True
        park(both, "park", "-e", "park_hosts=all")
        assert both.places() == {}
        assert "Restore it by hand" in both.play("unpark", "-e", "park_hosts=all", succeeds=False)
        assert both.places() == {"db": ["here"], "extra": ["here"], "app": ["there"]}


@pytest.mark.parametrize("playbook", sorted(HOSTS_OF))
def test_a_pattern_that_matches_no_host_is_an_error(playbook: str, tmp_path: Path) -> None:
    with hosts(tmp_path) as both:
        shown = both.play(playbook, "-e", f"{HOSTS_OF[playbook]}=nobody", succeeds=False)
        assert f"No host matches nobody, the pattern in {HOSTS_OF[playbook]}." in shown
        assert both.written() == []


def test_of_each_guest_the_newest_spent_files_stay() -> None:
    journal = {
        "host": "dom0a",
        "guests": [{"uuid": "a", "file": "/a3", "back": True}, {"uuid": "b", "destination": "dom0b"}],
        "spent": [{"uuid": uuid, "file": file} for uuid, file in (("a", "/a1"), ("c", "/c1"), ("a", "/a2"))],
    }
    assert evacuation_spent(journal, keep=2)["unwanted"] == ["/a1"]
    assert [each["file"] for each in evacuation_spent(journal, keep=1)["journal"]["spent"]] == ["/c1", "/a3"]
    assert evacuation_spent(journal)["unwanted"] == []
    assert evacuation_spent(journal, keep=0) == {"journal": {}, "unwanted": ["/a1", "/c1", "/a2", "/a3"]}


# ---- what is decided


def guest(name: str, memory: int = 64, state: str = "running", domid: int | None = 1) -> dict[str, Any]:
    return {"name": name, "uuid": f"uuid-of-{name}", "memory": memory, "state": state, "domid": domid}


DOM0 = guest("Domain-0", 512, domid=0)
MIGRATE: dict[str, Any] = {"destination": "dom0b", "destination_url": "unix:///b", "free_memory": 128}
PROBLEMS = [
    ([guest("a", 100), guest("b", 64)], MIGRATE, "The guests of dom0a have 164 MiB, and dom0b has 128 MiB free."),
    ([guest("a")], {**MIGRATE, "there": [guest("a")]}, "There is a domain a on dom0b, too."),
    (
        [guest("a")],
        {**MIGRATE, "there": [{**guest("a", domid=None, state="halted"), "uuid": "another"}]},
        "There is a domain a on dom0b, too.",
    ),
    (
        [guest("a")],
        {"journal": {"host": "dom0a", "guests": [{**guest("a"), "uuid": "another"}]}},
        (
            "There is another guest a on dom0a than the one that left: its UUID is uuid-of-a, not another. "
            "Rename or remove one of them."
        ),
    ),
    ([guest("a", state="paused")], MIGRATE, "a is paused, and only a guest that runs is migrated. Unpause it first."),
    (
        [guest("migrating-a")],
        {},
        "Something else saves or migrates a guest of dom0a: there is migrating-a. Run this again later.",
    ),
    ([guest("a")], {"journal": {"host": "dom0c", "guests": []}}, "The journal is that of dom0c, not of dom0a."),
    (
        [guest("a")],
        {"journal": {"host": "dom0a", "phase": "returning", "guests": []}},
        (
            "The guests of dom0a are on their way back: run dom0.xend.restore until it has succeeded, or "
            "dom0.xend.unpark if they were parked."
        ),
    ),
    (
        [guest("a")],
        {"order": [{"name": "a", "after": ["b"]}, {"name": "b", "after": ["a"]}]},
        "No order is possible: a after b after a.",
    ),
]


@pytest.mark.parametrize(("domains", "options", "problem"), PROBLEMS, ids=[each[2] for each in PROBLEMS])
def test_what_forbids_an_evacuation_is_said(
    domains: list[dict[str, Any]], options: dict[str, Any], problem: str
) -> None:
    plan = evacuation_plan([DOM0, *domains], host="dom0a", **options)
    assert plan == {"problems": [problem], "journal": {}, "leaving": [], "needs": []}


def test_the_memory_of_those_who_have_left_is_not_asked_for_again() -> None:
    first = evacuation_plan([guest("a", 100), guest("b", 20)], host="dom0a", **MIGRATE)["journal"]
    again = evacuation_plan(
        [guest("b", 20)], host="dom0a", **{**MIGRATE, "free_memory": 28}, there=[guest("a")], journal=first
    )
    assert (again["problems"], again["journal"]) == ([], first)


def test_guests_that_are_still_here_are_decided_anew() -> None:
    first = evacuation_plan([guest("a"), guest("b")], host="dom0a", **MIGRATE)["journal"]
    other = {**MIGRATE, "destination": "dom0c", "destination_url": "unix:///c"}
    again = evacuation_plan([guest("b")], host="dom0a", journal=first, **other)
    assert [(each["name"], each["destination"]) for each in again["journal"]["guests"]] == [
        ("a", "dom0b"),
        ("b", "dom0c"),
    ]
    assert again["leaving"] == ["b"]
    full = evacuation_plan([guest("b", 200)], host="dom0a", journal=first, **other)
    assert full["problems"] == ["The guests of dom0a have 200 MiB, and dom0c has 128 MiB free."]


def test_guests_that_are_no_longer_chosen_stay() -> None:
    first = evacuation_plan([guest("a"), guest("b")], host="dom0a", save_dir="/s", stamp="1")["journal"]
    again = evacuation_plan(
        [guest("a"), guest("b")], host="dom0a", save_dir="/s", stamp="2", journal=first, guests=["b"]
    )
    assert [each["file"] for each in again["journal"]["guests"]] == ["/s/uuid-of-b-1.chk"]
    assert again["leaving"] == ["b"]
    assert again["journal"]["spent"] == [{"uuid": "uuid-of-a", "file": "/s/uuid-of-a-1.chk"}]


def test_a_guest_on_its_way_is_waited_for() -> None:
    first = evacuation_plan([guest("a")], host="dom0a", save_dir="/s", stamp="1")["journal"]
    again = evacuation_plan([guest("migrating-a")], host="dom0a", save_dir="/s", stamp="2", journal=first)
    assert (again["leaving"], again["journal"]["guests"]) == (["a"], first["guests"])


def test_a_definition_that_an_earlier_stay_has_left_is_in_nobodys_way() -> None:
    there = [guest("a", domid=None, state="halted")]
    assert evacuation_plan([guest("a")], host="dom0a", there=there, **MIGRATE)["problems"] == []


@pytest.mark.parametrize("guests", ["5, w1", ["w1", 5]])
def test_names_of_guests_may_be_a_text_or_numbers(guests: Any) -> None:
    plan = evacuation_plan([guest("5"), guest("w1"), guest("w"), guest("1")], host="dom0a", guests=guests)
    assert sorted(plan["leaving"]) == ["5", "w1"]


@pytest.mark.parametrize(
    ("uname", "path"),
    [
        ("phy:vg0/web1", "/dev/vg0/web1"),
        ("phy:/dev/sdb", "/dev/sdb"),
        ("file:/srv/a:b.img", "/srv/a:b.img"),
        ("tap:aio:/srv/web1.img", "/srv/web1.img"),
        ("tap:aio:/srv/a:b.img", "/srv/a:b.img"),
        ("tap2:tapdisk:vhd:/srv/web1.vhd", "/srv/web1.vhd"),
        ("file:", None),
        ("iscsi:iqn.1", None),
        ("", None),
    ],
)
def test_the_path_of_a_disk_is_read_from_its_uname(uname: str, path: str | None) -> None:
    assert path_on_host(uname) == path


def test_only_guests_that_live_leave_and_new_ones_are_added() -> None:
    domains = [DOM0, guest("a"), guest("b", state="halted", domid=None), guest("c", state="crashed")]
    first = evacuation_plan(domains, host="dom0a", save_dir="/save/", stamp="1")["journal"]
    assert [each["file"] for each in first["guests"]] == ["/save/uuid-of-a-1.chk"]
    again = evacuation_plan([DOM0, guest("a"), guest("d")], host="dom0a", save_dir="/save", stamp="2", journal=first)
    assert [each["file"] for each in again["journal"]["guests"]] == ["/save/uuid-of-a-1.chk", "/save/uuid-of-d-2.chk"]
