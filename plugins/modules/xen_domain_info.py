#!/usr/bin/python
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Describe the domains of a xend."""

from __future__ import annotations

DOCUMENTATION = r"""
module: xen_domain_info
short_description: Return information about the Xen domains on a host that runs xend
version_added: 0.1.0
description:
  - Returns domains as structured data that is the same for every release of xend.
  - The fields have the names that xend uses, and can be given back to M(dom0.xend.xen_domain) as options.
  - Returns all domains, including Domain-0, unless O(name), O(pattern), O(state) or O(uuid) is set. A domain must match all
    of the options that are set. An empty list matches no domain.
  - Asks xend only for what these options and O(gather) need.
extends_documentation_fragment:
  - dom0.xend.connection
  - dom0.xend.attributes
  - dom0.xend.attributes.info
author:
  - dom0.xend contributors (@dom0-xend)
options:
  name:
    description:
      - Names of the domains to return. A name that xend does not know is left out of the domains and returned in
        RV(missing).
      - Takes one request for each name.
    type: list
    elements: str
  pattern:
    description:
      - Shell globs, such as V(web*), V(db?) and V([ab]1). A domain is returned if its name matches any of them.
      - Patterns are case-sensitive, like the names in xend.
    type: list
    elements: str
  state:
    description:
      - States of the domains to return. See RV(domains[].state).
      - Without O(name) and O(uuid), this takes one request on xend 3.0.3 and earlier. On xend 3.0.4 and later, the list of
        domains shows only those that run. V(running) takes one request there. Any other state takes one more, and one for
        each domain that may be in that state.
    type: list
    elements: str
    choices: [running, paused, shutdown, crashed, dying, halted]
  uuid:
    description:
      - UUIDs of the domains to return, 32 hexadecimal digits each, in upper or lower case, with dashes in any place. A UUID
        that xend does not know is left out of the domains and returned in RV(missing).
      - On xend 3.0.4 and later, this takes one request for each UUID. xend 3.0.3 and earlier cannot find a domain by its UUID,
        so the module searches the list of domains. On xend 3.1 to 3.3, it also searches the list for a UUID that xend does
        not find.
      - Quote UUIDs in YAML. Without quotes, a UUID that has only digits is read as a number.
    type: list
    elements: str
  gather:
    description:
      - What to return of each domain. RV(domains[].name), RV(domains[].state), RV(domains[].domid) and RV(domains[].uuid) are
        always returned.
      - V(summary) - everything else that xend reports in one request, except devices.
      - V(devices) - the disks and network interfaces, in RV(domains[].vbds) and RV(domains[].vifs).
      - V(vcpus) - the state of each virtual CPU, in RV(domains[].vcpuinfo). Takes one request for each domain.
      - V(sedf) and V(credit) - the parameters of that scheduler, in RV(domains[].sedf) and RV(domains[].credit). Each takes
        one request for each domain.
      - What the domain or the host does not have is V(null), and one warning gives the reason. If the host runs another
        scheduler, the module does not ask about it for each domain.
    type: list
    elements: str
    choices: [summary, devices, vcpus, sedf, credit]
    default: [summary, devices]
  sxp:
    description: Whether to also return the s-expression that xend printed for each domain.
    type: bool
    default: false
seealso:
  - module: dom0.xend.xen_domain
  - module: dom0.xend.xen_node_info
  - module: dom0.xend.xen_credit
  - module: dom0.xend.xen_sedf
  - plugin: dom0.xend.xen_domains
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Get all domains
  dom0.xend.xen_domain_info:
  register: all_domains

- name: Get one domain
  dom0.xend.xen_domain_info:
    name: web1
    sxp: true
  register: web1

- name: Fail unless it has 128 MiB of memory
  ansible.builtin.assert:
    that: web1.domains[0].memory == 128

- name: Get only the names and states of all domains
  dom0.xend.xen_domain_info:
    gather: []
  register: states

- name: Fail if a domain has crashed
  ansible.builtin.assert:
    that: states.domains | selectattr('state', 'eq', 'crashed') | length == 0

- name: Get the virtual CPUs of the web servers that run
  dom0.xend.xen_domain_info:
    pattern: web*
    state: running
    gather: vcpus
  register: web

- name: Fail unless the first virtual CPU of the first one is online
  ansible.builtin.assert:
    that: web.domains[0].vcpuinfo[0].online

- name: Find a domain by its UUID
  dom0.xend.xen_domain_info:
    uuid: "c0ffee00-0000-4000-8000-00000000beef"
  register: moved

- name: Fail if the domain is on this host
  ansible.builtin.assert:
    that: moved.missing == ["c0ffee00-0000-4000-8000-00000000beef"]

- name: Get the sedf parameters of all domains
  dom0.xend.xen_domain_info:
    gather: sedf
"""

RETURN = r"""
msg:
  description: Number of domains in each state, and the missing ones.
  type: str
  returned: success
  sample: "3 domains: 2 running, 1 halted. Not there: web3"
missing:
  description:
    - The names in O(name) that no domain has. If O(name) is not set, the UUIDs in O(uuid) that no domain has, in the form
      8-4-4-4-12.
    - A domain that exists but does not match another option is not missing. Neither is a name that matches no O(pattern),
      because xend is not asked for it.
  type: list
  elements: str
  returned: success
domains:
  description: The domains, in the order of the options or of xend's list. What xend does not report is V(null).
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: Name. xend 3.0.3 and earlier list a destroyed domain as C(Zombie-) and its name for a while.
      type: str
      returned: always
    state:
      description:
        - State, one of V(running), V(paused), V(shutdown), V(crashed), V(dying) and V(halted). A V(halted) domain is managed by
          xend, but has no domid.
      type: str
      returned: always
    domid:
      description: ID of the domain. It changes at each start.
      type: int
      returned: always
    uuid:
      description: UUID, in the form 8-4-4-4-12.
      type: str
      returned: always
    state_flags:
      description: The six flags of xend, C(rbpscd) for running, blocked, paused, shutdown, crashed and dying.
      type: str
      returned: if O(gather) holds V(summary)
    memory:
      description: Memory that is assigned to the domain, in MiB.
      type: int
      returned: if O(gather) holds V(summary)
    maxmem:
      description: Maximum memory that the domain can get, in MiB.
      type: int
      returned: if O(gather) holds V(summary)
    vcpus:
      description: Number of virtual CPUs configured.
      type: int
      returned: if O(gather) holds V(summary)
    vcpu_avail:
      description: The virtual CPUs that the guest may use, as a bit mask.
      type: int
      returned: if O(gather) holds V(summary)
    online_vcpus:
      description: Number of virtual CPUs that are online.
      type: int
      returned: if O(gather) holds V(summary)
    cpu_time:
      description: CPU time that all virtual CPUs have used, in seconds.
      type: float
      returned: if O(gather) holds V(summary)
    start_time:
      description: Start time of the domain, in seconds since 1970.
      type: float
      returned: if O(gather) holds V(summary)
    shutdown_reason:
      description: Why the domain is in the state V(shutdown) or V(crashed).
      type: str
      returned: if O(gather) holds V(summary)
    on_poweroff:
      description: What xend does after the guest shuts down.
      type: str
      returned: if O(gather) holds V(summary)
    on_reboot:
      description: What xend does after the guest reboots.
      type: str
      returned: if O(gather) holds V(summary)
    on_crash:
      description: What xend does after the guest crashes.
      type: str
      returned: if O(gather) holds V(summary)
    bootloader:
      description: Path of the bootloader.
      type: str
      returned: if O(gather) holds V(summary)
    cpus:
      description: CPUs of the host that all virtual CPUs may run on, such as V(0-3). xend 3.4 and later show it.
      type: str
      returned: if O(gather) holds V(summary)
    cpu_weight:
      description:
        - Weight for the credit scheduler in the config that xend keeps of the domain. It has no meaning on 3.0.4 and earlier.
      type: int
      returned: if O(gather) holds V(summary)
    cpu_cap:
      description:
        - Maximum CPU time for the credit scheduler in the config that xend keeps of the domain, in percent of one CPU.
      type: int
      returned: if O(gather) holds V(summary)
    shadow_memory:
      description: Memory that the hypervisor uses for shadow page tables, in MiB.
      type: int
      returned: if O(gather) holds V(summary)
    features:
      description: Features of the hypervisor that the kernel uses.
      type: str
      returned: if O(gather) holds V(summary)
    localtime:
      description: Whether the clock of the guest shows local time.
      type: bool
      returned: if O(gather) holds V(summary)
    bootloader_args:
      description: Arguments of the bootloader.
      type: str
      returned: if O(gather) holds V(summary)
    on_xend_start:
      description: What xend does with a managed domain when xend starts.
      type: str
      returned: if O(gather) holds V(summary)
    on_xend_stop:
      description: What xend does with a managed domain when xend stops.
      type: str
      returned: if O(gather) holds V(summary)
    image:
      description:
        - What the domain boots, with C(type), C(kernel), C(ramdisk) and C(args), the complete kernel command line.
        - C(options) has all other fields that xend shows, such as C(device_model).
      type: dict
      returned: if O(gather) holds V(summary)
    vbds:
      description: Disks, each with C(dev), C(uname), C(mode) and C(backend).
      type: list
      elements: dict
      returned: if O(gather) holds V(devices)
    vifs:
      description:
        - Network interfaces, each with C(mac), C(bridge), C(ip), C(script), C(backend), C(type), C(model), C(rate) and
          C(vifname).
      type: list
      elements: dict
      returned: if O(gather) holds V(devices)
    vfbs:
      description: Virtual frame buffers, in the form of the option of M(dom0.xend.xen_domain), without passwords.
      type: list
      elements: dict
      returned: if O(gather) holds V(devices)
    pci:
      description: Addresses of the PCI devices of the host that are passed through to the domain.
      type: list
      elements: str
      returned: if O(gather) holds V(devices)
    not_declarable:
      description:
        - What the options of M(dom0.xend.xen_domain) cannot declare, or not in the form that xend shows, such as
          C(device vtpm) or C(vifs[00:16:3e:00:00:01].rate).
        - All other fields can be given to M(dom0.xend.xen_domain) as its options, and declare the same domain.
      type: list
      elements: str
      returned: if O(gather) holds V(summary) and V(devices)
    vcpuinfo:
      description: The configured virtual CPUs, including those that are offline. V(null) if xend does not report them.
      type: list
      elements: dict
      returned: if O(gather) holds V(vcpus)
      contains:
        number:
          description: Number of the virtual CPU, starting with 0.
          type: int
        online:
          description: Whether the guest has brought the virtual CPU online.
          type: bool
        blocked:
          description: Whether the virtual CPU waits for an event.
          type: bool
        running:
          description: Whether the virtual CPU runs now.
          type: bool
        cpu_time:
          description: CPU time that the virtual CPU has used, in seconds.
          type: float
        cpu:
          description:
            - Physical CPU that the virtual CPU runs on or last ran on. V(null) if there is none, for example for a halted domain.
          type: int
        cpumap:
          description:
            - Physical CPUs that the virtual CPU may run on.
            - V(null) if it may run on any CPU and xend does not list them, which is the case on 3.0.4 and earlier and for a halted
              domain. Otherwise all of them are listed.
          type: list
          elements: int
    sedf:
      description: Parameters of the sedf scheduler. V(null) for a halted domain, and if the host runs another scheduler.
      type: dict
      returned: if O(gather) holds V(sedf)
      contains:
        period:
          description: Length of a period, in nanoseconds.
          type: int
        slice:
          description: CPU time that each virtual CPU gets in each period, in nanoseconds.
          type: int
        latency:
          description: Latency hint, in nanoseconds.
          type: int
        extratime:
          description: Whether the domain gets a share of the CPU time that is left over.
          type: bool
        weight:
          description: Weight, if the hypervisor computes the slice from it. Otherwise 0.
          type: int
    credit:
      description:
        - Parameters of the credit scheduler, which exists in 3.0.3 and later. V(null) if the host runs another scheduler, and
          for a halted domain on xend 3.2 and earlier.
      type: dict
      returned: if O(gather) holds V(credit)
      contains:
        weight:
          description: Relative share of the CPU time that domains compete for. The default is 256.
          type: int
        cap:
          description: Maximum CPU time, in percent of one physical CPU. V(0) means no limit.
          type: int
    sxp:
      description: The s-expression that xend printed, with passwords masked.
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

from ansible_collections.dom0.xend.plugins.module_utils.info.domains import GATHER, run
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import STATES
from ansible_collections.dom0.xend.plugins.module_utils.module import Work, connection_spec, run_module


def argument_spec() -> dict[str, dict[str, object]]:
    """Return the argument spec, as documented above."""
    return {
        **connection_spec(),
        "name": {"type": "list", "elements": "str"},
        "pattern": {"type": "list", "elements": "str"},
        "state": {"type": "list", "elements": "str", "choices": list(STATES)},
        "uuid": {"type": "list", "elements": "str"},
        "gather": {"type": "list", "elements": "str", "choices": list(GATHER), "default": ["summary", "devices"]},
        "sxp": {"type": "bool", "default": False},
    }


WORK = Work(argument_spec, run, only_reads=True)


def main() -> None:
    """Run the module."""
    run_module(WORK)


if __name__ == "__main__":
    main()
