#!/usr/bin/python
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Describe a host that runs xend, and its xend."""

from __future__ import annotations

DOCUMENTATION = r"""
module: xen_node_info
short_description: Return information about a host that runs xend
version_added: 0.1.0
description:
  - Returns what xend reports about its host, its release and its scheduler as structured data.
  - xend does not report its release. The module detects it from the answers, as closely as they allow, and returns what that
    release can do.
  - Takes one request. O(gather), O(log_lines) and O(dmesg_lines) add requests as described there.
extends_documentation_fragment:
  - dom0.xend.connection
  - dom0.xend.attributes
  - dom0.xend.attributes.info
author:
  - dom0.xend contributors (@dom0-xend)
options:
  gather:
    description:
      - What else to ask xend for, if its description of the host does not show it.
      - V(release) also asks for Domain-0 if the description matches several releases that behave differently. This separates
        3.0.0 from 3.0.2, and 3.3 from 3.4. The description alone identifies all other releases, except 4.1 to 4.4, which
        give the same answers. Takes one more request at most.
      - V(scheduler) also asks for the scheduling parameters of Domain-0 on xend 3.0.4 and earlier, which do not name the
        scheduler of the hypervisor. Takes one more request, or two on 3.0.3 and 3.0.4 if the scheduler is not credit. It
        changes nothing.
    type: list
    elements: str
    choices: [release, scheduler]
    default: []
  log_lines:
    description:
      - Number of lines from the end of xend's log to return. V(0) returns no log. xend sends the complete log, up to 1 MiB, in
        one more request.
      - Passwords in the log, such as those of VNC, are masked. If the end of a password is not clear, the text that
        follows it is masked too.
    type: int
    default: 0
  dmesg_lines:
    description:
      - Number of lines from the end of the hypervisor's messages to return. V(0) returns none. Takes one more request.
    type: int
    default: 0
seealso:
  - module: dom0.xend.xen_domain_info
  - module: dom0.xend.xen_credit
  - module: dom0.xend.xen_sedf
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
  description: The host in one line.
  type: str
  returned: success
  sample: "xenhost: xend 3.0.0 to 3.0.2, 4 cpus, 13824 of 16384 MiB free"
node:
  description:
    - The host, in fields with the names that xend uses. What this release of xend does not report is V(null).
  type: dict
  returned: success
  contains:
    system:
      description: Operating system of the control domain, as C(uname) reports it.
      type: str
    host:
      description: Host name of the control domain.
      type: str
    release:
      description: Release of the control domain's kernel. This is not the release of xend.
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
      description: Sockets in each NUMA node. Shown by xend 3.1 and earlier.
      type: int
    cores_per_socket:
      description: Cores in each socket.
      type: int
    threads_per_core:
      description: Threads in each core.
      type: int
    cpu_mhz:
      description: Frequency of the CPUs in MHz.
      type: int
    hw_caps:
      description: Words of CPU feature bits, in hexadecimal. xend may omit the last words if they are zero.
      type: list
      elements: str
    virt_caps:
      description: Hardware virtualisation of the host, such as C(hvm). Shown by xend 3.3 and later.
      type: list
      elements: str
    total_memory:
      description: Memory of the host in MiB.
      type: int
    free_memory:
      description: Memory that no domain uses, in MiB.
      type: int
    free_cpus:
      description: Number of CPUs that are in no pool. Shown by xend 4.1 and later.
      type: int
    node_to_cpu:
      description: The numbers of the CPUs of each NUMA node, starting with node 0. Shown by xend 3.2 to 4.0.
      type: list
      elements: list
    node_to_memory:
      description: Memory of each NUMA node, as xend prints it. Shown by xend 3.3 to 4.0.
      type: str
    node_to_dma32_mem:
      description: Memory of each NUMA node that 32-bit DMA can reach, as xend prints it. Shown by xend 4.0.
      type: str
    max_node_id:
      description: Highest number of a NUMA node. Shown by xend 4.0.
      type: int
    cpu_topology:
      description: The numbers C(cpu), C(core), C(socket) and C(node) of each CPU. Shown by xend 4.1 and later.
      type: list
      elements: dict
    numa_info:
      description: NUMA nodes and their memory, as xend prints them. Shown by xend 4.1 and later.
      type: str
    xen_version:
      description:
        - Version of the hypervisor, made of RV(node.xen_major), RV(node.xen_minor) and RV(node.xen_extra). The release of xend
          is usually the same, but not always.
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
      description: Types of guest that the hypervisor runs, such as C(xen-3.0-x86_64) and C(hvm-3.0-x86_32).
      type: list
      elements: str
    xen_scheduler:
      description: Scheduler of the hypervisor. Shown by xend 3.1 and later. See RV(scheduler).
      type: str
    xen_pagesize:
      description: Size of a page in bytes. Shown by xend 3.0.3 and later.
      type: int
    platform_params:
      description: Parameters of the platform, such as C(virt_start=0xffff800000000000).
      type: str
    xen_changeset:
      description: Changeset that the hypervisor was built from.
      type: str
    xen_commandline:
      description: Command line of the hypervisor. Shown by xend 4.0 and later.
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
      description: Fields that are not listed here, or that have an unexpected value, as xend prints them.
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
  description: The release of xend, and what it can do.
  type: dict
  returned: success
  contains:
    releases:
      description:
        - The releases that give the same answers as this xend, of 3.0.0, 3.0.2, 3.0.3, 3.0.4, 3.1, 3.2, 3.3, 3.4, 4.0, 4.1
          and 4.4.
        - Empty if no release does, for example if a distribution mixed several releases.
      type: list
      elements: str
    span:
      description: The first and the last of RV(xend.releases), as text for people.
      type: str
    operations:
      description:
        - Names of the operations of xend that work on all of RV(xend.releases), or on all releases if RV(xend.releases) is
          empty.
        - Operations that only return errors or do the opposite of what they are asked for are left out, such as C(configure),
          and C(pincpu) on xend 3.0.2 to 3.3. The operations of a scheduler are left out unless the hypervisor is known to run
          it.
        - C(clear) clears the hypervisor's messages. C(device_configure) only changes the medium in the CD-ROM drive of an hvm
          guest.
      type: list
      elements: str
    behaviour:
      description:
        - How this xend behaves where releases differ. A value is V(null) if RV(xend.releases) differ in it.
      type: dict
      contains:
        manages:
          description:
            - Whether xend keeps definitions of domains that do not run, which the state V(defined) of M(dom0.xend.xen_domain)
              requires.
          type: bool
        lists_hide_stopped:
          description: Whether xend's list of domains shows only the domains that run.
          type: bool
        shutdown_ends_after:
          description:
            - Seconds after which xend destroys a domain that was asked to shut down and is still up. V(0) if it never does.
          type: int
        reboot_settles_after:
          description:
            - Seconds after the start of a domain in which a reboot destroys it. On xend 3.0.3 and earlier, seconds after
              another reboot. V(0) if a reboot is always safe.
          type: int
        pins:
          description: Whether the virtual CPUs of a running domain can be pinned.
          type: bool
        changes_media:
          description: Whether the medium in the CD-ROM drive of an hvm guest can be changed.
          type: bool
        shows_maxmem:
          description: Whether xend shows a C(maxmem) that was changed while the domain runs.
          type: bool
        keeps_all_ips:
          description: Whether xend keeps all IP addresses of a network interface, or only the last one.
          type: bool
        deletes_boot_files:
          description: Whether xend deletes the kernel and the RAM disk of a domain that has a bootloader.
          type: bool
  sample:
    releases: ['3.3', '3.4']
    span: 3.3 to 3.4
    operations: [create, destroy, pause, unpause]
    behaviour: {manages: true, pins: null, shutdown_ends_after: 0}
scheduler:
  description:
    - Scheduler of the hypervisor. V(null) if it is not known.
    - On xend 3.0.4 and earlier, it is only known with O(gather=scheduler), and only if it is sedf or credit.
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
