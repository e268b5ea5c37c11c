# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts as the modules describe them, as many as a test wants: those of two simulated xends, under other names."""

from __future__ import annotations

from typing import Any

from tests.simulator import ManualClock, Simulator
from tests.support.running import run

WEB = """(vm (name web%d) (memory %d) (vcpus 2) (image (linux (kernel /boot/vmlinuz-2.6-xenU) (vcpus 2)))
    (device (vbd (uname phy:vg0/web%d-root) (dev sda1) (mode w))) (device (vbd (uname phy:vg0/web%d-swap) (dev sda2) (mode w)))
    (device (vif (mac 00:16:3e:00:00:%02x) (bridge xenbr0) (ip 10.0.0.%d))))"""


def web(number: int, memory: int = 128) -> str:
    """Return the config of a guest with two disks and an interface."""
    return WEB % (number, memory, number, number, number, number)


def seen(sim: Simulator, **more: Any) -> dict[str, Any]:
    """Return what the modules say of a simulated xend."""
    node = run("xen_node_info", xend_url=sim.unix_url, gather=["release"])
    domains = run("xen_domain_info", xend_url=sim.unix_url, sxp=True)
    return {"node": node["node"], "xend": node["xend"], "domains": domains["domains"], **more}


def estate(hosts: int, guests: int) -> dict[str, Any]:
    """Return that many hosts of that many guests each."""
    with Simulator("3.0.3", tcp=None, clock=ManualClock()) as sim:
        for number in range(1, guests + 1):
            sim.create(web(number, 32)).unpause()
        one = seen(sim)
    return {f"xen{number}": one for number in range(1, hosts + 1)}
