#!/usr/bin/python
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declare a Xen domain. What the module does is in module_utils/plan/apply.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: xen_domain
short_description: Declare a Xen domain on a host that runs xend
version_added: 0.1.0
description:
  - Creates, starts, pauses, shuts down and destroys domains through xend, so that a domain is as declared.
  - A domain that lives is changed where that can be done live, its memory, its virtual CPUs, its disks, its network
    interfaces and its name. Where it differs from what is declared in something else, RV(drift) says so, with a warning.
  - A domain is only ever replaced by a new one if O(recreate) allows it.
  - Domain-0 is never paused, stopped, saved, destroyed or changed, whatever is asked for.
extends_documentation_fragment:
  - dom0.xend.connection
  - dom0.xend.attributes
  - dom0.xend.attributes.changes
attributes:
  idempotent:
    support: partial
    details: O(state=restarted) and O(recreate=always) change something each time.
author:
  - dom0.xend contributors (@dom0-xend)
options:
  name:
    description:
      - Name of the domain. A number is a name here, never the id of another domain.
    type: str
    required: true
  state:
    description:
      - V(running) means that the domain lives and is not paused when the module returns. A missing one is created,
        a paused one unpaused, a halted one that xend manages is started.
      - V(paused) means that the domain exists and holds still.
      - V(restarted) means that the domain lives and has rebooted since the task began. A missing one is created, a halted
        one started. It changes something each time. From 3.4 on xend destroys a domain that reboots within 60 seconds of
        its start, and up to 3.0.3 one that reboots within 20 seconds of another reboot, so the task waits so long first,
        unless the domain is certain to be older.
      - V(saved) means that the domain was written to O(save_file), and does not run. A domain that does not run is taken
        for saved.
      - V(defined) means that xend keeps a definition of the domain (3.0.4 and later). It is not started, and the
        definition of a domain that does not run is replaced if it is not as declared.
      - V(stopped) means that the domain does not run. Its definition stays, if xend manages one (3.0.4 and later).
      - V(absent) means that the domain is gone, with the definition that xend may keep of it.
      - For V(stopped) and V(absent) a running guest is asked to shut down, and waited for. A paused guest is unpaused
        first, because it cannot hear the request. What is preserved of a crashed or shut down domain is destroyed.
      - A domain that crashed or was shut down and is preserved is not brought up again. Remove it first.
    type: str
    choices: [running, paused, stopped, absent, restarted, saved, defined]
    default: running
  new_name:
    description:
      - Name that the domain is to have. It is looked for under O(name), and under this.
    type: str
  recreate:
    description:
      - Whether a domain may be shut down, removed and created anew, for O(state=running), O(state=paused) and
        O(state=restarted). The disks stay, as xend knows nothing of them.
      - A managed domain gets a new definition, with the same UUID. A task that is killed between deleting the old one and
        storing the new one leaves none, so give a O(uuid) that must not change.
      - V(if_needed) replaces it where it differs from what is declared in something that cannot be changed live, and
        where it crashed or was shut down and is preserved. V(always) replaces it each time.
      - What was removed is returned as RV(removed_config).
    type: str
    choices: [never, if_needed, always]
    default: never
  save_file:
    description:
      - Path of the file on the xend host to save to, for O(state=saved).
      - xend does not report which files exist, so the module cannot check. A file that exists is overwritten.
    type: str
  restore_file:
    description:
      - Path of a file on the xend host. A missing domain is restored from it, instead of created.
      - From 3.0.4 to 3.2 xend restores one file twice if it is asked twice. So after a restore that was not answered, look
        before you run the task again.
      - What else is declared is compared with the domain once it is there. So check mode shows the restore, and not what
        follows. A domain that O(recreate) replaces is created, and never restored.
      - The file stays, and is out of date as soon as the domain has run. A domain that is restored from it again finds
        its disks changed under it.
    type: str
  memory:
    description: Memory in MiB. Needed to create a domain.
    type: int
  maxmem:
    description:
      - Most memory that the domain can be given while it runs, in MiB. xend takes O(memory) if this is not set.
      - Up to 3.0.3 what it was created with stays, as xend shows nothing else.
    type: int
  vcpus:
    description:
      - Number of virtual CPUs. A new domain gets one if this is not set.
      - A domain that lives can be given fewer, or as many as it was created with.
    type: int
  image:
    description: What the domain boots. Needed to create a domain, unless a O(bootloader) finds it.
    type: dict
    suboptions:
      type:
        description:
          - Kind of the image. V(linux) is a paravirtualised guest, of whatever system.
          - V(hvm) is a guest that needs no kernel made for Xen, and V(vmx) is what 3.0.0 calls it. Where xend knows the other
            name only, it is refused.
        type: str
        choices: [linux, hvm, vmx]
        default: linux
      kernel:
        description:
          - Path of the kernel on the xend host. That of the loader for V(hvm), such as V(/usr/lib/xen/boot/hvmloader).
          - A new domain needs it, unless a O(bootloader) finds the kernel. On 3.0.4 and later O(image.args) can be given
            beside a bootloader without it.
        type: str
      ramdisk:
        description: Path of the initial RAM disk on the xend host.
        type: str
      root:
        description: Root device and its flags, such as V(/dev/sda1 ro). It becomes C(root=) on the kernel command line.
        type: str
      args:
        description: Kernel command line, after O(image.root).
        type: str
      options:
        description:
          - Further fields of the image, as xend takes them, such as C(device_model), C(boot), C(vnc), C(acpi) and C(apic)
            for V(hvm). A value is a text, a number, true or false, which are sent as 1 and 0, or a list of them.
          - C(acpi), C(apic), C(boot), C(device_model), C(pae), C(sdl) and C(vnc) are compared where xend shows them. The others
            are sent when a domain is created, and not compared.
        type: dict
  bootloader:
    description:
      - Path of a bootloader on the xend host, such as V(/usr/bin/pygrub), which finds kernel and RAM disk in a disk.
      - Refused together with O(image) up to 3.0.3, where xend deletes the files named in it.
    type: str
  bootloader_args:
    description: Arguments of the bootloader (3.0.3 and later). They are compared where xend shows them, on 3.1 and later.
    type: str
  cpus:
    description:
      - The CPUs of the host that the domain may run on, such as V(0-3,^1).
      - From 3.4 on, and on 3.0.0, a domain that lives is pinned to them. In between xend would unpin it, whatever it is told,
        so that it is left alone, and RV(drift) says so.
    type: str
  cpu_weight:
    description:
      - Weight for the credit scheduler that a new domain gets. xend takes 256 by default.
      - M(dom0.xend.xen_credit) changes that of a domain that lives. So here it is compared with a definition only.
    type: int
  cpu_cap:
    description:
      - Most CPU time that a new domain gets, in percent of one CPU (3.0.4 and later). V(0), the default of xend, is no limit.
      - M(dom0.xend.xen_credit) changes that of a domain that lives. So here it is compared with a definition only.
    type: int
  shadow_memory:
    description:
      - Memory for shadow page tables of a new domain, in MiB (3.0.3 and later).
      - xend shows what the hypervisor has made of it, so that it is not compared.
    type: int
  features:
    description: Features of the hypervisor that the kernel of a new domain is to use, as xend takes them (3.0.3 and later).
    type: str
  localtime:
    description:
      - Whether the clock of a new domain shows local time instead of UTC (3.0.3 and later). It is not compared.
    type: bool
  on_xend_start:
    description: What xend does with a managed domain when it starts (3.0.4 and later). xend takes V(ignore) by default.
    type: str
    choices: [ignore, start]
  on_xend_stop:
    description: What xend does with a managed domain when it stops (3.0.4 and later). xend takes V(ignore) by default.
    type: str
    choices: [ignore, shutdown, suspend]
  vbds:
    description:
      - Virtual disks. Those of an existing domain are told by the device number of their O(vbds[].dev), so that V(xvda) and
        V(/dev/xvda) are one. A missing one is attached. One that differs is left alone, unless O(change_vbds), and so are
        others, unless O(purge_vbds).
      - A disk whose O(vbds[].uname) begins with C(tap:) or C(tap2:) is sent in the device class that the release has for it,
        as C(xm) did.
      - What the task does not say of a disk stays as it is. A task that is killed between detaching and attaching leaves
        that to xend's defaults, so say O(vbds[].mode) too.
    type: list
    elements: dict
    suboptions:
      uname:
        description:
          - Where the data is, such as V(phy:vg0/web1), V(file:/srv/xen/web1.img) or V(tap:aio:/srv/xen/web1.img).
          - A drive, whose O(vbds[].dev) ends in C(:cdrom), is empty without it (3.0.3 and later). An empty text says that a
            drive of an existing domain is to be empty. That takes a new domain.
        type: str
      dev:
        description: Name of the disk in the guest, such as V(sda1), V(xvda) or V(hdc:cdrom) (3.0.3 and later).
        type: str
        required: true
      mode:
        description:
          - V(r) to read, V(w) to write, V(w!) to write even if another domain uses it. xend takes V(r) by default.
          - V(null) is as not to say it, so that what M(dom0.xend.xen_domain_info) shows can be given here.
        type: str
      backend:
        description: Name or id of the domain that serves the disk. xend takes Domain-0 by default.
        type: str
  vifs:
    description:
      - Virtual network interfaces. Those of an existing domain are told by their O(vifs[].mac), or without one by their
        place. A missing one is attached, and one that differs is detached and attached anew. Others are left alone,
        unless O(purge_vifs).
      - What the task does not say of an interface stays as it is. A task that is killed between detaching and attaching
        leaves that to xend's defaults, so say O(vifs[].mac) and O(vifs[].bridge).
    type: list
    elements: dict
    suboptions:
      mac:
        description: Hardware address. Without one xend makes one up, a new one each time the domain is created.
        type: str
      bridge:
        description: Bridge on the xend host.
        type: str
      ip:
        description:
          - Addresses of the guest, as the C(vif) script of the host wants to know them.
          - More than one is refused from 3.0.4 on, where xend keeps only the last.
        type: list
        elements: str
      script:
        description: Script that connects the interface, by its name in C(/etc/xen/scripts) or its path.
        type: str
      backend:
        description: Name or id of the domain that serves the interface. xend takes Domain-0 by default.
        type: str
      type:
        description:
          - V(ioemu) is a card that the emulator of an V(hvm) guest has, V(netfront) one for a driver that knows Xen.
          - On 3.0.3 and earlier an V(hvm) guest has no other card, so that V(ioemu) is the default for it there.
        type: str
      model:
        description: Kind of the card that the emulator has, such as V(e1000). It is compared on 3.1 and later.
        type: str
      rate:
        description:
          - Most that the guest may send, such as V(10Mb/s). It is compared on 3.1 to 3.3, which show it as it was given.
          - 3.4 and later show a form that they do not take. There an interface that has a rate, and whose task does not say
            O(vifs[].rate), is not changed live.
        type: str
      vifname:
        description: What the control domain calls its end of the interface (3.0.2 and later).
        type: str
  vfbs:
    description:
      - Virtual frame buffers (3.0.4 and later), each with a keyboard. They are sent when a domain is created, and an existing
        domain is only asked for how many it has.
    type: list
    elements: dict
    suboptions:
      type:
        description: Kind of the frame buffer.
        type: str
        choices: [vnc, sdl]
        default: vnc
      vncdisplay:
        description: Number of the VNC display.
        type: int
      vncunused:
        description: Whether to take the first VNC display that is free.
        type: bool
      vnclisten:
        description: Address to listen on.
        type: str
      vncpasswd:
        description:
          - Password for VNC. Ansible hides it wherever it occurs in the result, so that a short one, such as V(64), hides
            numbers and texts that have nothing to do with it.
        type: str
      display:
        description: X display, for V(sdl).
        type: str
      xauthority:
        description: Path of the X authority file on the xend host, for V(sdl).
        type: str
  pci:
    description:
      - Addresses of PCI devices of the host to hand to the domain, such as V(0000:00:03.0). They are sent when a domain is
        created, and compared where xend shows some.
      - Refused up to 3.0.3. Say it there with O(extra_config), in the words of that release.
    type: list
    elements: str
  extra_config:
    description:
      - S-expressions to be added to the config of a new domain, each one a list, for what there is no option for. See the
        examples.
      - They are not compared, as xend shows many of them in another form.
    type: list
    elements: str
  change_vbds:
    description:
      - Whether a disk that differs may be detached from a guest that runs, and attached anew. To the guest this is a disk
        that is pulled out.
      - The medium in the cdrom of an V(hvm) guest is changed without it, from 3.1 to 3.4. Elsewhere it takes a new domain.
    type: bool
    default: false
  purge_vbds:
    description: Whether to detach disks that are not in O(vbds).
    type: bool
    default: false
  purge_vifs:
    description: Whether to detach network interfaces that are not in O(vifs).
    type: bool
    default: false
  on_poweroff:
    description: What xend does once the guest has shut down. xend takes V(destroy) by default.
    type: str
    choices: [destroy, restart, preserve, rename-restart]
  on_reboot:
    description: What xend does once the guest has rebooted. xend takes V(restart) by default.
    type: str
    choices: [destroy, restart, preserve, rename-restart]
  on_crash:
    description:
      - What xend does once the guest has crashed. xend takes V(restart) by default.
      - The two that dump core exist from 3.3 on.
    type: str
    choices: [destroy, restart, preserve, rename-restart, coredump-destroy, coredump-restart]
  uuid:
    description: UUID for a new domain, 32 hexadecimal digits with dashes anywhere. xend makes one up by default.
    type: str
  config:
    description:
      - A whole config, the s-expression that xend takes for C(op=create). None of the options that describe a domain,
        O(memory), O(maxmem), O(vcpus), O(cpus), O(cpu_weight), O(cpu_cap), O(shadow_memory), O(features), O(localtime),
        O(image), O(bootloader), O(bootloader_args), O(vbds), O(vifs), O(vfbs), O(pci), O(extra_config), O(on_poweroff),
        O(on_reboot), O(on_crash), O(on_xend_start), O(on_xend_stop) and O(uuid), can be given with it.
      - It is sent as it is read, with everything quoted that needs it. A name in it must be that in O(name), and is
        added if there is none.
      - Releases want different configs. 3.0.0 reads C(vcpus) inside the image, 4.1 and later need it outside.
    type: str
  force:
    description: Destroy a guest at once instead of asking it to shut down, for O(state=stopped) and O(state=absent).
    type: bool
    default: false
  shutdown_timeout:
    description:
      - Seconds to wait for a guest that was asked to shut down.
      - Up to 3.1 xend itself destroys a guest that is still up 30 s after the request, and no option can keep it from
        that. RV(shutdown_outcome) is V(forced) then. From 3.2 on it waits for ever.
    type: float
    default: 300
  on_shutdown_timeout:
    description: What to do with a guest that has not shut down in time. V(fail) leaves it alone, V(destroy) destroys it.
    type: str
    choices: [fail, destroy]
    default: fail
  on_drift:
    description:
      - What to do where a domain differs from what is declared in something that the task does not change, see RV(drift).
      - V(warn) warns of each difference, V(fail) fails once all else is done.
    type: str
    choices: [warn, fail]
    default: warn
  log_lines:
    description:
      - Number of lines from the end of xend's log that a failed task returns as RV(log), without passwords. They often tell more
        about a device that could not be connected.
    type: int
    default: 0
  on_device_failure:
    description:
      - What to do with a domain that could be created, but whose devices could not be connected.
      - V(destroy) destroys it again, V(keep) leaves it paused. The task fails in either case.
    type: str
    choices: [destroy, keep]
    default: destroy
  create_timeout:
    description:
      - Seconds that creating or starting a domain, and connecting its devices, may each take.
      - xend waits up to 10 s for each device up to 3.0.2, and up to 100 s from 3.0.3 on.
    type: float
    default: 300
notes:
  - xend does not tell whether a running domain is managed. That a definition is deleted or stays therefore shows only
    in the real run, once the domain is down, and not in check mode.
  - xend 3.2 refuses a disk or an interface under the device name or MAC address of one that was detached, as long as the
    guest lives. On 3.2 and 3.3, which answer alike, one that differs is drift and takes O(recreate).
seealso:
  - module: dom0.xend.xen_domains
  - module: dom0.xend.xen_domain_info
  - module: dom0.xend.xen_sedf
"""

EXAMPLES = r"""
- name: Have a domain run
  dom0.xend.xen_domain:
    name: web1
    memory: 128
    vcpus: 2
    image:
      kernel: /boot/vmlinuz-2.6-xenU
      ramdisk: /boot/initrd-2.6-xenU.img
      root: /dev/sda1 ro
      args: "4 console=xvc0"
    vbds:
      - uname: phy:vg0/web1
        dev: sda1
        mode: w
    vifs:
      - mac: 00:16:3e:00:00:01
        bridge: xenbr0
    on_crash: preserve

- name: Have it run, from a config for this release of xend
  dom0.xend.xen_domain:
    name: web2
    config: |
      (vm (name web2) (memory 64) (vcpus 1)
        (image (linux (kernel /boot/vmlinuz-2.6-xenU) (root '/dev/sda1 ro')))
        (device (vbd (uname phy:vg0/web2) (dev sda1) (mode w))))

- name: Have a guest run that knows nothing of Xen, on a host with hardware virtualisation
  dom0.xend.xen_domain:
    name: win1
    memory: 512
    vcpus: 1
    image:
      type: hvm
      kernel: /usr/lib/xen/boot/hvmloader
      options:
        device_model: /usr/lib/xen/bin/qemu-dm
        boot: c
        vnc: 1
    vbds:
      - uname: file:/srv/xen/win1.img
        dev: ioemu:hda
        mode: w
    localtime: true

- name: Give a running domain less memory and another disk
  dom0.xend.xen_domain:
    name: web2
    memory: 48
    vbds:
      - uname: phy:vg0/web2-data
        dev: sdb1
        mode: w

- name: Reboot it
  dom0.xend.xen_domain:
    name: web2
    state: restarted

- name: Park it in a file on the xend host
  dom0.xend.xen_domain:
    name: web2
    state: saved
    save_file: /srv/xen/web2.chk

- name: Have it back
  dom0.xend.xen_domain:
    name: web2
    restore_file: /srv/xen/web2.chk

- name: Hold it still
  dom0.xend.xen_domain:
    name: web2
    state: paused

- name: Shut it down, and destroy it if it has not obeyed after two minutes
  dom0.xend.xen_domain:
    name: web2
    state: stopped
    shutdown_timeout: 120
    on_shutdown_timeout: destroy

- name: Remove it at once, through an SSH tunnel to a host without Python
  dom0.xend.xen_domain:
    xend_url: http://localhost:8000
    name: web1
    state: absent
    force: true
  delegate_to: localhost
"""

RETURN = r"""
domain:
  description:
    - The domain after the task, in check mode as it would be. V(null) if there is none.
    - It has the fields that M(dom0.xend.xen_domain_info) describes, but for those that only show what a create was given, from
      C(cpus) to C(on_xend_stop), C(vfbs), C(pci) and C(not_declarable).
  type: dict
  returned: success
  sample:
    name: web1
    state: running
    state_flags: -b----
    domid: 1
    uuid: 9f69b09b-146c-9046-add8-b57d5975d3df
    memory: 128
    maxmem: 128
    vcpus: 2
    vcpu_avail: 3
    online_vcpus: 2
    cpu_time: 0.00392849901
    start_time: 1795428595.75
    shutdown_reason: null
    on_poweroff: destroy
    on_reboot: restart
    on_crash: restart
    bootloader: null
    image:
      type: linux
      kernel: /srv/xen/img/vmlinuz
      ramdisk: null
      args: root=/dev/sda1 ro 4 console=xvc0
    vbds:
      - {dev: sda1, uname: "phy:vg0/web1", mode: w!, backend: "0"}
    vifs:
      - {mac: "00:16:3e:00:00:01", bridge: xenbr0, ip: null, script: vif-bridge, backend: "0"}
operations:
  description:
    - What was sent to xend to change something, in order, in check mode what would be.
    - Each has C(op), xend's name of the operation, and C(domain). A C(create) has its C(config).
    - After a failure, those that had been sent. The last one may not have been carried out, if the error says so.
    - A task that SIGINT, SIGTERM or its C(timeout) ends is such a failure, too. Where Ansible itself ends with it, so that there
      is no result, they are shown in a warning.
  type: list
  elements: dict
  returned: always
  sample:
    - op: create
      domain: web1
      config: (vm (name web1) (memory 128) (image (linux (kernel /srv/xen/img/vmlinuz) (vcpus 2))))
    - {op: wait_for_devices, domain: web1}
    - {op: unpause, domain: web1}
drift:
  description: Where an existing domain is not as declared, and stays so.
  type: list
  elements: dict
  returned: success
  contains:
    option:
      description: The option, with the field in it, such as C(vbds[sda1].mode).
      type: str
    declared:
      description: What the task says.
      type: raw
    found:
      description: What the domain has.
      type: raw
    takes:
      description:
        - What it takes to have it as declared. C(recreate) is a new domain, C(live) is to run the task when the domain is
          not paused, C(change_vbds) is leave to pull out a disk, C(next_start) is a new definition (O(state=defined)), for a managed domain that does not run.
      type: str
  sample: [{option: on_crash, declared: preserve, found: restart, takes: recreate}]
not_compared:
  description:
    - The options that are declared, and could not be compared with the domain, as this xend does not show them as they were
      given. Only a new domain is sure to have them.
  type: list
  elements: str
  returned: success
  sample: [extra_config, shadow_memory]
log:
  description: The end of xend's log, see O(log_lines).
  type: list
  elements: str
  returned: when the task failed and O(log_lines) is more than 0
removed_config:
  description: The domain that was removed for another one, as xend printed it, with passwords masked.
  type: str
  returned: when a domain or a definition was replaced
shutdown_outcome:
  description:
    - How a domain ended that ran before.
    - V(clean) if the guest went down by itself, V(forced) if xend destroyed it 30 s after the request (up to 3.1),
      V(destroyed) if the task did. In check mode, V(clean) means that the guest would be asked.
  type: str
  returned: when a domain was taken down
  sample: clean
"""

from typing import Any

from ansible_collections.dom0.xend.plugins.module_utils.desired.spec import CONFLICTS, domain_spec
from ansible_collections.dom0.xend.plugins.module_utils.module import Work, connection_spec, run_module
from ansible_collections.dom0.xend.plugins.module_utils.plan.task import run


def argument_spec() -> dict[str, dict[str, Any]]:
    """Return the argument spec, as documented above."""
    return {**connection_spec(), **domain_spec()}


WORK = Work(argument_spec, run, mutually_exclusive=CONFLICTS)


def main() -> None:
    """Run the module."""
    run_module(WORK)


if __name__ == "__main__":
    main()
