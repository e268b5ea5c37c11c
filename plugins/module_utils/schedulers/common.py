# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the parameters of all schedulers have in common: how they are read and set, and why there may be none.

xend has an operation to get them and one to set them for each scheduler, and the hypervisor runs one scheduler
(WIRE.md (g)). xend 3.0.4 and earlier report success even where the hypervisor refused: what was set is read back.
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
"""Domain-0 is not brought below so many percent: of a period, of a CPU, of the weight that it has by default.

With less the host cannot be worked with, not even to undo that.
"""

_DICTIONARY = re.compile(r"'(\w+)': (-?\d+)L?(?=[,}])")
_LIKE_AN_ID = re.compile(r"\s*[+-]?\d+[lL]?\s*|(-*[0-9a-fA-F]){32}-*")


class Parameters(Protocol):
    """A scheduler's parameters for a domain; where a value is None the hypervisor computes it, and nobody knows yet."""

    def as_dict(self) -> dict[str, Any]:
        """Return them by their names."""


P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True)
class Outcome(Generic[P]):
    """What was there, and what is, or in check mode would be. ``sent`` is None where there is nothing to do."""

    before: P
    after: P
    sent: Optional[Mapping[str, int]] = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scheduler(Generic[P]):
    """One scheduler of Xen's, under the name that the node gives it."""

    name: str
    get: Callable[[XendClient, str], Sxp]
    set_op: str
    set: Callable[[XendClient, str, Mapping[str, int]], None]
    from_reply: Callable[[Sxp], P]
    default: str
    """The releases of Xen that run it if they are not told otherwise."""
    rules: str
    """What the hypervisor wants of the parameters, for people."""

    def read(self, client: XendClient, name: str) -> P:
        """Return the parameters of a domain. Raises XendError, and says why where there are none."""
        try:
            tree = self.get(client, name)
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
        """Set what is *foreseen* to be sent, and make sure that it was taken. A read-only client stays with foreseeing."""
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
        """Return what a module returns."""
        before, after = outcome.before.as_dict(), outcome.after.as_dict()
        return {
            "changed": outcome.sent is not None,
            self.name: after,
            "operations": [self._operation(name, outcome.sent)] if outcome.sent else [],
            "diff": {"before": before, "after": after},
        }

    def _operation(self, name: str, sent: Mapping[str, int]) -> dict[str, Any]:
        """Return what the result shows of what is sent."""
        return {"op": self.set_op, "domain": name, **sent}

    def _send(self, client: XendClient, name: str, sent: Mapping[str, int]) -> None:
        client.journal.sent.append(self._operation(name, sent))
        try:
            self.set(client, name, sent)
        except NoSuchDomain:
            raise
        except XendRefused as error:
            why = f"{name} is halted: it ended in the meantime." if _is_halted(client, name) else self.rules
            raise XendRefused(f"{error}. {why}", reason=error.reason) from error

    def _compare(self, client: XendClient, name: str, asked: Mapping[str, Any], found: Mapping[str, Any]) -> None:
        """Raise XendRefused where *found* is not what was *asked* for."""
        differing = [key for key, value in asked.items() if value not in (None, found[key])]
        if differing:
            raise XendRefused(
                f"xend at {client.url} accepted the {self.name} parameters of {name}, but the hypervisor did not "
                f"accept them: {', '.join(f'{key} is {found[key]}, not {asked[key]}' for key in differing)}. "
                f"{self.rules}"
            )

    def _why_none(self, client: XendClient, name: str) -> str:
        """Say why a domain may have no parameters: in 3.1 and later the node names its scheduler."""
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
    """Raise NoSuchDomain where xend would find another domain by *name*: it looks for a name, then for an id or a uuid."""
    if _LIKE_AN_ID.fullmatch(name) and client.domain(name) is None:
        raise NoSuchDomain(f"xend at {client.url} has no domain with the name {name!r}. IDs and UUIDs are not accepted")


def _scheduler_of(client: XendClient) -> str:
    """Return the name of the host's scheduler, "" where the node does not tell it, or there is no telling why."""
    try:
        return client.node().xen_scheduler or ""
    except XendError:
        return ""


def _is_halted(client: XendClient, name: str) -> bool:
    """Return whether a domain is known to be only a definition."""
    try:
        domain = client.domain(name)
    except XendError:
        return False
    return domain is not None and domain.state == "halted"
