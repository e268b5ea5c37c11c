# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entries of a list of domains: each is merged with the common options and read as xen_domain reads its options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.dom0.xend.plugins.module_utils.desired.checks import check
from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import Desired, desired_of
from ansible_collections.dom0.xend.plugins.module_utils.desired.spec import CONFLICTS, domain_spec
from ansible_collections.dom0.xend.plugins.module_utils.fields.table import NAMES
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest

OWN = ("name", "new_name", "after", "uuid", "config", "save_file", "restore_file")
"""Options of a single domain, which cannot be defaults."""


@dataclass(frozen=True)
class Entry:
    """A domain of a list. ``options`` are those of xen_domain, as given; none is null."""

    options: dict[str, Any]
    after: tuple[str, ...]
    spec: ClassVar[Mapping[str, Mapping[str, Any]]] = domain_spec()

    @property
    def name(self) -> str:
        """Return the domain's name in the list."""
        return str(self.options["name"])

    @property
    def state(self) -> str:
        """Return the state that the domain is to have."""
        return str(self.options["state"])

    @property
    def final_name(self) -> str:
        """Return the name of the domain after the task: ``new_name``, if there is one."""
        return str(self.options.get("new_name", self.name))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names under which the domain is looked for, the final one first, each once."""
        return tuple(dict.fromkeys((self.final_name, self.name)))

    @cached_property
    def values(self) -> dict[str, Any]:
        """Return the options in the types of their spec, defaults included. Raises InvalidRequest."""
        read = ArgumentSpecValidator(self.spec, mutually_exclusive=CONFLICTS).validate(self.options)
        if read.error_messages:
            raise InvalidRequest("; ".join(read.error_messages))
        return dict(read.validated_parameters)

    @cached_property
    def desired(self) -> Desired:
        """Return the declaration that xen_domain reads from the options. Raises InvalidRequest if it would refuse them."""
        desired = desired_of(self.values)
        check(desired)
        return desired


def combined(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of an entry with the defaults, ``after`` among them; none is null.

    An entry with a ``config`` ignores the defaults that the config replaces.
    """
    unfit = NAMES if given.get("config") is not None else ()
    options = merged({key: value for key, value in defaults.items() if key not in unfit}, given)
    return {"state": "running", **{key: value for key, value in options.items() if value is not None}}


def merged(common: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return *common* with *given* over it: dicts key by key, everything else as a whole."""
    result = {key: plain(value) for key, value in common.items()}
    for key, value in given.items():
        below = result.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            result[key] = merged(below, value)
        else:
            result[key] = plain(value)
    return result


def plain(value: Any) -> Any:
    """Return a value of variables with its templates resolved, as ordinary dicts and lists."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value


def names_in(after: object) -> Sequence[Any]:
    """Return the entries of an ``after``, which may also be text with commas, or null."""
    if isinstance(after, str):
        return [name.strip() for name in after.split(",")]
    return after if isinstance(after, list) else [] if after is None else [after]
