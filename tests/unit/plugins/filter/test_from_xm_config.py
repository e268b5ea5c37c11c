# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter from_xm_config, judged by dry runs of the real xm."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache

import pytest

pytest.importorskip("hypothesis")
pytest.importorskip("ansible.errors", reason="ansible-test hides the controller's code from the tests of modules")

from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dom0.xend.plugins.filter.from_xm_config import FilterModule, from_xm_config
from ansible_collections.dom0.xend.plugins.modules.xen_domain import argument_spec
from tests.xm.compare import NAMES, Cell, compare
from tests.xm.dryruns import DryRun, dry_runs

KERNEL = 'kernel = "/boot/vmlinuz"\n'

# Per release: equal, noted, refused (by both), unmet (refused by xm for what only its host and its command line have). None is wrong.
TABLE = {
    "3.0.0": (89, 34, 33, 5),
    "3.0.2": (109, 20, 27, 5),
    "3.0.3": (110, 21, 25, 5),
    "3.0.4": (108, 21, 27, 5),
    "3.1": (117, 17, 22, 5),
    "3.2": (115, 20, 21, 5),
    "3.3": (116, 18, 22, 5),
    "3.4": (115, 20, 21, 5),
    "4.0": (112, 20, 22, 7),
    "4.1": (112, 20, 22, 7),
    "4.4": (113, 20, 21, 7),
}

# What is not equal, and the words of the note that says so.
NOTED = {
    "003-pv-centos-style": "bootloader is run by xm",
    "022-memory-unit": "memory is no whole number",
    "023-memory-negative": "memory is no whole number",
    "037-cpus-int-list": "cpus is a list",
    "038-cpus-empty": "cpus is empty",
    "043-cpu-weight-float": "cpu_weight is no whole number",
    "047-uuid-empty": "uuid is empty",
    "061-bootloader-bootloader-args-key": "bootloader is run by xm",
    "062-bootloader-bootentry": "bootloader is run by xm",
    "076-disk-modes": "disk has xvdb with a mode",
    "077-disk-cdrom": "An interface without a type",
    "079-disk-cdrom-iso-ioemu-prefix": "An interface without a type",
    "084-disk-spaces": "disk has  xvda  with a mode",
    "106-vif-be-mac": "vif has be_mac",
    "121-pci-slot": "pci is said once more",
    "122-pci-options": "pci is said once more",
    "127-pci-msi-global": "pci is said once more",
    "148-hvm-kernel-bare-name": "An interface without a type",
    "151-hvm-vnc-strings": "An interface without a type",
    "152-hvm-floppy-sound-isa": "An interface without a type",
    "154-hvm-timers-strings": "An interface without a type",
    "155-hvm-hap-viridian-shadow": "An interface without a type",
    "157-hvm-cpuid-check": "An interface without a type",
    "158-hvm-cpuid-bad": "An interface without a type",
    "159-hvm-cdrom-key": "An interface without a type",
    "161-hvm-gfx-opengl": "An interface without a type",
    "162-hvm-vmx-builder": "An interface without a type",
    "163-builder-odd": "builder is none of linux",
    "164-builder-empty": "builder is none of linux",
    "190-py-open-file": "memory is not known, as it depends on open()",
    "193-py-exec-open": "what this sets is not known",
    "195-py-try-except": "memory is not known, as it depends on whether there is a module json_not_there",
    "212-py-booleans-hvm": "An interface without a type",
    "217-py-random-mac": "an entry of vif is not known, as it depends on random.randint",
    "219-py-environ": "memory is not known, as it depends on os.environ",
    "220-py-preimported-os-sys": "memory is not known, as it depends on sys.argv",
    "234-bytes-latin1-coding": "extra has bytes that are no UTF-8",
    "248-tricky-paused-console": "bootloader is run by xm",
}

# What xm refuses and the filter does not, and what xm said.
UNMET = {
    "008-kernel-missing-file": "Cannot find kernel",
    "011-kernel-relative-missing": "Cannot find kernel",
    "194-py-import-sibling": "No module named guestlib",
    "198-py-name-error": "name 'ne1' is not defined",
    "216-py-reads-default": "name 'extra' is not defined",
    "224-py-vmid-undefined": "name 'vmid' is not defined",
    "232-bytes-utf8-no-coding": "at line 3 while processing",
}


@cache
def cells() -> dict[tuple[str, str], Cell]:
    """Return the verdict on each file with each release."""
    return {(run.name, release): compare(run, release) for run in dry_runs() for release in NAMES}


def of_verdict(verdict: str) -> dict[tuple[str, str], Cell]:
    return {key: cell for key, cell in cells().items() if cell.verdict == verdict}


def test_filter_is_found_by_its_name() -> None:
    assert FilterModule().filters() == {"from_xm_config": from_xm_config}


@pytest.mark.parametrize("release", NAMES)
def test_options_are_what_xm_sends(release: str) -> None:
    counted = Counter(cell.verdict for (_name, of), cell in cells().items() if of == release)
    assert tuple(counted[verdict] for verdict in ("equal", "noted", "refused", "unmet")) == TABLE[release]
    assert not of_verdict("wrong")


def test_each_difference_has_its_note() -> None:
    noted = of_verdict("noted")
    assert {name for name, _release in noted} == set(NOTED)
    silent = [
        key
        for key, cell in noted.items()
        if not any(NOTED[key[0]] in note or "An interface without a type" in note for note in cell.notes)
    ]
    assert not silent


def test_what_only_xm_refuses_is_known() -> None:
    unmet = of_verdict("unmet")
    assert {name for name, _release in unmet} == set(UNMET)
    strange = [
        key
        for key, cell in unmet.items()
        if UNMET[key[0]] not in cell.differences[0] and "Non-ASCII" not in cell.differences[0]
    ]
    assert not strange


@pytest.mark.parametrize("release", NAMES)
def test_xen_domain_takes_the_options(release: str) -> None:
    validator = ArgumentSpecValidator(argument_spec())
    for run in dry_runs():
        try:
            options, _notes = said(run.text, release, file=run.file, variables=run.variables)
        except AnsibleFilterError:
            continue
        result = validator.validate({"name": "not known", **options})
        assert not result.error_messages, run.name


def test_what_xen_domain_refuses_is_noted() -> None:
    _options, notes = said(KERNEL + "disk = ['/srv/a.img,xvda,w']\nname = 'a b'\n")
    assert notes[0].startswith(
        "xen_domain refuses to create this: vbds: uname '/srv/a.img' of xvda must be the location of the disk"
    )
    _options, notes = said("name = 'g2'\n", release="3.1")
    assert "the task does not set enough options to create it" in notes[0]


def said(text: str, release: str = "4.1", **words: object) -> tuple[dict[str, object], list[str]]:
    """Return options and notes."""
    result = from_xm_config(text, release, **{"file": "g1", **words})  # type: ignore[arg-type]
    options, notes = result["options"], result["notes"]
    assert isinstance(options, dict)
    assert isinstance(notes, list)
    return options, notes


def test_name_of_the_host_and_vmid_are_reported() -> None:
    text = KERNEL + "import os\nname = '%s-%d' % (os.uname()[1].split('.')[0], int(vmid))\n"
    assert said(text, vmid=3, hostname="alpha.example.net")[0]["name"] == "alpha-3"
    assert said(text, vmid=3, uname={"nodename": "beta"})[0]["name"] == "beta-3"
    assert said(text, vmid=3, uname="gamma")[0]["name"] == "gamma-3"
    options, notes = said(text, vmid=3)
    assert "name" not in options
    assert notes == ["line 3: name is not known, as it depends on os.uname()[1]"]


def test_vmid_that_is_not_reported_is_named() -> None:
    options, notes = said(KERNEL + "name = 'vm' + vmid\nmemory = 32 * int(vmid)\n")
    assert not {"name", "memory"} & set(options)
    assert [note.split(":")[0] for note in notes] == ["line 2", "line 3"]
    assert all("vmid" in note for note in notes)


def test_checked_variables_are_followed() -> None:
    text = """
def vmid_check(var, val):
    try:
        val = int(val)
    except ValueError:
        raise ValueError, "not an id"
    return val
xm_vars.var('vmid', use="Number of the guest", check=vmid_check)
xm_vars.check()
kernel = "/boot/vmlinuz"
name = "VM%d" % vmid
vif = ['mac=00:16:3e:00:00:%02x' % vmid]
"""
    options, notes = said(text, vmid=7)
    assert (options["name"], options["vifs"], notes) == ("VM7", [{"mac": "00:16:3e:00:00:07"}], [])
    assert "vmid" in said(text)[1][0]
    with pytest.raises(AnsibleFilterError, match="line 6: xm refuses the file: it raises ValueError here"):
        said(text, vmid="x")


def test_types_that_xm_ignores_are_named() -> None:
    text = (
        KERNEL
        + "acpi = False\nmaxmem = 512L\nroot = u'/dev/xvda'\ndisk = ('phy:a,xvda,w',)\nextra = None\nfeatures = {}\n"
    )
    options, notes = said(text)
    assert options == {"name": "g1", "memory": 128, "vcpus": 1, "image": {"type": "linux", "kernel": "/boot/vmlinuz"}}
    assert [int(note.split()[1].rstrip(":")) for note in notes] == [2, 3, 4, 5, 6, 7]


def test_what_means_nothing_is_named_and_what_is_used_is_not() -> None:
    _options, notes = said(KERNEL + "vg = 'vg0'\nroot = '/dev/' + vg\ncpu_weigth = 5\ncpu_cap = 3\n", release="3.0.3")
    assert notes == [
        "line 4: cpu_weigth means nothing to xm, and nothing in the file uses it",
        "line 5: cpu_cap means nothing to xm 3.0.3",
    ]


def test_password_is_an_option_and_nowhere_else() -> None:
    text = KERNEL + "vfb = ['type=vnc,vncpasswd=geheim1']\nvncpasswd = 'geheim2'\n"
    options, notes = said(text)
    assert options["vfbs"] == [{"type": "vnc", "vncpasswd": "geheim1"}]
    assert "geheim" not in repr(notes)
    for broken in (
        "vfb = ['type=vnc,vncpasswd=a,geheim']",
        "vfb = ['geheim=1']",
        "vncpasswd = 'geheim' + 1",
        "x = int('geheim')",
    ):
        with pytest.raises(AnsibleFilterError) as caught:
            said(KERNEL + broken + "\n")
        assert "geheim" not in str(caught.value).replace("which xm", "")


PIECES = st.one_of(
    st.sampled_from(list("'\"()[],=+%1x\n\t`{:")),
    st.sampled_from([" if ", "1L", "None", "[]", ".pop()", "1e400", "\ndel name\n", "\nmemory = 1e999 - 1e999\n"]),
    st.sampled_from(["\ndisk = [u'phy:a,b,w', 1]\n", "\nvif = ['mac=%s' % f(1)]\n", "\nbuilder = 'hvm'\n"]),
)


@given(
    run=st.sampled_from(dry_runs()),
    pieces=st.lists(st.tuples(st.integers(0, 400), PIECES), max_size=3),
    release=st.sampled_from(NAMES),
)
def test_damaged_files_are_read_or_refused(run: DryRun, pieces: list[tuple[int, str]], release: str) -> None:
    text = run.text
    for place, piece in pieces:
        text = text[:place] + piece + text[place:]
    try:
        result: object = said(text, release=release)
    except AnsibleFilterError as error:
        result = str(error)
    assert "\n" not in result if isinstance(result, str) else json.dumps(result)


def test_text_of_another_kind_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="the text of a config file is needed"):
        from_xm_config(["kernel"], "4.1")
    with pytest.raises(AnsibleFilterError, match="release must be one of"):
        from_xm_config(KERNEL, "4.2")
    with pytest.raises(AnsibleFilterError, match="uname must be"):
        from_xm_config(KERNEL, "4.1", uname=["Linux"])


def test_what_another_file_may_set_again_is_named_and_no_default_is_taken() -> None:
    text = 'import os\nkernel = "/k"\nmemory = 64\nif os.path.exists("/c"):\n    execfile("/c")\nname = "e"\n'
    options, notes = said(text)
    assert "vcpus" not in options
    assert "line 5: this may set again what the file sets before it: kernel, memory" in notes
    assert options["image"] == {"kernel": "/k"}
    assert any(note.startswith("builder is not known: the image is said without a type") for note in notes)


def test_no_default_of_a_machine_is_taken_beside_another_file() -> None:
    options, _notes = said("kernel = '/k'\nbuilder = 'hvm'\nbootloader = '/b'\nacpi = 0\nexecfile('/c')\n")
    assert options["image"] == {"type": "hvm", "kernel": "/k", "options": {"acpi": 0}}
    assert "bootloader_args" not in options
    options, notes = said(KERNEL + "ip = '192.0.2.1'\nnfs_root = '/n'\nexecfile('/c')\n")
    assert options["image"] == {"kernel": "/boot/vmlinuz"}
    assert [note.split(",")[0] for note in notes if "left out" in note] == [
        "line 2: ip is left out",
        "line 3: nfs_root is left out with extra",
    ]


def test_no_default_is_taken_for_what_only_the_host_knows() -> None:
    options, notes = said(KERNEL + "import os\nbuilder = 'hvm'\npae = os.environ['PAE']\n")
    assert "pae" not in options["image"]["options"]  # type: ignore[index]
    assert "line 4: pae is not known, as it depends on os.environ" in notes
