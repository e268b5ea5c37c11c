#!/usr/bin/python
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Describe a host that runs xend, and its xend."""

from __future__ import annotations

DOCUMENTATION = r"""
module: xen_node_info
short_description: Describe a host that runs xend, its xend and its scheduler
version_added: 0.1.0
description:
  - Returns what xend says of its host as structured data, with numbers as numbers and lists as lists.
  - xend does not name its release. It is told from its answers, as closely as they prove, and with it what it can do.
  - That is one request. O(gather), O(log_lines) and O(dmesg_lines) tell what each of them adds.
extends_documentation_fragment:
  - dom0.xend.connection
  - dom0.xend.attributes
  - dom0.xend.attributes.info
author:
  - dom0.xend contributors (@dom0-xend)
options:
  gather:
    description:
      - What to ask xend for besides, where its description of the host leaves it open.
      - V(release) asks for the control domain, too, if the description leaves several releases that behave differently.
        This tells 3.0.0 from 3.0.2 and 3.3 from 3.4. The others are either told by the description
        alone, or, as 4.1 to 4.4, do not differ in their answers. It is one more request at most.
      - V(scheduler) asks for scheduling parameters of the control domain up to 3.0.4, where xend does not name the
        scheduler of the hypervisor. It takes one more request, or a second one from 3.0.3 on unless it is credit.
        Nothing is changed by it.
    type: list
    elements: str
    choices: [release, scheduler]
    default: []
  log_lines:
    description:
      - How many lines of the end of xend's log to return, V(0) for no log. xend sends the whole log, up to 1 MiB,
        in one more request.
      - Passwords in it, those of VNC for one, are masked. Where it cannot be told where one ends, so is what follows it.
    type: int
    default: 0
  dmesg_lines:
    description:
      - How many lines of the end of the hypervisor's messages to return, V(0) for none. One more request.
    type: int
    default: 0
seealso:
  - module: dom0.xend.xen_domain_info
"""

EXAMPLES = r"""
- name: Get facts about the host
  dom0.xend.xen_node_info:
  register: xenhost

- name: Fail unless there is memory for one more guest
  ansible.builtin.assert:
    that: xenhost.node.free_memory >= 256

- name: Get everything, with the last lines of both logs
  dom0.xend.xen_node_info:
    gather:
      - release
      - scheduler
    log_lines: 20
    dmesg_lines: 20
  register: xenhost

- name: Fail unless xend waits for slow guests and the scheduler is sedf
  ansible.builtin.assert:
    that:
      - xenhost.xend.behaviour.shutdown_ends_after == 0
      - xenhost.scheduler == 'sedf'
"""

RETURN = r"""
msg:
  description: The host in a line.
  type: str
  returned: success
  sample: "xenhost: xend 3.0.0 to 3.0.2, 4 cpus, 13824 of 16384 MiB free"
node:
  description:
    - The host, in xend's own words. What this release of xend does not say is V(null).
  type: dict
  returned: success
  contains:
    system:
      description: Operating system of the control domain, as C(uname) tells it.
      type: str
    host:
      description: Host name of the control domain.
      type: str
    release:
      description: Release of the control domain's kernel. Not that of xend.
      type: str
    version:
      description: Version of the control domain's kernel.
      type: str
    machine:
      description: Machine of the control domain, such as C(x86_64).
      type: str
    nr_cpus:
      description: Number of CPUs.
      type: int
    nr_nodes:
      description: Number of NUMA nodes.
      type: int
    sockets_per_node:
      description: Sockets in each NUMA node. Up to 3.1.
      type: int
    cores_per_socket:
      description: Cores in each socket.
      type: int
    threads_per_core:
      description: Threads of each core.
      type: int
    cpu_mhz:
      description: Frequency of the CPUs in MHz.
      type: int
    hw_caps:
      description: Words of CPU feature bits, in hexadecimal. xend may leave out the last ones if they are zero.
      type: list
      elements: str
    virt_caps:
      description: What hardware virtualisation there is, such as C(hvm). From 3.3.
      type: list
      elements: str
    total_memory:
      description: Memory of the host in MiB.
      type: int
    free_memory:
      description: Memory that no domain has, in MiB.
      type: int
    free_cpus:
      description: Number of CPUs that no pool has. From 4.1.
      type: int
    node_to_cpu:
      description: The numbers of the CPUs of each NUMA node, those of node 0 first. 3.2 to 4.0.
      type: list
      elements: list
    node_to_memory:
      description: Memory of each NUMA node, as xend prints it. 3.3 to 4.0.
      type: str
    node_to_dma32_mem:
      description: Memory of each NUMA node within reach of 32 bit DMA, as xend prints it. 4.0.
      type: str
    max_node_id:
      description: Greatest number of a NUMA node. 4.0.
      type: int
    cpu_topology:
      description: The numbers C(cpu), C(core), C(socket) and C(node) of each CPU. From 4.1.
      type: list
      elements: dict
    numa_info:
      description: NUMA nodes and their memory, as xend prints them. From 4.1.
      type: str
    xen_version:
      description: Version of the hypervisor, of RV(node.xen_major), RV(node.xen_minor) and RV(node.xen_extra).
        xend is most often, but not always, of the same one.
      type: str
    xen_major:
      description: Major version of the hypervisor.
      type: int
    xen_minor:
      description: Minor version of the hypervisor.
      type: int
    xen_extra:
      description: The rest of the hypervisor's version, such as C(.3-rc1).
      type: str
    xen_caps:
      description: Kinds of guest that the hypervisor runs, such as C(xen-3.0-x86_64) and C(hvm-3.0-x86_32).
      type: list
      elements: str
    xen_scheduler:
      description: Scheduler of the hypervisor, if xend names it, from 3.1 on. See RV(scheduler).
      type: str
    xen_pagesize:
      description: Size of a page in bytes. From 3.0.3.
      type: int
    platform_params:
      description: Parameters of the platform, such as C(virt_start=0xffff800000000000).
      type: str
    xen_changeset:
      description: Changeset that the hypervisor was built from.
      type: str
    xen_commandline:
      description: Command line of the hypervisor. From 4.0.
      type: str
    cc_compiler:
      description: Compiler that the hypervisor was built with.
      type: str
    cc_compile_by:
      description: Who built the hypervisor.
      type: str
    cc_compile_domain:
      description: Where the hypervisor was built.
      type: str
    cc_compile_date:
      description: When the hypervisor was built.
      type: str
    xend_config_format:
      description: Format of xend's configs, V(2) for 3.0.3, V(3) for 3.0.4, V(4) for 3.1 and later.
      type: int
    more:
      description: Fields as xend prints them that have no place here, or whose value is not what their place holds.
      type: dict
  sample:
    host: xenhost
    release: 2.6.12.6-xen0
    nr_cpus: 4
    total_memory: 16384
    free_memory: 15872
    node_to_cpu: [[0, 1, 2, 3]]
    xen_version: 3.0.3-rc1
    xen_caps: [xen-3.0-x86_64, xen-3.0-x86_32p]
    xen_scheduler: null
    more: {}
xend:
  description: Which release xend may be, and what it can do.
  type: dict
  returned: success
  contains:
    releases:
      description:
        - The releases that answer like this one, of 3.0.0, 3.0.2, 3.0.3, 3.0.4, 3.1, 3.2, 3.3, 3.4, 4.0, 4.1 and 4.4.
        - It is empty if none of them does, as for a xend whose distribution has mixed releases.
      type: list
      elements: str
    span:
      description: The first and the last of RV(xend.releases), for people.
      type: str
    operations:
      description:
        - Names of xend's own operations that work on every one of RV(xend.releases), or of all releases if there are none.
        - Those that only answer errors or undo what they are asked for are left out, such as C(configure), and C(pincpu)
          from 3.0.2 to 3.3. So are those of a scheduler that is not known to be that of the hypervisor.
        - C(clear) clears the hypervisor's messages. C(device_configure) only changes the medium in the cdrom of an hvm
          guest.
      type: list
      elements: str
    behaviour:
      description:
        - How xend behaves in what a user of the collection may have to know. V(null) is for what differs between
          RV(xend.releases).
      type: dict
      contains:
        manages:
          description: Whether xend keeps definitions of domains that do not run, as V(defined) of
            M(dom0.xend.xen_domain) wants it.
          type: bool
        lists_hide_stopped:
          description: Whether xend's lists of domains show only what runs.
          type: bool
        shutdown_ends_after:
          description: Seconds after which xend destroys a domain that was asked to shut down and is still up,
            V(0) if it never does.
          type: int
        reboot_settles_after:
          description: Seconds after the start of a domain, or up to 3.0.3 after another reboot, in which a reboot loses the
            domain, V(0) for none.
          type: int
        pins:
          description: Whether virtual CPUs of a domain that runs can be pinned.
          type: bool
        changes_media:
          description: Whether the medium in the cdrom of an hvm guest can be changed.
          type: bool
        shows_maxmem:
          description: Whether a domain shows the maxmem that it was given while it runs.
          type: bool
        keeps_all_ips:
          description: Whether xend keeps all addresses of a network interface, not only the last one.
          type: bool
        deletes_boot_files:
          description: Whether xend deletes the kernel and ramdisk of a domain that has a bootloader.
          type: bool
  sample:
    releases: ['3.3', '3.4']
    span: 3.3 to 3.4
    operations: [create, destroy, pause, unpause]
    behaviour: {manages: true, pins: null, shutdown_ends_after: 0}
scheduler:
  description:
    - Scheduler of the hypervisor, V(null) if that is not known.
    - Up to 3.0.4 it is only known with O(gather=scheduler), and then only if it is sedf or credit.
  type: str
  returned: success
  sample: credit
log:
  description: The last lines of xend's log, with passwords masked.
  type: list
  elements: str
  returned: if O(log_lines) is more than 0
  sample: ['[2026-11-23 08:02:48 xend] INFO (SrvDaemon:283) Xend Daemon started']
dmesg:
  description: The last lines of the hypervisor's messages.
  type: list
  elements: str
  returned: if O(dmesg_lines) is more than 0
  sample: ['(XEN) Brought up 4 CPUs']
"""

from ansible_collections.dom0.xend.plugins.module_utils.info.host import GATHER, run
from ansible_collections.dom0.xend.plugins.module_utils.module import Work, connection_spec, run_module


def argument_spec() -> dict[str, dict[str, object]]:
    """Return the argument spec, as documented above."""
    return {
        **connection_spec(),
        "gather": {"type": "list", "elements": "str", "choices": list(GATHER), "default": []},
        "log_lines": {"type": "int", "default": 0},
        "dmesg_lines": {"type": "int", "default": 0},
    }


WORK = Work(argument_spec, run, only_reads=True)


def main() -> None:
    """Run the module."""
    run_module(WORK)


if __name__ == "__main__":
    main()
