#!/usr/bin/python
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declare a Xen domain. What the module does is in module_utils/plan/apply.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: xen_domain
short_description: Manage a Xen domain on a host that runs xend
version_added: 0.1.0
description:
  - Creates, starts, pauses, shuts down, saves and destroys Xen domains through xend.
  - Changes memory, virtual CPUs, disks, network interfaces and the name of an existing domain while it runs. Any other
    difference from what the task declares is returned in RV(drift), with a warning.
  - Replaces a domain with a new one only if O(recreate) allows it.
  - Never pauses, stops, saves, destroys or changes Domain-0.
extends_documentation_fragment:
  - dom0.xend.connection
  - dom0.xend.attributes
  - dom0.xend.attributes.changes
attributes:
  idempotent:
    support: partial
    details: O(state=restarted) and O(recreate=always) make a change each time.
author:
  - dom0.xend contributors (@dom0-xend)
options:
  name:
    description:
      - Name of the domain. A number is taken as a name, never as a domain ID.
    type: str
    required: true
  state:
    description:
      - V(running) - the domain exists and is not paused. The module creates a missing domain, unpauses a paused one and
        starts a halted one that xend manages.
      - V(paused) - the domain exists and is paused.
      - V(restarted) - the domain runs and has rebooted since the task began. The module creates a missing domain and
        starts a halted one. This makes a change each time.
      - V(saved) - the domain has been written to O(save_file) and does not run. A domain that does not run counts as saved.
      - V(defined) - xend keeps a definition of the domain. The module does not start the domain. It replaces the
        definition of a domain that does not run if the definition differs. It changes nothing of a domain that runs, and
        returns the differences in RV(drift). Requires xend 3.0.4 or later.
      - V(stopped) - the domain does not run. On xend 3.0.4 and later, the definition of a managed domain stays.
      - V(absent) - the domain does not exist, and neither does a definition of it.
      - With V(stopped) and V(absent), the module asks a running guest to shut down and waits for it. It unpauses a paused
        guest first, because a paused guest cannot receive the request. It destroys what is preserved of a crashed or shut
        down domain.
      - With V(running), V(paused) and V(restarted), the module does not bring up a domain that crashed or shut down and is
        preserved. Remove the domain first, or set O(recreate).
      - A reboot too soon destroys the guest. xend 3.4 and later destroy a domain that reboots within 60 seconds of its
        start. xend 3.0.3 and earlier destroy a domain that reboots within 20 seconds of another reboot. With V(restarted),
        the module waits for that time first, unless it is certain that the domain is older.
    type: str
    choices: [running, paused, stopped, absent, restarted, saved, defined]
    default: running
  new_name:
    description:
      - New name of the domain. The module looks for the domain under O(name) and under this name.
    type: str
  recreate:
    description:
      - Whether the module may shut down and remove a domain and create it anew. Applies to O(state=running),
        O(state=paused) and O(state=restarted). The disks are kept, because xend does not manage their contents.
      - V(never) never replaces a domain.
      - V(if_needed) replaces a domain that differs in something that cannot be changed while it runs, and a domain that
        crashed or shut down and is preserved.
      - V(always) replaces the domain each time.
      - A managed domain gets a new definition with the same UUID. If the task is killed between deleting the old definition
        and storing the new one, no definition is left. Set O(uuid) if the UUID must not change.
      - The module returns what it removed in RV(removed_config).
    type: str
    choices: [never, if_needed, always]
    default: never
  save_file:
    description:
      - Path of the file on the xend host to save the domain to, for O(state=saved).
      - A file that exists there is not overwritten, see O(overwrite_save_file).
      - Not in C(/var/lib/xen/save), from where the host's C(xendomains) restores guests when it boots.
    type: str
  overwrite_save_file:
    description:
      - Whether xend may overwrite O(save_file) if it exists. It may hold the memory of a guest.
      - Without this, the task fails if the file exists, in check mode, too. The module looks for it where the task reaches
        the host itself - through Ansible's connection or C(ssh://), and at xend's own socket.
      - Over C(http://) and C(https://) and through a forwarded socket it cannot look, and xend reports nothing. An existing
        file is then overwritten whatever this option says.
    type: bool
    default: false
  restore_file:
    description:
      - Path of a saved domain on the xend host. The module restores a missing domain from this file instead of creating it.
      - xend 3.0.4 to 3.2 restore the same file twice if they are asked twice. If a restore gets no answer, check the domains
        before you run the task again.
      - The other declared options are compared once the domain is there. Check mode therefore shows the restore, and not the
        changes that follow it. A domain that O(recreate) replaces is created, and never restored.
      - The file is kept. It is out of date as soon as the domain has run. Restoring it again gives the guest disks that
        changed without its knowledge.
    type: str
  memory:
    description: Memory in MiB. Required to create a domain.
    type: int
  maxmem:
    description:
      - Maximum memory that the domain can get while it runs, in MiB. The default of xend is O(memory).
      - xend 3.0.3 and earlier show only the value that the domain was created with, so the module does not change it there.
    type: int
  vcpus:
    description:
      - Number of virtual CPUs. A new domain has one by default.
      - A running domain can have fewer virtual CPUs than it was created with, but not more.
    type: int
  image:
    description: What the domain boots. Required to create a domain, unless O(bootloader) is set.
    type: dict
    suboptions:
      type:
        description:
          - Type of the image. V(linux) is a paravirtualised guest of any operating system.
          - V(hvm) is a fully virtualised guest, whose kernel needs no support for Xen. xend 3.0.0 calls it V(vmx). The module
            refuses the name that the release does not know.
        type: str
        choices: [linux, hvm, vmx]
        default: linux
      kernel:
        description:
          - Path of the kernel on the xend host. For V(hvm), path of the loader, such as V(/usr/lib/xen/boot/hvmloader).
          - Required to create a domain, unless O(bootloader) finds the kernel. On xend 3.0.4 and later, O(image.args) can be
            used with a bootloader and without a kernel.
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
          - Additional fields of the image, as xend takes them. For V(hvm) these include C(device_model), C(boot), C(vnc),
            C(acpi) and C(apic). A value is a string, a number, a boolean (sent as 1 or 0), or a list of these.
          - C(acpi), C(apic), C(boot), C(device_model), C(pae), C(sdl) and C(vnc) are compared where xend shows them. All other
            fields are sent when the domain is created and are not compared.
        type: dict
  bootloader:
    description:
      - Path of a bootloader on the xend host, such as V(/usr/bin/pygrub). It finds the kernel and the RAM disk on a disk of
        the guest.
      - Mutually exclusive with O(image) on xend 3.0.3 and earlier, which delete the files that O(image) names.
    type: str
  bootloader_args:
    description:
      - Arguments of the bootloader. Requires xend 3.0.3 or later.
      - They are compared on xend 3.1 and later, where xend shows them.
    type: str
  cpus:
    description:
      - CPUs of the host that the domain may run on, such as V(0-3,^1).
      - The module pins a running domain on xend 3.0.0 and on xend 3.4 and later. xend 3.0.2 to 3.3 unpin a domain on any
        request to pin it, so the module leaves the domain alone there and returns the difference in RV(drift).
    type: str
  cpu_weight:
    description:
      - Weight of a new domain for the credit scheduler. The default of xend is 256.
      - Use M(dom0.xend.xen_credit) to change the weight of a running domain. This option is compared with a definition only.
    type: int
  cpu_cap:
    description:
      - Maximum CPU time of a new domain for the credit scheduler, in percent of one CPU. V(0) means no limit and is the
        default of xend. Requires xend 3.0.4 or later.
      - Use M(dom0.xend.xen_credit) to change the cap of a running domain. This option is compared with a definition only.
    type: int
  shadow_memory:
    description:
      - Memory for the shadow page tables of a new domain, in MiB. Requires xend 3.0.3 or later.
      - Not compared, because xend shows the amount that the hypervisor uses instead.
    type: int
  features:
    description:
      - Features of the hypervisor that the kernel of a new domain uses, as xend takes them. Requires xend 3.0.3 or later.
    type: str
  localtime:
    description:
      - Whether the clock of a new domain shows local time instead of UTC. Requires xend 3.0.3 or later.
      - Not compared.
    type: bool
  on_xend_start:
    description:
      - What xend does with a managed domain when xend starts. The default of xend is V(ignore). Requires xend 3.0.4 or later.
    type: str
    choices: [ignore, start]
  on_xend_stop:
    description:
      - What xend does with a managed domain when xend stops. The default of xend is V(ignore). Requires xend 3.0.4 or later.
    type: str
    choices: [ignore, shutdown, suspend]
  vbds:
    description:
      - Virtual disks. The module identifies a disk of an existing domain by the device number of O(vbds[].dev), so V(xvda)
        and V(/dev/xvda) are the same disk.
      - A missing disk is attached. A disk that differs is changed only if O(change_vbds=true). A disk that is not listed is
        detached only if O(purge_vbds=true).
      - A disk whose O(vbds[].uname) begins with C(tap:) or C(tap2:) is sent in the device class that the release uses for
        it, as C(xm) did.
      - Properties that the task does not give stay as they are. If the task is killed between detaching and attaching a disk,
        the next run uses the defaults of xend for them, so set O(vbds[].mode) too.
    type: list
    elements: dict
    suboptions:
      uname:
        description:
          - Location of the data, such as V(phy:vg0/web1), V(file:/srv/xen/web1.img) or V(tap:aio:/srv/xen/web1.img).
          - A drive is a disk whose O(vbds[].dev) ends in C(:cdrom). A drive without this option is empty (xend 3.0.3 and
            later). An empty string declares that the drive of an existing domain is empty, which takes a new domain.
        type: str
      dev:
        description: Name of the disk in the guest, such as V(sda1), V(xvda), or V(hdc:cdrom) on xend 3.0.3 and later.
        type: str
        required: true
      mode:
        description:
          - V(r) for read-only, V(w) for read-write, V(w!) for read-write even if another domain uses the disk. The default of
            xend is V(r).
          - V(null) is the same as leaving the option out, so that the output of M(dom0.xend.xen_domain_info) can be used here.
        type: str
      backend:
        description: Name or ID of the domain that serves the disk. The default of xend is Domain-0.
        type: str
  vifs:
    description:
      - Virtual network interfaces. The module identifies an interface of an existing domain by its O(vifs[].mac), or by its
        position if the MAC address is not set.
      - A missing interface is attached. An interface that differs is detached and attached again. An interface that is not
        listed is detached only if O(purge_vifs=true).
      - Properties that the task does not give stay as they are. If the task is killed between detaching and attaching an
        interface, the next run uses the defaults of xend for them, so set O(vifs[].mac) and O(vifs[].bridge).
    type: list
    elements: dict
    suboptions:
      mac:
        description: MAC address. By default xend generates a new one each time the domain is created.
        type: str
      bridge:
        description: Bridge on the xend host.
        type: str
      ip:
        description:
          - IP addresses of the guest, in the form that the C(vif) script of the host expects.
          - The module refuses more than one on xend 3.0.4 and later, which keep only the last one.
        type: list
        elements: str
      script:
        description: Script that connects the interface, as a name in C(/etc/xen/scripts) or a path.
        type: str
      backend:
        description: Name or ID of the domain that serves the interface. The default of xend is Domain-0.
        type: str
      type:
        description:
          - V(ioemu) is an emulated card of an V(hvm) guest. V(netfront) is a card for a driver with support for Xen.
          - On xend 3.0.3 and earlier, V(hvm) guests have emulated cards only, so V(ioemu) is their default.
        type: str
      model:
        description: Model of the emulated card, such as V(e1000). It is compared on xend 3.1 and later.
        type: str
      rate:
        description:
          - Maximum rate at which the guest may send, such as V(10Mb/s).
          - It is compared on xend 3.1 to 3.3, which show it as it was given.
          - xend 3.4 and later show the rate in a form that they do not accept. There, the module does not change an interface
            that has a rate while the guest runs, unless the task sets O(vifs[].rate).
        type: str
      vifname:
        description: Name of the interface in the control domain. Requires xend 3.0.2 or later.
        type: str
  vfbs:
    description:
      - Virtual frame buffers, each with a keyboard. Requires xend 3.0.4 or later.
      - They are sent when the domain is created. For an existing domain, only their number is compared.
    type: list
    elements: dict
    suboptions:
      type:
        description: Type of the frame buffer.
        type: str
        choices: [vnc, sdl]
        default: vnc
      vncdisplay:
        description: Number of the VNC display.
        type: int
      vncunused:
        description: Whether to use the first free VNC display.
        type: bool
      vnclisten:
        description: Address to listen on.
        type: str
      vncpasswd:
        description:
          - Password for VNC.
          - Ansible masks this value wherever it occurs in the result. A short password, such as V(64), also masks unrelated
            numbers and strings.
        type: str
      display:
        description: X display, for V(sdl).
        type: str
      xauthority:
        description: Path of the X authority file on the xend host, for V(sdl).
        type: str
  pci:
    description:
      - Addresses of PCI devices of the host to pass through to the domain, such as V(0000:00:03.0). They are sent when the
        domain is created, and compared where xend shows any.
      - The module refuses this option on xend 3.0.3 and earlier. Use O(extra_config) there, in the syntax of that release.
    type: list
    elements: str
  extra_config:
    description:
      - S-expressions to add to the config of a new domain, for settings that have no option. Each must be a list. See the
        examples.
      - They are not compared, because xend shows many of them in another form.
    type: list
    elements: str
  change_vbds:
    description:
      - Whether the module may detach a disk that differs from a running guest and attach it again. The guest sees this as a
        disk that is pulled out.
      - On xend 3.1 to 3.4, the medium in the CD-ROM drive of an V(hvm) guest is changed without this option. On other releases,
        changing the medium takes a new domain.
    type: bool
    default: false
  purge_vbds:
    description: Whether to detach disks that are not listed in O(vbds).
    type: bool
    default: false
  purge_vifs:
    description: Whether to detach network interfaces that are not listed in O(vifs).
    type: bool
    default: false
  on_poweroff:
    description: What xend does after the guest shuts down. The default of xend is V(destroy).
    type: str
    choices: [destroy, restart, preserve, rename-restart]
  on_reboot:
    description: What xend does after the guest reboots. The default of xend is V(restart).
    type: str
    choices: [destroy, restart, preserve, rename-restart]
  on_crash:
    description:
      - What xend does after the guest crashes. The default of xend is V(restart).
      - V(coredump-destroy) and V(coredump-restart) require xend 3.3 or later.
    type: str
    choices: [destroy, restart, preserve, rename-restart, coredump-destroy, coredump-restart]
  uuid:
    description:
      - UUID of a new domain, 32 hexadecimal digits with dashes in any place. By default xend generates one.
    type: str
  config:
    description:
      - A complete config, the s-expression that xend takes for C(op=create). Mutually exclusive with the options that describe
        a domain, O(memory), O(maxmem), O(vcpus), O(cpus), O(cpu_weight), O(cpu_cap), O(shadow_memory), O(features),
        O(localtime), O(image), O(bootloader), O(bootloader_args), O(vbds), O(vifs), O(vfbs), O(pci), O(extra_config),
        O(on_poweroff), O(on_reboot), O(on_crash), O(on_xend_start), O(on_xend_stop) and O(uuid).
      - The module parses the config and sends it with quotes where they are needed. A name in the config must be the same as
        O(name). If the config has no name, the module adds it.
      - Releases require different configs. xend 3.0.0 reads C(vcpus) inside the image, xend 4.1 and later read it outside.
    type: str
  force:
    description:
      - Whether to destroy a guest at once instead of asking it to shut down, for O(state=stopped) and O(state=absent).
    type: bool
    default: false
  shutdown_timeout:
    description:
      - Seconds to wait for a guest to shut down.
      - xend 3.1 and earlier destroy a guest that is still up 30 seconds after the request. No option prevents this.
        RV(shutdown_outcome) is V(forced) in this case. xend 3.2 and later never destroy the guest.
    type: float
    default: 300
  on_shutdown_timeout:
    description:
      - What to do with a guest that has not shut down in time. V(fail) leaves it alone. V(destroy) destroys it.
    type: str
    choices: [fail, destroy]
    default: fail
  on_drift:
    description:
      - What to do if a domain differs from the task in something that the task does not change. See RV(drift).
      - V(warn) shows a warning for each difference. V(fail) makes the task fail after it has done everything else.
    type: str
    choices: [warn, fail]
    default: warn
  log_lines:
    description:
      - Number of lines from the end of xend's log that a failed task returns in RV(log), with passwords masked. They often
        explain why a device could not be connected.
    type: int
    default: 0
  on_device_failure:
    description:
      - What to do with a new domain whose devices could not be connected. V(destroy) destroys it. V(keep) leaves it paused.
      - The task fails in both cases.
    type: str
    choices: [destroy, keep]
    default: destroy
  create_timeout:
    description:
      - Seconds to wait for a domain to be created or started, and again for its devices to be connected.
      - xend waits up to 10 seconds for each device on 3.0.2 and earlier, and up to 100 seconds on 3.0.3 and later.
    type: float
    default: 300
notes:
  - xend does not report whether a running domain is managed. Check mode therefore cannot show that a definition is deleted
    or stays. The real run shows it once the domain is down.
  - As long as the guest lives, xend 3.2 refuses a disk or an interface with the device name or the MAC address of one that
    was detached. xend 3.2 and 3.3 give the same answers, so on both a device that differs is drift and takes O(recreate).
seealso:
  - module: dom0.xend.xen_domains
  - module: dom0.xend.xen_domain_info
  - module: dom0.xend.xen_credit
  - module: dom0.xend.xen_sedf
"""

EXAMPLES = r"""
- name: Ensure that a domain runs
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

- name: Ensure that a domain runs, from a config for this release of xend
  dom0.xend.xen_domain:
    name: web2
    config: |
      (vm (name web2) (memory 64) (vcpus 1)
        (image (linux (kernel /boot/vmlinuz-2.6-xenU) (root '/dev/sda1 ro')))
        (device (vbd (uname phy:vg0/web2) (dev sda1) (mode w))))

- name: Ensure that a fully virtualised guest runs, on a host with hardware virtualisation
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

- name: Reboot a domain
  dom0.xend.xen_domain:
    name: web2
    state: restarted

- name: Save a domain to a file on the xend host
  dom0.xend.xen_domain:
    name: web2
    state: saved
    save_file: /srv/xen/web2.chk

- name: Restore the domain from the file
  dom0.xend.xen_domain:
    name: web2
    restore_file: /srv/xen/web2.chk

- name: Pause a domain
  dom0.xend.xen_domain:
    name: web2
    state: paused

- name: Shut a domain down, and destroy it if it still runs after two minutes
  dom0.xend.xen_domain:
    name: web2
    state: stopped
    shutdown_timeout: 120
    on_shutdown_timeout: destroy

- name: Destroy a domain at once, through an SSH tunnel to a host without Python
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
    - The domain after the task. In check mode, the domain as it would be. V(null) if the domain does not exist.
    - It has the fields that M(dom0.xend.xen_domain_info) returns, except C(not_declarable) and the fields that only repeat
      the config, which are C(cpus) to C(on_xend_stop), C(vfbs) and C(pci).
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
    - The operations sent to xend to make changes, in order. In check mode, the operations that would be sent.
    - Each has C(op), the name of the operation in xend, and C(domain). A C(create) also has C(config).
    - If the task fails, these are the operations sent before it failed. xend may not have carried out the last one, if the
      error says so.
    - A task that is ended by SIGINT, SIGTERM or its C(timeout) fails in the same way. If Ansible itself ends with it, there is
      no result, and a warning shows the operations.
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
  description: Differences between the task and the existing domain that the task does not change.
  type: list
  elements: dict
  returned: success
  contains:
    option:
      description: The option, with its field, such as C(vbds[sda1].mode).
      type: str
    declared:
      description: The value in the task.
      type: raw
    found:
      description: The value of the domain.
      type: raw
    takes:
      description:
        - What a change takes.
        - C(recreate) - a new domain, see O(recreate).
        - C(live) - running the task again when the domain is not paused, with O(state=running) instead of O(state=defined).
        - C(change_vbds) - permission to detach a disk, see O(change_vbds).
        - C(next_start) - a new definition (O(state=defined)), for a managed domain that does not run.
      type: str
  sample: [{option: on_crash, declared: preserve, found: restart, takes: recreate}]
not_compared:
  description:
    - The declared options that could not be compared with the domain, because this xend does not show them as they were
      given. Only a new domain is certain to have them.
    - An entry of O(config) that has no option is named C(config.) and its key, such as C(config.pool_name).
  type: list
  elements: str
  returned: success
  sample: [extra_config, shadow_memory]
log:
  description: The last lines of xend's log. See O(log_lines).
  type: list
  elements: str
  returned: when the task failed and O(log_lines) is more than 0
removed_config:
  description: The config of the domain that was replaced, as xend printed it, with passwords masked.
  type: str
  returned: when a domain or a definition was replaced
shutdown_outcome:
  description:
    - How a domain that ran before the task went down.
    - V(clean) - the guest shut down by itself. In check mode, the guest would be asked to.
    - V(forced) - xend destroyed the guest 30 seconds after the request (xend 3.1 and earlier).
    - V(destroyed) - the task destroyed the guest.
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
