# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What xend says of a domain as data: every domain that a real xend was recorded to print, and each way to say a thing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dom0.xend.plugins.module_utils.model.devices import Vbd, Vif
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.image import Image, command_line
from ansible_collections.dom0.xend.plugins.module_utils.model.reading import canonical_uuid
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import MASK, SECRETS, secrets, without_secrets
from ansible_collections.dom0.xend.plugins.module_utils.model.vcpus import Vcpu
from ansible_collections.dom0.xend.plugins.module_utils.wire import release
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import Release, told_by_missing_domain
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, dumps, loads
from ansible_collections.dom0.xend.tests.unit.plugins.module_utils.recorded import FILES, release_of, replies, reply

WITH_DOMAINS = [file for file in FILES if not file.endswith("-timeout.jsonl") and file != "xend-3.0.4-hvm.jsonl"]
"""The hvm guest of 3.0.4 was refused: it wants a vncpasswd (``create-hvm``)."""
STATES = {"running", "paused", "shutdown", "crashed", "dying", "halted"}

TREES: st.SearchStrategy[Sxp] = st.recursive(
    st.sampled_from(["name", "domid", "state", "device", "vbd", "vif", "image", "ip", "uuid", "vncpasswd", "1", ""])
    | st.text(max_size=5),
    lambda children: st.lists(children, max_size=6),
    max_leaves=40,
)


def domain(text: str) -> Domain:
    """Read a domain that has a name, and what is given."""
    return Domain.from_sxp(loads(f"(domain (name web1) {text})"))


def described(tree: Sxp) -> Iterator[list[Sxp]]:
    """Yield the domains in an answer, but not the lists of their vcpus, which have the same head."""
    if isinstance(tree, list):
        if tree[:1] == ["domain"] and any(item[:1] == ["memory"] for item in tree):
            yield tree
        elif tree and isinstance(tree[0], list):
            for item in tree:
                yield from described(item)


def recorded_domains(file: str) -> list[list[Sxp]]:
    """Return every domain in a recording."""
    return [tree for each in replies(file) if each.is_sxp for tree in described(loads(each.text))]


def raw(tree: list[Sxp], key: str) -> Optional[Sxp]:
    """Return a field as xend printed it."""
    return next((item[1] for item in tree if isinstance(item, list) and item[0] == key and len(item) > 1), None)


# ---- what real xends printed


@pytest.mark.parametrize("file", WITH_DOMAINS)
def test_every_recorded_domain_is_read(file: str) -> None:
    trees = recorded_domains(file)
    assert trees
    for tree in trees:
        found = Domain.from_sxp(tree)
        assert found.name == raw(tree, "name")
        assert found.state in STATES
        assert found.memory is not None
        assert found.vcpus is not None
        assert str(found.domid) == str(raw(tree, "domid"))
        assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found.uuid or "")
        assert len(found.vbds or ()) + len(found.vifs or ()) == _devices(tree)


def _devices(tree: list[Sxp]) -> int:
    """Return how many disks and interfaces there are, without what is left of a vif or has no backend while it lives."""
    classes = ("vbd", "tap", "tap2", "vif")
    devices = [item[1] for item in tree if item[0] == "device" and item[1][0] in classes]
    if raw(tree, "domid") is not None:
        devices = [device for device in devices if any(pair[0] == "backend" for pair in device[1:])]
    return len([device for device in devices if device != ["vif", ["backend", "0"]]])


@pytest.mark.parametrize("file", WITH_DOMAINS)
def test_a_recorded_domain_is_plain_data(file: str) -> None:
    for tree in recorded_domains(file):
        values = Domain.from_sxp(tree).as_dict()
        assert json.loads(json.dumps(values, allow_nan=False)) == values


@pytest.mark.parametrize(
    ("status", "text", "release"),
    [
        (404, "No such domain web1", release.EARLY),
        (404, "No such domain a\nb", release.EARLY),
        (404, "No domain named 'web1'.", release.R304),
        (500, "", release.R31_TO_33),
        (404, "<Fault 3: 'web1'>", release.LATE),
        (404, "<Fault 3: 'a\nb'>", release.LATE),
        (404, "", None),
        (404, "Not found: web1", None),
        (404, "Invalid Configuration: x", None),
        (404, "<Fault 4: 'web1'>", None),
        (404, "<html>No such domain web1</html>", None),
        (500, "No such domain web1", None),
        (500, " ", None),
        (500, "(xend.err 'x')", None),
        (200, "", None),
        (202, "No such domain web1", None),
    ],
)
def test_the_absence_of_a_domain_is_said_in_four_ways(status: int, text: str, release: Optional[Release]) -> None:
    assert told_by_missing_domain(status, text) == release


@pytest.mark.parametrize("version", ["3.0.0", "3.0.3", "3.2", "4.1"])
def test_one_guest_has_one_shape_on_every_release(version: str) -> None:
    found = Domain.from_sxp(loads(reply(f"xend-{version}.jsonl", "create-full-get").text))
    made_up = found.vifs[1].mac if found.vifs else None
    assert found.start_time is not None
    assert found == Domain(
        name="full",
        state="paused",
        state_flags="--p---",
        domid=found.domid,
        uuid="c0ffee00-0000-0000-0000-00000000beef",
        memory=128,
        maxmem=128,
        vcpus=2,
        vcpu_avail=3,
        online_vcpus=2,
        cpu_time=0.0,
        start_time=found.start_time,
        on_poweroff="destroy",
        on_reboot="restart",
        on_crash="preserve",
        image=Image(
            "linux",
            "/srv/xen/img/vmlinuz",
            "/srv/xen/img/initrd",
            'root=/dev/sda1 ro ip=10.0.0.2:1.2.3.4:10.0.0.1:255.0.0.0:full:eth0:off 4 console=xvc0 quote="x y" it=\'s',
        ),
        vbds=(
            Vbd("hda", "file:/srv/xen/full data.img", "w!", "0"),
            Vbd("sda1", "phy:vg0/full", "w", "0"),
            Vbd("sda2", "file:/srv/xen/full-data.img", "r", "0"),
        ),
        vifs=(
            Vif("00:16:3e:aa:bb:01", "xenbr0", ("10.0.0.2",), "vif-bridge", "0"),
            Vif(made_up, "xenbr1", None, "vif-bridge", "0"),
        ),
    )


# ---- one form for all


@pytest.mark.parametrize(
    ("letters", "state"),
    [
        ("r-----", "running"),
        ("-b----", "running"),
        ("------", "running"),
        ("--p---", "paused"),
        ("-bp---", "paused"),
        ("---s--", "shutdown"),
        ("-b-s--", "shutdown"),
        ("----c-", "crashed"),
        ("---sc-", "crashed"),
        ("-b---d", "dying"),
        ("---s-d", "dying"),
        ("--p--d", "dying"),
    ],
)
def test_six_letters_are_one_word(letters: str, state: str) -> None:
    found = domain(f"(domid 1) (state {letters})")
    assert (found.state, found.state_flags) == (state, letters)


@pytest.mark.parametrize(
    ("text", "state"),
    [("(status 0)", "halted"), ("(status 2) (domid 3) (state r-----)", "running"), ("", None), ("(domid 3)", None)],
)
def test_a_definition_without_a_domid_is_halted_and_a_config_has_no_state(text: str, state: Optional[str]) -> None:
    assert domain(text).state == state


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(state -b----) (shutdown_reason poweroff)", None),
        ("(state --p---) (shutdown_reason poweroff)", None),
        ("(state ---s--) (shutdown_reason suspend)", "suspend"),
        ("(state ----c-) (shutdown_reason crash)", "crash"),
    ],
)
def test_a_shutdown_reason_counts_only_for_what_is_down(text: str, reason: Optional[str]) -> None:
    assert domain(text).shutdown_reason == reason


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        pytest.param("(memory '64')", "memory", 64, id="a long"),
        pytest.param("(memory 64) (memory 32)", "memory", 64, id="the first of two"),
        pytest.param("(memory )", "memory", None, id="nothing"),
        pytest.param("(memory ())", "memory", None, id="a list"),
        pytest.param("(memory lots)", "memory", None, id="a word"),
        pytest.param("(memory 64.5)", "memory", None, id="a fraction"),
        pytest.param("(domid 'None')", "domid", None, id="None"),
        pytest.param("(vcpus 4) (image (linux (vcpus 2)))", "vcpus", 4, id="vcpus outside"),
        pytest.param("(image (linux (kernel k) (vcpus 2)))", "vcpus", 2, id="vcpus inside"),
        pytest.param("(vcpus 2) (online_vcpus 1) (vcpus 3)", "vcpus", 2, id="vcpus twice, as in 3.0.0"),
        pytest.param("(cpu_time 1.5e-05)", "cpu_time", 1.5e-05, id="a small float"),
        pytest.param("(cpu_time '12.25')", "cpu_time", 12.25, id="a float in quotes"),
        pytest.param("(start_time 1795418046.61)", "start_time", 1795418046.61, id="a time"),
        pytest.param("(bootloader )", "bootloader", None, id="no bootloader up to 4.0"),
        pytest.param("(bootloader '')", "bootloader", None, id="no bootloader from 4.1 on"),
        pytest.param("(bootloader /usr/bin/pygrub)", "bootloader", "/usr/bin/pygrub", id="a bootloader"),
        pytest.param("", "vbds", (), id="no disks"),
        pytest.param("(image )", "image", None, id="no image"),
        pytest.param("(image (linux (kernel )))", "image", None, id="an image without a kernel"),
        pytest.param("(image (linux))", "image", None, id="an image of nothing"),
        pytest.param("(image ((kernel k)))", "image", None, id="an image of no type"),
    ],
)
def test_a_field_is_read(text: str, field: str, value: Any) -> None:
    assert getattr(domain(text), field) == value


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("(linux (kernel k))", Image("linux", "k")),
        ("(linux (kernel k) (ramdisk ))", Image("linux", "k")),
        ("(linux (kernel k) (ramdisk ''))", Image("linux", "k")),
        ("(linux (kernel k) (root '/dev/sda1 ro'))", Image("linux", "k", None, "root=/dev/sda1 ro")),
        ("(linux (kernel k) (root /dev/sda1) (args 4))", Image("linux", "k", None, "root=/dev/sda1 4")),
        ("(linux (kernel k) (ip dhcp) (root r) (args '4 x'))", Image("linux", "k", None, "root=r ip=dhcp 4 x")),
        ("(linux (kernel k) (args 'root=/dev/sda1 4') (notes (x y)))", Image("linux", "k", None, "root=/dev/sda1 4")),
        ("(hvm (kernel ) (loader /usr/lib/xen/boot/hvmloader))", Image("hvm", "/usr/lib/xen/boot/hvmloader")),
    ],
)
def test_an_image_has_one_command_line(text: str, image: Image) -> None:
    assert domain(f"(image {text})").image == image


@pytest.mark.parametrize(
    ("text", "vbd"),
    [
        ("(vbd (dev sda1) (uname phy:a) (mode w))", Vbd("sda1", "phy:a", "w")),
        ("(vbd (backend 0) (dev sda1:disk) (uname phy:a) (mode 'w!'))", Vbd("sda1", "phy:a", "w!", "0")),
        ("(vbd (dev hdc:cdrom) (uname file:/x))", Vbd("hdc:cdrom", "file:/x")),
        ("(tap (dev xvda:disk) (uname tap:aio:/x))", Vbd("xvda", "tap:aio:/x")),
        ("(tap2 (dev xvda) (uname tap2:aio:/x) (mode r))", Vbd("xvda", "tap2:aio:/x", "r")),
        ("(vbd (VDI ) (bootable 1) (dev sda1:disk) (uuid x) (protocol x86_64-abi))", Vbd("sda1")),
        ("(vbd)", Vbd()),
    ],
)
def test_a_disk_has_one_name(text: str, vbd: Vbd) -> None:
    assert domain(f"(device {text})").vbds == (vbd,)


@pytest.mark.parametrize(
    ("text", "vif"),
    [
        ("(vif (ip (10.0.0.1 10.0.0.2)))", Vif(ip=("10.0.0.1", "10.0.0.2"))),
        ("(vif (ip 10.0.0.1) (ip 10.0.0.2))", Vif(ip=("10.0.0.1", "10.0.0.2"))),
        ("(vif (ip 10.0.0.2))", Vif(ip=("10.0.0.2",))),
        ("(vif (ip ))", Vif()),
        ("(vif (ip ()))", Vif()),
        ("(vif (script vif-bridge))", Vif(script="vif-bridge")),
        ("(vif (script /etc/xen/scripts/vif-bridge))", Vif(script="vif-bridge")),
        ("(vif (script /opt/vif-bridge))", Vif(script="/opt/vif-bridge")),
        ("(vif (mac 00:16:3E:AA:bb:01) (bridge xenbr0) (backend 0))", Vif("00:16:3e:aa:bb:01", "xenbr0", backend="0")),
        ("(vif)", Vif()),
    ],
)
def test_an_interface_has_one_form(text: str, vif: Vif) -> None:
    assert domain(f"(device {text})").vifs == (vif,)


def test_disks_come_by_name_and_interfaces_in_their_order() -> None:
    found = domain(
        "(device (vif (bridge b2))) (device (vbd (dev sdb))) (device (vkbd)) (device (vbd (dev sda)))"
        " (device) (device x) (device (vif (bridge b1)))"
    )
    assert [vbd.dev for vbd in found.vbds or ()] == ["sda", "sdb"]
    assert [vif.bridge for vif in found.vifs or ()] == ["b2", "b1"]


@pytest.mark.parametrize(
    ("uuid", "canonical"),
    [
        ("c855d815-9d3d83bd-58dfffe8-cbb827a2", "c855d815-9d3d-83bd-58df-ffe8cbb827a2"),
        ("C855D815-9D3D-83BD-58DF-FFE8CBB827A2", "c855d815-9d3d-83bd-58df-ffe8cbb827a2"),
        ("c855d8159d3d83bd58dfffe8cbb827a2", "c855d815-9d3d-83bd-58df-ffe8cbb827a2"),
        ("c855d8159d3d83bd58dfffe8cbb827a", "c855d8159d3d83bd58dfffe8cbb827a"),
        ("g" * 32, "g" * 32),
        ("\u0661" * 32, "\u0661" * 32),
        ("", ""),
        (None, None),
    ],
)
def test_a_uuid_has_one_form(uuid: Optional[str], canonical: Optional[str]) -> None:
    assert canonical_uuid(uuid) == canonical


@pytest.mark.parametrize(
    ("root", "args", "ip", "line"),
    [
        (None, None, None, None),
        ("", "", "", None),
        ("/dev/sda1 ro", None, None, "root=/dev/sda1 ro"),
        (None, "4 console=xvc0", None, "4 console=xvc0"),
        ("/dev/sda1", "4", "dhcp", "root=/dev/sda1 ip=dhcp 4"),
    ],
)
def test_a_command_line_is_put_together(
    root: Optional[str], args: Optional[str], ip: Optional[str], line: Optional[str]
) -> None:
    assert command_line(root, args, ip) == line


@pytest.mark.parametrize(
    "text", ["x", "''", "()", "(domain)", "(domain (name ))", "(domain (name ''))", "(domain (name (a)))"]
)
def test_what_has_no_name_is_no_domain(text: str) -> None:
    with pytest.raises(ValueError, match="not a domain"):
        Domain.from_sxp(loads(text))


@given(TREES)
def test_any_expression_is_a_domain_or_none_and_nothing_else(tree: Sxp) -> None:
    named: Sxp = ["name", "web1"]
    candidates: list[Sxp] = [tree, ["domain", named, tree], ["domain", named, ["device", tree]]]
    for candidate in candidates:
        try:
            found = Domain.from_sxp(candidate)
        except ValueError:
            continue
        assert found.name
        assert json.dumps(found.as_dict())


def test_bytes_that_are_no_text_do_not_leave_as_such() -> None:
    found = domain(r"(image (linux (kernel k) (args 'caf\xe9')))")
    assert found.image is not None
    assert found.image.args == r"caf\xe9"


@pytest.mark.parametrize(
    ("text", "privileged"),
    [("(domid 0)", True), ("(domid 1)", False), ("", False), ("(domid 00)", True), ("(domid '0')", True)],
)
def test_the_control_domain_is_identified_by_its_id_too(text: str, *, privileged: bool) -> None:
    assert domain(text).is_privileged is privileged


def test_the_control_domain_is_identified_by_its_name() -> None:
    assert Domain.from_sxp(["domain", ["name", "Domain-0"]]).is_privileged


# ---- bytes that are no UTF-8


def _pairs_of(keys: Iterable[str], value: str) -> list[Sxp]:
    return [[key, value] for key in keys]


def test_bytes_that_are_no_utf8_are_escaped_wherever_a_domain_has_text() -> None:
    text = "\udcff\udcfe"
    fields = [key for key in vars(Domain("x")) if key not in ("image", "vbds", "vifs", "cpus", "release", "tree")]
    vbd: Sxp = ["vbd", *_pairs_of(vars(Vbd()), text)]
    vif: Sxp = ["vif", *_pairs_of(vars(Vif()), text)]
    image: Sxp = [text, *_pairs_of(vars(Image()), text)]
    devices: list[Sxp] = [["device", vbd], ["device", vif], ["device", ["vif", ["ip", [text, text]]]]]
    shown = Domain.from_sxp(["domain", *_pairs_of(fields, text), ["image", image], *devices]).as_dict()
    assert "\\udc" not in json.dumps(shown)
    assert shown["image"]["type"] == r"\xff\xfe"
    assert [vif["ip"] for vif in shown["vifs"]] == [[r"\xff\xfe"], [r"\xff\xfe", r"\xff\xfe"]]


# ---- secrets


@pytest.mark.parametrize(
    ("text", "shown", "hidden"),
    [
        ("(vm (vncpasswd s3cret))", f"(vm (vncpasswd '{MASK}'))", ["s3cret"]),
        ("(vm (vncpasswd a b))", f"(vm (vncpasswd '{MASK}'))", ["a", "b"]),
        ("(vm (vncpasswd ''))", f"(vm (vncpasswd '{MASK}'))", []),
        ("(vm (vncpasswd ))", "(vm (vncpasswd))", []),
        ("(vm (vncpasswd))", "(vm (vncpasswd))", []),
        (
            "(vm (vncpasswd (s3cret)))",
            f"(vm (vncpasswd '{MASK}'))",
            ["s3cret"],
        ),
        (
            "(vm (device (vfb (type vnc) (vncpasswd 'a b'))))",
            f"(vm (device (vfb (type vnc) (vncpasswd '{MASK}'))))",
            ["a b"],
        ),
        (
            "(vm (image (hvm (vncpasswd x) (vncpasswd y))))",
            f"(vm (image (hvm (vncpasswd '{MASK}') (vncpasswd '{MASK}'))))",
            ["x", "y"],
        ),
        ("(vm (vfb (passwd p)))", f"(vm (vfb (passwd '{MASK}')))", ["p"]),
        ("(vm (args 'vncpasswd x'))", "(vm (args 'vncpasswd x'))", []),
        ("(vncpasswd s3cret)", f"(vncpasswd '{MASK}')", ["s3cret"]),
        ("vncpasswd", "vncpasswd", []),
        ("(((vncpasswd s3cret)))", f"(((vncpasswd '{MASK}')))", ["s3cret"]),
    ],
)
def test_secrets_are_masked_and_can_be_listed(text: str, shown: str, hidden: list[str]) -> None:
    tree = loads(text)
    assert dumps(without_secrets(tree)) == shown
    assert list(secrets(tree)) == hidden


@given(TREES)
def test_nothing_but_secrets_is_masked(tree: Sxp) -> None:
    shown = without_secrets(tree)
    assert without_secrets(shown) == shown
    if not any(word in dumps(tree) for word in SECRETS):
        assert shown == tree
        assert not list(secrets(tree))


@pytest.mark.parametrize("file", FILES)
def test_no_recorded_secret_is_shown(file: str) -> None:
    for each in replies(file):
        if each.is_sxp:
            tree = loads(each.text)
            shown = dumps(without_secrets(tree))
            assert all(f"passwd {secret}" not in shown for secret in secrets(tree))


# ---- vcpus


def recorded_vcpus(file: str) -> list[tuple[list[Sxp], bool]]:
    """Return every vcpu in a recording, and whether its domain was up."""
    found: list[tuple[list[Sxp], bool]] = []
    for each in replies(file):
        tree = loads(each.text) if each.is_sxp and "(vcpu_count " in each.text else []
        is_up = isinstance(tree, list) and raw(tree, "domid") != "None"
        found += [(item, is_up) for item in tree if isinstance(item, list) and item[0] == "vcpu"]
    return found


@pytest.mark.parametrize("file", [file for file in WITH_DOMAINS if recorded_vcpus(file)])
def test_every_recorded_vcpu_is_read(file: str) -> None:
    for tree, is_up in recorded_vcpus(file):
        vcpu = Vcpu.from_sxp(tree)
        values = vcpu.as_dict()
        assert json.loads(json.dumps(values, allow_nan=False)) == values
        assert str(vcpu.number) == raw(tree, "number")
        assert vcpu.online is is_up
        assert (vcpu.cpu is None) is (not is_up)
        assert vcpu.cpu_time == float(str(raw(tree, "cpu_time")))
        assert sorted(vcpu.cpumap) == [int(str(cpu)) for cpu in raw(tree, "cpumap") or ()]
        assert values["cpumap"] == (None if len(vcpu.cpumap) == 64 else sorted(vcpu.cpumap))


def test_recordings_of_three_ages_tell_of_vcpus() -> None:
    assert {release_of(file) for file in WITH_DOMAINS if recorded_vcpus(file)} >= {"3.0.0", "3.0.3", "3.2", "4.1"}


@pytest.mark.parametrize("text", ["()", "(vcpu)", "(vcpu (online 1))", "(cpu (number 0))", "x", "(vcpu (number x))"])
def test_what_has_no_number_is_no_vcpu(text: str) -> None:
    with pytest.raises(ValueError, match="not a vcpu"):
        Vcpu.from_sxp(loads(text))


@pytest.mark.parametrize("vcpus", [-3, 10**10, 10**4000])
def test_what_is_no_number_of_vcpus_is_shown_and_nothing_is_made_from_it(vcpus: int) -> None:
    found = domain(f"(vcpus {vcpus}) (vcpu_avail 1)")
    assert found.vcpus == found.usable_vcpus == vcpus


def test_the_vcpus_that_a_guest_may_use_are_counted() -> None:
    assert [domain(f"(vcpus {vcpus}) (vcpu_avail 5)").usable_vcpus for vcpus in (0, 1, 3, 8192)] == [0, 1, 2, 2]


def test_what_is_not_said_of_a_vcpu_is_none() -> None:
    unknown = dict.fromkeys(("online", "blocked", "running", "cpu_time", "cpu", "cpumap"))
    for text in ("(vcpu (number 1))", "(vcpu (number 1) (online x) (cpu -1) (cpu_time) (cpumap ()) (running (1)))"):
        assert Vcpu.from_sxp(loads(text)).as_dict() == {"number": 1, **unknown}


@given(TREES)
def test_any_vcpu_is_read_or_refused(tree: Sxp) -> None:
    with suppress(ValueError):
        json.dumps(Vcpu.from_sxp(["vcpu", ["number", "0"], tree]).as_dict())


@pytest.mark.parametrize(
    ("more", "release"),
    [
        ("(cpus (()))", release.R34),
        ("(cpus (())) (cpu_weight 256)", release.R40),
        ("(cpus (())) (cpu_weight 256) (pool_name Pool-0)", release.R41_TO_44),
        ("(cpu_weight 256)", release.R31),
        ("(cpu_weight 256) (memory_dynamic_max 64)", release.R304),
        ("", release.R32_TO_33),
        ("(vcpus 0)", release.R32_TO_34),
    ],
)
def test_the_control_domain_identifies_the_release_too(more: str, release: Release) -> None:
    text = f"(domain (domid 0) (name Domain-0) (status 2) (bootloader_args ) (state r-----) {more})"
    assert Domain.from_sxp(loads(text)).release == release


@pytest.mark.parametrize("number", ["inf", "-inf", "nan", "Infinity", "1e999"])
def test_a_time_that_is_no_number_is_none_so_that_results_are_json(number: str) -> None:
    domain = Domain.from_sxp(loads(f"(domain (name web1) (cpu_time {number}) (start_time {number}))"))
    vcpu = Vcpu.from_sxp(loads(f"(vcpu (number 0) (cpu_time {number}))"))
    assert (domain.cpu_time, domain.start_time, vcpu.cpu_time) == (None, None, None)
    json.dumps([domain.as_dict(), vcpu.as_dict()], allow_nan=False)
