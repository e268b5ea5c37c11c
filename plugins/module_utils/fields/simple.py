# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fields with one value each, ``(key value)``, that no operation changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.fields.field import EVER, Field, Pair, as_text
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.reading import number_of, pairs, text_of
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import Release
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp

_ENDS = ["destroy", "restart", "preserve", "rename-restart"]
TEXT: Mapping[str, Any] = {"type": "str"}


def value_in(domain: Domain, key: str) -> Optional[Sxp]:
    """Return the first value of a key at the top level of a domain."""
    return next((value for name, value in pairs(domain.tree) if name == key), None)


def simple(
    name: str,
    spec: Optional[Mapping[str, Any]] = None,
    *,
    read: Optional[Callable[[Domain], Any]] = None,
    compare: Optional[Callable[[Pair], None]] = None,
    known_to: str = EVER,
) -> Field:
    """Return the field that is written as ``(name value)``; a string, unless a *spec* says otherwise."""

    def write(options: Mapping[str, Any], release: Optional[Release]) -> list[Sxp]:
        del release
        return [[name, as_text(options[name])]]

    return Field(name, spec or TEXT, write, read or (lambda domain: getattr(domain, name)), compare, known_to)


def fixed(name: str) -> Callable[[Pair], None]:
    """Return the comparison of a value that a domain shows as given and never changes."""

    def compare(pair: Pair) -> None:
        pair.note(name, getattr(pair.declared, name), getattr(pair.found, name))

    return compare


def _texts(name: str, span: str) -> Callable[[Pair], None]:
    """Return the comparison of a text at the top level, which the releases of *span* show as given."""

    def compare(pair: Pair) -> None:
        declared, found = (text_of(value_in(domain, name)) for domain in (pair.declared, pair.found))
        pair.note_shown(name, declared, found, span)

    return compare


def _scheduled(name: str) -> Callable[[Pair], None]:
    """Return the comparison of a weight or cap. xen_credit sets it for living domains, so only a definition is compared.

    3.0.4 always shows the default, 3.2 to 3.4 nothing.
    """

    def compare(pair: Pair) -> None:
        declared, found = (_number(domain, name) for domain in (pair.declared, pair.found))
        pair.note_shown(name, declared, found, "3.1, 4.0 to 4.4" if pair.halted else "")

    return compare


def _never(name: str) -> Callable[[Pair], None]:
    """Return the comparison of a value that no release shows as given: it is always noted as not compared."""

    def compare(pair: Pair) -> None:
        if name in pair.desired.options or value_in(pair.declared, name) is not None:
            pair.result.not_compared.append(name)

    return compare


def _number(domain: Domain, key: str) -> Optional[int]:
    """Return a number at the top; 3.0.3 and earlier show a weight as ``512.0``."""
    number = number_of(float, value_in(domain, key))
    return None if number is None else int(number)


def _localtime(domain: Domain) -> Optional[bool]:
    """Return whether the clock of a guest is local: at the top in 3.0.4, in the image in 3.1 and later."""
    image = next((value for name, value in pairs(domain.tree) if name == "image"), "")
    value = next((value for name, value in pairs(image) if name == "localtime"), value_in(domain, "localtime"))
    return {"0": False, "1": True}.get(value) if isinstance(value, str) else None


def _write_localtime(options: Mapping[str, Any], release: Optional[Release]) -> list[Sxp]:
    """Write it at the top level, where every release reads it, whatever place it shows it in."""
    del release
    return [["localtime", as_text(options["localtime"])]]


UUID = simple("uuid", compare=fixed("uuid"))
ON_POWEROFF = simple("on_poweroff", {"type": "str", "choices": _ENDS}, compare=fixed("on_poweroff"))
ON_REBOOT = simple("on_reboot", {"type": "str", "choices": _ENDS}, compare=fixed("on_reboot"))
ON_CRASH = simple(
    "on_crash", {"type": "str", "choices": [*_ENDS, "coredump-destroy", "coredump-restart"]}, compare=fixed("on_crash")
)
ON_XEND_START = simple(
    "on_xend_start",
    {"type": "str", "choices": ["ignore", "start"]},
    read=lambda domain: text_of(value_in(domain, "on_xend_start")),
    compare=_texts("on_xend_start", "3.0.4 to 4.4"),
    known_to="3.0.4 to 4.4",
)
ON_XEND_STOP = simple(
    "on_xend_stop",
    {"type": "str", "choices": ["ignore", "shutdown", "suspend"]},
    read=lambda domain: text_of(value_in(domain, "on_xend_stop")),
    compare=_texts("on_xend_stop", "3.0.4 to 4.4"),
    known_to="3.0.4 to 4.4",
)
CPU_WEIGHT = simple(
    "cpu_weight",
    {"type": "int"},
    read=lambda domain: _number(domain, "cpu_weight"),
    compare=_scheduled("cpu_weight"),
)
CPU_CAP = simple(
    "cpu_cap",
    {"type": "int"},
    read=lambda domain: _number(domain, "cpu_cap"),
    compare=_scheduled("cpu_cap"),
    known_to="3.0.4 to 4.4",
)
SHADOW_MEMORY = simple(
    "shadow_memory",
    {"type": "int"},
    read=lambda domain: _number(domain, "shadow_memory"),
    compare=_never("shadow_memory"),
    known_to="3.0.3 to 4.4",
)
FEATURES = simple(
    "features",
    read=lambda domain: text_of(value_in(domain, "features")),
    compare=_texts("features", "3.0.3, 3.1 to 4.4"),
    known_to="3.0.3 to 4.4",
)
LOCALTIME = Field(
    "localtime", {"type": "bool"}, _write_localtime, _localtime, _never("localtime"), known_to="3.0.3 to 4.4"
)
