# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the parameters of all schedulers have in common: how xend prints them, and why it may have none (WIRE.md (g))."""

from __future__ import annotations

import re

from ansible_collections.dom0.xend.plugins.module_utils._client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils._errors import NoSuchDomain, UnknownOperation, XendRefused

_DICTIONARY = re.compile(r"'(\w+)': (-?\d+)L?")


def dictionary(text: str) -> dict[str, str]:
    """Read a Python dictionary of numbers, as xend prints it: ``{'cap': 0, 'weight': 256L}``."""
    return dict(_DICTIONARY.findall(text))


def why_none(client: XendClient, name: str, scheduler: str, error: XendRefused) -> XendRefused:
    """Return what to raise where xend refuses to give a domain's parameters: *error*, with the reason if one is found."""
    if isinstance(error, (NoSuchDomain, UnknownOperation)):
        return error
    return XendRefused(f"{_reason(client, name, scheduler)} xend's own words: {error.reason}", reason=error.reason)


def _reason(client: XendClient, name: str, scheduler: str) -> str:
    """Say why a domain may have no parameters: from 3.1 on the node names its scheduler."""
    runs = client.node().get("xen_scheduler")
    domain = client.domain(name) if runs in (None, scheduler) else None
    if domain and domain.state == "halted":
        return f"{name} is halted, and this xend tells {scheduler} parameters only of a domain that is up."
    if runs == scheduler:
        return f"xend at {client.url} has the {scheduler} scheduler, but refused to give the parameters."
    known = f"runs the {runs} scheduler" if runs else "runs another scheduler, or so it seems"
    return (
        f"The host of xend at {client.url} {known}: {scheduler} parameters exist only with sched={scheduler} "
        "on Xen's command line, or where that is the default."
    )
