# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of xen_domain_info, without Ansible: find the requested domains, gather more about each, and return them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.fields.others import EXTRA_CONFIG
from ansible_collections.dom0.xend.plugins.module_utils.fields.table import FIELDS, not_declarable
from ansible_collections.dom0.xend.plugins.module_utils.info.listing import Selection, list_domains
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import STATES, Domain
from ansible_collections.dom0.xend.plugins.module_utils.model.reading import canonical_uuid
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import without_secrets
from ansible_collections.dom0.xend.plugins.module_utils.result import TaskResult
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest, NoSuchDomain
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import dumps

GATHER = ("summary", "devices", "vcpus", "sedf", "credit")
"""The choices of ``gather``. The first two are part of a domain's expression; the others need a request each."""

_ALWAYS = ("name", "state", "domid", "uuid")
_DEVICES = ("vbds", "vifs", "vfbs", "pci")
_UUID = re.compile(r"(-*[0-9A-Fa-f]){32}-*")


@dataclass(frozen=True)
class Query:
    """The request in the options. ``names`` is None if the task names no domains."""

    names: Optional[Sequence[str]]
    selection: Selection
    gather: Collection[str]
    sxp: bool = False

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Query:
        """Read the options of the module. Raises InvalidRequest for an invalid uuid."""
        names, uuids = options["name"], options["uuid"]
        return cls(
            names=None if names is None else list(dict.fromkeys(names)),
            selection=Selection(
                patterns=options["pattern"],
                states=options["state"],
                uuids=None if uuids is None else list(dict.fromkeys(_uuid(text) for text in uuids)),
            ),
            gather=options["gather"],
            sxp=options["sxp"],
        )


@dataclass(frozen=True)
class Answer:
    """The domains as the result shows them, the requested names and uuids that do not exist, and the warnings."""

    domains: list[dict[str, Any]]
    missing: list[str]
    warnings: list[str]

    @property
    def message(self) -> str:
        """Return a summary in one line: ``3 domains: 2 running, 1 halted. Not there: web3``."""
        states = Counter(domain["state"] for domain in self.domains)
        number = f"{len(self.domains) or 'No'} domain{'' if len(self.domains) == 1 else 's'}"
        line = ": ".join(part for part in (number, ", ".join(f"{states[s]} {s}" for s in STATES if states[s])) if part)
        return ". Not there: ".join(part for part in (line, ", ".join(self.missing)) if part)


def run(options: Mapping[str, Any], client: XendClient) -> TaskResult:
    """Do the work of xen_domain_info. Raises XendError."""
    answer = look(client, Query.from_options(options))
    values = {"changed": False, "msg": answer.message, "domains": answer.domains, "missing": answer.missing}
    return TaskResult(values, answer.warnings)


def look(client: XendClient, query: Query) -> Answer:
    """Return the requested domains. Raises XendError, but not for a single domain in a list."""
    found = _find(client, query)
    extras, warnings = _asked_apart(client, found.domains, query.gather)
    here = [(domain, extra) for domain, extra in zip(found.domains, extras) if extra is not None]
    gone = [domain for domain, extra in zip(found.domains, extras) if extra is None]
    return Answer(
        domains=[shown(domain, extra, query) for domain, extra in here],
        missing=found.missing(gone),
        warnings=[*found.complaints, *warnings],
    )


def _asked_apart(
    client: XendClient, domains: Sequence[Domain], gather: Collection[str]
) -> tuple[Sequence[Optional[dict[str, Any]]], list[str]]:
    """Return what needs requests of its own for each domain, None for a domain that has gone meanwhile, and the warnings."""
    if not set(GATHER[2:]) & set(gather):
        return [{} for _domain in domains], []
    # Imported here, because most tasks gather nothing and need not compile it.
    from ansible_collections.dom0.xend.plugins.module_utils.info.gather import SOURCES, Gatherer  # noqa: PLC0415

    gatherer = Gatherer(client, [source for source in SOURCES if source.choice in gather])
    return gatherer.gather(domains), gatherer.warnings


def _uuid(text: str) -> str:
    """Return a uuid in the form in which uuids are compared."""
    if not _UUID.fullmatch(text.strip()):
        raise InvalidRequest(
            f"uuid: {text!r} is not a UUID: it must have 32 hexadecimal digits, with dashes in any place"
        )
    return canonical_uuid(text.strip()) or text


def shown(domain: Domain, extra: Mapping[str, Any], query: Query) -> dict[str, Any]:
    """Return a domain as the result shows it: its data, and the options that would declare it."""
    more = {field.name: field.read(domain) for field in FIELDS if field is not EXTRA_CONFIG}
    shown = {
        key: value
        for key, value in {**domain.as_dict(), **more}.items()
        if key in _ALWAYS or ("devices" if key in _DEVICES else "summary") in query.gather
    }
    if {"summary", "devices"} <= set(query.gather):
        shown["not_declarable"] = not_declarable(domain)
    if query.sxp:
        shown["sxp"] = dumps(without_secrets(domain.tree))
    return {**shown, **extra}


# ---- which domains


@dataclass
class _Found:
    """The requested domains. ``asked`` has each requested name or uuid with the domain that xend has for it."""

    domains: list[Domain] = field(default_factory=list)
    asked: dict[str, list[Domain]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def missing(self, gone: Collection[Domain]) -> list[str]:
        """Return the requested names and uuids that do not exist, or whose domain has *gone* since."""
        return [key for key, domains in self.asked.items() if all(domain in gone for domain in domains)]


def _find(client: XendClient, query: Query) -> _Found:
    """Return the requested domains, with as few requests as possible."""
    selection = query.selection
    if selection.is_empty or query.names == []:
        return _Found()
    if query.names is not None:
        return _by_name(client, query.names, selection)
    if selection.uuids is not None:
        return _by_uuid(client, selection.uuids, selection)
    listing = list_domains(client, selection=selection)
    return _Found(listing.domains, complaints=listing.unreadable)


def _by_name(client: XendClient, names: Iterable[str], selection: Selection) -> _Found:
    """Read each requested name."""
    found = _Found()
    meant = [name for name in names if selection.has_name(name)]
    with client.ahead_of_domains(meant):
        for name in meant:
            domain = client.domain(name)
            found.asked[name] = [domain] if domain else []
            found.domains += [domain] if domain and selection.has(domain) else []
    return found


def _by_uuid(client: XendClient, uuids: Collection[str], selection: Selection) -> _Found:
    """Read each uuid; if xend finds none by uuid, search the list for all of them."""
    found = _Found(asked={uuid: [] for uuid in uuids})
    with client.ahead_of_domains(uuids):
        for uuid in uuids:
            try:
                domain = client.domain_of_uuid(uuid)
            except NoSuchDomain:
                continue
            if domain is None:
                return _listed(client, uuids, selection)
            found.asked[uuid] = [domain]
    found.domains = [domain for domains in found.asked.values() for domain in domains if selection.has(domain)]
    return found


def _listed(client: XendClient, uuids: Collection[str], selection: Selection) -> _Found:
    """Search all domains for uuids. In 3.0.3 and earlier a zombie has the same uuid as the domain created in its place."""
    listing = list_domains(client, selection=Selection(uuids=uuids))
    asked = {uuid: [domain for domain in listing.domains if domain.uuid == uuid] for uuid in uuids}
    meant = [domain for domains in asked.values() for domain in domains if selection.has(domain)]
    return _Found(meant, asked, listing.unreadable)
