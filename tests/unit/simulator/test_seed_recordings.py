# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A copy of each domain that a real xend ever showed: it shows the same, or what it does not show was told."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import quote

import pytest

from tests.conformance import masks, recordings
from tests.simulator import PERSONALITIES, Simulator
from tests.simulator.clock import ManualClock
from tests.simulator.http import Request
from tests.simulator.site import Site

FILES = sorted(path.name.removesuffix(".jsonl.gz") for path in recordings.DIRECTORY.glob("*.jsonl.gz"))
DYING = re.compile(r"\(state \S+d\)|\(name Zombie-")


def version_of(file: str) -> str:
    return file.split("-")[1]


@cache
def bodies(file: str) -> list[str]:
    """Return what was answered to a GET of a domain, or of all of them in detail, each once."""
    found = {}
    for exchange in recordings.load(file):
        path, _mark, query = exchange.target.partition("?")
        shown = (path.startswith("/xend/domain/") and not query) or query == "detail=1"
        if exchange.method == "GET" and shown and exchange.response.body.startswith(("(domain ", "((domain ")):
            found[exchange.response.body] = exchange.slug
    return list(found)


def domains(body: str) -> dict[str, masks.Node]:
    """Return what a body shows of each domain, by name, as it was printed, but for what is measured."""
    known = masks.Known(body)  # nothing is random here: each uuid and mac has to be taken over
    top = masks.read(body)
    entries = top if top[0][0] == "domain" else top[0]
    return {name_of(each): masks.mask(each, known) for each in entries if isinstance(each, list)}


def name_of(entry: masks.Node) -> str:
    return next(str(each[1]).strip("'") for each in entry if isinstance(each, list) and each[0] == "name")


def answer(simulator: Simulator, name: str) -> str:
    request = Request("GET", f"/xend/domain/{quote(name, safe='')}", {"accept": "application/sxp"})
    return Site(simulator.host, lambda: "").answer(request).body


def shown(simulator: Simulator, name: str) -> masks.Node:
    return domains(answer(simulator, name))[name]


@pytest.mark.parametrize("file", FILES)
def test_a_copy_shows_of_each_recorded_domain_what_the_original_did(file: str) -> None:
    for body in bodies(file):
        simulator = Simulator(version_of(file), tcp=None)
        simulator.seed(body, version_of(file))
        for name, wanted in domains(body).items():
            left_out = [note for note in simulator.seed_notes if note.startswith(f"{name} is left out")]
            if left_out:
                assert DYING.search(body), left_out
                continue
            assert shown(simulator, name) == wanted, body
        assert all(re.search("is left out|migrating-", note) for note in simulator.seed_notes), simulator.seed_notes


@pytest.mark.parametrize("file", FILES)
def test_the_form_of_a_listing_shows_whose_it_is(file: str) -> None:
    for body in bodies(file):
        if body.startswith("(("):
            simulator = Simulator(version_of(file), tcp=None)
            simulator.seed(body)
            assert not [note for note in simulator.seed_notes if "another release" in note], body


# -- and lives on ------------------------------------------------------------------------------------------------------

LIVES = {
    "3.0.0": "(domain (domid 7) (uuid 9a257536-ef0fb468-e89e5e41-83d5a388) (ssidref 0) (vcpus 2) (vcpu_avail 3)"
    " (cpu_weight 1.0) (memory 64) (maxmem 128) (name web1) (on_poweroff destroy) (on_reboot restart) (on_crash restart)"
    " (image (linux (kernel /vmlinuz) (args '4 console=xvc0'))) (device (vif (backend 0) (bridge xenbr0)"
    " (mac 00:16:3e:11:22:30))) (device (vkbd (backend 0))) (state r-----) (shutdown_reason poweroff) (cpu_time 5.5)"
    " (vcpus 2) (online_vcpus 2) (up_time 100.5) (start_time 1795420997.99) (store_mfn 2377) (console_mfn 2378))",
    "4.1": "(domain (domid 7) (cpu_weight 256) (cpu_cap 0) (pool_name Pool-0) (bootloader '') (vcpus 2) (cpus ((1) (1)))"
    " (on_poweroff destroy) (description mine) (on_crash restart) (uuid 0a1cd9d6-3458-c5f2-e8b2-c5dab4a784b7)"
    " (bootloader_args '') (name web1) (on_reboot restart) (maxmem 128) (memory 64) (shadow_memory 9) (vcpu_avail 3)"
    " (features '') (on_xend_start start) (on_xend_stop shutdown) (start_time 1795422320.93) (cpu_time 5.5)"
    " (online_vcpus 2) (image (hvm (kernel '') (loader /hvmloader) (pae 1) (usbdevice tablet) (keymap de)))"
    " (status 2) (state r-----) (store_mfn '1033') (device (vif (bridge xenbr0) (rate 62500,50000)"
    " (uuid 37f612a8-01c4-cf94-e7bb-1a290a8804f9) (script /etc/xen/scripts/vif-bridge) (mac 00:16:3e:44:00:01)"
    " (type ioemu) (backend 0))) (device (vkbd (backend 0))) (device (vbd (uuid aa377061-d4f9-b836-2dc2-bda923218acf)"
    " (bootable 1) (dev hdc:cdrom) (mode r) (backend 0))))",
}


@pytest.fixture(params=LIVES)
def copied(request: pytest.FixtureRequest) -> Simulator:
    simulator = Simulator(request.param, tcp=None, clock=ManualClock())
    assert simulator.seed(LIVES[request.param], request.param) == ["web1"]
    assert simulator.seed_notes == []
    return simulator


def do(simulator: Simulator, op: str, **form: str) -> dict[str, object]:
    """Do an operation; return the fields in which the domain is shown otherwise than before."""
    before = shown(simulator, "web1")
    params = {name: [value] for name, value in {"op": op, **form}.items()}
    request = Request("POST", "/xend/domain/web1", {"accept": "application/sxp"}, params=params)
    assert Site(simulator.host, lambda: "").answer(request).status in (200, 202)
    after = shown(simulator, "web1")
    return {str(each[0]): each[1] for each in after if each not in before}


@pytest.mark.parametrize(
    ("op", "form", "changes"),
    [
        ("pause", {}, {"state": "-bp---", "status": "1"}),
        ("mem_target_set", {"target": "96"}, {"memory": "96"}),
        ("set_vcpus", {"vcpus": "1"}, {"vcpu_avail": "1", "online_vcpus": "1"}),
        ("pincpu", {"vcpu": "0", "cpumap": "2"}, {"cpus": [["2"], ["1"]]}),
        ("rename", {"name": "web1"}, {}),
    ],
)
def test_what_is_done_to_a_copy_shows_and_the_rest_stays(
    copied: Simulator, op: str, form: dict[str, str], changes: dict[str, object]
) -> None:
    known = {each[0] for each in shown(copied, "web1")}
    assert do(copied, op, **form) == {key: value for key, value in changes.items() if key in known}


def test_a_device_that_is_added_to_a_copy_shows_and_goes_again(copied: Simulator) -> None:
    before = shown(copied, "web1")
    added = do(copied, "device_create", config="(vif (mac 00:16:3e:00:00:09) (bridge xenbr0))")
    assert "00:16:3e:00:00:09" in str(added["device"])
    numbers = dict.fromkeys(copied.personality.device_destroy_numbers, "1")
    do(copied, "device_destroy", type="vif", dev="1", **numbers)
    assert shown(copied, "web1") == before
    do(copied, "device_destroy", type="vif", dev="0", **numbers)
    assert not any(head[0] == "mac" for device in _devices(copied) for head in device[1:])


def _devices(simulator: Simulator) -> list[masks.Node]:
    return [each[1] for each in shown(simulator, "web1") if each[0] == "device"]


def test_a_copy_that_restarts_keeps_what_was_configured(copied: Simulator) -> None:
    wanted = shown(copied, "web1")
    assert isinstance(copied.host.clock, ManualClock)
    copied.host.clock.advance(100)
    copied.domain("web1").reboot()
    runs = {"domid", "state", "status", "start_time", "up_time", "store_mfn", "console_mfn", "cpu_time", "device"}
    after = shown(copied, "web1")
    assert [each for each in wanted if each[0] not in runs] == [each for each in after if each[0] not in runs]
    assert ["domid", "8"] in after


@pytest.mark.parametrize("version", PERSONALITIES)
def test_an_empty_drive_and_a_class_that_is_not_simulated_are_taken_over(version: str) -> None:
    devices = "(device (vbd (dev hdc:cdrom) (mode r))) (device (vtpm (backend 0)))"
    simulator = Simulator(version, tcp=None)
    assert simulator.seed(f"(domain (domid 3) (name web1) {devices})", version) == ["web1"]
    assert simulator.seed_notes == []
    assert [device[0] for device in _devices(simulator)] == ["vbd", "vtpm"]


@pytest.mark.parametrize("version", PERSONALITIES)
def test_odd_values_end_in_no_traceback(version: str) -> None:
    odd = (
        "(domid 3) (memory inf) (maxmem nan) (cpu_weight x) (cpus ((x))) (image ()) (device) (device ()) (device (vif))"
    )
    for release in (version, None):
        simulator = Simulator(version, tcp=None)
        assert simulator.seed(f"((domain (name web1) {odd}))", release) == ["web1"]
        assert "(name web1)" in answer(simulator, "web1")


def test_a_domain_that_was_on_its_way_stays_and_that_is_reported() -> None:
    simulator = Simulator("3.0.3", tcp=None)
    assert simulator.seed("((domain (domid 3) (name migrating-web1)))", "3.0.3") == ["migrating-web1"]
    assert simulator.seed_notes == ["migrating-web1 was about to leave: here it stays, under that name"]
