# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare the guests that a list declares with the existing domains, as the role guests does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.desired.compare import compare
from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import UP
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import options_without_secrets
from ansible_collections.dom0.xend.plugins.module_utils.operations.base import Operation
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import XendError
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import SEXPDATA_IMPORT_ERROR, SxpError, loads
from ansible_collections.dom0.xend.plugins.plugin_utils.guests.checks import contradictions, misnamed, misshapen
from ansible_collections.dom0.xend.plugins.plugin_utils.guests.given import Guest, guest_of
from ansible_collections.dom0.xend.plugins.plugin_utils.report.model import clean

_EXPECTED = {
    "running": ("running",),
    "restarted": ("running",),
    "paused": ("paused",),
    "stopped": ("halted",),
    "saved": ("halted",),
    "defined": ("halted", "running", "paused"),
    "absent": (),
}
"""The states that an existing guest may have, by the declared state."""

_SETTINGS = {
    "mem_target_set": ("memory", "target"),
    "maxmem_set": ("maxmem", "memory"),
    "set_vcpus": ("vcpus", "vcpus"),
}
"""The option that an operation changes, and the key of its value."""

_OPERATIONS = {
    "device_create": "a device to attach:",
    "device_destroy": "a device to detach:",
    "device_configure": "a medium to change:",
}

_LONGEST_VALUE = 60


@dataclass(frozen=True)
class Declared:
    """The declaration of a host. ``guests`` is None if there is none, and empty if the host should have no guests."""

    guests: Optional[list[Guest]] = None
    names: frozenset[str] = frozenset()
    """All names in the list, also if the list has other errors."""
    faults: list[str] = field(default_factory=list)


def read_declared(given: object, defaults: object) -> Declared:
    """Return the declaration of a list of guests, or its errors."""
    if given is None:
        return Declared()
    common = {} if defaults is None else defaults
    faults = misshapen(given, common)
    if faults or not isinstance(given, list) or not isinstance(common, Mapping):
        return Declared([], faults=faults)
    # The names stay known even if the rest is wrong, so that these guests are not called undeclared.
    named = frozenset(str(each[key]) for each in given for key in ("name", "new_name") if each.get(key))
    faults = misnamed(given)
    if faults:
        return Declared([], named, faults)
    guests = [guest_of(each, common) for each in given]
    faults = contradictions(guests)
    return Declared([] if faults else guests, named, faults)


def is_missing(guest: Guest) -> bool:
    """Return whether a guest should exist."""
    return guest.state in (*UP, "defined")


def differences(guest: Guest, domain: Mapping[str, Any]) -> Iterator[str]:
    """Yield the differences between a domain and its declaration, in a few words each. The state comes first."""
    state = str(domain.get("state"))
    expected = _EXPECTED.get(guest.state, (state,))
    if state not in expected:
        yield f"state: declared {guest.state}, found {clean(state)}"
    # A guest that should be down need not match its declaration.
    if guest.state not in (*UP, "defined"):
        return
    try:
        found = _found(domain)
        yield from _compared(guest, found) if found else ()
    except XendError as error:
        yield f"it cannot be compared: {clean(error)}"


def _found(domain: Mapping[str, Any]) -> Optional[Domain]:
    """Return a domain for the comparison, None if its data lacks the s-expression."""
    # Without sexpdata the report has no comparison, but everything else.
    if SEXPDATA_IMPORT_ERROR or not domain.get("sxp"):
        return None
    try:
        return Domain.from_sxp(loads(str(domain["sxp"]), alone=False))
    except (SxpError, ValueError):
        return None


def _compared(guest: Guest, found: Domain) -> Iterator[str]:
    """Yield the differences. Raises XendError."""
    desired = guest.desired
    result = compare(found, replace(desired, name=found.name) if desired.config is None else desired)
    yield from (_live(operation, found) for operation in result.operations)
    for each in result.drift:
        yield f"{each['option']}: declared {_value(each['declared'])}, found {_value(each['found'])}"


def _live(operation: Operation, found: Domain) -> str:
    """Return the change of an operation, such as ``memory: declared 512, found 256``."""
    details = {key: value for key, value in operation.as_dict().items() if key not in ("op", "domain")}
    if operation.op in _SETTINGS:
        option, key = _SETTINGS[operation.op]
        there = found.usable_vcpus if option == "vcpus" else getattr(found, option)
        return f"{option}: declared {_value(details[key])}, found {_value(there)}"
    return f"{_OPERATIONS.get(operation.op, operation.op)} {_value(list(details.values()))}"


def _value(value: object) -> str:
    """Return a value to quote in a finding, without secrets and shortened."""
    words = clean(_plain(options_without_secrets(value)))
    return words if len(words) <= _LONGEST_VALUE else f"{words[:_LONGEST_VALUE]}..."


def _plain(value: object) -> str:
    """Return a value as text, without the items that are not set."""
    if isinstance(value, Mapping):
        return " ".join(f"{key}={_plain(each)}" for key, each in value.items() if each is not None)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_plain, value)) or "none"
    return "nothing" if value is None or value == "" else str(value)
