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
  - All domains are described, the control domain included, unless O(name), O(pattern), O(state) or O(uuid) say which.
    Of several of these all must be true of a domain. An empty list selects none.
  - Only what these options and O(gather) need is asked of xend.
extends_documentation_fragment:
  - dom0.xend.connection
  - dom0.xend.attributes
  - dom0.xend.attributes.info
author:
  - dom0.xend contributors (@dom0-xend)
options:
  name:
    description:
      - Names of the domains to describe. A name that xend does not know is left out of the result, and told in
        RV(missing).
      - It takes one request for each.
    type: list
    elements: str
  pattern:
    description:
      - Shell globs, as in V(web*), V(db?) and V([ab]1). A domain is described if its name is as any of them says.
      - As xend tells V(Web1) and V(web1) apart, so do they.
    type: list
    elements: str
  state:
    description:
      - States of the domains to describe, see RV(domains[].state).
      - Without O(name) and O(uuid) it takes one request up to 3.0.3. From 3.0.4 on xend's list holds only what runs, so
        V(running) takes one request, and any other state one more, and one for each domain that may be in it.
    type: list
    elements: str
    choices: [running, paused, shutdown, crashed, dying, halted]
  uuid:
    description:
      - UUIDs of the domains to describe, 32 hexadecimal digits each, in capitals or not, with dashes anywhere. One that
        xend does not know is left out of the result, and told in RV(missing).
      - From 3.0.4 on it takes one request for each. Up to 3.0.3 xend does not find a domain by its UUID, so its list is
        looked through, and from 3.1 to 3.3 for one that it does not find.
      - Put it in quotes, as YAML takes a UUID of digits for a number.
    type: list
    elements: str
  gather:
    description:
      - What to tell of each domain, besides RV(domains[].name), RV(domains[].state), RV(domains[].domid) and
        RV(domains[].uuid), which are always there.
      - V(summary) is everything else that xend says of it in one go, but for its devices.
      - V(devices) is its disks and network interfaces, RV(domains[].vbds) and RV(domains[].vifs).
      - V(vcpus) is RV(domains[].vcpuinfo), how each of its virtual CPUs fares. It takes one request for each domain.
      - V(sedf) and V(credit) are the parameters of the scheduler of that name, RV(domains[].sedf) and
        RV(domains[].credit). They take one request each for each domain.
      - What a domain or the host does not have is V(null), and there is one warning that says why. A host that runs
        another scheduler is not asked about it for each domain.
    type: list
    elements: str
    choices: [summary, devices, vcpus, sedf, credit]
    default: [summary, devices]
  sxp:
    description: Whether to return what xend printed of each domain, too.
    type: bool
    default: false
seealso:
  - module: dom0.xend.xen_domain
  - module: dom0.xend.xen_sedf
  - plugin: dom0.xend.xen_domains
    plugin_type: inventory
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

- name: Find what is up and what is not, and no more than that
  dom0.xend.xen_domain_info:
    gather: []
  register: states

- name: Go on only if nothing has crashed
  ansible.builtin.assert:
    that: states.domains | selectattr('state', 'eq', 'crashed') | length == 0

- name: See how the virtual CPUs of the web servers fare
  dom0.xend.xen_domain_info:
    pattern: web*
    state: running
    gather: vcpus
  register: web

- name: Go on only if the first CPU of the first of them is up
  ansible.builtin.assert:
    that: web.domains[0].vcpuinfo[0].online

- name: Find a domain by its UUID, wherever it has got to under whatever name
  dom0.xend.xen_domain_info:
    uuid: "c0ffee00-0000-4000-8000-00000000beef"
  register: moved

- name: Go on only if it is not here
  ansible.builtin.assert:
    that: moved.missing == ["c0ffee00-0000-4000-8000-00000000beef"]

- name: Read what the sedf scheduler gives to each domain
  dom0.xend.xen_domain_info:
    gather: sedf
"""

RETURN = r"""
msg:
  description: How many domains there are, in which state, and what is missing.
  type: str
  returned: success
  sample: "3 domains: 2 running, 1 halted. Not there: web3"
missing:
  description:
    - The names in O(name), or without it the UUIDs in O(uuid), that no domain has. A UUID has the form 8-4-4-4-12 here.
    - A domain that is there, but is not as another option says, is not missing. Neither is a name that no O(pattern)
      fits, as it is not asked for.
  type: list
  elements: str
  returned: success
domains:
  description: The domains, in the order asked for or as xend lists them. What xend does not say is V(null).
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: Name. Up to 3.0.3 a destroyed domain is listed as C(Zombie-) and its name for a while.
      type: str
      returned: always
    state:
      description: One of running, paused, shutdown, crashed, dying, and halted, which is managed by xend but has no domid.
      type: str
      returned: always
    domid:
      description: Number of the domain. A new one at each start.
      type: int
      returned: always
    uuid:
      description: UUID, in the form 8-4-4-4-12.
      type: str
      returned: always
    state_flags:
      description: xend's six letters, of C(rbpscd) for running, blocked, paused, shutdown, crashed and dying.
      type: str
      returned: if O(gather) holds V(summary)
    memory:
      description: Memory that the domain is meant to have, in MiB.
      type: int
      returned: if O(gather) holds V(summary)
    maxmem:
      description: Most memory that it can be given, in MiB.
      type: int
      returned: if O(gather) holds V(summary)
    vcpus:
      description: Number of virtual CPUs configured.
      type: int
      returned: if O(gather) holds V(summary)
    vcpu_avail:
      description: The virtual CPUs that the guest may use, a bit for each.
      type: int
      returned: if O(gather) holds V(summary)
    online_vcpus:
      description: Number of virtual CPUs that are up.
      type: int
      returned: if O(gather) holds V(summary)
    cpu_time:
      description: CPU time used by all of them, in seconds.
      type: float
      returned: if O(gather) holds V(summary)
    start_time:
      description: When it was started, in seconds since 1970.
      type: float
      returned: if O(gather) holds V(summary)
    shutdown_reason:
      description: Why a domain in the state shutdown or crashed is there.
      type: str
      returned: if O(gather) holds V(summary)
    on_poweroff:
      description: What xend does once the guest has shut down.
      type: str
      returned: if O(gather) holds V(summary)
    on_reboot:
      description: What xend does once the guest has rebooted.
      type: str
      returned: if O(gather) holds V(summary)
    on_crash:
      description: What xend does once the guest has crashed.
      type: str
      returned: if O(gather) holds V(summary)
    bootloader:
      description: Path of the bootloader.
      type: str
      returned: if O(gather) holds V(summary)
    cpus:
      description: The CPUs of the host that all its virtual CPUs may run on, such as V(0-3). xend shows it on 3.4 and later.
      type: str
      returned: if O(gather) holds V(summary)
    cpu_weight:
      description: Weight for the credit scheduler, as xend's config of the domain has it. It means nothing on 3.0.4 and earlier.
      type: int
      returned: if O(gather) holds V(summary)
    cpu_cap:
      description: Most CPU time for the credit scheduler, in percent of one CPU, as xend's config of the domain has it.
      type: int
      returned: if O(gather) holds V(summary)
    shadow_memory:
      description: Memory for shadow page tables, in MiB, as the hypervisor has it.
      type: int
      returned: if O(gather) holds V(summary)
    features:
      description: Features of the hypervisor that the kernel is to use.
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
      description: What xend does with a managed domain when it starts.
      type: str
      returned: if O(gather) holds V(summary)
    on_xend_stop:
      description: What xend does with a managed domain when it stops.
      type: str
      returned: if O(gather) holds V(summary)
    image:
      description:
        - What the domain boots, with type, kernel, ramdisk and args, the whole kernel command line.
        - In C(options), what else xend shows of it, such as C(device_model).
      type: dict
      returned: if O(gather) holds V(summary)
    vbds:
      description: Disks, each with dev, uname, mode and backend.
      type: list
      elements: dict
      returned: if O(gather) holds V(devices)
    vifs:
      description: Network interfaces, each with mac, bridge, ip, script, backend, type, model, rate and vifname.
      type: list
      elements: dict
      returned: if O(gather) holds V(devices)
    vfbs:
      description: Virtual frame buffers, as the options of M(dom0.xend.xen_domain) declare them, without passwords.
      type: list
      elements: dict
      returned: if O(gather) holds V(devices)
    pci:
      description: Addresses of the PCI devices of the host that it has.
      type: list
      elements: str
      returned: if O(gather) holds V(devices)
    not_declarable:
      description:
        - What xend shows of the domain that cannot be declared by the options of M(dom0.xend.xen_domain), or not as xend shows
          it, such as C(device vtpm) or C(vifs[00:16:3e:00:00:01].rate).
        - All else comes back as it is when the fields here are given to M(dom0.xend.xen_domain) as its options.
      type: list
      elements: str
      returned: if O(gather) holds V(summary) and V(devices)
    vcpuinfo:
      description: The virtual CPUs configured, those that are down included. V(null) where xend does not tell.
      type: list
      elements: dict
      returned: if O(gather) holds V(vcpus)
      contains:
        number:
          description: Its number, from 0 on.
          type: int
        online:
          description: Whether the guest has brought it up.
          type: bool
        blocked:
          description: Whether it waits for something to do.
          type: bool
        running:
          description: Whether it runs right now.
          type: bool
        cpu_time:
          description: CPU time that it has used, in seconds.
          type: float
        cpu:
          description: The physical CPU that it runs on or has run on last, V(null) if there is none, as of a halted domain.
          type: int
        cpumap:
          description:
            - The physical CPUs that it may run on.
            - V(null) if it may run on any and xend does not tell which there are, as up to 3.0.4 and of a halted domain.
              Otherwise all of them are listed.
          type: list
          elements: int
    sedf:
      description: Parameters of the sedf scheduler. V(null) of a halted domain, and where the host has another scheduler.
      type: dict
      returned: if O(gather) holds V(sedf)
      contains:
        period:
          description: Length of a period, in nanoseconds.
          type: int
        slice:
          description: CPU time that each virtual CPU has in each period, in nanoseconds.
          type: int
        latency:
          description: Latency hint, in nanoseconds.
          type: int
        extratime:
          description: Whether it has a share of the CPU time that is left over.
          type: bool
        weight:
          description: Its weight, if its slice goes by that, or else 0.
          type: int
    credit:
      description:
        - Parameters of the credit scheduler, which came with 3.0.3. V(null) where the host has another scheduler, and up
          to 3.2 of a halted domain.
      type: dict
      returned: if O(gather) holds V(credit)
      contains:
        weight:
          description: Its share of the CPU time that domains compete for. The default is 256.
          type: int
        cap:
          description: Most that it can have, in percent of one physical CPU. 0 is no limit.
          type: int
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
