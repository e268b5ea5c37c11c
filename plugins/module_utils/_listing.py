# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All domains of a xend, with the fewest requests that its release allows (WIRE.md (f) 6)."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.dom0.xend.plugins.module_utils._client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils._domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils._errors import (
    InvalidRequest,
    NotXend,
    UnreadableReply,
    XendRefused,
)
from ansible_collections.dom0.xend.plugins.module_utils._sxp import Sxp, dumps


@dataclass
class Listing:
    """The domains found, and a complaint for each that could not be read."""

    domains: list[Domain] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def list_domains(client: XendClient, *, only_running: bool = False) -> Listing:
    """Return all domains, the control domain and zombies included. Raises XendError, but not for a single domain.

    One request; where the list hides what does not run, from 3.0.4 on, one more for all names and one for each domain
    that the list did not show, unless *only_running* spares them.
    """
    listing = Listing()
    hides = False
    try:
        trees = client.domains()
    except XendRefused:  # as 3.0.3 does as long as there is a zombie: it stumbles over its devices
        for name in client.names():
            _look_up(client, name, listing)
        if not listing.domains or client.release is None or client.release.manages:
            raise
        return listing
    for tree in trees:
        try:
            domain = Domain.from_sxp(tree)
        except ValueError:
            listing.unreadable.append(f"xend at {client.url} lists a domain that cannot be read: {_excerpt(tree)}")
            continue
        listing.domains.append(domain)
        hides = hides or (domain.release is not None and domain.release.lists_hide_stopped)
    if listing.unreadable and not listing.domains:  # not even which release this is can be told, nor what it hides
        raise UnreadableReply(listing.unreadable[0])
    if hides and not only_running:
        shown = {domain.name for domain in listing.domains}
        for name in client.names():
            if name not in shown:
                _look_up(client, name, listing)
    return listing


def _look_up(client: XendClient, name: str, listing: Listing) -> None:
    """Add the domain *name*, which may have gone meanwhile. Raises XendError only where xend gave no answer at all."""
    try:
        domain = client.domain(name)
    except (InvalidRequest, NotXend, UnreadableReply, XendRefused) as error:
        listing.unreadable.append(f"domain {name!r} cannot be read: {error}")
    else:
        listing.domains += [domain] if domain is not None else []


def _excerpt(tree: Sxp) -> str:
    """Return the beginning of an expression."""
    return dumps(tree)[:60]
