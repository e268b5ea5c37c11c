# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From options to a config: what is sent to which release, what is refused, and that no value changes on the way."""

from __future__ import annotations

import re
from typing import Any, Optional

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.dom0.xend.plugins.module_utils.desired.checks import check, check_creation, is_open
from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import Desired, parse_config
from ansible_collections.dom0.xend.plugins.module_utils.fields.table import NAMES
from ansible_collections.dom0.xend.plugins.module_utils.model.devices import Vbd
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.image import Image, command_line
from ansible_collections.dom0.xend.plugins.module_utils.plan.planning import drift
from ansible_collections.dom0.xend.plugins.module_utils.wire import release as releases
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import RELEASES, Release
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, dumps, loads
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import Transport
from ansible_collections.dom0.xend.tests.unit.plugins.module_utils.recorded import FILES, release_of, replies
from tests.simulator import PERSONALITIES, Simulator
from tests.simulator import sxp as xend_sxp

EARLY, R304, R31, LATE = releases.EARLY, releases.R304, releases.R31, releases.LATE
OLD_RELEASES = [releases.EARLY, releases.R300, releases.R302, releases.R303, releases.R302_TO_303]
NEW_RELEASES = [releases.R304, releases.R31, releases.R31_TO_33, releases.R32_TO_33, releases.R32_TO_34, releases.LATE]

IMAGE = {"type": "linux", "kernel": "/boot/vmlinuz", "ramdisk": None, "root": None, "args": None}
GUEST: dict[str, Any] = {"memory": 64, "image": IMAGE}


def desired(**options: Any) -> Desired:
    """Return the options of a guest with more options."""
    return Desired("web1", options={**GUEST, **options})


def of_config(text: str, **more: Any) -> Desired:
    """Return the desired that a config is."""
    return Desired("web1", config=parse_config(text, "web1"), **more)


# ---- what is written


@pytest.mark.parametrize(
    ("release", "written"),
    [
        *[
            (release, "(vm (name web1) (memory 64) (image (linux (kernel /boot/vmlinuz) (vcpus 2))))")
            for release in OLD_RELEASES
        ],
        *[
            (release, "(vm (name web1) (memory 64) (vcpus 2) (image (linux (kernel /boot/vmlinuz))))")
            for release in (*NEW_RELEASES, None)
        ],
    ],
)
def test_vcpus_stand_where_the_release_reads_them(release: Optional[Release], written: str) -> None:
    assert dumps(desired(vcpus=2).tree(release)) == written


@pytest.mark.parametrize("release", [*OLD_RELEASES, *NEW_RELEASES])
def test_every_release_is_told_a_number_of_vcpus(release: Release) -> None:
    assert dumps(desired().tree(release)).count("(vcpus 1)") == 1
    bootloader = Desired("web1", options={"memory": 64, "bootloader": "/usr/bin/pygrub"})
    assert dumps(bootloader.tree(release)).count("(vcpus 1)") == 1


def test_all_options_are_in_the_config() -> None:
    everything = desired(
        maxmem=128,
        vcpus=2,
        uuid="c0ffee00-0000-0000-0000-00000000beef",
        on_poweroff="preserve",
        on_reboot="destroy",
        on_crash="coredump-restart",
        image={"type": "linux", "kernel": "/k", "ramdisk": "/r", "root": "/dev/sda1 ro", "args": "4"},
        vbds=[
            {"uname": "phy:a", "dev": "sda1", "mode": "w!", "backend": "stor"},
            {"uname": "file:/b c", "dev": "hda", "mode": None, "backend": None},
        ],
        vifs=[
            {
                "mac": "00:16:3E:00:00:01",
                "bridge": "b0",
                "script": "vif-nat",
                "backend": "net",
                "ip": ["10.0.0.1", "10.0.0.2"],
            },
            {"mac": None, "bridge": None, "script": None, "backend": None, "ip": None},
        ],
    )
    assert dumps(everything.tree(LATE)) == (
        "(vm (name web1) (memory 64) (maxmem 128) (uuid c0ffee00-0000-0000-0000-00000000beef)"
        " (vcpus 2) (on_poweroff preserve) (on_reboot destroy) (on_crash coredump-restart)"
        " (image (linux (kernel /k) (ramdisk /r) (args 'root=/dev/sda1 ro 4')))"
        " (device (vbd (uname phy:a) (dev sda1) (mode 'w!') (backend stor)))"
        " (device (vbd (uname 'file:/b c') (dev hda)))"
        " (device (vif (mac 00:16:3E:00:00:01) (bridge b0) (script vif-nat) (backend net) (ip 10.0.0.1) (ip 10.0.0.2)))"
        " (device (vif)))"
    )


def test_no_option_is_forgotten() -> None:
    values: dict[str, Any] = {
        **{key: f"marked-{key}" for key in NAMES},
        "image": {**IMAGE, "kernel": "marked-image"},
        "vbds": [{"uname": "marked-vbds", "dev": "sda"}],
        "vifs": [{"mac": "marked-vifs"}],
        "vfbs": [{"vnclisten": "marked-vfbs"}],
        "pci": ["0000:00:03.0"],
        "extra_config": ["(frob marked-extra_config)"],
    }
    written = dumps(Desired("web1", options=values).tree(LATE)).replace("(slot 0x3)", "(slot marked-pci)")
    assert [key for key in NAMES if f"marked-{key}" not in written] == []


HARD = st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.text(
    "'\"\\()[]{};#!<>@ \n\t\0\u00e9\U0001f600w", min_size=1
)


@given(root=HARD, args=HARD, uname=HARD, dev=HARD, bridge=HARD, addresses=st.lists(HARD, max_size=3))
@example(root="w!", args='it\'s "x" (a) #b', uname="phy:a b", dev="sda!", bridge="{b}", addresses=["10.0.0.1"])
def test_no_value_changes_on_its_way(
    root: str, args: str, uname: str, dev: str, bridge: str, addresses: list[str]
) -> None:
    hard = desired(
        image={**IMAGE, "root": root, "args": args},
        vbds=[{"uname": uname, "dev": dev, "mode": "w!", "backend": None}],
        vifs=[{"mac": None, "bridge": bridge, "script": None, "backend": None, "ip": addresses}],
    )
    for release in (EARLY, LATE):
        assert loads(dumps(hard.tree(release)), alone=True) == hard.tree(release)
    declared = hard.declared()
    line = (command_line(root, args) or "").strip()
    assert declared.image == Image("linux", "/boot/vmlinuz", None, line or None)
    assert declared.vbds == (Vbd(dev.removesuffix(":disk"), uname, "w!"),)
    assert [(vif.bridge, vif.ip) for vif in declared.vifs or ()] == [(bridge, tuple(addresses) or None)]
    assert drift(declared, hard) == []


@pytest.mark.parametrize("version", sorted(PERSONALITIES))
@given(args=HARD)
def test_xend_gets_the_value_that_the_task_names(version: str, args: str) -> None:
    sent = dumps(desired(image={**IMAGE, "args": args}).tree())
    got = xend_sxp.parse(sent, PERSONALITIES[version].dialect)
    assert got == [["vm", ["name", "web1"], ["memory", "64"], ["vcpus", "1"], ["image", _linux(args)]]]


def _linux(args: str) -> list[Any]:
    return ["linux", ["kernel", "/boot/vmlinuz"], ["args", args.encode().decode("latin-1")]]


# ---- a whole config


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("(vm (name web1) (memory 64))", "(vm (name web1) (memory 64))"),
        ("(vm (memory 64))", "(vm (name web1) (memory 64))"),
        ("(vm)", "(vm (name web1))"),
        ("(domain (name 'web1'))", "(domain (name web1))"),
        ("(vm (mode w!))", "(vm (name web1) (mode 'w!'))"),
        ("# mine\n(vm (memory 64) # MiB\n)\n# end\n", "(vm (name web1) (memory 64))"),
        (r"(vm (args 'caf\xc3\xa9'))", r"(vm (name web1) (args 'caf\303\251'))"),
        (r"(vm (args 'caf\xe9'))", r"(vm (name web1) (args 'caf\351'))"),
        ("(vm (name web1) (name other))", "(vm (name web1) (name other))"),
    ],
)
def test_a_config_is_taken_as_it_is_read(text: str, tree: str) -> None:
    assert dumps(parse_config(text, "web1")) == tree


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "there is no expression"),
        ("   # nothing\n", "there is no expression"),
        ("(vm (name web1)", "the text ends too early"),
        ("(vm (name web1)))", "more text after the end"),
        ("(vm (name web1)) (vm)", "more text after the end"),
        ("(vm (args {a}))", "put the whole value in quotes"),
        ("(vm (args 'a))", "not closed"),
        ("vm", "must be one list that begins with a word"),
        ("'(vm)'", "must be one list that begins with a word"),
        ("()", "must be one list that begins with a word"),
        ("((name web1) (memory 64))", "must be one list that begins with a word"),
        ("(vm (name web2))", r"config says \(name web2\), the task says name: web1"),
        ("(vm (name))", r"config says \(name\)"),
        ("(vm (name ''))", r"config says \(name ''\)"),
        ("(vm (name web1 x))", r"config says \(name web1 x\)"),
        ("(vm (name (web1)))", r"config says \(name \(web1\)\)"),
        ("(vm (name other) (name web1))", r"config says \(name other\)"),
        ("(" * 1000, "nested over"),
        ("\0", "unexpected character"),
        ("<domain type='xen'/>", "put the whole value in quotes"),
        ("name = 'web1'\nmemory = 64\n", "more text after the end"),
    ],
)
def test_a_config_that_xend_would_misread_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(InvalidRequest, match=complaint):
        parse_config(text, "web1")


KNOWN_DRIFT = {
    ("3.0.0", "create-syntax-bang"): ["vbds[sda1].mode"],  # sent as w!, without quotes
    ("3.0.3", "create-syntax-bang"): ["vbds[sda1].mode"],
    ("3.2", "create-syntax-bang"): ["vbds[sda1].mode"],
    ("3.2", "create-vbd-extra-atom"): ["vbds[sda1].uname"],
}


REFUSED = {("3.2", "create-vif-ips"), ("4.1", "create-vif-ips")}
"""Where a vif has several addresses, and xend keeps only the last."""


@pytest.mark.parametrize("version", ["3.0.0", "3.0.3", "3.2", "4.1"])
def test_a_recorded_domain_is_as_its_config_declares(version: str) -> None:
    by_slug = {each.slug: each for each in replies(f"xend-{version}.jsonl")}
    seen = 0
    for slug, created in by_slug.items():
        got = by_slug.get(f"{slug}-get")
        if created.op != "create" or created.status != 201 or got is None or not got.is_sxp:
            continue
        found = Domain.from_sxp(loads(got.text))
        if (version, slug) in REFUSED:
            with pytest.raises(InvalidRequest, match="only the last"):
                drift(found, Desired(found.name, config=parse_config(created.config, found.name)))
            continue
        differing = drift(found, Desired(found.name, config=parse_config(created.config, found.name)))
        assert [item["option"] for item in differing] == KNOWN_DRIFT.get((version, slug), []), slug
        seen += 1
    assert seen > 10


# ---- what is refused before anything is sent


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"memory": 0}, "memory must be 1 or more, not 0"),
        ({"memory": -1}, "memory must be 1 or more, not -1"),
        ({"maxmem": 0}, "maxmem must be 1 or more"),
        ({"vcpus": 0}, "vcpus must be 1 or more"),
        ({"memory": 128, "maxmem": 64}, r"maxmem \(64 MiB\) is less than memory \(128 MiB\)"),
        ({"uuid": "x"}, "uuid must have 32 hexadecimal digits"),
        ({"uuid": "c0ffee"}, "uuid must have 32 hexadecimal digits"),
        ({"uuid": "0" * 33}, "uuid must have 32 hexadecimal digits"),
        ({"uuid": "00000000-0000-0000-0000-000000000000"}, "uuid .* is the UUID of Domain-0"),
        ({"uuid": "0" * 32}, "uuid .* is the UUID of Domain-0"),
        ({"vbds": [{"uname": "phy:a", "dev": "sda"}, {"uname": "phy:b", "dev": "sda"}]}, "two with dev sda"),
        ({"vbds": [{"uname": "phy:a", "dev": "sda"}, {"uname": "phy:b", "dev": "sda:disk"}]}, "two with dev sda"),
        (
            {"vbds": [{"uname": "phy:a", "dev": "sda1"}, {"uname": "phy:b", "dev": "0x801"}]},
            "two with dev 0x801, which is also sda1",
        ),
        (
            {"vbds": [{"uname": "phy:a", "dev": "xvda"}, {"uname": "phy:b", "dev": "/dev/xvda"}]},
            "two with dev /dev/xvda, which is also xvda",
        ),
        ({"vifs": [{"mac": "00:16:3E:1"}]}, "'00:16:3e:1' is not a MAC address"),
        ({"vifs": [{"mac": "web1"}]}, "'web1' is not a MAC address"),
        ({"vbds": [{"uname": "/srv/a.img", "dev": "sda"}]}, "must be the location of the disk"),
        ({"vifs": [{"mac": "00:16:3e:00:00:0a"}, {"mac": "00:16:3E:00:00:0A"}]}, "two with mac 00:16:3e:00:00:0a"),
    ],
)
def test_an_option_that_no_xend_could_follow_is_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidRequest, match=complaint):
        check(desired(**options))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"maxmem": 64},
        {"uuid": "c0ffee00-00000000-00000000-0000beef"},
        {"uuid": "C0FFEE0000000000000000000000BEEF"},
        {"vifs": [{"bridge": "a"}, {"bridge": "a"}, {"mac": ""}, {"mac": ""}]},
        {"vbds": [{"uname": "phy:a", "dev": "hdc:cdrom"}, {"uname": "phy:a", "dev": "hdc1"}]},
    ],
)
def test_an_option_that_a_xend_can_follow_is_not_refused(options: dict[str, Any]) -> None:
    check(desired(**options))
    check_creation(desired(**options), LATE)


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ("(vm (memory 0))", "memory must be 1 or more"),
        ("(vm (memory 128) (maxmem 64))", "is less than memory"),
        ("(vm (memory 64) (image (linux (kernel k) (vcpus 0))))", "vcpus must be 1 or more"),
        ("(vm (memory 64) (vcpus 14300))", "vcpus must be 8192 or less"),
        ("(vm (memory 64) (vcpus -3))", "vcpus must be 1 or more"),
        ("(vm (uuid beef))", "uuid must have"),
        ("(vm (uuid '00000000-00000000-00000000-00000000'))", "uuid .* is the UUID of Domain-0"),
        (
            "(vm (uuid c0ffee00-0000-0000-0000-00000000beef) (uuid 00000000000000000000000000000000))",
            "UUID of Domain-0",
        ),
        ("(vm (device (vif (mac 00:16:3E:1))))", "'00:16:3e:1' is not a MAC address"),
        (
            "(vm (device (vbd (dev sda1) (uname phy:a))) (device (vbd (dev 2049) (uname phy:b))))",
            "two with dev 2049, which is also sda1",
        ),
        ("(vm (device (vbd (dev sda))))", "must be the location of the disk"),
        (
            "(vm (device (vbd (dev sda) (uname phy:a))) (device (tap (dev sda:disk) (uname tap:aio:b))))",
            "two with dev sda",
        ),
    ],
)
def test_a_config_is_held_to_the_same_rules(config: str, complaint: str) -> None:
    with pytest.raises(InvalidRequest, match=complaint):
        check(of_config(config))


@pytest.mark.parametrize("name", ["web1", "a.b:c/d+e-f_g", "42", "-1", "nil", "t", "None", "x" * 300])
def test_a_name_that_xend_takes_is_taken(name: str) -> None:
    check_creation(Desired(name, options=GUEST), LATE)


@pytest.mark.parametrize(
    "name", ["a b", "it's", "ü", "a\n", "\n", "a(b", "a@b", "a%b", "a#b", "a\0", "a\\b", "a!", "\u0661", "a,b"]
)
def test_a_name_that_xend_refuses_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest, match="cannot be the name of a domain"):
        check_creation(Desired(name, options=GUEST), LATE)


def test_a_domain_without_a_name_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="cannot be the name"):
        check(Desired("", options=GUEST))


def test_the_control_domain_is_not_created() -> None:
    with pytest.raises(InvalidRequest, match="it cannot be created"):
        check_creation(Desired("Domain-0", options=GUEST), LATE)


@pytest.mark.parametrize(
    "options", [{}, {"memory": 64}, {"image": IMAGE}, {"bootloader": "x"}, {"vcpus": 1, "vbds": []}]
)
def test_a_domain_that_is_not_described_is_not_created(options: dict[str, Any]) -> None:
    assert not Desired("web1", options=options).describes_a_domain
    with pytest.raises(InvalidRequest, match="does not set enough options to create it"):
        check_creation(Desired("web1", options=options), LATE)


DELETES = [
    pytest.param(desired(bootloader="/usr/bin/pygrub"), id="options"),
    pytest.param(of_config("(vm (bootloader /b) (image (linux (kernel /boot/vmlinuz))))"), id="a kernel"),
    pytest.param(of_config("(vm (image (hvm (loader /usr/lib/xen/boot/hvmloader))) (bootloader /b))"), id="a loader"),
    pytest.param(
        of_config("(vm (bootloader /b) (image (linux (ramdisk /boot/initrd))))"),
        id="a ramdisk alone",
    ),
]


@pytest.mark.parametrize("dangerous", DELETES)
@pytest.mark.parametrize("release", [*OLD_RELEASES, None])
def test_what_makes_xend_delete_boot_files_is_refused(dangerous: Desired, release: Optional[Release]) -> None:
    with pytest.raises(InvalidRequest, match="deletes the files"):
        check_creation(dangerous, release)


@pytest.mark.parametrize("dangerous", DELETES[:3])
@pytest.mark.parametrize("release", NEW_RELEASES[1:])
def test_a_bootloader_is_harmless_where_xend_runs_it(dangerous: Desired, release: Release) -> None:
    check_creation(dangerous, release)


def test_a_bootloader_without_files_to_delete_is_not_refused() -> None:
    check_creation(Desired("web1", options={"memory": 64, "bootloader": "/usr/bin/pygrub"}), EARLY)


SEVERAL = [
    desired(vifs=[{"ip": ["10.0.0.1", "10.0.0.2"]}]),
    of_config("(vm (device (vif (ip 10.0.0.1) (ip 10.0.0.2))))"),
    of_config("(vm (device (vif (ip (10.0.0.1 10.0.0.2)))))"),
]


@pytest.mark.parametrize("several", SEVERAL)
def test_several_addresses_are_refused_where_only_the_last_would_be_kept(several: Desired) -> None:
    check_creation(several, EARLY)
    for release in (*NEW_RELEASES, None):
        with pytest.raises(InvalidRequest, match="only the last one"):
            check_creation(several, release)


# ---- what a release has

RECORDED = [
    file for file in FILES if file in [f"xend-{name}{more}.jsonl" for name in RELEASES for more in ("", "-cases")]
]
TRIED = ("cl-tap", "cl-tap2", "create-tap", "create-vfb", "create-usb", "create-hvm")
NO_CLASS = ("invalid device (", "not a valid device type", "unknown image type")


@pytest.mark.parametrize("file", RECORDED)
def test_a_create_is_refused_where_xend_was_recorded_to_have_no_such_class_and_only_there(file: str) -> None:
    release = RELEASES[release_of(file)]
    tried = [each for each in replies(file) if each.slug in TRIED and each.config]
    assert tried
    for each in tried:
        name = next(item[1] for item in loads(each.config) if item[:1] == ["name"])
        made = Desired(str(name), config=parse_config(each.config, str(name)))
        if any(words in each.text for words in NO_CLASS):
            with pytest.raises(InvalidRequest, match=f"xend {re.escape(release.span)} refuses a device of the class"):
                check_creation(made, release)
        else:
            check_creation(made, release)


@pytest.mark.parametrize("version", list(RELEASES))
def test_a_fully_virtualised_guest_is_vmx_on_3_0_0_and_hvm_later(version: str) -> None:
    refused, taken = ("hvm", "vmx") if version == "3.0.0" else ("vmx", "hvm")
    check_creation(desired(image={**IMAGE, "type": taken}), RELEASES[version])
    with pytest.raises(InvalidRequest, match=f"refuses a guest of the type {refused}, which exists in"):
        check_creation(desired(image={**IMAGE, "type": refused}), RELEASES[version])


TAP = of_config("(vm (name web1) (memory 64) (image (linux (kernel k))) (device (tap (dev sda1) (uname tap:aio:/x))))")


@pytest.mark.parametrize(
    ("made", "release", "left_open"),
    [
        (TAP, EARLY, True),
        (TAP, releases.R302_TO_303, True),
        (TAP, None, True),
        (TAP, releases.R302, False),
        (TAP, LATE, False),
        (desired(), EARLY, False),
        (desired(), None, False),
        (desired(image={**IMAGE, "type": "hvm"}), EARLY, True),
        (desired(image={**IMAGE, "type": "hvm"}), LATE, False),
    ],
)
def test_it_is_known_where_the_release_matters(made: Desired, release: Optional[Release], *, left_open: bool) -> None:
    assert is_open(made, release) is left_open
    if left_open:
        check_creation(made, release)  # for xend to decide


# ---- built by a simulated xend


@pytest.mark.parametrize(("version", "release"), [("3.0.0", EARLY), ("4.1", LATE)])
def test_what_is_built_has_what_was_declared(version: str, release: Release) -> None:
    declared = desired(
        vcpus=2,
        maxmem=128,
        image={**IMAGE, "kernel": "/srv/xen/img/vmlinuz", "root": "/dev/sda1 ro", "args": '4 it\'s "x" {w!} é'},
        vbds=[{"uname": "file:/srv/a b!.img", "dev": "sda1", "mode": "w!", "backend": "Domain-0"}],
        vifs=[{"mac": "00:16:3E:00:00:0F", "bridge": "xenbr0", "ip": ["10.0.0.1"]}],
        on_crash="preserve",
    )
    check_creation(declared, release)
    with Simulator(version, tcp=None) as sim:
        client = XendClient(Transport(sim.unix_url))
        tree: Sxp = declared.tree(release)
        client.create(tree)
        assert drift(client.domain("web1"), declared) == []
