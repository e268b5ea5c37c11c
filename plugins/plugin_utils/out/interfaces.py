# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Network interfaces for an export: valid addresses, scripts other than the default, and rates in one form."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.plugin_utils.out.disks import backend_name
from ansible_collections.dom0.xend.plugins.plugin_utils.out.values import shown, text, texts

_MAC = re.compile(r"[0-9a-f][02468ace](?::[0-9a-f]{2}){5}")
"""The address of a card; with an odd first byte it would be a multicast address."""

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/-]*")
"""A value that a ``key=value`` list, a command line and libvirt's schema can hold."""
_MODEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_PATH = re.compile(r"[^,\s][^,\n]*")
_RATE = re.compile(r"([0-9]{1,12})([GMK]?)([Bb])/s(?:@([0-9]{1,9})(ms|us|s)?)?")
_RAW_RATE = re.compile(r"([0-9]{1,12}),([0-9]{1,12})")
_SCALE = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3}
_MICROSECONDS = {"us": 1, "ms": 1000, "s": 1000**2, None: 1}
_SCRIPTS = "/etc/xen/scripts/"
_MOST_CREDIT = 2**32 - 1
"""The most bytes that Xen lets an interface send in one interval."""


@dataclass(frozen=True)
class Rate:
    """The rate limit of an interface: bytes per interval, and the interval in microseconds."""

    credit: int
    interval: int

    @property
    def per_second(self) -> int:
        """Return the bytes per second."""
        return self.credit * 1000**2 // self.interval


@dataclass(frozen=True)
class Interface:
    """A network interface that both xl and libvirt can express."""

    mac: Optional[str] = None
    bridge: Optional[str] = None
    addresses: tuple[str, ...] = ()
    script: Optional[str] = None
    backend: Optional[str] = None
    emulated: Optional[bool] = None
    """Whether the guest sees an emulated card of the model, besides the paravirtualised interface. None if unknown."""
    model: Optional[str] = None
    vifname: Optional[str] = None
    rate: Optional[Rate] = None


def read_interfaces(vifs: Iterable[Mapping[str, Any]], notes: list[str]) -> tuple[Interface, ...]:
    """Return the interfaces; *notes* gets a sentence for each part that cannot be exported unchanged."""
    return tuple(_interface(f"The interface {place}", vif, notes) for place, vif in enumerate(vifs))


def _interface(what: str, vif: Mapping[str, Any], notes: list[str]) -> Interface:
    """Return an interface."""
    if not text(vif.get("mac")):
        notes.append(f"{what} has no mac in what was given, so that it gets another one than it had.")
    kind = (text(vif.get("type")) or "").lower()
    return Interface(
        mac=_fitting(what, vif, "mac", _MAC, notes),
        bridge=_fitting(what, vif, "bridge", _WORD, notes),
        addresses=_addresses(what, vif, notes),
        script=_script(what, vif, notes),
        backend=backend_name(what, vif, notes),
        emulated=True if kind == "ioemu" else False if kind in ("netfront", "vif", "paravirtualised") else None,
        model=_fitting(what, vif, "model", _MODEL, notes),
        vifname=_fitting(what, vif, "vifname", _WORD, notes),
        rate=_rate(what, text(vif.get("rate")), notes),
    )


def _fitting(what: str, vif: Mapping[str, Any], key: str, pattern: re.Pattern[str], notes: list[str]) -> Optional[str]:
    """Return a value if it has the required form, None with a note otherwise."""
    value = text(vif.get(key))
    value = value.lower() if value and key == "mac" else value
    if value is None or pattern.fullmatch(value):
        return value
    notes.append(f"{what} is without its {key} {shown(value)}, which nothing here would take.")
    return None


def _addresses(what: str, vif: Mapping[str, Any], notes: list[str]) -> tuple[str, ...]:
    """Return the addresses of the guest."""
    given = [address for item in texts(vif.get("ip")) for address in re.split(r"[\s,]+", item) if address]
    refused = [address for address in given if not _is_address(address)]
    notes.extend(f"{what} is without its ip {shown(address)}, which is no address." for address in refused)
    return tuple(address for address in given if address not in refused)


def _is_address(address: str) -> bool:
    """Return whether this is an IP address, perhaps with a prefix length."""
    try:
        ipaddress.ip_interface(address)
    except ValueError:
        return False
    return "%" not in address and re.fullmatch(r"[^/]*(?:/[0-9]{1,3})?", address) is not None


def _script(what: str, vif: Mapping[str, Any], notes: list[str]) -> Optional[str]:
    """Return the path of the script that connects an interface, None for the default one."""
    script = _fitting(what, vif, "script", _PATH, notes)
    if script in (None, "vif-bridge", f"{_SCRIPTS}vif-bridge"):
        return None
    notes.append(f"{what} is connected by the script {shown(script)}, which the new host must have, too.")
    return script if script.startswith("/") else _SCRIPTS + script


def _rate(what: str, given: Optional[str], notes: list[str]) -> Optional[Rate]:
    """Return a rate from a text such as 10Mb/s@50ms, or from bytes and microseconds; None with a note for other values."""
    if given is None:
        return None
    rate = _parsed_rate(given)
    if rate is None or not 0 < rate.credit <= _MOST_CREDIT:
        notes.append(f"{what} is without its rate {shown(given)}, which nothing here would take.")
        return None
    if _RAW_RATE.fullmatch(given):
        notes.append(f"{what} has the rate {given}, bytes and microseconds, which is written as bytes per second here.")
    return rate


def _parsed_rate(given: str) -> Optional[Rate]:
    """Return a rate, None for any other text."""
    raw, word = _RAW_RATE.fullmatch(given), _RATE.fullmatch(given)
    if raw and int(raw[2]):
        return Rate(int(raw[1]), int(raw[2]))
    if word and word[4] != "0":
        interval = int(word[4]) * _MICROSECONDS[word[5]] if word[4] else 50000
        per_second = int(word[1]) * _SCALE[word[2]] // (1 if word[3] == "B" else 8)
        return Rate(per_second * interval // 1000**2, interval) if interval else None
    return None
