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
  - The source is a file that is called C(xen_domains.yml) or C(xen_domains.yaml), or whose name ends in
    C(.xen_domains.yml) or C(.xen_domains.yaml).
  - One xend is given by the options of the connection, several by O(xends). They are asked side by side, 16 at a time.
  - Up to 3.0.3 a xend is asked once. From 3.0.4 on its list holds only what runs, so it takes one more request, and
    one for each domain that does not run; O(include_halted=false) saves them.
  - No domain is missing without a word. One that cannot be read is left out with a warning; what a xend that fails
    means is for O(on_failure) to say.
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
      - Texts may be templates, for instance with a lookup of an environment variable, or encrypted with Ansible Vault.
        The same holds for the options of the connection at the top level.
    type: list
    elements: dict
    suboptions:
      url:
        description: Where this xend listens, as in O(xend_url).
        type: str
        required: true
        aliases: [xend_url]
      name:
        description:
          - What to call it, in its group and in the variable C(xen_xend). No two may have the same.
          - By default it is the host in its URL, and V(localhost) for a Unix socket.
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
      - What to do about a xend that cannot be reached, or does not answer with its domains.
      - V(fail) gives no host at all, so that none is missing unnoticed.
      - V(warn) gives a warning and the domains of the others. A name that occurs on several xends then goes to
        another one than otherwise.
      - V(stale) gives a warning, and the domains that this xend had when it last answered, with how long ago that was.
        It needs O(cache), with a cache plugin that keeps things; O(cache_timeout) does not limit the age. Where there is
        no last answer, it is as V(fail).
    type: str
    choices: [fail, warn, stale]
    default: fail
  hostnames:
    description:
      - Expressions for the name of the host, or templates if there is C({{) in them. The first that gives a text is taken.
      - A domain for which none does keeps its own name, with a warning. Without any, all keep their own.
    type: list
    elements: str
    default: []
  ansible_host:
    description:
      - Expressions for the variable C(ansible_host), as for O(hostnames). Without one that gives a text it is not set.
      - V([xen_ip]) takes the first address that xend knows of an interface of the domain.
    type: list
    elements: str
    default: []
  filters:
    description:
      - Conditions that decide which domains become hosts, each C(include) or C(exclude).
        The first that is true decides. A domain for which none is true is included.
      - One that cannot be evaluated for a domain is not true for it. If that holds for all domains, there is a warning.
    type: list
    elements: dict
    default: []
    suboptions:
      include:
        description: An expression that is true for domains to have.
        type: raw
      exclude:
        description: An expression that is true for domains to leave out.
        type: raw
  include_domain0:
    description: Whether to have hosts for the control domains.
    type: bool
    default: false
  include_halted:
    description:
      - Whether to have hosts for the domains that a xend from 3.0.4 on does not list, which are all that do not run.
        They take a request each, and one more.
      - Up to 3.0.3 it changes nothing, as xend lists all domains.
    type: bool
    default: true
  include_zombies:
    description:
      - Whether to have hosts for the domains that were destroyed and that the hypervisor has not let go of.
        Up to 3.0.3 xend lists them as C(Zombie-) and their name.
    type: bool
    default: false
  fetch_node:
    description:
      - Whether to ask each xend for its node, too, which takes one request. What it says is the variable C(xen_node)
        of the group of the xend, with the fields that M(dom0.xend.xen_node_info) describes.
      - Expressions of this source can use C(xen_node) as well.
    type: bool
    default: false
  vars_prefix:
    description:
      - What the names of the variables begin with. Expressions have to use the same.
    type: str
    default: xen_
  strict:
    description:
      - If V(true), an expression that cannot be evaluated is an error, and so is a domain whose name is taken or cannot
        be the name of a host. Otherwise such an expression is skipped, and there is a warning about such a domain.
notes:
  - The variables of a host are the fields that M(dom0.xend.xen_domain_info) describes, each with O(vars_prefix) before
    it, and C(xen_xend) and C(xen_xend_url), the name and the URL of its xend, and C(xen_ip). What xend does not say is
    V(null).
  - They are data. What looks like a template in them stays text.
  - The host of a domain whose name is taken, on another xend or by a group, or is that of the controller (C(localhost)),
    is called C(name+xend), and there is a warning. xends come in the order of the file, their domains by name.
    No host on a network has such a name. This one is reached where C(ansible_host) says, or not at all.
  - Whoever names a guest must not run commands on the controller. The name of a host holds only letters, digits,
    C(_), C(.), C(+) and C(-), and does not begin with C(-). Every other character becomes C(_), with a warning.
    The name as xend has it stays in C(xen_name).
  - C(ansible_host) must be a host name or an IP address, or it is not set, with a warning. A variable of O(compose) whose name
    begins with C(ansible_) is not set if its value depends on a text of a xend that a command line could misread. What you write
    yourself is not changed.
  - The cache holds what each xend said, by itself. So one that failed is asked again at the next run, and the others are not.
  - Ansible goes on without a source that fails. E(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) makes it stop.
seealso:
  - module: dom0.xend.xen_domain_info
"""

EXAMPLES = r"""
---
# The domains of this host, in a file local.xen_domains.yml
plugin: dom0.xend.xen_domains
---
# Two xends behind SSH tunnels. Guests are reached at the first address that xend knows, or by their name.
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
# The same hosts without tunnels. OpenSSH logs in to each once, with a key, as ~/.ssh/config says.
plugin: dom0.xend.xen_domains
xends:
  - url: ssh://root@rack1.example.org
  - url: ssh://root@rack2.example.org:2222/var/lib/xend/xend-socket
    name: rack2
---
# An old estate: a rack that may be down is shown as it last was, and what is not for this play is left out
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
# More groups, and a cache that spares xend for five minutes
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
"""The states of a domain, each of which has a group, empty or not."""

OLDEST_CORE = (2, 19)
"""The oldest ansible-core that will do, as meta/runtime.yml has it. Earlier ones would evaluate a template from a xend."""

_NAMES = ("xen_domains.yml", "xen_domains.yaml")
_SUFFIXES = (".xen_domains.yml", ".xen_domains.yaml")

_MARK = re.compile(rb"""^plugin:[ ]*["']?dom0\.xend\.xen_domains["']?[ ]*(?:#.*)?\r?$""", re.MULTILINE)
"""What marks a file as one for this plugin, whatever its name."""

_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class WantedHost:
    """What is to be a host: the name that is meant, its xend, groups, address and variables.

    Expressions may use what it has from its group, ``shared``, too.
    """

    meant: str
    xend: Xend
    groups: tuple[str, ...]
    address: Optional[str]
    variables: dict[str, Any]
    shared: dict[str, Any]


@dataclass(frozen=True)
class PlannedHost:
    """A host as it is going to be in the inventory, under a name that nothing else has."""

    name: str
    groups: tuple[str, ...]
    variables: dict[str, Any]
    shared: dict[str, Any]


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """The plugin. ``trusted_by_default`` stays False: no text from xend becomes a template."""

    NAME = "dom0.xend.xen_domains"

    def verify_file(self, path: str) -> bool:
        """Return whether the file is for this plugin, by its name; warn if its content is and its name is not."""
        if not super().verify_file(path):
            return False
        if path.endswith(_SUFFIXES) or Path(path).name in _NAMES:
            return True
        if _is_marked(path):  # Ansible would only say that the file could not be verified, and not why
            self.display.warning(
                f"{path} is not read as a source of {self.NAME}: its name must be {' or '.join(_NAMES)}, "
                f"or end in {' or '.join(_SUFFIXES)}"
            )
        return False

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        """Fill the inventory from the source at *path*. Raises AnsibleParserError, and then adds nothing."""
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
        """Set the options, and return those of the source as they stand there. Raises AnsibleParserError."""
        self._options: dict[str, Any] = {}
        try:
            config: Mapping[str, Any] = self._read_config_data(path)
        except AnsibleError as error:  # Ansible names the option, but not where it stands
            if not self._options:
                raise AnsibleParserError(f"{path}: {error}") from error
            # The options are set, so it is the cache that gives trouble. _last_answers() meets that again, and tells.
            config = loader.load_from_file(path, cache="none", trusted_as_template=True)
        return config

    def _check_options(self, config: Mapping[str, Any], path: str) -> None:
        """Refuse what Ansible would pass over: options that do not exist, and values that are none."""
        _validated(_spec(self.option_definitions), config, path)
        if "xends" in config and "xend_url" in config:
            raise AnsibleParserError(f"{path}: xend_url and xends are both given: give one xend, or a list of them")
        if self.get_option("xends") == []:
            raise AnsibleParserError(f"{path}: xends is an empty list: no xend would be asked")
        if not _PREFIX.fullmatch(self.get_option("vars_prefix")):
            raise AnsibleParserError(
                f"{path}: vars_prefix must begin with a letter or _, and hold only these and digits, "
                f"not {self.get_option('vars_prefix')!r}"
            )
        for option in ("hostnames", "ansible_host"):
            if not all(isinstance(each, str) for each in self.get_option(option)):
                raise AnsibleParserError(f"{path}: {option} must be a list of texts, each an expression or a template")
        for number, each in enumerate(self.get_option("filters"), 1):
            if len(each) != 1 or not set(each) <= {"include", "exclude"} or None in each.values():
                raise AnsibleParserError(f"{path}: filter {number} must have a condition for either include or exclude")

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
        """Return a xend under the name that was given, or that its URL gives."""
        name = options.pop("name", None) or _host_in(options["xend_url"])
        on_failure = options.pop("on_failure")
        if not name:
            raise AnsibleParserError(
                f"{where}: xend_url is none of http://host:8000, https://host, unix:///path/to/socket and ssh://host"
            )
        if on_failure == "stale" and not self.get_option("cache"):
            raise AnsibleParserError(f"{where}: on_failure: stale needs cache: true, where the last answers are kept")
        return Xend(name, to_safe_group_name(f"xend_{name}"), on_failure, options)

    def _option(self, name: str, path: str) -> Any:
        """Return an option of the top level, which may be a template."""
        return self._templated(self.get_option(name), f"{path}: {name}")

    def _templated(self, value: Any, where: str) -> Any:
        """Return a value, or a dictionary of them, with templates and secrets of the vault in plain text."""
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
        """Return what each xend has said, now or when it was put into the cache; None where that is to be done without."""
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
        """Return what the cache holds of each xend, however old."""
        self._cache = None
        if not self.get_option("cache"):
            return dict.fromkeys(xend.name for xend in xends)
        # The timeout is ours to judge: the plugin would give nothing that is older, not even for `stale`.
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
            self.display.warning(f"{path}: nothing is taken from the cache: {error}")
            return None

    def _key(self, xend: Xend, query: Query, path: str) -> str:
        """Return the cache's key: another one for each source, xend, and thing that could be asked for."""
        return f"{self.get_cache_key(path)}_{xend.identity(query)}"

    def _is_fresh(self, answer: Optional[Answer]) -> bool:
        """Tell whether an answer is young enough to do without another; a timeout of 0 means for ever."""
        timeout = self.get_option("cache_timeout")
        return answer is not None and (timeout == 0 or 0 <= time.time() - answer["asked_at"] <= timeout)

    def _keep(self, asked: Sequence[tuple[Xend, Union[Answer, XendError]]], query: Query, path: str) -> None:
        """Put what was said into the cache at once: what comes later may fail."""
        answers = [(xend, answer) for xend, answer in asked if not isinstance(answer, XendError)]
        if self._cache is not None and answers:
            try:
                for xend, answer in answers:
                    self._cache[self._key(xend, query, path)] = to_cache(answer)
                self.set_cache_plugin()
            except Exception as error:  # noqa: BLE001 - whatever a cache plugin raises
                self.display.warning(f"{path}: the cache cannot be written: {error}")

    def update_cache_if_changed(self) -> None:
        """Do nothing: Ansible asks for this at the end, and what was said has been put into the cache already."""

    def _judged(
        self,
        xends: Sequence[Xend],
        answers: Mapping[str, Union[Answer, XendError, None]],
        last: Mapping[str, Optional[Answer]],
        path: str,
    ) -> list[Optional[Answer]]:
        """Return the answers, with what is wanted in place of a failure. Raises AnsibleParserError if that is nothing."""
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
        """Return the hosts to be, and what is constructed of them; warn of what the user has to know."""
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
        """Return the hosts, each under a name of its own that no group has, either, and what is constructed of them.

        The groups that expressions make are known when they have been evaluated. If a host has the name of one, it gets
        another, which could change what expressions give: so once more. No name is given back, so this ends.
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
        """Yield the hosts that are wanted of one xend, by the names of their domains."""
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
                    "domains for which hostnames give no name",
                    f"hostnames give no name for the domain {excerpt(own)!r} on xend {xend.name}",
                )
            address = rules.first("ansible_host", addresses, known)
            yield WantedHost(meant or own, xend, _groups(xend, domain), address, variables, shared)

    def _named(self, wanted: Sequence[WantedHost], names: Names, complaints: Complaints) -> list[PlannedHost]:
        """Return the hosts under names of their own; complain where one is not what was meant."""
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
        """Tell whether a domain is one of those that filters may decide of."""
        if domain["zombie"]:
            return bool(self.get_option("include_zombies"))
        return not domain["privileged"] or bool(self.get_option("include_domain0"))

    def _names(self, inventory: InventoryData, xends: Sequence[Xend], reserved: Iterable[str]) -> Names:
        """Return the names that are taken, before any host of ours has one.

        A host named as a group would put the whole group wherever the host belongs; one named localhost would get the
        tasks meant for the controller. Hosts of other sources are not meant: their variables add to ours, unless they
        are domains of another xend.
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
        """Return the variables of the command line, where expressions may use them."""
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
            # Not through the inventory, which would note the file that each value comes from: that takes longer than
            # all the rest. Values are plain data as they are, and text without a note is never taken for a template.
            known = inventory.hosts[host.name]
            known.vars = combine_vars(known.vars, host.variables)

    def _constructed(self, inventory: InventoryData, hosts: Sequence[PlannedHost], complaints: Complaints) -> Draft:
        """Return the variables and groups that the user composes of the hosts."""
        draft = Draft(inventory)
        compose, groups, keyed = (self.get_option(name) for name in ("compose", "groups", "keyed_groups"))
        if not (compose or groups or keyed):
            return draft
        strict = self.get_option("strict")
        self.inventory = cast("InventoryData", draft)  # what Ansible constructs goes there
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
        """Remove composed connection variables that hold a text of a xend which ssh could take for an option.

        Who names a guest must not decide what runs on the controller. What the user wrote stays as it is.
        """
        harmless: Optional[dict[str, Any]] = None  # takes a while, and few sources compose what it is needed for
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
        """Return what an expression of ``compose`` gives, None where it cannot be evaluated."""
        try:
            return self._compose(expression, variables)
        except AnsibleError:
            return None


# ---- options


def _require_core() -> None:
    """Raise AnsibleParserError if this ansible-core is too old. Ansible only warns, and goes on."""
    if tuple(int(number) for number in ansible_core.split(".")[:2]) < OLDEST_CORE:
        oldest = ".".join(map(str, OLDEST_CORE))
        raise AnsibleParserError(
            f"{InventoryModule.NAME} needs ansible-core {oldest} or newer, and this is ansible-core {ansible_core}"
        )


def _is_marked(path: str) -> bool:
    """Return whether a file of YAML names this plugin as the one that it is for."""
    if not path.endswith((".yml", ".yaml")):
        return False
    try:
        return _MARK.search(Path(path).read_bytes()) is not None
    except OSError:
        return False


def _spec(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the argument spec of documented options, without defaults: what is not given stays away."""
    spec = {}
    for name, option in options.items():
        kind = option.get("type", "str")
        spec[name] = {"type": {"boolean": "bool", "integer": "int"}.get(kind, kind)}
        spec[name].update({key: option[key] for key in ("aliases", "choices", "elements", "required") if key in option})
    return spec


def _validated(spec: dict[str, Any], values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return *values* as the spec has them, None where not given. Raises AnsibleParserError, which names *where*."""
    result = ArgumentSpecValidator(spec).validate(dict(values))
    if result.error_messages:
        raise AnsibleParserError(f"{where}: {'; '.join(result.error_messages)}")
    validated: dict[str, Any] = result.validated_parameters
    return validated


def _top_level(name: str) -> str:
    """Return what the option of an entry of ``xends`` is called at the top level."""
    return f"xend_{name}" if name in ("url", "username", "password", "ssh_args") else name


def _host_in(url: str) -> Optional[str]:
    """Return the host that a ``xend_url`` names, None if it names none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return "localhost" if parts.scheme == "unix" else parts.hostname


def _refuse(complaints: Complaints, host: str, variable: str) -> None:
    """Tell why a connection variable is not set; its value stays unsaid, as it may be a password."""
    complaints.add(
        f"hosts whose {variable} is not set",
        f"{variable} of {excerpt(host)} is not set: its value holds a text of a xend that could be taken for an option or a "
        "command",
    )


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


# ---- names, variables and groups


def _name(host: WantedHost, names: Names, complaints: Complaints) -> str:
    """Return the name of a host, which is taken then; complain where it is not what was meant."""
    safe = safe_name(host.meant)
    name = names.take(safe, host.xend.name, host.xend.url)
    if safe != host.meant:
        complaints.add(
            "names that cannot be those of hosts",
            f"{excerpt(host.meant)!r} on xend {host.xend.name} cannot be the name of a host: it is called {excerpt(name)}",
        )
    elif name != host.meant:
        complaints.add(
            "names that are taken",
            f"the name {excerpt(host.meant)} of a domain on xend {host.xend.name} is taken: it is called {excerpt(name)}",
        )
    return name


def _first_address(domain: FoundDomain) -> Optional[str]:
    """Return the first address, without its network, that xend knows of an interface; None if it knows none."""
    for text in chain.from_iterable(vif["ip"] or () for vif in domain["fields"]["vifs"] or ()):
        try:
            return str(ipaddress.ip_interface(text).ip)
        except ValueError:
            continue
    return None


def _groups(xend: Xend, domain: FoundDomain) -> tuple[str, ...]:
    """Return the groups that a domain always belongs to; that of its state only if xend says it."""
    state = domain["fields"]["state"]
    return (xend.group, f"state_{state}") if state in STATES else (xend.group,)


def _fixed_groups(xends: Sequence[Xend]) -> list[str]:
    """Return the groups that are always made."""
    return [*(f"state_{state}" for state in STATES), *(xend.group for xend in xends)]
