# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a check run of xen_domain can know beforehand, and what the domain is like afterwards."""

from __future__ import annotations

from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.plan.planning import view
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import loads
from tests.simulator import Simulator
from tests.support.running import run

VOLATILE = ("domid", "uuid", "state_flags", "cpu_time", "start_time", "shutdown_reason", "online_vcpus")
"""What nobody can foresee, or what changes while one looks."""


def foreseeable(domain: Optional[dict[str, Any]]) -> Optional[dict[str, Any]]:
    """Return a domain, or a diff's view of one, without what cannot be foreseen: xend's own choices included."""
    if domain is None:
        return None
    vifs = [{**vif, "mac": "?" if vif.get("bridge") == "xenbr1" else vif["mac"]} for vif in domain.get("vifs", ())]
    for vif in vifs:
        vif.pop("script", None)  # xend's configuration names the default
        if vif.get("type") == "netfront":  # which 3.1 shows of one that was given none
            del vif["type"]
    return {
        **{key: value for key, value in domain.items() if key not in VOLATILE},
        "vifs": [_given(vif) for vif in vifs],
    }


def _given(vif: dict[str, Any]) -> dict[str, Any]:
    """Return what an interface says, and not what it leaves open."""
    return {key: value for key, value in vif.items() if value is not None}


def view_of(sim: Simulator, name: str) -> Optional[dict[str, Any]]:
    """Return what a diff shows of a domain as xen_domain_info reads it anew, None if there is none."""
    found = run("xen_domain_info", xend_url=sim.unix_url, name=[name], sxp=True)["domains"]
    return view(Domain.from_sxp(loads(found[0]["sxp"]))) if found else None
