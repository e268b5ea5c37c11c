# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host of a xend as data (WIRE.md (d) "node").

The fields have xend's names. A field that the release does not print is None; one that is printed empty is an empty text
or list. A key without a field here, or with a value of the wrong type, is kept as text in ``more``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import field_name, printable
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import told_by_node
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, dumps

_MOST_CPUS = 10_000
"""No host has more cpus, in all its NUMA nodes together."""


@dataclass(frozen=True)
class Node:
    """A host. Memory is in MiB, ``cpu_mhz`` in MHz, ``xen_pagesize`` in bytes."""

    system: Optional[str] = None
    host: Optional[str] = None
    release: Optional[str] = None
    """The release of the control domain's kernel; ``version`` and ``machine`` also describe the kernel."""
    version: Optional[str] = None
    machine: Optional[str] = None
    nr_cpus: Optional[int] = None
    nr_nodes: Optional[int] = None
    sockets_per_node: Optional[int] = None
    cores_per_socket: Optional[int] = None
    threads_per_core: Optional[int] = None
    cpu_mhz: Optional[int] = None
    hw_caps: Optional[tuple[str, ...]] = None
    virt_caps: Optional[tuple[str, ...]] = None
    total_memory: Optional[int] = None
    free_memory: Optional[int] = None
    free_cpus: Optional[int] = None
    node_to_cpu: Optional[tuple[tuple[int, ...], ...]] = None
    """The cpus of each NUMA node, node 0 first."""
    node_to_memory: Optional[str] = None
    node_to_dma32_mem: Optional[str] = None
    max_node_id: Optional[int] = None
    cpu_topology: Optional[tuple[dict[str, int], ...]] = None
    """The numbers of cpu, core, socket and node, for each cpu."""
    numa_info: Optional[str] = None
    xen_major: Optional[int] = None
    xen_minor: Optional[int] = None
    xen_extra: Optional[str] = None
    xen_caps: Optional[tuple[str, ...]] = None
    xen_scheduler: Optional[str] = None
    xen_pagesize: Optional[int] = None
    platform_params: Optional[str] = None
    xen_changeset: Optional[str] = None
    xen_commandline: Optional[str] = None
    cc_compiler: Optional[str] = None
    cc_compile_by: Optional[str] = None
    cc_compile_domain: Optional[str] = None
    cc_compile_date: Optional[str] = None
    xend_config_format: Optional[int] = None
    more: dict[str, str] = field(default_factory=dict)
    releases: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """The releases of xend that print such a node; empty if none of the known ones does."""

    @property
    def xen_version(self) -> Optional[str]:
        """Return the hypervisor's version, such as "3.0.3-rc1". xend's own version may differ."""
        if self.xen_major is None or self.xen_minor is None:
            return None
        return f"{self.xen_major}.{self.xen_minor}{self.xen_extra or ''}"

    @classmethod
    def from_sxp(cls, tree: Sxp) -> Node:
        """Read ``(node (key value) ...)``. Raises ValueError for any other expression, or for an empty node."""
        pairs = list(_pairs(tree)) if isinstance(tree, list) and tree[:1] == ["node"] else []
        if not pairs:
            raise ValueError("not a node, or an empty one")
        # Reversed, so that the first of two equal keys wins, as in xend (WIRE.md (b)).
        said = dict(reversed(pairs))
        fields: dict[str, Any] = {}
        more: dict[str, str] = {}
        for key, value in reversed(said.items()):
            try:
                fields[key] = _READERS[key](printable(_text(value)))
            # Unknown or unreadable values are kept as text: a later release may print new fields.
            except (KeyError, ValueError):
                more[field_name(key)] = printable(value if isinstance(value, str) else dumps(value))
        texts = {key: value if isinstance(value, str) else None for key, value in said.items()}
        return cls(**fields, more=more, releases=told_by_node(texts))

    def as_dict(self) -> dict[str, Any]:
        """Return the node as plain dicts and lists, with ``xen_version``."""
        values = {key: _plain(value) for key, value in vars(self).items() if key != "releases"}
        return {**values, "xen_version": self.xen_version}


def _pairs(tree: list[Sxp]) -> Iterator[tuple[str, Sxp]]:
    """Yield the (key, value) children of a list. A value is a text, empty for ``(key )``; any other shape is a list."""
    for child in tree[1:]:
        if isinstance(child, list) and child and isinstance(child[0], str):
            values = child[1:] or [""]
            yield child[0], values[0] if len(values) == 1 else values


def _text(value: Sxp) -> str:
    """Return a text. Raises ValueError for a list."""
    if not isinstance(value, str):
        raise ValueError("not a text")  # noqa: TRY004 - the answer is wrong, not the code
    return value


def _number(text: str) -> int:
    """Return a number of plain digits; int() would accept more forms. Raises ValueError."""
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ValueError("not a number")
    return int(text)


def _words(text: str) -> tuple[str, ...]:
    """Return the words of a text."""
    return tuple(text.split())


def _cpus_of_nodes(text: str) -> tuple[tuple[int, ...], ...]:
    """Read lines like ``node0:0-3``, one for each NUMA node. Raises ValueError."""
    nodes: list[tuple[int, ...]] = []
    room = _MOST_CPUS
    for line in filter(None, map(str.strip, text.split("\n"))):
        name, _colon, ranges = line.partition(":")
        if name != f"node{len(nodes)}":
            raise ValueError("not the next node")
        nodes.append(_cpus(ranges, room))
        # The limit is for all nodes together, so each node reduces it.
        room -= len(nodes[-1])
    return tuple(nodes)


def _cpus(ranges: str, most: int) -> tuple[int, ...]:
    """Read ``0-3,8``. Raises ValueError, also for more than *most* cpus, because a short range could fill the memory."""
    cpus: list[int] = []
    for part in ranges.replace(",", " ").split():
        first, _to, last = part.partition("-")
        start, end = _number(first), _number(last or first)
        if not 0 <= start <= end or len(cpus) + end - start >= most:
            raise ValueError("not a range of cpus")
        cpus += range(start, end + 1)
    return tuple(cpus)


_COLUMNS = ["cpu", "core", "socket", "node"]


def _topology(text: str) -> tuple[dict[str, int], ...]:
    """Read a table: a header line ``cpu: core socket node``, and a line of four numbers for each cpu. Raises ValueError."""
    heading, *rows = [line.replace(":", " ").split() for line in text.strip().split("\n")]
    if heading != _COLUMNS or any(len(row) != len(_COLUMNS) for row in rows):
        raise ValueError("not the table of 4.1")
    return tuple(dict(zip(_COLUMNS, map(_number, row))) for row in rows)


_READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("system", "host", "release", "version", "machine", "node_to_memory", "node_to_dma32_mem"), str),
    **dict.fromkeys(("numa_info", "xen_extra", "xen_scheduler", "platform_params", "xen_changeset"), str),
    **dict.fromkeys(("xen_commandline", "cc_compiler", "cc_compile_by", "cc_compile_domain", "cc_compile_date"), str),
    **dict.fromkeys(("nr_cpus", "nr_nodes", "sockets_per_node", "cores_per_socket", "threads_per_core"), _number),
    **dict.fromkeys(("cpu_mhz", "total_memory", "free_memory", "free_cpus", "max_node_id"), _number),
    **dict.fromkeys(("xen_major", "xen_minor", "xen_pagesize", "xend_config_format"), _number),
    **dict.fromkeys(("virt_caps", "xen_caps"), _words),
    "hw_caps": lambda text: _words(text.replace(":", " ")),
    "node_to_cpu": _cpus_of_nodes,
    "cpu_topology": _topology,
}


def _plain(value: Any) -> Any:
    """Return a copy of a value, with lists instead of tuples."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return dict(value) if isinstance(value, dict) else value
