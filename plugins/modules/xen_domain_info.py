#!/usr/bin/python
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Describe the domains of a xend."""

from __future__ import annotations

DOCUMENTATION = r"""
module: xen_domain_info
short_description: Describe the Xen domains on a host that runs xend
version_added: 0.1.0
description:
  - Returns domains as structured data, the same for every release of xend.
  - The fields carry xend's own names, and can be given to M(dom0.xend.xen_domain) again.
extends_documentation_fragment:
  - dom0.xend.connection
  - dom0.xend.attributes
  - dom0.xend.attributes.info
author:
  - dom0.xend contributors (@dom0-xend)
options:
  name:
    description:
      - Names of the domains to describe. A name that xend does not know is left out of the result.
      - Without it all domains are described, the control domain included. That takes one request up to 3.0.3. From 3.0.4
        on xend's list holds only what runs, so it takes one more request, and one for each domain that does not run.
    type: list
    elements: str
  sxp:
    description: Whether to return what xend printed of each domain, too.
    type: bool
    default: false
seealso:
  - module: dom0.xend.xen_domain
"""

EXAMPLES = r"""
- name: Look at all domains
  dom0.xend.xen_domain_info:
  register: all_domains

- name: Look at one domain
  dom0.xend.xen_domain_info:
    name: web1
    sxp: true
  register: web1

- name: Go on only if it has its memory
  ansible.builtin.assert:
    that: web1.domains[0].memory == 128
"""

RETURN = r"""
domains:
  description: The domains, in the order asked for or as xend lists them. What xend does not say is V(null).
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: Name. Up to 3.0.3 a destroyed domain is listed as C(Zombie-) and its name for a while.
      type: str
    state:
      description: One of running, paused, shutdown, crashed, dying, and halted, which is managed by xend but has no domid.
      type: str
    state_flags:
      description: xend's six letters, of C(rbpscd) for running, blocked, paused, shutdown, crashed and dying.
      type: str
    domid:
      description: Number of the domain. A new one at each start.
      type: int
    uuid:
      description: UUID, in the form 8-4-4-4-12.
      type: str
    memory:
      description: Memory that the domain is meant to have, in MiB.
      type: int
    maxmem:
      description: Most memory that it can be given, in MiB.
      type: int
    vcpus:
      description: Number of virtual CPUs configured.
      type: int
    vcpu_avail:
      description: The virtual CPUs that the guest may use, a bit for each.
      type: int
    online_vcpus:
      description: Number of virtual CPUs that are up.
      type: int
    cpu_time:
      description: CPU time used by all of them, in seconds.
      type: float
    start_time:
      description: When it was started, in seconds since 1970.
      type: float
    shutdown_reason:
      description: Why a domain in the state shutdown or crashed is there.
      type: str
    on_poweroff:
      description: What xend does once the guest has shut down.
      type: str
    on_reboot:
      description: What xend does once the guest has rebooted.
      type: str
    on_crash:
      description: What xend does once the guest has crashed.
      type: str
    bootloader:
      description: Path of the bootloader.
      type: str
    image:
      description: What the domain boots, with type, kernel, ramdisk and args, the whole kernel command line.
      type: dict
    vbds:
      description: Disks, each with dev, uname, mode and backend.
      type: list
      elements: dict
    vifs:
      description: Network interfaces, each with mac, bridge, ip, script and backend.
      type: list
      elements: dict
    sxp:
      description: What xend printed, with passwords masked.
      type: str
      returned: if O(sxp=true)
  sample:
    - name: web1
      state: running
      state_flags: -b----
      domid: 1
      uuid: c0ffee00-0000-0000-0000-00000000beef
      memory: 128
      maxmem: 128
      vcpus: 2
      online_vcpus: 2
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dom0.xend.plugins.module_utils._domain import Domain, without_secrets
from ansible_collections.dom0.xend.plugins.module_utils._errors import XendError
from ansible_collections.dom0.xend.plugins.module_utils._listing import list_domains
from ansible_collections.dom0.xend.plugins.module_utils._module import connection_spec, open_client, require_libraries
from ansible_collections.dom0.xend.plugins.module_utils._sxp import dumps


def describe(domain: Domain, *, sxp: bool) -> dict[str, object]:
    """Return a domain as the result shows it."""
    values: dict[str, object] = domain.as_dict()
    if sxp:
        values["sxp"] = dumps(without_secrets(domain.tree))
    return values


def main() -> None:
    """Run the module."""
    spec = {**connection_spec(), "name": {"type": "list", "elements": "str"}, "sxp": {"type": "bool", "default": False}}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    require_libraries(module)
    names = module.params["name"]
    try:
        client = open_client(module.params, read_only=True)
        if names is None:
            listing = list_domains(client)
            domains, unreadable = listing.domains, listing.unreadable
        else:
            domains = [domain for domain in map(client.domain, dict.fromkeys(names)) if domain is not None]
            unreadable = []
    except XendError as error:
        module.fail_json(msg=str(error))
    for complaint in unreadable:
        module.warn(complaint)
    module.exit_json(changed=False, domains=[describe(domain, sxp=module.params["sxp"]) for domain in domains])


if __name__ == "__main__":
    main()
