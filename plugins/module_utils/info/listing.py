# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List the domains of a xend, all or some, with as few requests as its release allows (WIRE.md (f) 6)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Optional, Union

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import without_secrets
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import (
    InvalidRequest,
    NotXend,
    UnreadableReply,
    XendRefused,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, dumps

_BEGINNING = "((domain ("
"""The beginning of every detailed list that has a domain."""


@dataclass(frozen=True)
class Selection:
    """A filter for domains. A domain must match every field that is not None.

    ``patterns`` are shell globs for the name, in its case, ``states`` some of STATES, ``uuids`` of the form 8-4-4-4-12.
    """

    patterns: Optional[Collection[str]] = None
    states: Optional[Collection[str]] = None
    uuids: Optional[Collection[str]] = None

    @property
    def is_empty(self) -> bool:
        """Return whether no domain can match."""
        return any(given is not None and not given for given in (self.patterns, self.states, self.uuids))

    @property
    def hidden(self) -> str:
        """Return the state, for names(), of all domains that match and that 3.0.4 and later do not list; empty for none.

        xend reports running, paused and halted domains under these states, and others under varying ones (WIRE.md (d)).
        """
        if self.states is None:
            return "all"
        rest = set(self.states) - {"running"}
        return rest.pop() if rest in ({"paused"}, {"halted"}) else "all" if rest else ""

    def has_name(self, name: str) -> bool:
        """Return whether a domain of that name can match."""
        return self.patterns is None or any(_matches(name, pattern) for pattern in self.patterns)

    def has(self, domain: Domain) -> bool:
        """Return whether a domain matches."""
        return (
            self.has_name(domain.name)
            and (self.states is None or domain.state in self.states)
            and (self.uuids is None or domain.uuid in self.uuids)
        )


@dataclass
class Listing:
    """The domains found, and a warning for each that could not be read."""

    domains: list[Domain] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def list_domains(client: XendClient, *, only_running: bool = False, selection: Selection = Selection()) -> Listing:
    """Return the domains of the selection, or all, the control domain and zombies included.

    This takes one request. In 3.0.4 and later the list omits domains that do not run; unless *only_running* is set, this
    takes one more request for their names, and one for each such domain that can match. Raises XendError, but not for a
    single domain.
    """
    hidden = "" if only_running else selection.hidden
    with client.ahead_of_lists(hidden):
        try:
            trees = client.domains()
        except (XendRefused, UnreadableReply) as error:
            listing = _one_by_one(client, hidden, selection, error)
        else:
            listing = _read(client, trees)
            if hidden and any(domain.release and domain.release.lists_hide_stopped for domain in listing.domains):
                shown = {domain.name for domain in listing.domains}
                names = [name for name in client.names(hidden) if name not in shown and selection.has_name(name)]
                _look_up(client, names, listing)
    listing.domains = [domain for domain in listing.domains if selection.has(domain)]
    return listing


def _matches(name: str, pattern: str) -> bool:
    """Return whether a name matches a shell glob. One like ``[z-a]``, an error in old Pythons, matches nothing."""
    try:
        return fnmatchcase(name, pattern)
    except re.error:
        return False


def _read(client: XendClient, trees: list[Sxp]) -> Listing:
    """Read the detailed list. Raises UnreadableReply if no domain at all can be read."""
    listing = Listing()
    for tree in trees:
        try:
            listing.domains.append(Domain.from_sxp(tree))
        except ValueError:
            listing.unreadable.append(f"xend at {client.url} lists a domain that cannot be read: {_excerpt(tree)}")
    # Without any readable domain, the release and the domains that it hides are unknown.
    if listing.unreadable and not listing.domains:
        raise UnreadableReply(listing.unreadable[0])
    return listing


def _one_by_one(
    client: XendClient, hidden: str, selection: Selection, error: Union[XendRefused, UnreadableReply]
) -> Listing:
    """Read each domain, because one domain made the whole list fail. Raises *error* if that is not the reason.

    3.0.3 refuses the detailed list while there is a zombie (WIRE.md (f) 4).
    """
    if isinstance(error, UnreadableReply) and not error.text.startswith(_BEGINNING):
        raise error
    listing = Listing()
    names = client.names("all" if hidden else "running")
    meant = [name for name in names if selection.has_name(name)]
    _look_up(client, meant or names[:1], listing)  # one domain is enough to detect the release
    if isinstance(error, XendRefused) and (client.release is None or client.release.manages):
        raise error
    if not listing.domains:
        raise error
    return listing


def _look_up(client: XendClient, names: Sequence[str], listing: Listing) -> None:
    """Add the domains *names*, which may have gone meanwhile. Raises XendError only if xend gave no answer at all."""
    with client.ahead_of_domains(names):
        for name in names:
            try:
                domain = client.domain(name)
            except (InvalidRequest, NotXend, UnreadableReply, XendRefused) as error:
                listing.unreadable.append(f"domain {name!r} cannot be read: {error}")
            else:
                listing.domains += [domain] if domain is not None else []


def _excerpt(tree: Sxp) -> str:
    """Return the beginning of an expression, without passwords."""
    return dumps(without_secrets(tree))[:60]
