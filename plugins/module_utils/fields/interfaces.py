# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""vifs: the network interfaces of a domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.fields.boot import EMULATED
from ansible_collections.dom0.xend.plugins.module_utils.fields.devices import Match, given, purge, settle
from ansible_collections.dom0.xend.plugins.module_utils.fields.field import Field, Pair
from ansible_collections.dom0.xend.plugins.module_utils.fields.simple import TEXT
from ansible_collections.dom0.xend.plugins.module_utils.model.devices import Vif, vif_as_dict
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.operations.devices import Detach
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import Release, within
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp

_COMPARED = {
    "bridge": "",
    "ip": "",
    "script": "",
    "type": "3.0.2 to 4.4",
    "model": "3.1 to 4.4",
    "rate": "3.1 to 3.3",
    "vifname": "3.0.2 to 4.4",
}
"""The fields that are compared, and the releases that show each as given (cl-viff-get). Empty means all releases."""


def vif_tree(vif: Mapping[str, Any]) -> Sxp:
    """Return an interface as xend takes it."""
    addresses: list[Sxp] = [["ip", address] for address in vif.get("ip") or ()]
    keys = ("mac", "bridge", "script", "backend", "type", "model", "rate", "vifname")
    return ["vif", *given(vif, keys), *addresses]


def _write(options: Mapping[str, Any], release: Optional[Release]) -> list[Sxp]:
    """Write the interfaces. An hvm guest of 3.0.3 and earlier gets a network card only with the type ioemu."""
    # Unknown releases get the type, too: a guest without a network card cannot be reached.
    emulated = (options.get("image") or {}).get("type") in EMULATED
    told = {"type": "ioemu"} if emulated and (release is None or release.needs_emulated_vifs) else {}
    return [
        ["device", vif_tree({**told, **{key: value for key, value in vif.items() if value is not None}})]
        for vif in options["vifs"]
    ]


def _read(domain: Domain) -> Optional[list[dict[str, Any]]]:
    """Return the interfaces in the form of the option."""
    return None if domain.vifs is None else [vif_as_dict(vif) for vif in domain.vifs]


def check_addresses(declared: Domain, release: Optional[Release]) -> None:
    """Raise InvalidRequest for several addresses of a vif if xend keeps only the last: the task would never be idempotent."""
    if any(len(vif.ip or ()) > 1 for vif in declared.vifs or ()) and not (release and release.keeps_all_ips):
        raise InvalidRequest("A vif with several IP addresses is refused: this xend would keep only the last one")


def _compare(pair: Pair) -> None:
    """Compare the interfaces by mac. Those declared without a mac are compared by position among the remaining ones."""
    check_addresses(pair.declared, pair.release)
    # First those with a mac, so that a declared vif without one takes only what is left.
    rest = list(pair.found.vifs or ())
    by_mac = {vif.mac: vif for vif in rest if vif.mac}
    for vif in pair.declared.vifs or ():
        if vif.mac in by_mac:
            rest.remove(by_mac[vif.mac])
    for position, vif in enumerate(pair.declared.vifs or ()):
        option = f"vifs[{vif.mac or position}]"
        other = by_mac.get(vif.mac) if vif.mac else (rest.pop(0) if rest else None)
        if other is None and vif.type == "ioemu" and pair.hides_emulated:
            pair.result.not_compared.append(option)
            continue
        settle(pair, _match(pair, option, vif, other), allowed=True)
    for vif in rest if pair.desired.purge_vifs else ():
        purge(pair, f"vifs[{vif.mac}]", Detach(pair.found.name, "vif", vif.mac or ""))


def _match(pair: Pair, option: str, declared: Vif, found: Optional[Vif]) -> Match:
    """Return a declared interface and the existing one. The new one takes every field that is not declared from the old one."""
    said = {key: value for key, value in vif_as_dict(declared).items() if value is not None}
    resent: list[str] = []
    detach = None
    if found is not None:
        was = vif_as_dict(found)
        sure = set(within(pair.release.span)) if pair.release else set()
        # Most releases show a rate in another unit than it was given (WIRE.md (d)), so it is sent again as shown.
        if found.rate and "rate" not in said and not sure <= set(within(_COMPARED["rate"])):
            resent.append("rate")
        said = {**was, **said}
        detach = Detach(pair.found.name, "vif", found.mac or "", vif_tree(was))
    return Match(option, declared, found, vif_tree(said), detach, _COMPARED, resent)


_SPEC = {
    "mac": TEXT,
    "bridge": TEXT,
    "ip": {"type": "list", "elements": "str"},
    "script": TEXT,
    "backend": TEXT,
    "type": TEXT,
    "model": TEXT,
    "rate": TEXT,
    "vifname": TEXT,
}
VIFS = Field("vifs", {"type": "list", "elements": "dict", "options": _SPEC}, _write, _read, _compare)
