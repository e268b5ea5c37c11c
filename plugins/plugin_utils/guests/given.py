# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guests of a list: each merged with the defaults, and read as xen_domain reads its options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Optional

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.dom0.xend.plugins.module_utils.desired.checks import check
from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import UP, Desired, parse_config
from ansible_collections.dom0.xend.plugins.module_utils.fields.table import NAMES
from ansible_collections.dom0.xend.plugins.module_utils.module import connection_spec
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.modules import xen_domain

_FIELDS = [field for field in Desired.__dataclass_fields__ if field not in ("options", "config")]
_SPEC = {
    **{key: spec for key, spec in xen_domain.argument_spec().items() if key not in connection_spec()},
    "wait_for": {
        "type": "dict",
        "options": {"host": {"type": "str"}, "port": {"type": "int"}, "timeout": {"type": "int"}},
    },
}


@dataclass(frozen=True)
class Guest:
    """A guest of the list. ``options`` are those of xen_domain, and ``wait_for``, as they were given; none is null."""

    options: dict[str, Any]
    after: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the name by which the list calls the guest."""
        return str(self.options["name"])

    @property
    def state(self) -> str:
        """Return the state that the guest is to have."""
        return str(self.options["state"])

    @property
    def final_name(self) -> str:
        """Return the name that the guest is to have in the end."""
        return str(self.options.get("new_name", self.name))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names under which the guest is looked for, the final one first, each once."""
        return tuple(dict.fromkeys((self.final_name, self.name)))

    @cached_property
    def values(self) -> dict[str, Any]:
        """Return the options in the types of their spec, defaults included. Raises InvalidRequest."""
        pairs = [("config", key) for key in NAMES]
        read = ArgumentSpecValidator(_SPEC, mutually_exclusive=pairs).validate(self.options)
        if read.error_messages:
            raise InvalidRequest("; ".join(read.error_messages))
        return dict(read.validated_parameters)

    @cached_property
    def desired(self) -> Desired:
        """Return what xen_domain makes of the options. Raises InvalidRequest where it would refuse them."""
        values = self.values
        config = values["config"]
        desired = Desired(
            options={key: values[key] for key in NAMES if values[key] is not None},
            config=None if config is None else parse_config(config, self.name),
            **{field: values[field] for field in _FIELDS},
        )
        check(desired)
        return desired

    @property
    def service(self) -> Optional[dict[str, Any]]:
        """Return host, port and timeout of the service to wait for, None if none is. The host may be empty."""
        if self.state != "running" or self.values["wait_for"] is None:
            return None
        said = {key: value for key, value in self.values["wait_for"].items() if value is not None}
        return {"host": self._address(), "port": 22, "timeout": 300, **said}

    def _address(self) -> str:
        """Return the first address of the first network interface, without its mask; empty if there is none."""
        vifs: list[dict[str, Any]] = self.values["vifs"] or [{}]
        addresses: list[str] = vifs[0].get("ip") or [""]
        return addresses[0].split("/")[0]


def guest_of(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Guest:
    """Return the guest that an entry of the list declares, with the defaults.

    A guest with a ``config`` takes none of the defaults that a config stands for. For a guest that is to be up,
    ``save_file`` says where it is parked, so that is what it is restored from when it is missing.
    """
    unfit = NAMES if given.get("config") is not None else ()
    options = merged({key: value for key, value in defaults.items() if key not in unfit}, given)
    options = {"state": "running", **{key: value for key, value in options.items() if value is not None}}
    if options["state"] in UP and "save_file" in options and "restore_file" not in options:
        options["restore_file"] = options.pop("save_file")
    return Guest(options, tuple(names_in(options.pop("after", None))))


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
