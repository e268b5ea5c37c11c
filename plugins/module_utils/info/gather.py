# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data of a domain that need a request of their own: its vcpus and its scheduler parameters.

A domain that has none, or goes away meanwhile, does not affect the others. A host that has none is asked once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.schedulers import credit, sedf
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import (
    InvalidRequest,
    NoSuchDomain,
    NotXend,
    UnknownOperation,
    UnreadableReply,
    XendRefused,
)


@dataclass(frozen=True)
class Source:
    """A kind of data that is read for each domain: the choice of the option, its key in the result, and how it is read."""

    choice: str
    key: str
    read: Callable[[XendClient, str], Any]
    of_host: bool = True
    """Whether all domains that are up have it, or none: it depends on the host's scheduler."""
    of_halted: bool = True
    """Whether some releases have it for halted domains, too."""


VCPUS = Source("vcpus", "vcpuinfo", lambda client, name: [vcpu.as_dict() for vcpu in client.vcpus(name)], of_host=False)

SOURCES = (
    VCPUS,
    Source("sedf", "sedf", lambda client, name: sedf.read(client, name).as_dict(), of_halted=False),
    Source("credit", "credit", lambda client, name: credit.read(client, name).as_dict()),
)


_OF_ONE = (InvalidRequest, NotXend, UnreadableReply, XendRefused)
"""The errors that concern a single domain. Any other error means that xend does not answer."""


class _Gone(Exception):
    """The domain was there a moment ago."""


class Gatherer:
    """Reads the sources for each domain, and remembers which of them no domain of the host has."""

    def __init__(self, client: XendClient, sources: Sequence[Source]) -> None:
        """Take the client and the sources to read."""
        self._client = client
        self._sources = sources
        # Why a source has nothing for any domain that is up (False), or that is halted (True).
        self._never: dict[tuple[str, bool], str] = {}
        # The names of the domains without a key, by that and the reason.
        self._without: dict[tuple[str, str], list[str]] = {}

    @property
    def warnings(self) -> list[str]:
        """Return a warning for each reason why something is null."""
        return [
            f"{key} is null for {names[0]}{f' and {len(names) - 1} more' if names[1:] else ''}: {why}"
            for (key, why), names in self._without.items()
        ]

    def gather(self, domains: Sequence[Domain]) -> list[Optional[dict[str, Any]]]:
        """Return the data of each domain, None for a domain that has gone meanwhile."""
        names = Counter(domain.name for domain in domains)
        extras: dict[int, dict[str, Any]] = {}
        ordered = sorted(enumerate(domains), key=lambda pair: pair[1].state == "halted")
        asked = [domain.name for _index, domain in ordered if names[domain.name] == 1 and domain.state != "dying"]
        with self._client.ahead_of_vcpus(asked) if VCPUS in self._sources else nullcontext():
            for index, domain in ordered:
                with suppress(_Gone):
                    extras[index] = {
                        source.key: self._value(source, domain, alone=names[domain.name] == 1)
                        for source in self._sources
                    }
        return [extras.get(index) for index in range(len(domains))]

    def _value(self, source: Source, domain: Domain, *, alone: bool) -> Any:
        """Return the source's data of a domain, or None and note the reason. Raises _Gone."""
        try:
            why = self._why_not(source, domain, alone=alone)
            if why is None:
                return source.read(self._client, domain.name)
        except UnknownOperation as error:
            why = self._never[source.key, False] = self._never[source.key, True] = str(error)
        except XendRefused as error:
            why = self._refused(source, domain, error)
        except _OF_ONE as error:
            why = str(error)
        self._without.setdefault((source.key, why), []).append(domain.name)
        return None

    def _why_not(self, source: Source, domain: Domain, *, alone: bool) -> Optional[str]:
        """Return why a request would be pointless, None if it is not."""
        if not alone:
            return "several domains have this name, and xend would report only one"
        if domain.state == "dying":
            return "a dying domain is not asked"
        halted = domain.state == "halted"
        if halted and not source.of_halted:
            return self._never.get((source.key, False), f"a halted domain has no {source.key} parameters")
        return self._never.get((source.key, halted))

    def _refused(self, source: Source, domain: Domain, error: XendRefused) -> str:
        """Return why there is no data. The domain is read again, because it may have ended. Raises _Gone."""
        known = not isinstance(error, NoSuchDomain)
        if known and domain.state == "halted":
            self._never[source.key, True] = str(error)
            return str(error)
        try:
            now = self._client.domain(domain.name)
        except _OF_ONE as another:
            return str(another)
        if now is None:
            raise _Gone
        if now.state in ("halted", "dying"):
            return f"a domain that is {now.state} by now has none"
        if known and source.of_host:
            self._never[source.key, False] = self._never[source.key, True] = str(error)
        return str(error)
