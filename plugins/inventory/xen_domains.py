# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The domains of one or several xends as hosts: fetch, keep as plain data, populate."""

from __future__ import annotations

DOCUMENTATION = r"""
name: xen_domains
short_description: Xen domains as inventory hosts
version_added: 0.1.0
description:
  - Makes a host of each domain, with what xend says of it as variables, and groups them by state and by xend.
  - The source is a file whose name ends in C(.xen_domains.yml) or C(.xen_domains.yaml). It holds templates only where
    the options for constructed variables and groups do.
  - One xend is given by the options of the connection, several by O(xends). They are asked side by side.
  - Up to 3.0.3 a xend is asked once. From 3.0.4 on its list holds only what runs, so it takes one more request, and
    one for each domain that does not run; O(only_running) saves them.
  - A domain that cannot be read is left out with a warning, and so is one whose name no xend would accept.
  - "Groups that are always made: C(state_running), C(state_paused), C(state_shutdown), C(state_crashed),
    C(state_dying) and C(state_halted), and for each xend C(xend_) and its name."
extends_documentation_fragment:
  - dom0.xend.connection
  - dom0.xend.connection.plugin
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
author:
  - dom0.xend contributors (@dom0-xend)
options:
  plugin:
    description: Marks the file as one for this plugin.
    type: str
    required: true
    choices: [dom0.xend.xen_domains]
  xends:
    description:
      - The xends to ask, where there are several. In place of O(xend_url).
      - What an entry does not say is taken from the option of the same name at the top level.
    type: list
    elements: dict
    suboptions:
      xend_url:
        description: Where this xend listens, as in O(xend_url).
        type: str
        required: true
      name:
        description:
          - What to call it, in its group and in the variable C(xen_xend). No two may have the same.
          - By default it is the host in its URL, and V(localhost) for a Unix socket.
        type: str
      xend_username:
        description: As in O(xend_username).
        type: str
      xend_password:
        description: As in O(xend_password).
        type: str
      validate_certs:
        description: As in O(validate_certs).
        type: bool
      ca_path:
        description: As in O(ca_path).
        type: path
      connect_timeout:
        description: As in O(connect_timeout).
        type: float
      timeout:
        description: As in O(timeout).
        type: float
  only_running:
    description:
      - Whether to do without the domains that a xend from 3.0.4 on does not list, which are all that do not run.
      - Up to 3.0.3 it changes nothing, as xend lists all of them.
    type: bool
    default: false
  on_unreachable:
    description:
      - What to do about a xend that cannot be reached, or does not answer with its domains.
      - V(fail) gives no host at all, so that none is missing unnoticed.
      - V(warn) gives a warning and the domains of the others. A name that occurs on several xends then goes to
        another one than otherwise. Such an inventory is not put into the cache.
    type: str
    choices: [fail, warn]
    default: fail
  include_domain0:
    description: Whether to have hosts for the control domains.
    type: bool
    default: false
  include_zombies:
    description:
      - Whether to have hosts for the domains that were destroyed and that the hypervisor has not let go of.
        Up to 3.0.3 xend lists them as C(Zombie-) and their name.
    type: bool
    default: false
  vars_prefix:
    description: What the names of the variables begin with.
    type: str
    default: xen_
  strict:
    description:
      - If V(true), an expression that cannot be evaluated is an error, and so is a domain whose name is taken or cannot
        be the name of a host. Otherwise such an expression is skipped, and there is a warning about such a domain.
notes:
  - The variables of a host are the fields that M(dom0.xend.xen_domain_info) describes, each with O(vars_prefix) before
    it, and C(xen_xend) and C(xen_xend_url), the name and the URL of its xend. What xend does not say is V(null).
  - They are data. What looks like a template in them stays text.
  - The host of a domain whose name is taken, on another xend or by a group, or is that of the controller (C(localhost)),
    is called C(name@xend), and there is a warning.
  - C(ansible_host) is not set. See the examples.
  - Ansible goes on without a source that fails. E(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) makes it stop.
seealso:
  - module: dom0.xend.xen_domain_info
"""

EXAMPLES = r"""
---
# The domains of this host, in a file local.xen_domains.yml
plugin: dom0.xend.xen_domains
---
# Two xends behind SSH tunnels. Guests are reached at the first address of their first interface.
plugin: dom0.xend.xen_domains
xends:
  - xend_url: http://localhost:8001
    name: rack1
  - xend_url: http://localhost:8002
    name: rack2
connect_timeout: 2
compose:
  ansible_host: xen_vifs[0].ip[0]
---
# More groups, and a cache that spares xend for five minutes
plugin: dom0.xend.xen_domains
xend_url: unix:///var/lib/xend/xend-socket
only_running: true
groups:
  large: xen_memory >= 1024
  web: xen_name is match('web')
keyed_groups:
  - key: xen_vifs | map(attribute='bridge')
    prefix: bridge
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.ansible/xen_domains
cache_timeout: 300
"""

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Optional, TypedDict, Union
from urllib.parse import urlsplit

from ansible.constants import LOCALHOST
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable, to_safe_group_name

from ansible_collections.dom0.xend.plugins.module_utils._errors import InvalidRequest, XendError
from ansible_collections.dom0.xend.plugins.module_utils._release import EARLY

if TYPE_CHECKING:
    from ansible.inventory.data import InventoryData
    from ansible.parsing.dataloader import DataLoader

    from ansible_collections.dom0.xend.plugins.module_utils._domain import Domain

STATES = ("running", "paused", "shutdown", "crashed", "dying", "halted")
"""The states of a domain, each of which has a group, empty or not."""

MOST_THREADS = 10
"""So many xends are asked at a time."""

_SUFFIXES = (".xen_domains.yml", ".xen_domains.yaml")
_CACHE_FORMAT = 1
"""To be raised with each change of Found, so that what an earlier release has put into a cache is not read."""

_HOST_NAME = re.compile(r"[A-Za-z0-9_.:/+-]+")
"""All names that any xend has accepted; patterns of hosts, and folders named after hosts, rely on it."""
_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Xend:
    """A xend to ask: what it is called, its group, and the options of the connection to it."""

    name: str
    group: str
    connection: dict[str, Any] = field(repr=False)

    @property
    def url(self) -> str:
        """Return the ``xend_url``, which holds no secret: one with a password in it is refused."""
        return str(self.connection["xend_url"])


class FoundDomain(TypedDict):
    """A domain as plain data: Domain.as_dict(), and what decides whether it is wanted."""

    fields: dict[str, Any]
    privileged: bool
    zombie: bool


class Found(TypedDict):
    """What a xend has said, as plain data: this is what the cache holds. No secret may get into it."""

    domains: list[FoundDomain]
    complaints: list[str]


@dataclass(frozen=True)
class PlannedHost:
    """A host as it is going to be in the inventory."""

    name: str
    groups: tuple[str, ...]
    variables: dict[str, Any]


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """The plugin. ``trusted_by_default`` stays False: no text from xend becomes a template."""

    NAME = "dom0.xend.xen_domains"

    def verify_file(self, path: str) -> bool:
        """Tell whether the file is meant for this plugin, by its name."""
        return bool(super().verify_file(path)) and path.endswith(_SUFFIXES)

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        """Fill the inventory from the source at *path*. Raises AnsibleParserError, and then adds nothing."""
        super().parse(inventory, loader, path, cache)
        self._check_options(self._read_options(path), path)
        xends = self._xends(path)
        found = self._found(xends, path, may_read_cache=cache)
        hosts = self._plan(xends, found, inventory, path)
        self._populate(inventory, xends, hosts)
        self._construct(inventory, hosts)

    # ---- options

    def _read_options(self, path: str) -> Mapping[str, Any]:
        """Set the options, and return those of the source as they stand there. Raises AnsibleParserError."""
        try:
            config: Mapping[str, Any] = self._read_config_data(path)
        except AnsibleError as error:  # Ansible names the option, but not where it stands
            raise AnsibleParserError(f"{path}: {error}") from error
        return config

    def _check_options(self, config: Mapping[str, Any], path: str) -> None:
        """Refuse what Ansible would pass over: options that do not exist, and values that are none."""
        definitions = self.option_definitions
        _validated(_spec(definitions), config, path)
        if "xends" in config and "xend_url" in config:
            raise AnsibleParserError(f"{path}: xend_url and xends are both given: give one xend, or a list of them")
        if self.get_option("xends") == []:
            raise AnsibleParserError(f"{path}: xends is an empty list: no xend would be asked")
        if not _PREFIX.fullmatch(self.get_option("vars_prefix")):
            raise AnsibleParserError(
                f"{path}: vars_prefix must begin with a letter or _, and hold only these and digits, "
                f"not {self.get_option('vars_prefix')!r}"
            )

    def _xends(self, path: str) -> list[Xend]:
        """Return the xends that the source names."""
        entry_spec = _spec(self.option_definitions["xends"]["suboptions"])
        common = {name: self.get_option(name) for name in entry_spec if name != "name"}
        entries = self.get_option("xends")
        if entries is None:
            return [_xend(None, common, path)]
        xends = []
        for number, entry in enumerate(entries, 1):
            where = f"{path}: entry {number} of xends"
            given = _validated(entry_spec, entry, where)
            own = {name: value for name, value in given.items() if name != "name" and value is not None}
            xends.append(_xend(given["name"], {**common, **own}, where))
        _refuse_same_names(xends, path)
        return xends

    # ---- from the cache, or from the xends

    def _found(self, xends: Sequence[Xend], path: str, *, may_read_cache: bool) -> list[Found]:
        """Return what each xend has said, now or when it was put into the cache."""
        caching = self.get_option("cache")
        key = self._key(xends, path) if caching else ""
        if caching and may_read_cache:
            try:
                cached: list[Found] = self._cache[key]
            except KeyError:
                pass  # not there, or too old
            else:
                return cached
        only_running = self.get_option("only_running")
        answers = fetch(xends, only_running=only_running)
        found = self._without_failures(xends, answers, path)
        if caching and not any(isinstance(answer, XendError) for answer in answers):
            self._cache[key] = found
        return found

    def _key(self, xends: Sequence[Xend], path: str) -> str:
        """Return the cache's key: another one for each source, and for each thing that could be fetched for it."""
        asked = [[xend.url, xend.connection["xend_username"]] for xend in xends]
        what = json.dumps([_CACHE_FORMAT, self.get_option("only_running"), asked])
        return f"{self.get_cache_key(path)}_{hashlib.sha256(what.encode()).hexdigest()[:16]}"

    def _without_failures(
        self, xends: Sequence[Xend], answers: Sequence[Union[Found, XendError]], path: str
    ) -> list[Found]:
        """Return the answers, with nothing in place of a failure. Raises AnsibleParserError unless that is wanted."""
        failures = [(xend, answer) for xend, answer in zip(xends, answers) if isinstance(answer, XendError)]
        warn = self.get_option("on_unreachable") == "warn"
        fatal = [
            f"xend {xend.name}: {error}" for xend, error in failures if not warn or isinstance(error, InvalidRequest)
        ]
        if fatal:
            raise AnsibleParserError("\n".join(f"{path}: {message}" for message in fatal))
        for xend, error in failures:
            self.display.warning(f"{path}: the domains of xend {xend.name} are missing: {error}")
        return [{"domains": [], "complaints": []} if isinstance(answer, XendError) else answer for answer in answers]

    # ---- into the inventory

    def _plan(
        self, xends: Sequence[Xend], found: Sequence[Found], inventory: InventoryData, path: str
    ) -> list[PlannedHost]:
        """Return the hosts to be, each under a name of its own, and warn of what the user has to know of them."""
        for complaint in chain.from_iterable(each["complaints"] for each in found):
            self.display.warning(f"{path}: left out: {complaint}")
        hosts: list[PlannedHost] = []
        for xend, each in zip(xends, found):
            taken = self._taken(inventory, xends, xend) | {host.name for host in hosts}
            for domain in sorted(filter(self._wanted, each["domains"]), key=_order):
                name = domain["fields"]["name"]
                if not _can_be_host(name):
                    self._complain(f"{path}: left out: {name!r} on xend {xend.name} cannot be the name of a host")
                    continue
                host = free_name(name, xend.name, taken)
                if host != name:
                    self._complain(f"{path}: the name {name} of a domain on xend {xend.name} is taken: it is {host}")
                taken.add(host)
                hosts.append(PlannedHost(host, _groups(xend, domain), self._variables(xend, domain)))
        return hosts

    def _complain(self, message: str) -> None:
        """Warn, or raise AnsibleParserError where the user wants it strict."""
        if self.get_option("strict"):
            raise AnsibleParserError(message)
        self.display.warning(message)

    def _wanted(self, domain: FoundDomain) -> bool:
        """Tell whether a domain is to be a host."""
        if domain["zombie"]:
            return bool(self.get_option("include_zombies"))
        return not domain["privileged"] or bool(self.get_option("include_domain0"))

    def _taken(self, inventory: InventoryData, xends: Sequence[Xend], xend: Xend) -> set[str]:
        """Return the names that no host of *xend* may have.

        A host named as a group would put the whole group wherever the host belongs; one named localhost would get the
        tasks meant for the controller. Hosts of other sources are not meant: their variables add to ours, unless they
        are domains of another xend.
        """
        ours = self.get_option("vars_prefix") + "xend_url"
        domains = {name for name, host in inventory.hosts.items() if host.vars.get(ours) not in (None, xend.url)}
        composed = {to_safe_group_name(name) for name in self.get_option("groups")}
        return {*inventory.groups, *_fixed_groups(xends), *composed, *LOCALHOST, *domains}

    def _variables(self, xend: Xend, domain: FoundDomain) -> dict[str, Any]:
        """Return the variables of a host."""
        values = {**domain["fields"], "xend": xend.name, "xend_url": xend.url}
        return {self.get_option("vars_prefix") + key: value for key, value in values.items()}

    def _populate(self, inventory: InventoryData, xends: Sequence[Xend], hosts: Sequence[PlannedHost]) -> None:
        """Add groups, hosts and variables."""
        for group in _fixed_groups(xends):
            inventory.add_group(group)
        for host in hosts:
            for group in host.groups:
                inventory.add_host(host.name, group=group)
            for key, value in host.variables.items():
                inventory.set_variable(host.name, key, value)

    def _construct(self, inventory: InventoryData, hosts: Sequence[PlannedHost]) -> None:
        """Add the variables and groups that the user composes, once all hosts are there."""
        strict = self.get_option("strict")
        for host in hosts:
            known = inventory.hosts[host.name]
            self._set_composite_vars(self.get_option("compose"), known.get_vars(), host.name, strict=strict)
            self._add_host_to_composed_groups(self.get_option("groups"), {}, host.name, strict=strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), {}, host.name, strict=strict)


# ---- options


def _spec(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the argument spec of documented options, without defaults: what is not given stays away."""
    spec = {}
    for name, option in options.items():
        kind = option.get("type", "str")
        spec[name] = {"type": {"boolean": "bool", "integer": "int"}.get(kind, kind)}
        spec[name].update({key: option[key] for key in ("choices", "elements", "required") if key in option})
    return spec


def _validated(spec: dict[str, Any], values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return *values* as the spec has them, None where not given. Raises AnsibleParserError, which names *where*."""
    result = ArgumentSpecValidator(spec).validate(dict(values))
    if result.error_messages:
        raise AnsibleParserError(f"{where}: {'; '.join(result.error_messages)}")
    validated: dict[str, Any] = result.validated_parameters
    return validated


def _xend(name: Optional[str], connection: Mapping[str, Any], where: str) -> Xend:
    """Return a xend under the name that was given, or that its URL gives."""
    url = connection["xend_url"]
    name = name or _host_in(url)
    if not name:
        raise AnsibleParserError(
            f"{where}: xend_url is none of http://host:8000, https://host and unix:///path/to/socket"
        )
    return Xend(name, to_safe_group_name(f"xend_{name}"), dict(connection))


def _host_in(url: str) -> Optional[str]:
    """Return the host that a ``xend_url`` names, None if it names none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return "localhost" if parts.scheme == "unix" else parts.hostname


def _refuse_same_names(xends: Sequence[Xend], path: str) -> None:
    """Make sure that each xend has a name and a group of its own."""
    seen: dict[str, str] = {}
    for xend in xends:
        if xend.group in seen:
            raise AnsibleParserError(
                f"{path}: two xends have the names {seen[xend.group]} and {xend.name}, both of the group {xend.group}: "
                "give each a name of its own"
            )
        seen[xend.group] = xend.name


# ---- fetching


def fetch(xends: Sequence[Xend], *, only_running: bool) -> list[Union[Found, XendError]]:
    """Ask all xends side by side; return what each has said, or why it has not. Raises AnsibleParserError."""
    # Imported here, as an inventory from the cache does without requests.
    from ansible_collections.dom0.xend.plugins.module_utils._module import missing_library  # noqa: PLC0415

    missing = missing_library()
    if missing:
        raise AnsibleParserError(missing[0])
    with ThreadPoolExecutor(max_workers=MOST_THREADS) as pool:
        return list(pool.map(lambda xend: _fetch_one(xend.connection, only_running=only_running), xends))


def _fetch_one(connection: Mapping[str, Any], *, only_running: bool) -> Union[Found, XendError]:
    """Ask one xend."""
    from ansible_collections.dom0.xend.plugins.module_utils._listing import list_domains  # noqa: PLC0415
    from ansible_collections.dom0.xend.plugins.module_utils._module import open_client  # noqa: PLC0415

    try:
        listing = list_domains(open_client(connection, read_only=True), only_running=only_running)
    except XendError as error:
        return error
    return {"domains": [_found_domain(domain) for domain in listing.domains], "complaints": listing.unreadable}


def _found_domain(domain: Domain) -> FoundDomain:
    """Return a domain as plain data. Its name tells a zombie only where xend renames them, up to 3.0.3."""
    from ansible_collections.dom0.xend.plugins.module_utils._domain import ZOMBIE_PREFIX  # noqa: PLC0415

    renamed = domain.release == EARLY and domain.name.startswith(ZOMBIE_PREFIX)
    return {
        "fields": domain.as_dict(),
        "privileged": domain.is_privileged,
        "zombie": domain.state == "dying" or renamed,
    }


# ---- names and groups


def free_name(name: str, xend: str, taken: Collection[str]) -> str:
    """Return *name*, or the first not *taken* of name@xend, name@xend@2, name@xend@3 and so on.

    One xend can hold the same name several times: zombies up to 3.0.3, a domain restored twice from 3.0.4 to 3.2.
    """
    names = chain([name, f"{name}@{xend}"], (f"{name}@{xend}@{number}" for number in count(2)))
    return next(each for each in names if each not in taken)


def _can_be_host(name: str) -> bool:
    """Tell whether a name is one that xend accepts, and no step up in a tree of folders."""
    return bool(_HOST_NAME.fullmatch(name)) and not {".", ".."} & set(name.split("/"))


def _order(domain: FoundDomain) -> tuple[str, int]:
    """Return what domains are sorted by: xend's own order differs from time to time."""
    return domain["fields"]["name"], domain["fields"]["domid"] or 0


def _groups(xend: Xend, domain: FoundDomain) -> tuple[str, ...]:
    """Return the groups that a domain always belongs to; that of its state only if xend says it."""
    state = domain["fields"]["state"]
    return (xend.group, f"state_{state}") if state in STATES else (xend.group,)


def _fixed_groups(xends: Sequence[Xend]) -> list[str]:
    """Return the groups that are always made."""
    return [*(f"state_{state}" for state in STATES), *(xend.group for xend in xends)]
