# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host as data: as real xends were recorded to print it, as each simulated one does, and as none should."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.dom0.xend.plugins.module_utils.model.node import _READERS, Node
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import RELEASES, span_of, told_by_node, within
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, loads
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import Transport
from ansible_collections.dom0.xend.tests.unit.plugins.module_utils.recorded import FILES, release_of, replies
from tests.simulator import PERSONALITIES, Simulator

TOLD_BY_NODE = {
    "3.0.0": "3.0.0 to 3.0.2",
    "3.0.2": "3.0.0 to 3.0.2",
    "3.0.3": "3.0.3",
    "3.0.4": "3.0.4",
    "3.1": "3.1",
    "3.2": "3.2",
    "3.3": "3.3 to 3.4",
    "3.4": "3.3 to 3.4",
    "4.0": "4.0",
    "4.1": "4.1 to 4.4",
    "4.4": "4.1 to 4.4",
}
RECORDED = [
    (file, each.text)
    for file in FILES
    for each in replies(file)
    if each.target in ("/xend/node", "/xend/node/") and each.method == "GET" and each.is_sxp
]
COMMON: dict[str, Any] = {
    "system": "Linux",
    "host": "d0",
    "release": "2.6.12.6-xen0.1",
    "version": "#1 SMP PREEMPT_DYNAMIC @0",
    "machine": "x86_64",
    "nr_cpus": 4,
    "nr_nodes": 1,
    "cores_per_socket": 2,
    "threads_per_core": 1,
    "cpu_mhz": 2992,
    "hw_caps": ["bfebfbff", "20100000", "00000000", "00000140", "0004e33d", "00000000", "00000001"],
    "total_memory": 16384,
    "free_memory": 15872,
    "platform_params": "virt_start=0xffff800000000000",
    "cc_compiler": "gcc version 3.4.4 20050314 (prerelease) (Debian 3.4.3-13)",
    "cc_compile_by": "root",
    "cc_compile_domain": "example.org",
    "cc_compile_date": "Mon Dec  5 13:39:26 UTC 2005",
    "more": {},
}
CHANGESET = "Sun Dec  4 19:12:00 2005 +0100 8259:5baa96bedc13"
BOTH_CAPS = ["xen-3.0-x86_64", "xen-3.0-x86_32p"]
MIDDLE = {"xen_caps": BOTH_CAPS, "xen_changeset": CHANGESET, "xen_pagesize": 4096, "xend_config_format": 4}
NUMA = {"xen_scheduler": "credit", "node_to_cpu": [[0, 1, 2, 3]]}
NUMA_MEMORY = {**NUMA, "node_to_memory": "node0:16", "virt_caps": ["hvm"]}
LATE = {
    **MIDDLE,
    "xen_changeset": "unavailable",
    "xen_commandline": "dom0_mem=512M",
    "xen_scheduler": "credit",
    "virt_caps": ["hvm"],
    "free_cpus": 0,
    "cpu_topology": [
        {"cpu": 0, "core": 0, "socket": 0, "node": 0},
        {"cpu": 1, "core": 1, "socket": 0, "node": 0},
        {"cpu": 2, "core": 0, "socket": 1, "node": 0},
        {"cpu": 3, "core": 1, "socket": 1, "node": 0},
    ],
    "numa_info": "none",
}
OWN: dict[str, dict[str, Any]] = {
    "3.0.0": {"xen_caps": BOTH_CAPS[:1], "xen_changeset": CHANGESET, "sockets_per_node": 2},
    "3.0.2": {"xen_caps": BOTH_CAPS[:1], "xen_changeset": CHANGESET, "sockets_per_node": 2},
    "3.0.3": {**MIDDLE, "sockets_per_node": 2, "xend_config_format": 2},
    "3.0.4": {**MIDDLE, "sockets_per_node": 2, "xend_config_format": 3},
    "3.1": {**MIDDLE, "sockets_per_node": 2, "xen_scheduler": "credit"},
    "3.2": {**MIDDLE, **NUMA},
    "3.3": {**MIDDLE, **NUMA_MEMORY},
    "3.4": {**MIDDLE, **NUMA_MEMORY},
    "4.0": {
        **MIDDLE,
        **NUMA_MEMORY,
        "node_to_dma32_mem": "node0:2",
        "max_node_id": 0,
        "xen_commandline": "dom0_mem=512M",
    },
    "4.1": LATE,
    "4.4": LATE,
}

TREES: st.SearchStrategy[Sxp] = st.recursive(
    st.sampled_from(["node", *sorted(_READERS), "more", "releases", "", "0-3", "node0:0-3", "4", "-1"])
    | st.text(max_size=5)
    | st.text(st.sampled_from("0123456789node:-, \n\ud800\udce9"), max_size=12),
    lambda children: st.lists(children, max_size=6),
    max_leaves=30,
)


def node(text: str) -> Node:
    """Read a node with these fields."""
    return Node.from_sxp(loads(f"(node {text})"))


# ---- what real xends printed


def test_every_release_that_was_recorded_whole_described_its_node() -> None:
    assert {release_of(file) for file, _text in RECORDED} == set(OWN)


@pytest.mark.parametrize(("file", "text"), RECORDED)
def test_a_recorded_node_is_read_whole(file: str, text: str) -> None:
    shown = Node.from_sxp(loads(text)).as_dict()
    release = release_of(file)
    numbers = [shown.pop(key) for key in ("xen_major", "xen_minor", "xen_extra")]
    assert "{}.{}{}".format(*numbers) == shown["xen_version"]
    assert {key: value for key, value in shown.items() if value is not None} == {
        **COMMON,
        **OWN[release],
        "xen_version": release if release.count(".") == 2 else f"{release}.0",
    }
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown


@pytest.mark.parametrize(("file", "text"), RECORDED)
def test_a_recorded_node_identifies_its_release_to_within_two(file: str, text: str) -> None:
    found = Node.from_sxp(loads(text))
    assert span_of(found.releases) == TOLD_BY_NODE[release_of(file)]


# ---- what the simulated ones print


@pytest.mark.parametrize("version", list(PERSONALITIES))
def test_the_node_of_every_release_is_read_whole_and_identifies_its_release(version: str) -> None:
    with Simulator(version, tcp=None) as sim:
        found = XendClient(Transport(sim.unix_url)).node()
        assert len(sim.requests) == 1
    assert found.more == {}
    assert span_of(found.releases) == TOLD_BY_NODE[version]
    assert {key: value for key, value in COMMON.items() if found.as_dict()[key] != value} == {}


# ---- which release


def test_the_releases_are_those_that_are_simulated() -> None:
    assert list(RELEASES) == list(PERSONALITIES)


@pytest.mark.parametrize(
    ("spans", "names"),
    [
        ("", ()),
        ("3.1", ("3.1",)),
        ("3.0.3 to 3.1", ("3.0.3", "3.0.4", "3.1")),
        ("3.0.0, 3.4 to 4.0", ("3.0.0", "3.4", "4.0")),
    ],
)
def test_a_span_names_releases(spans: str, names: tuple[str, ...]) -> None:
    assert within(spans) == names


@pytest.mark.parametrize("name", list(RELEASES))
def test_the_span_of_each_release_covers_it(name: str) -> None:
    assert name in within(RELEASES[name].span)
    assert span_of(within(RELEASES[name].span)) == RELEASES[name].span
    assert span_of([name]) == name
    assert span_of([]) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"sockets_per_node": "2", "xend_config_format": "2", "xen_pagesize": "4096", "node_to_cpu": "node0:0"},
        {"sockets_per_node": "2", "xend_config_format": "5", "xen_pagesize": "4096"},
        {"sockets_per_node": "2", "xend_config_format": None, "xen_pagesize": "4096"},
        {"xend_config_format": "4"},
        {},
    ],
)
def test_what_no_release_prints_like_this_is_taken_for_none(fields: dict[str, Any]) -> None:
    assert told_by_node(fields) == ()


# ---- each way to say a thing


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("(nr_cpus 4)", "nr_cpus", 4),
        ("(total_memory '100000000000')", "total_memory", 100000000000),
        ("(free_memory -1)", "free_memory", -1),
        ("(xen_major 3) (xen_minor 0) (xen_extra .3-rc1)", "xen_version", "3.0.3-rc1"),
        ("(xen_major 4) (xen_minor 1) (xen_extra )", "xen_version", "4.1"),
        ("(xen_major 4) (xen_minor 1)", "xen_version", "4.1"),
        ("(xen_major 4)", "xen_version", None),
        ("(virt_caps )", "virt_caps", []),
        ("(virt_caps '')", "virt_caps", []),
        ("(virt_caps 'hvm hvm_directio')", "virt_caps", ["hvm", "hvm_directio"]),
        ("(cc_compile_by )", "cc_compile_by", ""),
        ("(host d0) (host d1)", "host", "d0"),
        (r"(host 'd\xe9')", "host", r"d\xe9"),
        (r"(node_to_cpu 'node0:0-1\nnode1:2-3,8')", "node_to_cpu", [[0, 1], [2, 3, 8]]),
        (r"(node_to_cpu '\n  node0:0-1\n      node1:\n')", "node_to_cpu", [[0, 1], []]),
        (r"(cpu_topology 'cpu: core socket node')", "cpu_topology", []),
    ],
)
def test_what_is_said_is_read(text: str, key: str, value: object) -> None:
    found = node(text)
    assert found.as_dict()[key] == value
    assert found.more == {}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("nr_cpus", text) for text in ("four", "''", "4.0", "0x4", "1_000", "'4 '", "4L", "'\\xd9\\xa4'")),
        ("total_memory", "1" + "0" * 5000),
        ("nr_cpus", "(4)"),
        ("xen_caps", "(a b)"),
        ("host", "(d 0)"),
        ("hw_caps", "()"),
        *(("node_to_cpu", text) for text in ("none", "node1:0", "0-3", "node0:3-0", "node0:a", "'node0:0 node1:1'")),
        *(("node_to_cpu", text) for text in ("node0:0-999999999", "'node0:0-9999,0-9999'", "node0:-1", "node0:0-1-2")),
        ("node_to_cpu", "'node0:0-5000\\nnode1:0-5000'"),
        ("node_to_cpu", "'" + "\\n".join(f"node{node}:0-9999" for node in range(100)) + "'"),
        *(
            ("cpu_topology", text)
            for text in ("none", "''", "'core: cpu socket node'", r"'cpu: core socket node\n 0: 1'")
        ),
        ("cpu_topology", r"'cpu: core socket node\n 0: 0 0 x'"),
        ("nosuch", "1"),
        ("more", "x"),
        ("releases", "4.1"),
        ("xen_version", "4.1"),
        ("sxp", "(a (b c))"),
    ],
)
def test_what_has_no_place_or_does_not_fit_in_is_kept_as_it_is_printed(key: str, value: str) -> None:
    found = node(f"(machine x86_64) ({key} {value})")
    assert found.machine == "x86_64"
    assert list(found.more) == [key]
    assert found.more[key] or value == "''"
    assert getattr(found, key, None) in (None, found.more, ())


def test_a_field_of_several_values_is_kept_whole() -> None:
    assert node("(xen_caps a b) (odd a (b c))").more == {"xen_caps": "(a b)", "odd": "(a (b c))"}


def test_every_field_has_a_reader() -> None:
    assert set(_READERS) == {field.name for field in fields(Node)} - {"more", "releases"}


# ---- what is none


@pytest.mark.parametrize(
    "text", ["x", "''", "()", "(node)", "(node x)", "(node ())", "(domain (name x))", "((node (a b)))", "(xend.err x)"]
)
def test_what_is_no_node_is_not_read_as_one(text: str) -> None:
    with pytest.raises(ValueError, match="not a node"):
        Node.from_sxp(loads(text))


@given(TREES)
def test_any_tree_is_a_node_or_a_value_error(tree: Sxp) -> None:
    _shown_or_refused(tree)
    _shown_or_refused(["node", *tree] if isinstance(tree, list) else ["node", tree])


def _shown_or_refused(tree: Sxp) -> None:
    try:
        shown = Node.from_sxp(tree).as_dict()
    except ValueError:
        return
    assert json.loads(json.dumps(shown, allow_nan=False).encode("utf-8")) == shown
