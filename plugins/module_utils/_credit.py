# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parameters of the credit scheduler for a domain (WIRE.md (g))."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.dom0.xend.plugins.module_utils._client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils._errors import UnknownOperation, XendRefused
from ansible_collections.dom0.xend.plugins.module_utils._scheduler import dictionary, why_none
from ansible_collections.dom0.xend.plugins.module_utils._sxp import Sxp
from ansible_collections.dom0.xend.plugins.module_utils._transport import unreadable


@dataclass(frozen=True)
class Credit:
    """A domain has a share by ``weight`` of the CPU time that domains compete for, and never more than ``cap`` percent
    of one CPU; a cap of 0 is none.
    """

    weight: int
    cap: int

    @classmethod
    def from_reply(cls, tree: Sxp) -> Credit:
        """Read ``{'cap': 0, 'weight': 256}``, a dictionary in a text. Raises ValueError for anything else."""
        values = dictionary(tree) if isinstance(tree, str) else {}
        try:
            return cls(weight=int(values["weight"]), cap=int(values["cap"]))
        except KeyError as error:
            raise ValueError(f"not credit parameters: {error}") from error

    def as_dict(self) -> dict[str, Any]:
        """Return both values."""
        return asdict(self)


def read(client: XendClient, name: str) -> Credit:
    """Return the parameters of a domain. Raises XendError, and says why where there are none."""
    try:
        tree = client.credit(name)
    except UnknownOperation as error:
        raise UnknownOperation(
            f"{error}. The credit scheduler came with 3.0.3; before it there is sedf, which dom0.xend.xen_sedf sets",
            reason=error.reason,
        ) from error
    except XendRefused as error:
        raise why_none(client, name, "credit", error) from error
    try:
        return Credit.from_reply(tree)
    except ValueError as error:
        raise unreadable(client.url, "credit parameters", str(tree)) from error
