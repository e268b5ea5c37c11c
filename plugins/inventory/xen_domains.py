# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inventory of the domains of one or several xends: fetch, keep as plain data, populate."""

from __future__ import annotations

DOCUMENTATION = r"""
name: xen_domains
short_description: Use Xen domains as inventory hosts
version_added: 0.1.0
description:
  - Adds each domain as a host, with the information from xend as host variables.
  - The inventory source is a file named C(xen_domains.yml) or C(xen_domains.yaml), or a file whose name ends in
    C(.xen_domains.yml) or C(.xen_domains.yaml).
  - The connection options name one xend. O(xends) names several. The plugin asks up to 16 of them at the same time.
  - xend 3.0.3 and earlier take one request. On xend 3.0.4 and later, the list of domains shows only those that run. The
    plugin sends one more request there, and one for each domain that does not run. O(include_halted=false) saves these.
  - Every domain that cannot be read is left out with a warning. O(on_failure) controls what happens if a xend fails.
  - The plugin always adds the groups C(state_running), C(state_paused), C(state_shutdown), C(state_crashed), C(state_dying)
    and C(state_halted), and one group for each xend, named C(xend_) and the name of the xend.
extends_documentation_fragment:
  - dom0.xend.connection
  - dom0.xend.connection.plugin
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
author:
  - dom0.xend contributors (@dom0-xend)
options:
  plugin:
    description: Token that marks the file as a source of this plugin.
    type: str
    required: true
    choices: [dom0.xend.xen_domains]
  xends:
    description:
      - List of xends to ask. Mutually exclusive with O(xend_url).
      - An entry inherits the values that it does not set from the top-level option of the same name.
      - Strings can be templates, for example with a lookup of an environment variable, or encrypted with Ansible Vault.
        This also applies to the connection options at the top level.
    type: list
    elements: dict
    suboptions:
      url:
        description: URL of this xend, as in O(xend_url).
        type: str
        required: true
        aliases: [xend_url]
      name:
        description:
          - Name of this xend, used for its group and in the variable C(xen_xend). It must be unique.
          - The default is the host in the URL, or V(localhost) for a Unix socket.
        type: str
      username:
        description: As O(xend_username).
        type: str
        aliases: [xend_username]
      password:
        description: As O(xend_password).
        type: str
        aliases: [xend_password]
      ssh_args:
        description: As O(xend_ssh_args).
        type: str
        aliases: [xend_ssh_args]
      validate_certs:
        description: As O(validate_certs).
        type: bool
      ca_path:
        description: As O(ca_path).
        type: path
      connect_timeout:
        description: As O(connect_timeout).
        type: float
      timeout:
        description: As O(timeout).
        type: float
      on_failure:
        description: As O(on_failure).
        type: str
        choices: [fail, warn, stale]
  on_failure:
    description:
      - What to do if a xend cannot be reached or does not return its domains.
      - V(fail) makes the source fail without any hosts, so no host is missing unnoticed.
      - V(warn) shows a warning and adds the domains of the other xends. A domain name that exists on several xends may then
        belong to another xend than usual.
      - V(stale) shows a warning with the age of the last answer of this xend, and adds the domains from that answer. It
        requires O(cache) with a persistent cache plugin. O(cache_timeout) does not limit the age. If there is no last
        answer, it acts like V(fail).
    type: str
    choices: [fail, warn, stale]
    default: fail
  hostnames:
    description:
      - Expressions for the host name, or templates if they contain C({{). The first one that results in a string is used.
      - If none does, the host gets the name of the domain, with a warning. If the list is empty, all hosts get the names of
        their domains.
    type: list
    elements: str
    default: []
  ansible_host:
    description:
      - Expressions for the variable C(ansible_host), as for O(hostnames). If none results in a string, it is not set.
      - V([xen_ip]) uses the first IP address that xend has for an interface of the domain.
    type: list
    elements: str
    default: []
  filters:
    description:
      - Conditions that decide which domains become hosts. Each is an C(include) or an C(exclude). The first one that is true
        decides. If none is true, the domain is included.
      - A condition that cannot be evaluated for a domain counts as false. If it cannot be evaluated for any domain, the
        plugin shows a warning.
    type: list
    elements: dict
    default: []
    suboptions:
      include:
        description: Include the domain if this expression is true.
        type: raw
      exclude:
        description: Exclude the domain if this expression is true.
        type: raw
  include_domain0:
    description: Whether to add Domain-0 of each xend as a host.
    type: bool
    default: false
  include_halted:
    description:
      - Whether to add domains that do not run, which xend 3.0.4 and later do not list. This takes one more request, and one
        for each of these domains.
      - This option has no effect on xend 3.0.3 and earlier, which list all domains.
    type: bool
    default: true
  include_zombies:
    description:
      - Whether to add domains that were destroyed but that the hypervisor has not released yet. xend 3.0.3 and earlier list
        them as C(Zombie-) and their name.
    type: bool
    default: false
  fetch_node:
    description:
      - Whether to also ask each xend for information about its host. This takes one request. It is set as the variable
        C(xen_node) of the group of the xend, with the fields that M(dom0.xend.xen_node_info) returns.
      - Expressions in this source can use C(xen_node) too.
    type: bool
    default: false
  vars_prefix:
    description:
      - Prefix of the variable names. Expressions must use the same prefix.
    type: str
    default: xen_
  strict:
    description:
      - If V(true), an expression that cannot be evaluated is an error. So is a domain whose name is taken or is not valid as
        a host name.
      - If V(false), such an expression is skipped, and the plugin shows a warning for such a domain.
notes:
  - The host variables are the fields that M(dom0.xend.xen_domain_info) returns, each with O(vars_prefix) before its name. The
    plugin adds C(xen_xend) and C(xen_xend_url), the name and the URL of the xend, and C(xen_ip). What xend does not report is
    V(null).
  - Variables from xend are data. A string that looks like a template is not evaluated.
  - If the name of a domain is taken by another xend or by a group, or is a name of the controller (C(localhost)), the host is
    named C(name+xend), with a warning. xends are read in the order of the file, and their domains by name. No host on a
    network has such a name, so Ansible reaches this host only if C(ansible_host) is set.
  - A person who can name a guest must not be able to run commands on the controller. Host names contain only letters, digits,
    C(_), C(.), C(+) and C(-), and do not begin with C(-). Every other character is replaced with C(_), with a warning. The
    original name is in C(xen_name).
  - C(ansible_host) must be a host name or an IP address. Otherwise it is not set, with a warning. A variable of O(compose) whose
    name begins with C(ansible_) is not set if its value depends on text from xend that a command line could misread. Values
    that you write yourself are not changed.
  - The answer of each xend is cached separately. If a xend fails, the next run asks it again, and uses the cache for the
    others.
  - Ansible continues without a source that fails. Set E(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) to make it stop.
seealso:
  - module: dom0.xend.xen_domain_info
  - module: dom0.xend.xen_node_info
"""

EXAMPLES = r"""
---
# The domains of this host, in a file local.xen_domains.yml
plugin: dom0.xend.xen_domains
---
# Two xends behind SSH tunnels. Ansible uses the first IP address that xend has for a guest, or else its name.
plugin: dom0.xend.xen_domains
xends:
  - url: http://localhost:8001
    name: rack1
  - url: http://localhost:8002
    name: rack2
connect_timeout: 2
ansible_host:
  - xen_ip
  - xen_name ~ '.example.org'
---
# The same hosts without tunnels. OpenSSH logs in to each once, with a key, as set in ~/.ssh/config.
plugin: dom0.xend.xen_domains
xends:
  - url: ssh://root@rack1.example.org
  - url: ssh://root@rack2.example.org:2222/var/lib/xend/xend-socket
    name: rack2
---
# A rack that may be down is shown as it last was, and filters leave out test guests and guests that are down
plugin: dom0.xend.xen_domains
xends:
  - url: http://localhost:8001
    name: rack1
    password: "{{ lookup('ansible.builtin.env', 'RACK1_PASSWORD', default='') }}"
  - url: http://localhost:8002
    name: attic
    on_failure: stale
hostnames:
  - xen_name ~ '.' ~ xen_xend
filters:
  - exclude: xen_name is match('test-')
  - include: xen_state in ['running', 'paused']
  - exclude: true
fetch_node: true
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.ansible/xen_domains
---
# More groups, and a cache for five minutes
plugin: dom0.xend.xen_domains
xend_url: unix:///var/lib/xend/xend-socket
include_halted: false
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

import ipaddress
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Union, cast
from urllib.parse import urlsplit

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.inventory import (
    BaseInventoryPlugin,
    Cacheable,
    Constructable,
    get_cache_plugin,
    to_safe_group_name,
)
from ansible.release import __version__ as ansible_core
from ansible.utils.vars import combine_vars

from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest, XendError
from ansible_collections.dom0.xend.plugins.plugin_utils._complaints import Complaints, excerpt
from ansible_collections.dom0.xend.plugins.plugin_utils._draft import Draft
from ansible_collections.dom0.xend.plugins.plugin_utils._names import (
    Names,
    disarmed,
    is_address,
    is_address_variable,
    is_connection_variable,
    safe_name,
)
from ansible_collections.dom0.xend.plugins.plugin_utils._rules import Rules
from ansible_collections.dom0.xend.plugins.plugin_utils._xends import (
    Answer,
    FoundDomain,
    Query,
    Xend,
    age,
    ask,
    from_cache,
    missing_library,
    order,
    shortened,
    to_cache,
    uncollected,
)

if TYPE_CHECKING:
    from ansible.inventory.data import InventoryData
    from ansible.parsing.dataloader import DataLoader

STATES = ("running", "paused", "shutdown", "crashed", "dying", "halted")
"""The states of a domain. Each has a group, even if it is empty."""

OLDEST_CORE = (2, 19)
"""The oldest supported ansible-core, as in meta/runtime.yml. Earlier ones would evaluate a template in a text from xend."""

_NAMES = ("xen_domains.yml", "xen_domains.yaml")
_SUFFIXES = (".xen_domains.yml", ".xen_domains.yaml")

_MARK = re.compile(rb"""^plugin:[ ]*["']?dom0\.xend\.xen_domains["']?[ ]*(?:#.*)?\r?$""", re.MULTILINE)
"""The line that marks a file as one for this plugin, whatever its name."""

_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class WantedHost:
    """A future host: the intended name, its xend, groups, address and variables.

    ``shared`` are the variables of its group, which expressions can use, too.
    """

    meant: str
    xend: Xend
    groups: tuple[str, ...]
    address: Optional[str]
    variables: dict[str, Any]
    shared: dict[str, Any]


@dataclass(frozen=True)
class PlannedHost:
    """A host with its final, unique name in the inventory."""

    name: str
    groups: tuple[str, ...]
    variables: dict[str, Any]
    shared: dict[str, Any]


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """The inventory plugin. ``trusted_by_default`` stays False, so that no text from xend becomes a template."""

    NAME = "dom0.xend.xen_domains"

    def verify_file(self, path: str) -> bool:
        """Return whether the file is for this plugin, by its name. Warns if only its content is."""
        if not super().verify_file(path):
            return False
        if path.endswith(_SUFFIXES) or Path(path).name in _NAMES:
            return True
        if _is_marked(path):  # Ansible would only report that the file could not be verified, without a reason
            self.display.warning(
                f"{path} is not used as a source of {self.NAME}: its name must be {' or '.join(_NAMES)}, "
                f"or end in {' or '.join(_SUFFIXES)}"
            )
        return False

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        """Fill the inventory from the source at *path*. If it raises AnsibleParserError, it has added nothing."""
        _require_core()
        super().parse(inventory, loader, path, cache)
        with uncollected():
            self._check_options(self._read_options(path, loader), path)
            xends = self._xends(path)
            answers = self._answers(xends, path, may_read_cache=cache)
            hosts, draft = self._plan(xends, answers, inventory, path)
            self._populate(inventory, xends, answers, hosts)
            draft.apply()

    # ---- options

    def _read_options(self, path: str, loader: DataLoader) -> Mapping[str, Any]:
        """Set the options, and return those of the source as written. Raises AnsibleParserError."""
        self._options: dict[str, Any] = {}
        try:
            config: Mapping[str, Any] = self._read_config_data(path)
        except AnsibleError as error:  # Ansible names the option, but not its place in the file
            if not self._options:
                raise AnsibleParserError(f"{path}: {error}") from error
            # The options are set, so the cache has failed. _last_answers() gets the same error, and reports it.
            config = loader.load_from_file(path, cache="none", trusted_as_template=True)
        return config

    def _check_options(self, config: Mapping[str, Any], path: str) -> None:
        """Raise AnsibleParserError for what Ansible would ignore: unknown options, and invalid values."""
        _validated(_spec(self.option_definitions), config, path)
        if "xends" in config and "xend_url" in config:
            raise AnsibleParserError(f"{path}: xend_url and xends are both given: give one xend, or a list of them")
        if self.get_option("xends") == []:
            raise AnsibleParserError(f"{path}: xends is an empty list: no xend would be asked")
        if not _PREFIX.fullmatch(self.get_option("vars_prefix")):
            raise AnsibleParserError(
                f"{path}: vars_prefix must begin with a letter or _, and contain only letters, digits and _, "
                f"not {self.get_option('vars_prefix')!r}"
            )
        for option in ("hostnames", "ansible_host"):
            if not all(isinstance(each, str) for each in self.get_option(option)):
                raise AnsibleParserError(
                    f"{path}: {option} must be a list of strings, each an expression or a template"
                )
        for number, each in enumerate(self.get_option("filters"), 1):
            if len(each) != 1 or not set(each) <= {"include", "exclude"} or None in each.values():
                raise AnsibleParserError(
                    f"{path}: filter {number} must have either include or exclude, with a condition"
                )

    def _xends(self, path: str) -> list[Xend]:
        """Return the xends that the source names."""
        spec = _spec(self.option_definitions["xends"]["suboptions"])
        common = {_top_level(name): self._option(_top_level(name), path) for name in spec if name != "name"}
        entries = self.get_option("xends")
        if entries is None:
            return [self._xend(common, path)]
        xends = []
        for number, entry in enumerate(entries, 1):
            where = f"{path}: entry {number} of xends"
            given = _validated(spec, self._templated(entry, where), where)
            own = {_top_level(name): given[name] for name in spec if given[name] is not None}
            xends.append(self._xend({**common, **own}, where))
        _refuse_same_names(xends, path)
        return xends

    def _xend(self, options: dict[str, Any], where: str) -> Xend:
        """Return a xend with its given name, or with a name from its URL."""
        name = options.pop("name", None) or _host_in(options["xend_url"])
        on_failure = options.pop("on_failure")
        if not name:
            raise AnsibleParserError(
                f"{where}: xend_url is none of http://host:8000, https://host, unix:///path/to/socket and ssh://host"
            )
        if on_failure == "stale" and not self.get_option("cache"):
            raise AnsibleParserError(
                f"{where}: on_failure: stale needs cache: true, because the cache holds the last answers"
            )
        return Xend(name, to_safe_group_name(f"xend_{name}"), on_failure, options)

    def _option(self, name: str, path: str) -> Any:
        """Return an option of the top level, which may be a template."""
        return self._templated(self.get_option(name), f"{path}: {name}")

    def _templated(self, value: Any, where: str) -> Any:
        """Return a value, or a dictionary of values, with templates and vault secrets resolved."""
        if isinstance(value, Mapping):
            return {key: self._templated(each, f"{where}: {key}") for key, each in value.items()}
        if value is None or isinstance(value, (bool, int, float)):
            return value
        try:
            return self.templar.template(value)
        except AnsibleError as error:
            raise AnsibleParserError(f"{where}: {error}") from error

    # ---- from the cache, or from the xends

    def _answers(self, xends: Sequence[Xend], path: str, *, may_read_cache: bool) -> list[Optional[Answer]]:
        """Return the answer of each xend, a new one or one from the cache; None for a xend to be skipped."""
        query = Query(self.get_option("include_halted"), self.get_option("fetch_node"))
        last = self._last_answers(xends, query, path)
        known = {xend.name: last[xend.name] for xend in xends if may_read_cache and self._is_fresh(last[xend.name])}
        to_ask = [xend for xend in xends if xend.name not in known]
        missing = missing_library(to_ask) if to_ask else None
        if missing:
            raise AnsibleParserError(missing)
        asked = list(zip(to_ask, ask(to_ask, query)))
        self._keep(asked, query, path)
        said = {**known, **{xend.name: answer for xend, answer in asked}}
        return self._judged(xends, said, last, path)

    def _last_answers(self, xends: Sequence[Xend], query: Query, path: str) -> dict[str, Optional[Answer]]:
        """Return the cached answers, however old."""
        self._cache = None
        if not self.get_option("cache"):
            return dict.fromkeys(xend.name for xend in xends)
        # This plugin checks the age itself: the cache plugin would return nothing older, not even for `stale`.
        options = {"_uri": "cache_connection", "_prefix": "cache_prefix"}
        given = {key: self.get_option(name) for key, name in options.items() if self.get_option(name) is not None}
        try:
            self._cache = get_cache_plugin(self.get_option("cache_plugin"), _timeout=0, **given)
        except Exception as error:  # noqa: BLE001 - whatever a cache plugin raises: xend can still answer
            self.display.warning(f"{path}: the cache cannot be used: {error}")
            return dict.fromkeys(xend.name for xend in xends)
        return {xend.name: self._last_answer(self._key(xend, query, path), path) for xend in xends}

    def _last_answer(self, key: str, path: str) -> Optional[Answer]:
        nothing = object()
        try:
            kept = self._cache.get(key, nothing)
            return None if kept is nothing else from_cache(kept)
        except Exception as error:  # noqa: BLE001 - whatever a cache plugin raises
            self.display.warning(f"{path}: the cache is not used: {error}")
            return None

    def _key(self, xend: Xend, query: Query, path: str) -> str:
        """Return the cache key, which differs for each source, xend and query."""
        return f"{self.get_cache_key(path)}_{xend.identity(query)}"

    def _is_fresh(self, answer: Optional[Answer]) -> bool:
        """Return whether an answer is recent enough; a timeout of 0 means no limit."""
        timeout = self.get_option("cache_timeout")
        return answer is not None and (timeout == 0 or 0 <= time.time() - answer["asked_at"] <= timeout)

    def _keep(self, asked: Sequence[tuple[Xend, Union[Answer, XendError]]], query: Query, path: str) -> None:
        """Put the answers into the cache at once, because later steps may fail."""
        answers = [(xend, answer) for xend, answer in asked if not isinstance(answer, XendError)]
        if self._cache is not None and answers:
            try:
                for xend, answer in answers:
                    self._cache[self._key(xend, query, path)] = to_cache(answer)
                self.set_cache_plugin()
            except Exception as error:  # noqa: BLE001 - whatever a cache plugin raises
                self.display.warning(f"{path}: the cache cannot be written: {error}")

    def update_cache_if_changed(self) -> None:
        """Do nothing: Ansible calls this at the end, when the answers are already in the cache."""

    def _judged(
        self,
        xends: Sequence[Xend],
        answers: Mapping[str, Union[Answer, XendError, None]],
        last: Mapping[str, Optional[Answer]],
        path: str,
    ) -> list[Optional[Answer]]:
        """Return the answers, and for each failure what its policy allows. Raises AnsibleParserError if the policy is to fail."""
        judged: list[Optional[Answer]] = []
        fatal: list[str] = []
        for xend in xends:
            answer = answers[xend.name]
            if not isinstance(answer, XendError):
                judged.append(answer)
                continue
            instead = last[xend.name] if xend.on_failure == "stale" else None
            if isinstance(answer, InvalidRequest) or (xend.on_failure != "warn" and instead is None):
                fatal.append(f"{path}: xend {xend.name}: {answer}")
            elif instead is None:
                self.display.warning(f"{path}: the domains of xend {xend.name} are missing: {answer}")
            else:
                old = age(time.time() - instead["asked_at"])
                self.display.warning(f"{path}: the domains of xend {xend.name} are shown as {old} ago: {answer}")
            judged.append(instead)
        if fatal:
            raise AnsibleParserError("\n".join(fatal))
        return judged

    # ---- into the inventory

    def _plan(
        self, xends: Sequence[Xend], answers: Sequence[Optional[Answer]], inventory: InventoryData, path: str
    ) -> tuple[list[PlannedHost], Draft]:
        """Return the future hosts, and the variables and groups constructed from them. Shows the warnings."""
        rules = Rules(self.templar, path, self.get_option("strict"), self._extra_vars())
        nameless = self._complaints(path)
        wanted: list[WantedHost] = []
        for xend, answer in zip(xends, answers):
            if answer is not None:
                for complaint in shortened(answer["complaints"]):
                    self.display.warning(f"{path}: xend {xend.name}: {complaint}")
                wanted += self._hosts_of(xend, answer, rules, nameless)
        hosts, draft, refused = self._settled(wanted, xends, inventory, path)
        for sentence in chain(nameless.sentences(), refused.sentences(), rules.complaints()):
            self.display.warning(sentence)
        return hosts, draft

    def _complaints(self, path: str) -> Complaints:
        return Complaints(path, strict=self.get_option("strict"))

    def _settled(
        self, wanted: Sequence[WantedHost], xends: Sequence[Xend], inventory: InventoryData, path: str
    ) -> tuple[list[PlannedHost], Draft, Complaints]:
        """Return the hosts, each with a unique name that is no group's, and the variables and groups constructed from them.

        The groups of expressions are known only after their evaluation. A host with the name of such a group gets another name,
        which may change the results of expressions, so they are evaluated again. No name is freed, so the loop ends.
        """
        reserved: set[str] = set()
        while True:
            complaints = self._complaints(path)
            hosts = self._named(wanted, self._names(inventory, xends, reserved), complaints)
            draft = self._constructed(inventory, hosts, complaints)
            clashing = set(draft.hosts).intersection(draft.groups)
            if not clashing:
                return hosts, draft, complaints
            reserved |= clashing

    def _hosts_of(self, xend: Xend, answer: Answer, rules: Rules, nameless: Complaints) -> Iterator[WantedHost]:
        """Yield the wanted hosts of one xend, in the order of their domains' names."""
        shared = self._group_variables(answer)
        hostnames, addresses = self.get_option("hostnames"), self.get_option("ansible_host")
        for domain in sorted(filter(self._wanted, answer["domains"]), key=order):
            variables = self._variables(xend, domain)
            known = {**shared, **variables}
            if not rules.wants(self.get_option("filters"), known):
                continue
            own = domain["fields"]["name"]
            meant = rules.first("hostnames", hostnames, known)
            if hostnames and meant is None:
                nameless.add(
                    "domains that get no name from hostnames",
                    f"hostnames results in no name for the domain {excerpt(own)!r} on xend {xend.name}",
                )
            address = rules.first("ansible_host", addresses, known)
            yield WantedHost(meant or own, xend, _groups(xend, domain), address, variables, shared)

    def _named(self, wanted: Sequence[WantedHost], names: Names, complaints: Complaints) -> list[PlannedHost]:
        """Return the hosts with unique names; complain if a name is not the intended one."""
        hosts = []
        for host in wanted:
            name = _name(host, names, complaints)
            variables = host.variables
            if host.address is not None and is_address(host.address):
                variables = {**variables, "ansible_host": host.address}
            elif host.address is not None:
                _refuse(complaints, name, "ansible_host")
            hosts.append(PlannedHost(name, host.groups, variables, host.shared))
        return hosts

    def _wanted(self, domain: FoundDomain) -> bool:
        """Return whether filters apply to a domain; other domains are left out."""
        if domain["zombie"]:
            return bool(self.get_option("include_zombies"))
        return not domain["privileged"] or bool(self.get_option("include_domain0"))

    def _names(self, inventory: InventoryData, xends: Sequence[Xend], reserved: Iterable[str]) -> Names:
        """Return the names in use before this source has named any host.

        A host with the name of a group would put the whole group into the groups of the host; one named localhost would get
        tasks for the controller. Names of hosts from other sources can be used: their variables are merged, unless
        they are domains of another xend.
        """
        url = self._prefixed("xend_url")
        owned = {name: str(host.vars[url]) for name, host in inventory.hosts.items() if host.vars.get(url)}
        composed = {to_safe_group_name(name) for name in self.get_option("groups")}
        return Names({*inventory.groups, *_fixed_groups(xends), *composed, *reserved}, owned)

    def _prefixed(self, name: str) -> str:
        return str(self.get_option("vars_prefix")) + name

    def _variables(self, xend: Xend, domain: FoundDomain) -> dict[str, Any]:
        """Return the variables of a host."""
        prefix = self.get_option("vars_prefix")
        own = {"ip": _first_address(domain), "xend": xend.name, "xend_url": xend.url}
        return {prefix + key: value for key, value in chain(domain["fields"].items(), own.items())}

    def _group_variables(self, answer: Optional[Answer]) -> dict[str, Any]:
        """Return the variables of the group of a xend."""
        return {self._prefixed("node"): answer["node"]} if answer and answer["node"] else {}

    def _extra_vars(self) -> Mapping[str, Any]:
        """Return the extra variables of the command line, if expressions may use them."""
        return (self._vars or {}) if self.get_option("use_extra_vars") else {}

    def _populate(
        self,
        inventory: InventoryData,
        xends: Sequence[Xend],
        answers: Sequence[Optional[Answer]],
        hosts: Sequence[PlannedHost],
    ) -> None:
        """Add groups, hosts and variables."""
        for group in _fixed_groups(xends):
            inventory.add_group(group)
        for xend, answer in zip(xends, answers):
            for key, value in self._group_variables(answer).items():
                inventory.set_variable(xend.group, key, value)
        for host in hosts:
            for group in host.groups:
                inventory.add_host(host.name, group=group)
            # Not through the inventory, which would tag each value with its source file: that takes longer than all the
            # rest. The values are plain data, and text without a tag is never evaluated as a template.
            known = inventory.hosts[host.name]
            known.vars = combine_vars(known.vars, host.variables)

    def _constructed(self, inventory: InventoryData, hosts: Sequence[PlannedHost], complaints: Complaints) -> Draft:
        """Return the variables and groups that the user's expressions construct from the hosts."""
        draft = Draft(inventory)
        compose, groups, keyed = (self.get_option(name) for name in ("compose", "groups", "keyed_groups"))
        if not (compose or groups or keyed):
            return draft
        strict = self.get_option("strict")
        self.inventory = cast("InventoryData", draft)  # Ansible adds what it constructs to self.inventory
        try:
            for host in hosts:
                known = draft.plan(host.name, host.groups, host.variables)
                before = {**host.shared, **known.get_vars()}
                self._set_composite_vars(compose, before, host.name, strict=strict)
                self._refuse_options_of_ssh(draft, host.name, before, complaints)
                variables = {**host.shared, **known.get_vars()}
                self._add_host_to_composed_groups(groups, variables, host.name, strict=strict, fetch_hostvars=False)
                self._add_host_to_keyed_groups(keyed, variables, host.name, strict=strict, fetch_hostvars=False)
        finally:
            self.inventory = inventory
        return draft

    def _refuse_options_of_ssh(
        self, draft: Draft, host: str, variables: Mapping[str, Any], complaints: Complaints
    ) -> None:
        """Remove composed connection variables that contain a text from xend that ssh could read as an option.

        Whoever names a guest must not control what runs on the controller. Texts of the user stay as they are.
        """
        harmless: Optional[dict[str, Any]] = None  # slow, and few sources compose connection variables
        for name, value in list(draft.composed.get(host, {}).items()):
            if not is_connection_variable(name):
                continue
            if is_address_variable(name):
                may_stay = is_address(value)
            else:
                harmless = disarmed(variables) if harmless is None else harmless
                may_stay = value == self._composed(self.get_option("compose")[name], harmless)
            if not may_stay:
                draft.refuse(host, name)
                _refuse(complaints, host, name)

    def _composed(self, expression: str, variables: Mapping[str, Any]) -> Any:
        """Return the value of an expression of ``compose``, None if it cannot be evaluated."""
        try:
            return self._compose(expression, variables)
        except AnsibleError:
            return None


# ---- options


def _require_core() -> None:
    """Raise AnsibleParserError if this ansible-core is too old. Ansible itself only warns and continues."""
    if tuple(int(number) for number in ansible_core.split(".")[:2]) < OLDEST_CORE:
        oldest = ".".join(map(str, OLDEST_CORE))
        raise AnsibleParserError(
            f"{InventoryModule.NAME} needs ansible-core {oldest} or newer, and this is ansible-core {ansible_core}"
        )


def _is_marked(path: str) -> bool:
    """Return whether a YAML file names this plugin."""
    if not path.endswith((".yml", ".yaml")):
        return False
    try:
        return _MARK.search(Path(path).read_bytes()) is not None
    except OSError:
        return False


def _spec(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the argument spec of documented options, without defaults, so that missing options stay missing."""
    spec = {}
    for name, option in options.items():
        kind = option.get("type", "str")
        spec[name] = {"type": {"boolean": "bool", "integer": "int"}.get(kind, kind)}
        spec[name].update({key: option[key] for key in ("aliases", "choices", "elements", "required") if key in option})
    return spec


def _validated(spec: dict[str, Any], values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return *values* in the types of the spec, None for missing ones. Raises AnsibleParserError, which names *where*."""
    result = ArgumentSpecValidator(spec).validate(dict(values))
    if result.error_messages:
        raise AnsibleParserError(f"{where}: {'; '.join(result.error_messages)}")
    validated: dict[str, Any] = result.validated_parameters
    return validated


def _top_level(name: str) -> str:
    """Return the top-level name of an option of an entry of ``xends``."""
    return f"xend_{name}" if name in ("url", "username", "password", "ssh_args") else name


def _host_in(url: str) -> Optional[str]:
    """Return the host in a ``xend_url``, None if there is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return "localhost" if parts.scheme == "unix" else parts.hostname


def _refuse(complaints: Complaints, host: str, variable: str) -> None:
    """Complain that a connection variable is not set, without its value, which may be a password."""
    complaints.add(
        f"hosts whose {variable} is not set",
        f"{variable} of {excerpt(host)} is not set: its value contains text from xend that could be misread as an "
        f"option or a command",
    )


def _refuse_same_names(xends: Sequence[Xend], path: str) -> None:
    """Raise AnsibleParserError unless each xend has a unique name and group."""
    seen: dict[str, str] = {}
    for xend in xends:
        if xend.group in seen:
            raise AnsibleParserError(
                f"{path}: two xends have the names {seen[xend.group]} and {xend.name}, which give the same group "
                f"{xend.group}: give each a different name"
            )
        seen[xend.group] = xend.name


# ---- names, variables and groups


def _name(host: WantedHost, names: Names, complaints: Complaints) -> str:
    """Return the name of a host, and mark it as used; complain if it is not the intended one."""
    safe = safe_name(host.meant)
    name = names.take(safe, host.xend.name, host.xend.url)
    if safe != host.meant:
        complaints.add(
            "names that are not valid host names",
            f"{excerpt(host.meant)!r} on xend {host.xend.name} cannot be the name of a host: it is called "
            f"{excerpt(name)}",
        )
    elif name != host.meant:
        complaints.add(
            "names that are taken",
            f"the name {excerpt(host.meant)} of a domain on xend {host.xend.name} is taken: it is called "
            f"{excerpt(name)}",
        )
    return name


def _first_address(domain: FoundDomain) -> Optional[str]:
    """Return the first address of an interface in xend's data, without its prefix length; None if there is none."""
    for text in chain.from_iterable(vif["ip"] or () for vif in domain["fields"]["vifs"] or ()):
        try:
            return str(ipaddress.ip_interface(text).ip)
        except ValueError:
            continue
    return None


def _groups(xend: Xend, domain: FoundDomain) -> tuple[str, ...]:
    """Return the fixed groups of a domain; that of its state only if xend reports the state."""
    state = domain["fields"]["state"]
    return (xend.group, f"state_{state}") if state in STATES else (xend.group,)


def _fixed_groups(xends: Sequence[Xend]) -> list[str]:
    """Return the groups that always exist."""
    return [*(f"state_{state}" for state in STATES), *(xend.group for xend in xends)]
