# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter adopt_guests: simulated xends, and folders of configs that a real shell reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Union

import pytest

pytest.importorskip("ansible.errors", reason="ansible-test hides the controller's code from the tests of modules")

import yaml

from ansible_collections.dom0.xend.plugins.filter.adopt_guests import adopt_guests
from ansible_collections.dom0.xend.plugins.plugin_utils.guests.plan import Marks, Pruning, plan
from tests.simulator import Simulator
from tests.simulator.errors import LateError, XendError
from tests.support.configs import SHELLS, listing, put
from tests.support.running import run, written
from tests.xm.dryruns import HOST, dry_runs

Content = Union[str, bytes]
WEB1 = 'name = "web1"\nkernel = "/k"\nmemory = 64\nvcpus = 1\n'


def guest(name: str, *more: str, memory: int = 64) -> str:
    """Return a config that every release takes."""
    return f"(vm (name {name}) (memory {memory}) (vcpus 1) (image (linux (kernel /k) (vcpus 1))) {' '.join(more)})"


def adopted(sim: Simulator, folder: Path, files: dict[str, Content], **more: Any) -> dict[str, Any]:
    """Return what the filter makes of a xend and a folder. xen_domain must find nothing to do."""
    found = run("xen_domain_info", xend_url=sim.unix_url, sxp=True)
    node = run("xen_node_info", xend_url=sim.unix_url, gather=["release"])
    given = {"listing": listing(put(folder, files)), "releases": node["xend"]["releases"], **more}
    result = adopt_guests(found["domains"], "xen1", **given)
    sim.clear_log()
    for each in result["guests"]:
        done = run("xen_domain", xend_url=sim.unix_url, check=True, **each)
        assert not done.get("failed"), done
        assert (done["changed"], done["drift"]) == (False, []), each["name"]
    assert written(sim) == []
    assert plan(result["guests"], {}, Marks("xen1", "default"), Pruning(), found["domains"]).problems == []
    return result


def by_name(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the guests by their names."""
    return {each["name"]: each for each in result["guests"]}


# ---- what lives, and what is in files


def test_what_lives_wins_and_the_difference_is_reported(tmp_path: Path) -> None:
    with Simulator("3.0.3", tcp=None) as sim:
        sim.create(guest("web1", memory=512)).unpause()
        result = adopted(sim, tmp_path, {"web1": WEB1, "auto/web1": "-> ../web1"})
    assert by_name(result)["web1"]["memory"] == 512
    assert result["report"]["guests"]["web1"] == [
        f"web1 runs with memory 512 MiB, {tmp_path}/web1 says 64: a reboot of the host loses that."
    ]


UUID = "693eb397-0f4b-4a8e-9d0c-0a1b2c3d4e5f"


@pytest.mark.parametrize("copy", ["intranet", "webmail"])
def test_a_file_that_was_copied_with_its_uuid_renames_no_guest(copy: str, tmp_path: Path) -> None:
    text = WEB1.replace("web1", "mail") + f'uuid = "{UUID}"\n'
    with Simulator("4.1", tcp=None) as sim:
        sim.create(guest("mail", f"(uuid {UUID})")).unpause()
        files: dict[str, Content] = {"mail": text, "auto/mail": "-> ../mail", copy: text.replace("mail", copy)}
        result = adopted(sim, tmp_path, files)
    assert list(by_name(result)) == ["mail"]
    assert result["report"]["guests"].get("mail", []) == []
    sentence = f"{tmp_path}/{copy} is not adopted: it has the UUID of mail, which xend has."
    assert result["report"]["left_out"] == {copy: sentence}


def test_of_two_files_with_one_uuid_none_is_adopted(tmp_path: Path) -> None:
    text = WEB1 + f'uuid = "{UUID}"\n'
    with Simulator("4.1", tcp=None) as sim:
        result = adopted(sim, tmp_path, {"web1": text, "web2": text.replace("web1", "web2")})
    assert result["guests"] == []
    assert set(result["report"]["left_out"]) == {"web1", "web2"}


def test_the_page_shows_guests_with_findings_first(tmp_path: Path) -> None:
    with Simulator("3.0.3", tcp=None) as sim:
        for name, memory in (("app1", 64), ("web1", 512)):
            sim.create(guest(name, memory=memory)).unpause()
        files: dict[str, Content] = {"auto/app1": WEB1.replace("web1", "app1"), "auto/web1": WEB1}
        page = adopted(sim, tmp_path, files)["page"]
    assert [line for line in page.splitlines() if line.startswith(("##", "* app1"))] == [
        "## web1 (running)",
        "## Guests without findings",
        "* app1 (running)",
    ]


def test_what_the_file_does_not_say_is_lost_too(tmp_path: Path) -> None:
    more = ("(device (vbd (uname phy:vg0/a) (dev sda) (mode w)))", "(device (vif (mac 00:16:3e:00:00:01)))")
    with Simulator("3.1", tcp=None) as sim:
        sim.create(guest("web1", *more).replace("(kernel /k)", "(kernel /k) (args 'ro single')")).unpause()
        result = adopted(sim, tmp_path, {"auto/x": WEB1 + 'disk = ["phy:vg0/b,sdb,w"]\n'})
    lost = f"{tmp_path}/auto/x {{}}: a reboot of the host loses that, unless xend manages web1."
    assert result["report"]["guests"]["web1"] == [
        f"web1 does not have vbds[sdb], which {lost.format('names')}",
        f"web1 has vbds[sda], which {lost.format('does not name')}",
        f"web1 has vifs[00:16:3e:00:00:01], which {lost.format('does not name')}",
        f"web1 runs with image.args 'ro single', {lost.format('says nothing')}",
    ]


def test_the_file_adds_what_xend_does_not_show(tmp_path: Path) -> None:
    text = (
        WEB1
        + 'localtime = 1\nshadow_memory = 8\nvfb = ["type=vnc,vnclisten=0.0.0.0"]\nvtpm = ["instance=1,backend=0"]\n'
    )
    config = guest("web1", "(device (vfb (type vnc)))", "(device (vtpm (backend 0)))")
    with Simulator("3.1", tcp=None) as sim:
        sim.create(config).unpause()
        result = adopted(sim, tmp_path, {"auto/web1": text})
    web1 = by_name(result)["web1"]
    assert (web1["localtime"], web1["shadow_memory"], web1["vfbs"][0]["vnclisten"]) == (True, 8, "0.0.0.0")
    assert web1["extra_config"] == ["(device (vtpm (pref_instance 1) (backend 0)))"]
    assert result["report"]["messages"] == []


def test_a_guest_in_no_file_would_be_lost_and_one_in_auto_that_does_not_run_is_reported(tmp_path: Path) -> None:
    with Simulator("3.0.3", tcp=None) as sim:
        sim.create(guest("old7")).unpause()
        sim.create(guest("web3")).unpause()
        files: dict[str, Content] = {"auto/web2": WEB1.replace("web1", "web2"), "web3": WEB1.replace("web1", "web3")}
        result = adopted(sim, tmp_path, files)
    assert result["report"]["messages"] == [
        "old7 runs and is in no file: a reboot of the host loses it.",
        "web3 runs and is not in auto: it does not start with the host.",
        "web2 is in auto and does not run.",
    ]
    assert {name: each["state"] for name, each in by_name(result).items()} == {
        "old7": "running",
        "web3": "running",
        "web2": "stopped",
    }


@pytest.mark.parametrize("version", ["3.0.4", "3.1", "4.1"])
def test_a_definition_stays_one_and_a_paused_guest_paused(version: str, tmp_path: Path) -> None:
    with Simulator(version, tcp=None) as sim:
        sim.define(guest("db9"))
        sim.create(guest("held"))
        result = adopted(sim, tmp_path, {})
    assert {name: each["state"] for name, each in by_name(result).items()} == {"db9": "defined", "held": "paused"}


def test_the_control_domain_and_what_is_on_its_way_are_never_adopted(tmp_path: Path) -> None:
    with Simulator("3.0.3", tcp=None) as sim:
        for name in ("migrating-web1", "Zombie-web2", "crash"):
            sim.create(guest(name)).unpause()
        files: dict[str, Content] = {"web1": WEB1, "Domain-0": WEB1.replace("web1", "Domain-0")}
        result = adopted(sim, tmp_path, files)
    assert list(by_name(result)) == ["crash"]
    assert result["report"]["left_out"] == {
        "web1": "migrating-web1 is being saved or migrated: run this again when that is done.",
        "Zombie-web2": "Zombie-web2 is being destroyed, and not adopted.",
        "Domain-0": f"{tmp_path}/Domain-0 is not adopted: Domain-0 is the name or the ID of Domain-0: it cannot be "
        "created.",
    }


def test_of_another_uuid_nothing_is_taken_and_a_renamed_guest_is_known_by_its_own(tmp_path: Path) -> None:
    one, two = ("c0ffee00-0000-4000-8000-00000000000" + digit for digit in "12")
    with Simulator("4.1", tcp=None) as sim:
        sim.create(guest("web1", f"(uuid {one})", memory=128)).unpause()
        sim.create(guest("new2", f"(uuid {two})")).unpause()
        files: dict[str, Content] = {
            "auto/web1": f'{WEB1}uuid = "{one[:-1]}9"\nlocaltime = 1\n',
            "auto/web2": f'{WEB1.replace("web1", "web2")}uuid = "{two}"\nlocaltime = 1\n',
        }
        result = adopted(sim, tmp_path, files)
    guests = by_name(result)
    assert sorted(guests) == ["new2", "web1"]
    assert ("localtime" in guests["web1"], "localtime" in guests["new2"]) == (False, True)
    assert result["report"]["messages"] == [
        f"web1 has the UUID {one}, {tmp_path}/auto/web1 says {one[:-1]}9: nothing is taken from the file.",
        "web1 runs and is in no file with its UUID: a reboot of the host loses it, unless xend manages web1.",
        f"new2 has the UUID that {tmp_path}/auto/web2 gives to web2: it was renamed.",
    ]


# ---- files of all kinds


def test_every_other_file_is_reported_in_a_sentence(tmp_path: Path) -> None:
    files: dict[str, Content] = {
        "xend-config.sxp": "(xend-unix-server yes)",
        "xmexample1": WEB1,
        "web1~": WEB1,
        "web1.rpmsave": WEB1,
        ".web1.swp": b"\0\0",
        "big": b"#" * 10_000_000,
        "qemu-ifup": "#!/bin/sh\nbrctl addif $1 $2\n",
        "evil": "import evil\nkernel = evil.kernel\nmemory = 64\n",
        "empty": "",
        "binary": b"\x7fELF\x02\x01",
        "auto/gone": "-> ../nowhere",
        "auto/loop": "-> loop",
    }
    with Simulator("3.1", tcp=None) as sim:
        os.mkfifo(tmp_path / "pipe")
        result = adopted(sim, tmp_path, files)
    assert result["guests"] == []
    said = {Path(path).name: sentences for path, sentences in result["report"]["files"].items()}
    assert {name: sentences[0].removeprefix(f"{tmp_path}/{name} ") for name, sentences in said.items()} == {
        "xend-config.sxp": "is a configuration of xend, not of a guest.",
        "xmexample1": "is an example that came with xm.",
        "web1~'": f"'{tmp_path}/web1~' is a backup.",
        "web1.rpmsave": "is a backup.",
        ".web1.swp": "is a backup.",
        "big": "has more bytes than a config of a guest may have here, and is not read.",
        "qemu-ifup": "cannot be read: line 2: this is no Python that xm could read.",
        "evil": f"{tmp_path}/evil: line 1: the module evil is not imported.",
        "empty": f"{tmp_path}/empty: xen_domain refuses to create this: There is no domain 'empty', and the task does not set "
        "enough options to create it: set memory and an image with a kernel (or a bootloader), or config.",
        "binary": "cannot be read: line 1: this is no Python that xm could read.",
        "gone": f"{tmp_path}/auto/gone is a link that leads nowhere.",
        "loop": f"{tmp_path}/auto/loop is a link that leads nowhere.",
        "pipe": "is no file, but a device, a pipe or a socket.",
    }
    assert list(result["report"]["left_out"]) == ["empty", "evil"]


@pytest.mark.parametrize("shell", SHELLS)
def test_file_names_and_contents_come_as_they_are_through_every_shell(shell: str, tmp_path: Path) -> None:
    names = ["-rf", "a b", "new\nline", "quote'\"", "$(reboot)", "*", "gr\udcfcn", "back\\slash", "...x", "tab\t"]
    texts = {name: f'name = "g{number}"\nkernel = "/k"\nextra = "\udce9 %s `x`"\n' for number, name in enumerate(names)}
    put(tmp_path, dict(texts))
    with Simulator("3.1", tcp=None) as sim:
        result = adopted(sim, tmp_path, {}, listing=listing(tmp_path, shell=shell))
    assert sorted(by_name(result)) == [f"g{number}" for number in range(len(names)) if names[number] != "...x"]
    assert all(each["image"]["args"] == "é %s `x`" for each in result["guests"])
    assert all("\n" not in sentence for sentence in result["report"]["messages"])
    assert f"{ascii(str(tmp_path / '...x'))[1:-1]} is a hidden file." in result["report"]["messages"]


def test_of_two_files_for_one_guest_that_in_auto_is_taken_then_that_of_its_name_or_none(tmp_path: Path) -> None:
    other = WEB1.replace("64", "96")
    files: dict[str, Content] = {
        "auto/x": other,
        "y": WEB1,
        "web2": other.replace("web1", "web2"),
        "z": WEB1.replace("web1", "web2"),
        "v": other.replace("web1", "web3"),
        "w": WEB1.replace("web1", "web3"),
    }
    with Simulator("3.1", tcp=None) as sim:
        result = adopted(sim, tmp_path, files)
    assert {name: each["memory"] for name, each in by_name(result).items()} == {"web1": 96, "web2": 96}
    at = str(tmp_path)
    assert (
        f"web1 is described differently by {at}/y and {at}/auto/x: {at}/auto/x is taken, because it is in auto."
        in (result["report"]["messages"])
    )
    assert result["report"]["left_out"] == {
        "web3": f"web3 is described differently by {at}/v and {at}/w, and none of them is taken."
    }


def test_no_more_is_read_than_is_allowed(tmp_path: Path) -> None:
    put(tmp_path, {"a": "#" * 90, "b": "#" * 20, "c": "#" * 5})
    with Simulator("3.1", tcp=None) as sim:
        result = adopted(sim, tmp_path, {}, listing=listing(tmp_path, most=100, of_all=100))
    assert [
        path[-1] for path, sentences in result["report"]["files"].items() if "more than the role reads" in sentences[0]
    ] == ["b"]


@pytest.mark.parametrize(
    ("printed", "problem"),
    [
        ("", "The files of the host could not be read to the end."),
        ("sh: od: not found", "The files of the host could not be read to the end."),
        ("dom0.xend.adopt: begin\ndom0.xend.adopt: file", "The files of the host could not be read to the end."),
        (
            "dom0.xend.adopt: begin\ndom0.xend.adopt: missing\ndom0.xend.adopt: end",
            "The folder of the configs is not there: adopt_path names it.",
        ),
    ],
)
def test_a_listing_that_is_not_whole_is_a_problem(printed: str, problem: str) -> None:
    result = adopt_guests([], "xen1", printed, releases=["3.1"])
    assert (result["problem"], result["guests"]) == (problem, [])


def test_a_release_that_nobody_knows_is_a_problem() -> None:
    assert (
        adopt_guests([], "xen1")
        .get("problem", "")
        .startswith("The release of xend is not known: adopt_release must be")
    )
    assert adopt_guests([], "xen1", releases=["9.9"])["problem"].startswith("The release of xend is not known")


def test_files_of_another_host_are_noticed(tmp_path: Path) -> None:
    printed = listing(put(tmp_path, {}))
    name = os.uname().nodename
    assert adopt_guests([], "x", printed, ["3.1"], {"host": f"{name.upper()}.example.org"})["report"]["host"] == []
    (sentence,) = adopt_guests([], "x", printed, ["3.1"], {"host": "other.example.org"})["report"]["host"]
    assert sentence.startswith(f"The files were read on {name}, but xend runs on other.example.org. ")


# ---- what is written


def test_passwords_are_apart_and_nowhere_else(tmp_path: Path) -> None:
    hvm = 'name = "win1"\nbuilder = "hvm"\nkernel = "/usr/lib/xen/boot/hvmloader"\nmemory = 64\nvnc = 1\nvncpasswd = "hunter2"\n'
    pv = WEB1 + 'vfb = ["type=vnc,vncpasswd=hunter3"]\n'
    with Simulator("3.1", tcp=None, hvm=True) as sim:
        sim.create(guest("web1", "(device (vfb (type vnc) (vncpasswd hunter3)))")).unpause()
        result = adopted(sim, tmp_path, {"auto/win1": hvm, "auto/web1": pv})
    assert result["secrets"] == {"win1": {"image_vncpasswd": "hunter2"}, "web1": {"vfb0_vncpasswd": "hunter3"}}
    assert yaml.safe_load(result["secrets_document"]) == {"guests_secrets": result["secrets"]}
    assert "hunter" not in f"{result['document']}{result['page']}{result['report']}"
    guests = {each["name"]: each for each in yaml.safe_load(result["document"])["guests_list"]}
    assert guests["web1"]["vfbs"][0]["vncpasswd"] == "{{ guests_secrets['web1']['vfb0_vncpasswd'] }}"
    assert guests["win1"]["image"]["options"]["vncpasswd"] == "{{ guests_secrets['win1']['image_vncpasswd'] }}"


def test_texts_that_look_like_templates_numbers_or_dates_come_back_as_texts(tmp_path: Path) -> None:
    text = WEB1.replace("web1", "010") + "extra = \"{{ lookup('pipe', 'reboot') }} {% raw %}\"\nuuid = \"1\" * 32\n"
    with Simulator("3.1", tcp=None) as sim:
        result = adopted(sim, tmp_path, {"auto/x": text})
    assert "name: '010'\n" in result["document"]
    assert "args: !unsafe '{{ lookup(''pipe'', ''reboot'') }} {% raw %}'\n" in result["document"]


# ---- real files

SAID = {
    "026-maxmem-below-memory": "cannot be compared",  # what the file says is refused: maxmem is less than memory
    "047-uuid-empty": "",  # 4.1 has a guest without a uuid
    "067-features": "",  # the simulator shows none
    "076-disk-modes": "is left out",
    "085-disk-no-prefix": "is left out",
    "102-vif-rate": "",  # 4.1 shows a rate in another form
    "108-vif2": "",
    "114-vtpm": "",
    "130-ioports-irq": "",
    "134-vusb": "",
    "217-py-random-mac": "",
    "223-py-vmid-variable": "is in no file",  # the file wants words of a command line
}
"""The files whose guests there is something to say of, and words of it."""


@pytest.mark.parametrize("version", ["3.0.3", "3.1", "4.1"])
def test_a_guest_that_xm_has_created_from_its_file_does_not_differ_from_it(version: str, tmp_path: Path) -> None:
    node = {"system": HOST["sysname"], "host": HOST["nodename"], **HOST}
    seen = 0
    with Simulator(version, tcp=None, hvm=True) as sim:
        for number, each in enumerate(each for each in dry_runs() if "sxp" in each.xm.get(version, {})):
            try:
                domain = sim.create(each.xm[version]["sxp"])
            except (XendError, LateError):  # xm takes the file, and xend does not
                continue
            domain.unpause()
            result = adopted(sim, tmp_path / str(number), {f"auto/{each.file}": each.text}, node=node)
            assert [guest["name"] for guest in result["guests"]] == [domain.name], each.name
            told = str(result["report"]["guests"] or "")
            assert SAID.get(each.name, "nothing") in told or told == "", f"{each.name}: {told}"
            run("xen_domain", xend_url=sim.unix_url, name=domain.name, state="absent", force=True)
            seen += 1
    assert seen > 90
