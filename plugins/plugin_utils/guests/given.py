# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guests of a list: each is merged with the defaults, and read as xen_domain reads its options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Optional

from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import UP
from ansible_collections.dom0.xend.plugins.module_utils.desired.entries import Entry, combined, names_in
from ansible_collections.dom0.xend.plugins.module_utils.desired.spec import domain_spec


@dataclass(frozen=True)
class Guest(Entry):
    """A guest of the list. ``options`` are those of xen_domain, and ``wait_for``, as given; none is null."""

    spec: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        **domain_spec(),
        "wait_for": {
            "type": "dict",
            "options": {"host": {"type": "str"}, "port": {"type": "int"}, "timeout": {"type": "int"}},
        },
    }

    @property
    def service(self) -> Optional[dict[str, Any]]:
        """Return host, port and timeout of the service to wait for, None if there is none. The host may be empty."""
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
    """Return the guest of an entry of the list, with the defaults.

    If a guest should be up, ``save_file`` names the file of its memory, so a missing guest is restored from it.
    """
    options = combined(given, defaults)
    if options["state"] in UP and "save_file" in options and "restore_file" not in options:
        options["restore_file"] = options.pop("save_file")
    return Guest(options, tuple(names_in(options.pop("after", None))))
