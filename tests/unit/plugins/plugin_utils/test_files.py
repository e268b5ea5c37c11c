# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of an export: their names, whatever the guests are called, and the page that goes with them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dom0.xend.plugins.filter.export_files import FilterModule as Files
from ansible_collections.dom0.xend.plugins.filter.to_libvirt_xml import FilterModule as Libvirt
from ansible_collections.dom0.xend.plugins.filter.to_xl_config import FilterModule as Xl
from ansible_collections.dom0.xend.plugins.plugin_utils.out.files import safe_file_name

export_files = Files().filters()["export_files"]
NAMES = st.one_of(st.text(min_size=1, max_size=8), st.text(st.sampled_from("a.A/-_\\"), min_size=1, max_size=4))
SAFE = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9_.+-]*")


def guest(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "memory": 64, "image": {"type": "linux", "kernel": "/k"}, **more}


def exported(*domains: dict[str, Any], **options: Any) -> dict[str, str]:
    """Return the content of each file by its path."""
    return {file["path"]: file["content"] for file in export_files(list(domains), host="xen1", **options)}


def test_each_guest_has_a_file_in_each_format_and_the_page_links_to_them() -> None:
    files = exported(guest("web1"), guest("db1"))
    assert list(files) == ["xen1/index.md", "xen1/db1.cfg", "xen1/db1.xml", "xen1/web1.cfg", "xen1/web1.xml"]
    assert "\n* File: [db1.cfg](db1.cfg)\n* File: [db1.xml](db1.xml)\n" in files["xen1/index.md"]


def test_the_order_of_the_list_makes_no_difference() -> None:
    assert exported(guest("web1"), guest("db1")) == exported(guest("db1"), guest("web1"))


def test_one_format_is_enough() -> None:
    assert list(exported(guest("web1"), formats=["xl"])) == ["xen1/index.md", "xen1/web1.cfg"]


@pytest.mark.parametrize(
    ("name", "start"),
    [("../../etc", "_.._.._etc-"), ("-rf", "_-rf-"), (".ssh", "_.ssh-"), ("a/b", "a_b-"), ("ä", "_-")],
)
def test_a_name_that_is_none_for_a_file_is_changed_and_told_apart(name: str, start: str) -> None:
    assert re.fullmatch(re.escape(start) + "[0-9a-f]{8}", safe_file_name(name))


@given(names=st.lists(NAMES, max_size=6))
def test_whatever_guests_are_called_each_has_a_safe_file_of_its_own(names: list[str]) -> None:
    paths = list(exported(*map(guest, names), formats=["xl"]))[1:]
    assert len({path.lower() for path in paths}) == len([name for name in names if name != "Domain-0"])
    assert all(path.startswith("xen1/") and SAFE.fullmatch(path.removeprefix("xen1/")) for path in paths)
    assert max(map(len, paths), default=0) < 200


@given(name=NAMES, args=st.text(max_size=20))
def test_the_page_has_one_heading_for_each_guest_and_no_markup_of_theirs(name: str, args: str) -> None:
    page = exported(guest(name, on_crash=args))["xen1/index.md"]
    assert len(re.findall(r"^#+ ", page, re.MULTILINE)) == 2
    assert not re.search(r"(?<!\\)[<>`|]", page)
    assert all(line[:2] in ("", "# ", "##", "* ", "Wh", "Di") for line in page.split("\n"))


def test_a_guest_that_cannot_be_read_is_on_the_page_with_the_reason() -> None:
    files = exported({"name": "odd"}, guest("web1"))
    assert "xen1/web1.cfg" in files
    assert "## odd\n\n* It is not exported: 'odd': nothing says how much memory it has" in files["xen1/index.md"]


def test_what_is_no_guest_is_named_on_the_page() -> None:
    files = exported(guest("Domain-0", domid=0), guest("gone", state="dying"))
    assert list(files) == ["xen1/index.md"]
    assert files["xen1/index.md"].endswith(
        "## Not exported\n\n* Domain-0 is the host itself.\n* gone was being destroyed.\n"
    )


def test_no_password_is_on_the_page() -> None:
    files = exported(guest("web1", vfbs=[{"vncpasswd": "hunter2"}]))
    assert ["hunter2" in content for content in files.values()] == [False, True, True]


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: export_files("web1", host="xen1"), "dom0.xend.export_files: an export is made from a list of domains"),
        (lambda: export_files([1], host="xen1"), "dom0.xend.export_files: an export is made from a list of domains"),
        (lambda: export_files([], host="xen1", formats=["vmdk"]), "formats are xl and libvirt, not ['vmdk']"),
        (lambda: export_files([], host="xen1", formats=[]), "formats are xl and libvirt, not []"),
        (lambda: Xl().filters()["to_xl_config"](1), "dom0.xend.to_xl_config: a domain is a dictionary, and not a int"),
        (lambda: Libvirt().filters()["to_libvirt_xml"]({}), "dom0.xend.to_libvirt_xml: a domain has a name"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_one_sentence(call: Any, complaint: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        call()
    assert complaint in str(caught.value)
