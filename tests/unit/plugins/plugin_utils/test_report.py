# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a report: what they say of hosts and guests, and that nothing that a xend says becomes anything but text."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.dom0.xend.plugins.filter.report_files import FilterModule
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import within
from ansible_collections.dom0.xend.plugins.plugin_utils.report.script import SCRIPT
from ansible_collections.dom0.xend.plugins.plugin_utils.report.traps import TRAPS, traps_of
from tests.simulator import ManualClock, Simulator
from tests.support.estate import estate, seen, web

TOP = Path(__file__).resolve().parents[4]
TIME = "2026-11-26T08:00:00Z"
NODE = {"nr_cpus": 4, "total_memory": 4096, "free_memory": 3072, "xen_version": "3.2.0"}
HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    '" onmouseover="alert(1)" x=\'',
    "' autofocus onfocus='alert(1)",
    "</style></table>--><!--",
    "&lt;b&gt;&amp;",
    "a\u2028b\u2029c\u202ed",
    "javascript:alert(1)",
    "{{ 7 * 7 }}",
    "\ud800",
    "\x00\x1b[31m\x85",
    "=cmd|' /C calc'!A0",
]

report_files = FilterModule().filters()["report_files"]


def host(*domains: dict[str, Any], release: str = "3.2", **more: Any) -> dict[str, Any]:
    """Return a host as the modules describe it."""
    releases = list(within(release))
    return {"node": NODE, "xend": {"span": release, "releases": releases}, "domains": list(domains), **more}


def guest(name: str = "web1", state: str = "running", **more: Any) -> dict[str, Any]:
    return {"name": name, "state": state, "domid": 1, "memory": 64, "vcpus": 1, "uuid": "c0ffee00", **more}


def files(hosts: dict[str, Any], **options: Any) -> dict[str, str]:
    """Return the content of each file by its name."""
    return {each["path"]: each["content"] for each in report_files(hosts, **{"time": TIME, **options})}


def findings(hosts: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return what needs attention."""
    found = json.loads(files(hosts)["report.json"])["findings"]
    keys = ("level", "host", "guest", "words")
    return [tuple(each[key] for key in keys) for each in found if each["level"] != "note"]


class Page(HTMLParser):
    """What a browser finds in a page: its elements with their attributes, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style"):
            self.text += data


def shape(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the elements of a page, and the names of the attributes of each."""
    return [(tag, tuple(attributes)) for tag, attributes in Page(text).elements]


# ---- text stays text


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_xend_says_the_page_has_the_same_elements(text: str) -> None:
    def page(words: str) -> str:
        vbd, vif = {"dev": words, "uname": words, "mode": words}, {"mac": words, "bridge": words, "ip": [words]}
        domain = guest(words, words, uuid=words, vbds=[vbd], vifs=[vif], memory=words)
        answers = host(domain, warnings=[words])
        answers["node"] = {**NODE, "release": words, "xen_version": words}
        answers["xend"] = {"span": words, "releases": []}
        return files({words: answers, f"{words}2": {"failure": words}}, title=words)["report.html"]

    assert shape(page(text)) == shape(page("plain"))


@given(text=st.text(max_size=20))
@settings(max_examples=60, deadline=None)
def test_whatever_a_guest_is_called_the_files_can_be_written_and_read(text: str) -> None:
    made = files({"xen1": host(guest(f"x{text}"))})
    assert all(content.encode() for content in made.values())
    assert shape(made["report.html"]) == shape(files({"xen1": host(guest("x"))})["report.html"])
    assert made["report.json"].isascii()
    assert len(list(csv.reader(io.StringIO(made["report.csv"])))) == 2


def test_a_name_is_shown_as_it_is_and_what_nobody_sees_by_its_number() -> None:
    text = Page(files({"xen1": host(guest(HOSTILE[0]), guest(HOSTILE[6]))})["report.html"]).text
    assert HOSTILE[0] in text
    assert "a\\u2028b\\u2029c\\u202ed" in text


def test_no_name_is_part_of_a_link_or_an_id() -> None:
    elements = Page(files({HOSTILE[0]: host(guest(HOSTILE[1], "crashed"))})["report.html"]).elements
    places = [attributes[key] or "" for _tag, attributes in elements for key in ("href", "id") if key in attributes]
    assert {"#h1", "#h1g1"} <= set(places)
    assert [place for place in places if not re.fullmatch(r"#?h1(g1)?|[a-z]+", place)] == []


def test_no_cell_of_the_table_is_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(files({"@x": host(guest("=1+1"), guest("+1", "-x"))})["report.csv"])))
    assert [row[:3] for row in rows[1:]] == [["'@x", "'+1", "'-x"], ["'@x", "'=1+1", "running"]]


def test_the_page_asks_for_nothing_and_runs_no_script_but_its_own() -> None:
    page = files({"xen1": host(guest())})["report.html"]
    elements = Page(page).elements
    assert [tag for tag, attributes in elements if {"src", "srcset", "action"} & set(attributes) or tag == "link"] == []
    assert not re.search(r"url\(|@import|https?://", page)
    (policy,) = [each["content"] for _tag, each in elements if each.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "script-src 'sha256-" in policy


def test_the_script_is_small() -> None:
    assert len(SCRIPT.splitlines()) < 150


def test_no_password_is_in_the_files() -> None:
    config = f"{web(1)[:-1]} (device (vfb (type vnc) (vncpasswd hunter2))))"
    declared = {"name": "web1", "memory": 64, "vfbs": [{"type": "vnc", "vncpasswd": "hunter3"}, {"type": "sdl"}]}
    with Simulator("4.1", tcp=None, clock=ManualClock()) as sim:
        sim.create(config).unpause()
        made = files({"xen1": seen(sim, declared=[declared])})
    assert "vfbs: declared 2, found 1" in made["report.html"]
    assert "hunter" not in "".join(made.values())


# ---- the same for the same


def test_the_same_answers_make_the_same_files_but_for_the_time() -> None:
    hosts = {"xen2": host(guest("b"), guest("a")), "xen1": {"failure": "x"}, "xen10": {}}
    turned = {"xen10": {}, "xen1": {"failure": "x"}, "xen2": host(guest("a"), guest("b"))}
    assert files(hosts) == files(turned)
    later = files(hosts, time="2026-11-27T09:00:00Z")
    for path, content in files(hosts).items():
        back = later[path].replace("2026-11-27T09:00:00Z", TIME).replace("2026-11-27 09:00", "2026-11-26 08:00")
        assert back == content


def test_hosts_and_guests_are_sorted_as_people_count() -> None:
    rows = list(
        csv.reader(io.StringIO(files({"xen10": host(guest("web10"), guest("web9")), "xen9": host()})["report.csv"]))
    )
    assert [row[:2] for row in rows[1:]] == [["xen10", "web9"], ["xen10", "web10"]]


@pytest.mark.parametrize("given", [[], "xen1", {"xen1": None}])
def test_what_are_no_hosts_is_refused(given: object) -> None:
    with pytest.raises(AnsibleFilterError, match="a dict of hosts"):
        report_files(given, time=TIME)


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="2026-11-26T08:00:00Z, in UTC, and not 'yesterday'"):
        report_files({}, time="yesterday")


def test_forty_hosts_of_fifty_guests_are_a_page_of_less_than_3_mb() -> None:
    made = files(estate(40, 50))
    assert made["report.csv"].count("\n") == 1 + 40 * 51
    assert len(made["report.html"].encode()) < 3_000_000


# ---- what needs attention


def test_a_host_without_an_answer_comes_first_and_says_why() -> None:
    hosts = {"xen1": host(guest(state="crashed")), "xen2": {"failure": "Task failed: Connection refused"}}
    assert findings(hosts) == [
        ("problem", "xen2", "", "No answer: Connection refused"),
        ("problem", "xen1", "web1", "It has crashed, and is kept as it is."),
    ]


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        pytest.param(guest("Zombie-web1", "dying"), "web1 was destroyed, and the hypervisor has not", id="zombie"),
        pytest.param(guest("migrating-web1", "paused"), "A save or a migration of web1 is under way", id="passing"),
        pytest.param(guest(state="shutdown"), "It has shut down", id="preserved"),
        pytest.param(guest(start_time=4e9), "It was started in the future", id="clock"),
    ],
)
def test_what_is_odd_about_a_guest_is_a_warning(domain: dict[str, Any], words: str) -> None:
    ((level, _host, name, said),) = findings({"xen1": host(domain)})
    assert (level, name) == ("warning", domain["name"])
    assert said.startswith(words)


@pytest.mark.parametrize(("release", "count"), [("3.0.0", 1), ("3.0.2", 0)])
def test_a_guest_with_an_ip_does_not_survive_a_reboot_on_3_0_0(release: str, count: int) -> None:
    domain = guest(vifs=[{"ip": ["10.0.0.1"]}], on_reboot="restart")
    assert len(findings({"xen1": host(domain, release=release)})) == count


def test_a_xend_of_no_known_release_is_reported() -> None:
    odd = host(guest())
    odd["xend"] = {"span": None, "releases": []}
    assert findings({"xen1": odd})[0][3] == "Its xend answers like no known release, so its traps are not known."


def test_without_a_declaration_nothing_is_undeclared() -> None:
    assert findings({"xen1": host(guest())}) == []


def test_a_guest_that_runs_and_is_declared_nowhere_or_elsewhere_is_reported() -> None:
    declared = [{"name": "mail", "state": "stopped"}]
    hosts = {
        "xen1": host(guest(), guest("mail"), guest("old", "halted"), declared=[]),
        "xen2": host(declared=declared),
    }
    assert findings(hosts) == [
        ("warning", "xen1", "mail", "It runs here. It is declared for xen2."),
        ("warning", "xen1", "web1", "It runs here. It is declared nowhere."),
    ]


def test_a_guest_that_is_missing_is_told_and_where_it_runs_instead() -> None:
    small = {"memory": 64, "image": {"kernel": "/k"}}
    declared = [{"name": name, **small} for name in ("mail", "web1")]
    declared += [{"name": "gone", "state": "absent"}, {"name": "off", "state": "stopped"}]
    hosts = {"xen1": host(declared=declared), "xen2": host(guest("mail"))}
    assert findings(hosts) == [
        ("problem", "xen1", "mail", "Declared running. It runs on xen2 instead."),
        ("problem", "xen1", "web1", "Declared running. It is not there."),
    ]


def test_a_guest_that_is_being_migrated_is_not_missing() -> None:
    hosts = {"xen1": host(guest("migrating-web1"), declared=[{"name": "web1"}])}
    assert [level for level, *_rest in findings(hosts)] == ["warning"]


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"state": "running", "memory": 128}, []),
        ({"state": "stopped"}, ["problem: state: declared stopped, found running"]),
        ({"state": "absent"}, ["problem: state: declared absent, found running"]),
        ({"memory": 64}, ["warning: memory: declared 64, found 128"]),
        ({"vcpus": 1}, ["warning: vcpus: declared 1, found 2"]),
        ({"on_crash": "preserve"}, ["warning: on_crash: declared preserve, found restart"]),
    ],
)
def test_a_guest_that_is_not_as_declared_is_reported(declared: dict[str, Any], words: list[str]) -> None:
    with Simulator("3.2", tcp=None, clock=ManualClock()) as sim:
        sim.create(web(1)).unpause()
        found = findings({"xen1": seen(sim, declared=[{"name": "web1", **declared}])})
    assert [f"{level}: {said.removeprefix('Not as declared: ')}" for level, _host, _guest, said in found] == words


@pytest.mark.parametrize("release", ["3.0.0", "3.0.4", "3.3", "4.1"])
def test_a_guest_that_is_as_declared_is_not_reported_on_any_release(release: str) -> None:
    vbds = [
        {"uname": f"phy:vg0/web1-{kind}", "dev": dev, "mode": "w"} for kind, dev in (("root", "sda1"), ("swap", "sda2"))
    ]
    vifs = [{"mac": "00:16:3e:00:00:01", "bridge": "xenbr0"}]
    image = {"kernel": "/boot/vmlinuz-2.6-xenU"}
    declared = {"name": "web1", "memory": 128, "vcpus": 2, "image": image, "vbds": vbds, "vifs": vifs}
    with Simulator(release, tcp=None, clock=ManualClock()) as sim:
        sim.create(web(1).replace(" (ip 10.0.0.1)", "")).unpause()
        assert findings({"xen1": seen(sim, declared=[declared])}) == []


def test_the_defaults_of_a_list_count_for_its_guests() -> None:
    with Simulator("3.2", tcp=None, clock=ManualClock()) as sim:
        sim.create(web(1)).unpause()
        found = findings({"xen1": seen(sim, declared=[{"name": "web1"}], defaults={"memory": 96})})
    assert [said for *_rest, said in found] == ["Not as declared: memory: declared 96, found 128"]


def test_a_declaration_with_a_fault_is_told_and_its_names_are_not_undeclared() -> None:
    hosts = {"xen1": host(guest(), declared=[{"name": "web1", "memory": "much"}])}
    ((level, _host, name, words),) = findings(hosts)
    assert (level, name) == ("warning", "")
    assert words.startswith("What is declared cannot be read: web1: ")


# ---- hosts and guests


def test_memory_and_cpus_are_bars_and_words() -> None:
    domain_0 = guest("Domain-0", domid=0, memory=512)
    page = files({"xen1": host(domain_0, guest(online_vcpus=1), guest("db1", "halted", vcpus=8))})["report.html"]
    assert "1.0 of 4.0 GiB, 3.0 free" in page
    assert '<i class=own style="width:12.5%"></i><i style="width:12.5%"></i>' in page
    assert "1 vCPU on 4 CPUs, 3 free" in page
    assert '<i style="width:25.0%"></i>' in page


def test_more_virtual_cpus_than_there_are_fill_the_bar() -> None:
    page = files({"xen1": host(guest(vcpus=10))})["report.html"]
    assert "10 vCPUs on 4 CPUs, 2.5 on each" in page
    assert '<i style="width:100.0%"></i>' in page


def test_a_guest_is_up_since_its_start() -> None:
    clock = ManualClock()
    with Simulator("3.2", tcp=None, clock=clock) as sim:
        sim.create(web(1)).unpause()
        hosts = {"xen1": seen(sim)}
    (start,) = [domain["start_time"] for domain in hosts["xen1"]["domains"] if domain["name"] == "web1"]
    assert start == clock.wall()
    page = files(hosts, time="2026-11-24T09:00:00Z")["report.html"]
    assert f'data-v="{1795510800 - int(start)}">1 d 1 h</td>' in page


def test_numbers_that_no_host_has_do_no_harm() -> None:
    hosts = {"xen1": host(guest(memory=-5, vcpus=10**30, start_time="nan"), guest("b", start_time="x", vbds="y"))}
    hosts["xen1"]["node"] = {"nr_cpus": 0, "total_memory": 1, "free_memory": 10**9}
    assert "CPUs<span>not known" in files(hosts)["report.html"]


# ---- traps


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: f"{trap.number}-{trap.span}")
def test_each_trap_is_one_of_those_that_are_documented_and_of_its_releases(trap: Any) -> None:
    document = (TOP / "docs" / "TRAPS.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| {trap.number} \| (.*?) \| (.*?) \|", document, re.MULTILINE)
    assert row
    first, _to, last = trap.span.partition(" to ")
    spans = {trap.span, f"{last} and earlier", f"{first} and later"}
    assert any(span in row[2] for span in spans) or row[2] == "all"


def test_a_release_has_its_own_traps() -> None:
    assert [trap.number for trap in traps_of(["3.2"])] == [14, 27]
    assert {trap.number for trap in traps_of(["3.0.0"])} == {1, 2, 3, 14, 17, 18, 26, 28}
    assert "30 seconds after a shutdown" in traps_of(["3.1"])[0].words
    assert "only a request" in traps_of(["4.1", "4.4"])[0].words
