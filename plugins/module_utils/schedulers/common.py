# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The common part of the schedulers: read and set the parameters of a domain, and explain why it may have none.

xend has a get and a set operation for each scheduler, and the hypervisor runs one scheduler (WIRE.md (g)). xend 3.0.4 and
earlier report success even if the hypervisor refused, so the parameters are read back after a set (trap 16).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Optional, Protocol, TypeVar

from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import (
    NoSuchDomain,
    UnknownOperation,
    XendError,
    XendRefused,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import unreadable

LEAST_PERCENT_OF_DOMAIN_0 = 10
"""The least that Domain-0 keeps, in percent of a period, of a CPU, or of its default weight.

With less, the host becomes too slow even to undo the change.
"""

_DICTIONARY = re.compile(r"'(\w+)': (-?\d+)L?(?=[,}])")
_LIKE_AN_ID = re.compile(r"\s*[+-]?\d+[lL]?\s*|(-*[0-9a-fA-F]){32}-*")


class Parameters(Protocol):
    """A scheduler's parameters for a domain. A value of None is computed by the hypervisor and not known yet."""

    def as_dict(self) -> dict[str, Any]:
        """Return the parameters by name."""


P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True)
class Outcome(Generic[P]):
    """The parameters before and after, in check mode as predicted. ``sent`` is None if nothing was to do."""

    before: P
    after: P
    sent: Optional[Mapping[str, int]] = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scheduler(Generic[P]):
    """A scheduler of Xen, by its name in the node's ``xen_scheduler``."""

    name: str
    get: Callable[[XendClient, str], Sxp]
    set_op: str
    set: Callable[[XendClient, str, Mapping[str, int]], None]
    from_reply: Callable[[Sxp], P]
    default: str
    """The releases of Xen that run it by default."""
    rules: str
    """The hypervisor's rules for the parameters, as text for messages."""

    def read(self, client: XendClient, name: str) -> P:
        """Return the parameters of a domain. Raises XendError, with the reason if there are none."""
        try:
            tree = self.get(client, name)
        # Not a matter of the scheduler: these two errors are complete as they are.
        except (NoSuchDomain, UnknownOperation):
            raise
        except XendRefused as error:
            why = self._why_none(client, name)
            raise XendRefused(f"{why} xend says: {error.reason}", reason=error.reason) from error
        try:
            return self.from_reply(tree)
        except ValueError as error:
            raise unreadable(client.url, f"{self.name} parameters", str(tree)) from error

    def change(self, client: XendClient, name: str, foreseen: Outcome[P]) -> Outcome[P]:
        """Send the *foreseen* parameters, and verify that they took effect. A read-only client only returns the prediction."""
        if client.read_only or foreseen.sent is None:
            return foreseen
        try:
            self._send(client, name, foreseen.sent)
            found = self.read(client, name)
        except NoSuchDomain as error:
            gone = f"{error}. It ended after its parameters were read"
            raise NoSuchDomain(gone, reason=error.reason) from error
        self._compare(client, name, foreseen.after.as_dict(), found.as_dict())
        return replace(foreseen, after=found)

    def result(self, name: str, outcome: Outcome[P]) -> dict[str, Any]:
        """Return the result of the module."""
        before, after = outcome.before.as_dict(), outcome.after.as_dict()
        return {
            "changed": outcome.sent is not None,
            self.name: after,
            "operations": [self._operation(name, outcome.sent)] if outcome.sent else [],
            "diff": {"before": before, "after": after},
        }

    def _operation(self, name: str, sent: Mapping[str, int]) -> dict[str, Any]:
        """Return the operation as the result shows it."""
        return {"op": self.set_op, "domain": name, **sent}

    def _send(self, client: XendClient, name: str, sent: Mapping[str, int]) -> None:
        # The journal is written first: if the reply is lost, xend may have carried out the operation.
        client.journal.sent.append(self._operation(name, sent))
        try:
            self.set(client, name, sent)
        except NoSuchDomain:
            raise
        except XendRefused as error:
            why = f"{name} is halted: it ended in the meantime." if _is_halted(client, name) else self.rules
            raise XendRefused(f"{error}. {why}", reason=error.reason) from error

    def _compare(self, client: XendClient, name: str, asked: Mapping[str, Any], found: Mapping[str, Any]) -> None:
        """Raise XendRefused if *found* differs from the parameters that were *asked* for."""
        # Trap 16: a refusal of the hypervisor shows only in what is read back. None is a computed value.
        differing = [key for key, value in asked.items() if value not in (None, found[key])]
        if differing:
            raise XendRefused(
                f"xend at {client.url} accepted the {self.name} parameters of {name}, but the hypervisor did not "
                f"accept them: {', '.join(f'{key} is {found[key]}, not {asked[key]}' for key in differing)}. "
                f"{self.rules}"
            )

    def _why_none(self, client: XendClient, name: str) -> str:
        """Return why a domain may have no parameters. In 3.1 and later the node names its scheduler."""
        runs = _scheduler_of(client)
        if runs in ("", self.name) and _is_halted(client, name):
            return f"{name} is halted, and this xend has {self.name} parameters only for a running domain."
        if runs == self.name:
            return f"xend at {client.url} has the {self.name} scheduler, but refused to return the parameters."
        known = f"runs the {runs} scheduler" if runs else "seems to run another scheduler"
        return (
            f"The host of xend at {client.url} {known}: {self.name} parameters exist only if Xen runs {self.name}, "
            f"which is the default on {self.default}. sched={self.name} on Xen's command line selects it."
        )


def dictionary(text: str) -> dict[str, str]:
    """Read a Python dictionary of numbers, as xend prints it: ``{'cap': 0, 'weight': 256L}``."""
    return dict(_DICTIONARY.findall(text))


def refuse_ids(client: XendClient, name: str) -> None:
    """Raise NoSuchDomain if xend would find another domain by *name*: it tries names first, then ids and uuids (trap 22)."""
    if _LIKE_AN_ID.fullmatch(name) and client.domain(name) is None:
        raise NoSuchDomain(f"xend at {client.url} has no domain with the name {name!r}. IDs and UUIDs are not accepted")


def _scheduler_of(client: XendClient) -> str:
    """Return the name of the host's scheduler, "" if the node does not report it or cannot be read."""
    try:
        return client.node().xen_scheduler or ""
    except XendError:
        return ""


def _is_halted(client: XendClient, name: str) -> bool:
    """Return whether a domain is certainly only a definition."""
    try:
        domain = client.domain(name)
    except XendError:
        return False
    return domain is not None and domain.state == "halted"
