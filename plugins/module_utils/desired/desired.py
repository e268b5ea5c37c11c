# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task declares, as the config that xend takes (WIRE.md (e)).

The options of xen_domain and a ``config`` both become one s-expression, which is read back with the reader for domains.
So both are compared with an existing domain in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.fields.cpus import VCPUS
from ansible_collections.dom0.xend.plugins.module_utils.fields.others import told
from ansible_collections.dom0.xend.plugins.module_utils.fields.table import FIELDS, NAMES
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import Release
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, SxpError, dumps, loads

UP = ("running", "paused", "restarted")
"""The states in which a domain lives."""


@dataclass(frozen=True)
class Desired:
    """What a task declares. ``options`` holds those of the table of fields that were given, ``config`` a whole config."""

    name: str
    state: str = "running"
    options: dict[str, Any] = field(default_factory=dict)
    config: Optional[list[Sxp]] = None
    force: bool = False
    shutdown_timeout: float = 300
    on_shutdown_timeout: str = "fail"
    on_device_failure: str = "destroy"
    change_vbds: bool = False
    purge_vbds: bool = False
    purge_vifs: bool = False
    recreate: str = "never"
    new_name: Optional[str] = None
    save_file: Optional[str] = None
    overwrite_save_file: bool = False
    restore_file: Optional[str] = None

    @property
    def describes_a_domain(self) -> bool:
        """Return whether the task declares enough to create a domain."""
        kernel = (self.options.get("image") or {}).get("kernel")
        boots = bool(kernel or self.options.get("bootloader"))
        return self.config is not None or ("memory" in self.options and boots)

    def tree(self, release: Optional[Release] = None) -> Sxp:
        """Return the config to send, in the form that the release reads."""
        if self.config is not None:
            return self.config
        tree: list[Sxp] = ["vm", ["name", self.name]]
        for entry in FIELDS:
            if entry.name in self.options or entry is VCPUS:
                tree += entry.write(self.options, release)
        return tree

    def declared(self, release: Optional[Release] = None) -> Domain:
        """Return the declaration as a domain: a field that is not declared is None, a list without devices is empty."""
        return Domain.from_sxp(self.tree(release))


def desired_of(options: Mapping[str, Any]) -> Desired:
    """Return what a task declares. Raises InvalidRequest."""
    config = None if options["config"] is None else parse_config(options["config"], options["name"])
    return Desired(
        options={key: options[key] for key in NAMES if options[key] is not None},
        config=config,
        **{key: options[key] for key in Desired.__dataclass_fields__ if key not in ("options", "config")},
    )


def parse_config(text: str, name: str) -> list[Sxp]:
    """Return the config in *text*, with its name. Raises InvalidRequest if xend would misread it."""
    try:
        tree = loads(text, alone=True)
    except SxpError as error:
        raise InvalidRequest(f"config is not an s-expression that xend can read: {told(error, text)}") from None
    if not isinstance(tree, list) or not tree or not isinstance(tree[0], str):
        raise InvalidRequest(
            "config must be one list that begins with a word, such as (vm (name web1) (memory 64) ...)"
        )
    names = [item[1:] for item in tree if isinstance(item, list) and item[:1] == ["name"]]
    if not names:
        return [tree[0], ["name", name], *tree[1:]]
    if names[0] != [name]:
        raise InvalidRequest(
            f"config says {dumps(['name', *names[0]])}, the task says name: {name}. They must be the same."
        )
    return tree
