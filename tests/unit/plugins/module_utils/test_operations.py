# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each operation as it is sent, as it is foreseen, and as it is shown."""

from __future__ import annotations

import inspect
from typing import Any, Optional

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import parse_config
from ansible_collections.dom0.xend.plugins.module_utils.model.devices import Vbd, Vif, device_number
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import MASK
from ansible_collections.dom0.xend.plugins.module_utils.operations import devices, life, settings
from ansible_collections.dom0.xend.plugins.module_utils.operations.base import Operation
from ansible_collections.dom0.xend.plugins.module_utils.operations.devices import Attach, ChangeMedia, Detach
from ansible_collections.dom0.xend.plugins.module_utils.operations.life import (
    Create,
    Define,
    Delete,
    Destroy,
    Migrate,
    Pause,
    Reboot,
    Rename,
    Restore,
    Save,
    Shutdown,
    Start,
    Unpause,
    WaitForDevices,
)
from ansible_collections.dom0.xend.plugins.module_utils.operations.settings import (
    Pin,
    RaiseLimit,
    SetMaxmem,
    SetMemory,
    SetVcpus,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import R34
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import Transport
from ansible_collections.dom0.xend.tests.unit.plugins.module_utils.raw_server import RawServer, http

CONFIG = parse_config("(vm (memory 64) (device (vbd (uname phy:a) (dev sda1))) (device (vif (bridge b))))", "web1")
EVERY = [
    Create("web1", CONFIG),
    WaitForDevices("web1"),
    Unpause("web1"),
    Pause("web1"),
    Start("web1"),
    Shutdown("web1"),
    Destroy("web1"),
    Delete("web1"),
    Define("web1", CONFIG),
    Restore("web1", "/srv/web1.save"),
    Save("web1", "/srv/web1.save"),
    Migrate("web1", "dom0b"),
    Reboot("web1"),
    Rename("web1", "web2"),
    SetMemory("web1", 32),
    SetMaxmem("web1", 128),
    RaiseLimit("web1", 128),
    SetVcpus("web1", 2),
    Pin("web1", 0, frozenset({0, 2})),
    Attach("web1", ["vbd", ["uname", "phy:a"], ["dev", "sdb"]]),
    ChangeMedia("web1", ["vbd", ["uname", "phy:a"], ["dev", "hdc:cdrom"]]),
]
DETACH = Detach("web1", "vbd", "sda1")


def test_every_operation_is_tested_here() -> None:
    members = [member for file in (devices, life, settings) for member in inspect.getmembers(file, inspect.isclass)]
    kinds = {kind for name, kind in members if issubclass(kind, Operation) and not name.startswith("_")}
    assert {type(operation) for operation in [*EVERY, DETACH]} == kinds - {Operation}


@pytest.mark.parametrize("operation", EVERY, ids=lambda operation: str(operation.op))
def test_an_operation_sends_what_it_is_called(operation: Operation) -> None:
    with RawServer(http("201 created", b"(domain)")) as server:
        operation.send(XendClient(Transport(server.url)))
    assert len(server.requests) == 1
    top, _blank, body = server.requests[0].partition(b"\r\n\r\n")
    assert body.split(b"&")[0] == f"op={operation.op}".encode()
    place = b"/xend/domain " if operation.op in ("create", "new", "restore") else b"/xend/domain/web1 "
    assert top.startswith(b"POST " + place)


@pytest.mark.parametrize("operation", EVERY, ids=lambda operation: str(operation.op))
def test_an_operation_is_shown_by_its_name_and_its_domain(operation: Operation) -> None:
    shown = operation.as_dict()
    assert (shown["op"], shown["domain"]) == (operation.op, "web1")
    assert all(isinstance(value, (str, int)) for value in shown.values())


def test_a_create_shows_its_config_without_its_secrets() -> None:
    config = parse_config("(vm (device (vfb (vncpasswd 's3cret x') (type vnc))))", "web1")
    shown = Create("web1", config).as_dict()
    assert shown["config"] == f"(vm (name web1) (device (vfb (vncpasswd '{MASK}') (type vnc))))"
    assert "s3cret" not in str(shown)


def test_a_shutdown_shows_its_reason() -> None:
    assert Shutdown("web1").as_dict() == {"op": "shutdown", "domain": "web1", "reason": "poweroff"}


RUNNING = Domain("web1", state="running", state_flags="-b----", domid=7, memory=64, on_poweroff="destroy")
KEPT = Domain("web1", state="running", domid=7, on_poweroff="preserve")


@pytest.mark.parametrize(
    ("operation", "before", "state"),
    [
        (Create("web1", CONFIG), None, "paused"),
        (WaitForDevices("web1"), RUNNING, "running"),
        (Unpause("web1"), RUNNING, "running"),
        (Pause("web1"), RUNNING, "paused"),
        (Start("web1"), Domain("web1", state="halted"), "running"),
        (Shutdown("web1"), RUNNING, None),
        (Shutdown("web1"), KEPT, "shutdown"),
        (Destroy("web1"), RUNNING, None),
        (Destroy("web1"), KEPT, None),
        (Delete("web1"), Domain("web1", state="halted"), None),
        (Define("web1", CONFIG), None, "halted"),
        (Restore("web1", "f"), None, "running"),
        (Save("web1", "f"), RUNNING, None),
        (Migrate("web1", "dom0b"), RUNNING, "running"),
        (Reboot("web1"), RUNNING, "running"),
        (Rename("web1", "web2"), RUNNING, "running"),
        (SetMemory("web1", 32), RUNNING, "running"),
        (DETACH, RUNNING, "running"),
    ],
)
def test_an_operation_is_foreseen(operation: Operation, before: Optional[Domain], state: Optional[str]) -> None:
    after = operation.project(before)
    assert (after.state if after else None) == state


@pytest.mark.parametrize(
    "operation",
    [*(each for each in EVERY if not isinstance(each, (Create, Restore))), DETACH],
    ids=lambda operation: str(operation.op),
)
def test_an_operation_on_nothing_leaves_nothing(operation: Operation) -> None:
    assert operation.project(None) is None


@pytest.mark.parametrize("operation", [Pause("web1"), Unpause("web1")])
def test_a_state_that_is_foreseen_has_no_letters(operation: Operation) -> None:
    after = operation.project(RUNNING)
    assert after is not None
    assert (after.state_flags, after.memory, after.domid) == (None, 64, 7)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            "(vm (memory 64))",
            {
                "maxmem": 64,
                "vcpus": 1,
                "online_vcpus": 1,
                "on_poweroff": "destroy",
                "on_reboot": "restart",
                "on_crash": "restart",
            },
        ),
        ("(vm (memory 64) (maxmem 128) (vcpus 2))", {"memory": 64, "maxmem": 128, "vcpus": 2, "online_vcpus": 2}),
        ("(vm (memory 64) (image (linux (kernel k) (vcpus 4))))", {"vcpus": 4}),
        ("(vm (on_crash preserve) (on_reboot destroy))", {"on_crash": "preserve", "on_reboot": "destroy"}),
        ("(vm (device (vbd (uname phy:a) (dev sda))))", {"vbds": (Vbd("sda", "phy:a", "r", "0"),)}),
        ("(vm (device (vbd (uname phy:a) (dev sda) (backend Domain-0))))", {"vbds": (Vbd("sda", "phy:a", "r", "0"),)}),
        (
            "(vm (device (vbd (uname phy:a) (dev sda) (backend stor) (mode w))))",
            {"vbds": (Vbd("sda", "phy:a", "w", "stor"),)},
        ),
        ("(vm (device (vif (bridge b))))", {"vifs": (Vif(bridge="b", backend="0"),)}),
        ("(vm)", {"vbds": (), "vifs": ()}),
    ],
)
def test_a_new_domain_is_foreseen_with_xends_defaults(config: str, expected: dict[str, Any]) -> None:
    after = Create("web1", parse_config(config, "web1")).project(None)
    assert after is not None
    assert {key: getattr(after, key) for key in expected} == expected


def test_only_what_takes_its_time_is_waited_for() -> None:
    assert [operation.op for operation in EVERY if operation.brings_down] == ["shutdown", "destroy", "save"]


@pytest.mark.parametrize(
    ("operation", "changed"),
    [
        (Rename("web1", "web2"), {"name": "web2"}),
        (SetMemory("web1", 32), {"memory": 32}),
        (SetMaxmem("web1", 128), {"maxmem": 128}),
        (RaiseLimit("web1", 128), {}),
        (SetVcpus("web1", 3), {"vcpu_avail": 7}),
        (Reboot("web1"), {}),
        (Attach("web1", ["vif", ["bridge", "b"]]), {"vifs": (Vif(bridge="b", backend="0"),), "vbds": ()}),
    ],
)
def test_a_change_is_foreseen_in_its_field_only(operation: Operation, changed: dict[str, Any]) -> None:
    after = operation.project(RUNNING)
    assert after is not None
    fields = {key for key in vars(RUNNING) if getattr(after, key) != getattr(RUNNING, key)}
    assert fields == set(changed)
    assert {key: getattr(after, key) for key in changed} == changed


@pytest.mark.parametrize(
    ("dev", "number"),
    [
        ("sda", 2048), ("sda1", 2049), ("/dev/sda1", 2049), ("sdb1", 2065), ("sdp15", 2303), ("sda1:disk", 2049),
        ("hda", 768), ("hdb", 832), ("hdc", 5632), ("hdc:cdrom", 5632), ("hdd1", 5697), ("xvda", 51712), ("xvda1", 51713),
        ("xvdb", 51728), ("0x801", 2049), ("2049", 2049), ("", None), ("vda", None), ("sd", None), ("sda1x", None), ("0", None),
        ("ioemu", None), ("-1", None),
    ],
)  # fmt: skip
def test_a_disk_has_linuxs_number(dev: str, number: Optional[int]) -> None:
    assert device_number(dev) == number


LIVING = b"(domain (name web1) (state -b----)%s)"
DEVICES = b"((2049 ((backend /local/domain/0/backend/vbd/3/2049) (state 4) (virtual-device 2049))))"
INTERFACES = b"((0 ((handle 0) (mac 00:16:3E:00:00:01) (state 4))) (1 ((handle 1) (mac 00:16:3e:00:00:02))))"


@pytest.mark.parametrize(
    ("operation", "listed", "body"),
    [
        (DETACH, DEVICES, b"op=device_destroy&type=vbd&dev=2049"),
        (Detach("web1", "vbd", "odd"), DEVICES, b"op=device_destroy&type=vbd&dev=odd"),
        (Detach("web1", "vif", "00:16:3e:00:00:01"), INTERFACES, b"op=device_destroy&type=vif&dev=0"),
        (Detach("web1", "vif", "00:16:3e:00:00:02"), INTERFACES, b"op=device_destroy&type=vif&dev=1"),
    ],
)
def test_a_device_is_detached_by_the_id_that_it_has_on_the_wire(operation: Detach, listed: bytes, body: bytes) -> None:
    with RawServer(http(body=listed), http()) as server:
        operation.send(XendClient(Transport(server.url)))
    assert server.requests[0].endswith(b"op=devices&type=" + operation.kind.encode())
    assert body in server.requests[1]
    assert len(server.requests) == 2


def test_a_device_is_gone_once_it_is_not_listed() -> None:
    bodies = (DEVICES, b"()", LIVING % b" (device (vbd (dev sda1)))", b"()", LIVING % b"")
    with RawServer(*(http(body=body) for body in bodies)) as server:
        client = XendClient(Transport(server.url))
        assert not DETACH.settled(client, None)[0]  # among the devices
        assert not DETACH.settled(client, None)[0]  # in the domain, under a number that is not the one computed
        assert DETACH.settled(client, None)[0]


@pytest.mark.parametrize(
    ("cpu_time", "vcpus", "delay"),
    [(None, 1, 60), (0.0, 1, 60), (59.9, 1, 60), (60.0, 1, 0), (119.0, 2, 60), (120.0, 2, 0)],
)
def test_a_reboot_waits_unless_the_guest_has_certainly_run_long_enough(
    cpu_time: Optional[float], vcpus: int, delay: float
) -> None:
    domain = Domain("web1", state="running", cpu_time=cpu_time, online_vcpus=vcpus, release=R34)
    assert Reboot("web1").delay(domain) == delay
