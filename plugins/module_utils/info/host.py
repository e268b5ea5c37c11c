# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of xen_node_info, without Ansible: describe a host, and what its xend can do.

The node's own answer takes one request and holds nearly everything. More is read only on request, and only if the answers
so far leave it open. The result claims nothing that the answers do not prove.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.info.log import last_lines
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import DOMAIN_0
from ansible_collections.dom0.xend.plugins.module_utils.model.node import Node
from ansible_collections.dom0.xend.plugins.module_utils.result import TaskResult
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest, XendRefused
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import RELEASES, span_of, within

GATHER = ("release", "scheduler")
"""The choices of ``gather``, besides the node's own answer."""

_ALL = "3.0.0 to 4.4"
_OPERATIONS = (
    # name, releases on which it works, scheduler that it needs (WIRE.md (c))
    ("clear", _ALL, None),  # of the hypervisor's messages
    ("cpu_sedf_get", _ALL, "sedf"),
    ("cpu_sedf_set", _ALL, "sedf"),
    ("create", _ALL, None),
    ("delete", "3.0.4 to 4.4", None),
    ("destroy", _ALL, None),
    ("device_configure", "3.1 to 3.4", None),
    ("device_create", _ALL, None),
    ("device_destroy", _ALL, None),
    ("devices", _ALL, None),
    ("domain_sched_credit2_get", "4.1 to 4.4", "credit2"),
    ("domain_sched_credit2_set", "4.1 to 4.4", "credit2"),
    ("domain_sched_credit_get", "3.0.3 to 4.4", "credit"),
    ("domain_sched_credit_set", "3.0.3 to 4.4", "credit"),
    ("dump", "3.0.4 to 4.4", None),
    ("list", _ALL, None),
    ("maxmem_set", _ALL, None),
    ("mem_target_set", _ALL, None),
    ("migrate", _ALL, None),
    ("new", "3.0.4 to 4.4", None),
    ("pause", _ALL, None),
    ("pincpu", "3.0.0, 3.4 to 4.4", None),  # trap 21: 3.0.2 to 3.3 unpin instead
    ("rename", _ALL, None),
    ("reset", "3.3 to 4.4", None),
    ("restore", _ALL, None),
    ("save", _ALL, None),
    ("set_vcpus", _ALL, None),
    ("shutdown", _ALL, None),
    ("start", "3.0.4 to 4.4", None),
    ("sysrq", _ALL, None),
    ("unpause", _ALL, None),
    ("vcpuinfo", _ALL, None),
    ("wait_for_devices", _ALL, None),
)
_BEHAVIOUR = (
    "manages",
    "lists_hide_stopped",
    "shutdown_ends_after",
    "reboot_settles_after",
    "pins",
    "changes_media",
    "shows_maxmem",
    "keeps_all_ips",
    "deletes_boot_files",
)
"""The fields of Release that the result shows. Not recorded: that 3.0.0 stalls for memory, which is only assumed."""


def run(options: Mapping[str, Any], client: XendClient) -> TaskResult:
    """Do the work of xen_node_info. Raises XendError."""
    wanted = {key: options[key] for key in ("gather", "log_lines", "dmesg_lines")}
    return TaskResult({"changed": False, **describe(client, **wanted)})


def describe(
    client: XendClient, *, gather: Collection[str] = (), log_lines: int = 0, dmesg_lines: int = 0
) -> dict[str, Any]:
    """Return node, xend and scheduler, and the last lines of the logs if requested. Raises XendError."""
    for option, lines in (("log_lines", log_lines), ("dmesg_lines", dmesg_lines)):
        if lines < 0:
            raise InvalidRequest(f"{option} must be 0 or more, not {lines}")
    node = client.node()
    releases = _sharpened(client, node.releases) if "release" in gather else node.releases
    scheduler = node.xen_scheduler or None
    if scheduler is None and "scheduler" in gather:
        scheduler = _scheduler(client, releases)
    result: dict[str, Any] = {
        "msg": _line(node, releases),
        "node": node.as_dict(),
        "xend": xend(releases, scheduler),
        "scheduler": scheduler,
    }
    if log_lines:
        result["log"] = last_lines(client.log(), log_lines)
    if dmesg_lines:
        result["dmesg"] = last_lines(client.dmesg(), dmesg_lines)
    return result


def _line(node: Node, releases: Sequence[str]) -> str:
    """Return a summary in one line: ``d0: xend 3.0.0 to 3.0.2, 4 cpus, 13824 of 16384 MiB free``, without unknown values."""
    parts = [f"xend {span_of(releases)}" if releases else "xend"]
    parts += [f"{node.nr_cpus} cpus"] if node.nr_cpus is not None else []
    parts += (
        [f"{node.free_memory} of {node.total_memory} MiB free"]
        if None not in (node.free_memory, node.total_memory)
        else []
    )
    return f"{node.host + ': ' if node.host else ''}{', '.join(parts)}"


def xend(releases: Sequence[str], scheduler: Optional[str]) -> dict[str, Any]:
    """Return what a xend can do that is one of *releases*; without any, it may be every release."""
    possible = releases or tuple(RELEASES)
    return {
        "releases": list(releases),
        "span": span_of(releases),
        "operations": [name for name, spans, needs in _OPERATIONS if _works(possible, spans, needs, scheduler)],
        "behaviour": {key: _common(possible, key) for key in _BEHAVIOUR},
    }


def _works(possible: Sequence[str], spans: str, needs: Optional[str], scheduler: Optional[str]) -> bool:
    """Return whether an operation works on all these releases, with that scheduler. None means unknown."""
    return needs in (None, scheduler) and set(possible) <= set(within(spans))


def _common(possible: Sequence[str], key: str) -> Any:
    """Return the value that all these releases have, None if they differ. A time that none of them has is 0."""
    values = {getattr(RELEASES[name], key) for name in possible}
    if len(values) > 1:
        return None
    value = values.pop()
    return 0 if value is None else value


def _sharpened(client: XendClient, releases: Sequence[str]) -> tuple[str, ...]:
    """Return those of *releases* that show the control domain as this xend does. Nothing is read if all show it alike."""
    if len({RELEASES[name].span for name in releases}) < 2:
        return tuple(releases)
    client.domain(DOMAIN_0)  # Domain-0 may have another name; the answer for a missing domain shows the release, too.
    told = within(client.release.span) if client.release else tuple(RELEASES)
    return tuple(name for name in releases if name in told)


def _scheduler(client: XendClient, releases: Sequence[str]) -> Optional[str]:
    """Return the scheduler whose parameters the control domain has, None if it has neither credit nor sedf parameters.

    credit came with 3.0.3 and became the default there, so earlier releases are not probed for it.
    """
    asks = {"credit": client.credit, "sedf": client.sedf}
    if releases and set(releases) <= set(within("3.0.0 to 3.0.2")):
        del asks["credit"]
    for scheduler, ask in asks.items():
        try:
            ask(DOMAIN_0)
        except XendRefused:
            continue
        return scheduler
    return None
