# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The releases, each as its changes from the one before.

All of them were recorded, and `tests/conformance` compares every answer with the recordings. The comments name the step
of a recording that shows a fact, or a section of the wire reference, WIRE.md, by its letter. A fact that was not seen
of a release is taken from the one before it: `replace` keeps it. A few values had to be made up, because something must
be printed; each is marked as such, and nothing may rely on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .personality import Personality, Wording
from .sxp import Dialect, Sxp

_INVALID = "(22, 'Invalid argument')"
_Items = tuple[tuple[str, object], ...]


def _after(items: _Items, key: str, *new: tuple[str, object]) -> _Items:
    """Put new items after the one with that key."""
    place = [each[0] for each in items].index(key) + 1
    return items[:place] + new + items[place:]


def _without(items: _Items, *keys: str) -> _Items:
    return tuple(each for each in items if each[0] not in keys)


def _numbered(items: _Items, major: int, minor: int, extra: str) -> _Items:
    """Name the release in the node's items."""
    numbers = {"xen_major": major, "xen_minor": minor, "xen_extra": extra}
    return tuple((key, numbers.get(key, value)) for key, value in items)


def _fields(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _keys(text: str) -> tuple[tuple[str, Sxp], ...]:
    """Read KEY and KEY=VALUE, where a value is a number or ()."""
    pairs = (word.partition("=") for word in text.split())
    return tuple((key, [] if value == "()" else int(value) if value else None) for key, _equals, value in pairs)


# -- 3.0.0, recorded ---------------------------------------------------------------------------------------------------

_COMMON_OPERATIONS = frozenset(
    _fields(
        """
        unpause pause shutdown destroy rename sysrq wait_for_devices save migrate mem_target_set maxmem_set set_vcpus
        pincpu cpu_sedf_get cpu_sedf_set devices device_create device_destroy device_configure configure vif_limit_set
        vcpuinfo
        """,
    ),
)
_BROKEN = {
    "configure": "domain_configure() takes exactly 2 arguments (3 given)",
    "vif_limit_set": "XendDomain instance has no attribute 'domain_vif_limit_set'",
}

XEN_3_0_0 = Personality(
    version="3.0.0",
    dialect=Dialect(empty="", separators="{}<>[];!", unknown_escape="breaks", hex_letter=10),
    words=Wording(
        not_found="No such domain {name}",
        name_required="%d format: a number is required, not NoneType",
        name_missing="missing vm name",
        name_invalid="invalid vm name",
        name_taken="VM name '{name}' already in use by domain {domid}",
        rename_taken="VM name '{name}' is used in both domains {own} and {domid}",
        device_type="unknown device type: {kind}",
        create_device_type="invalid device ({kind}, {config})",
        added_device_type="unknown device type: {kind}",
        image_required="Missing image in configuration",
        no_boot_disk="Had a bootloader specified, but no disks are bootable",
        kernel_missing="Kernel image does not exist: {kernel}",
        hvm_refused="",
        vncpasswd_required="",
        pci_unread="",
        pci_refused="",
        dev_required="expected string or buffer",
        dev_unknown="%d format: a number is required, not NoneType",
        dev_taken="Device {dev} ({devid}, vbd) is already connected.",
        uname_required="'NoneType' object has no attribute 'split'",
        uname_split="need more than 1 value to unpack",
        device_missing="Device {dev} not connected",
        devid_unknown="",
        domain0_shutdown="Domain 0 cannot be shutdown",
        hotplug_failed="Device {devid} ({kind}) could not be connected. Backend device not found.",
        already_used="",
        tap2_refused="",
        no_memory="(12, 'Cannot allocate memory')",
        target_positive="",
        bad_event="invalid restart event: {key} = {value}",
        maxmem_positive="",
        credit_weight="weight is out of range",
        credit_cap="cap is out of range",
        save_failed="/srv/xen/bin/xc_save 99 14 {domid} 0 0 0 failed",
        restore_tool_failed="/srv/xen/bin/xc_restore 99 14 {domid} 4096 1 2 failed",
        vcpuinfo_halted="",
        added_halted="",
        delete_running="Domain is not halted.",
        restore_failed="{error}",
        unknown_host="Name or service not known",
        connection_refused="Connection refused",
    ),
    serial=True,
    leaves_open_after_logging=False,
    closes_when_silent=True,
    failure_status=None,
    managed=False,
    missing_domain_is_empty=False,
    needs_power=frozenset(),
    lists_only_running=False,
    status_when_down={},
    zombies=True,
    zombie_seconds=0.5,
    zombie_breaks_detail="",
    uuid_groups=(8, 8, 8, 8),
    uuid_in_url=False,
    name_characters=r"A-Za-z0-9_.:/+\-",
    default_name=None,
    name_may_be_id=True,
    image_required=True,
    image_types=frozenset({"linux", "vmx"}),
    bootloader_runs="never",
    vcpus_in="image",
    vcpus_word_is_one=False,
    memory_word_is_zero=False,
    weight="float",
    refuses_restart_never=False,
    core_actions=False,
    uuid_twice="allowed",
    keeps_given=False,
    rtc_timeoffset="never",
    image_names_emulator=True,
    static_memory_rules=False,
    checks_hvm_first=False,
    checks_memory=False,
    devices_before_build=False,
    extra_atoms="cut",
    dev_has_class=False,
    dom0_maxmem=512,
    keeps_bootloader_files=False,
    destroys_overdue=True,
    protects_domain0_from=frozenset(),
    privileged_before_reason=False,
    refuses_to_save_paused=False,
    hides_failed_save=False,
    restores_twice=False,
    restored_vcpu_avail_is_long=False,
    restored_forgets_start=True,
    arrival_seconds=0.0,
    migrate_numbers=("live", "resource"),
    dump_numbers=(),
    restart_phase="fresh",  # ip-reboot-polls, rb-reboot-polls
    restart_guard="previous",
    restart_seconds=20.0,
    rename_restart="starts",
    renamed_dead="{name}-{number}",
    create_checks_memory_first=False,
    memory_unit=("MiB", 1, 1),
    shadow_memory_per=0,
    scheduler="sedf",
    credit_numbers=(),
    credit_when_halted=False,
    sedf_reply="dict",
    sedf_checks_range=False,
    sedf_hides_refusal=True,
    cpumap_width=64,
    cpus_as_shown=False,
    pci_keys=("bus", "dev", "func"),  # cl-pci
    cpus_dealt_out=True,
    pincpu="brackets",
    vcpu_all=False,
    pin_words_for_bad_vcpu=False,
    set_vcpus_rewrites=frozenset(),
    vcpus_minimum=0,
    vcpus_shown=0,
    vcpus_words=("negative shift count", ""),
    mem_target="nothing",
    maxmem="hidden",
    stores_refused_maxmem=False,
    hotplug_patience=10.0,
    remembers_detached=False,
    disk_classes="vbd",
    disk_checks=_fields("dev number uname"),  # cl-cd
    rewrites_devices=False,
    rereads_ip=False,  # ip-reboot-polls, ip-restore
    takes_failed_away=False,
    lists_failed=True,  # ref-vbd-devices
    shadows_failed=False,
    device_destroy_numbers=(),
    device_destroy_waits=False,
    vif_script_dir="",
    vif_fields=_fields("backend script ip bridge mac"),
    bare_leaving_vif=False,
    lists_emulated_nics=False,  # cl-viff-get
    ip="list",
    rate="kib",
    vbd_fields=_fields("backend dev uname mode"),
    devid_when_new=False,
    halted_disk_fields=(),
    halted_vif_fields=(*_fields("bridge mac vifname ip type rate"), "given script", "uuid"),
    halted_tap_has_driver=False,
    halted_devid=False,
    paused_lists_config=False,
    shows_last_detached=False,
    frontend_has=frozenset(),
    console=False,
    fresh_state="??????",
    fresh_vcpus="all",
    halted_vcpus=False,
    cpus_of_all=False,
    bootloader_always=False,
    root="stays",
    rereads_image=False,
    image_defaults=(),
    image_pci=False,
    hvm_image=(),
    fills_hvm_image=False,
    hvm_stops_at_once=False,
    lists_emulated_disks=False,
    shows_vfb_type=True,
    vfb_has_uuid=True,
    others="backend",  # create-usb of 3.0.4 and 3.1, cl-pci-get
    device_classes=frozenset(_fields("vbd vif vtpm pci ioports usb")),
    create_classes=frozenset(_fields("vbd vif vtpm pci ioports usb")),
    operations=_COMMON_OPERATIONS | {"cpu_bvt_set"},
    always_fails={**_BROKEN, "cpu_bvt_set": _INVALID},
    reconfigure_refused={"": "{kind} devices may not be reconfigured"},
    directory_operations=frozenset({"list", "create", "restore"}),
    node_operations=frozenset({"shutdown", "reboot", "cpu_bvt_slice_set"}),
    node=(
        ("system", "Linux"),
        ("host", "d0"),
        ("release", "2.6.12.6-xen0.1"),
        ("version", "#1 SMP PREEMPT_DYNAMIC @0"),
        ("machine", "x86_64"),
        ("nr_cpus", 4),
        ("nr_nodes", 1),
        ("sockets_per_node", 2),
        ("cores_per_socket", 2),
        ("threads_per_core", 1),
        ("cpu_mhz", 2992),
        ("hw_caps", "bfebfbff:20100000:00000000:00000140:0004e33d:00000000:00000001"),
        ("total_memory", 16384),
        ("free_memory", None),
        ("xen_major", 3),
        ("xen_minor", 0),
        ("xen_extra", ".0"),
        ("xen_caps", "xen-3.0-x86_64"),
        ("platform_params", "virt_start=0xffff800000000000"),
        ("xen_changeset", "Sun Dec  4 19:12:00 2005 +0100 8259:5baa96bedc13"),
        ("cc_compiler", "gcc version 3.4.4 20050314 (prerelease) (Debian 3.4.3-13)"),
        ("cc_compile_by", "root"),
        ("cc_compile_domain", "example.org"),
        ("cc_compile_date", "Mon Dec  5 13:39:26 UTC 2005"),
    ),
    domain_fields=_fields(
        """
        domid uuid ssidref vcpus vcpu_avail cpu_weight memory maxmem bootloader name on_poweroff on_reboot on_crash
        image devices state shutdown_reason cpu_time vcpus online_vcpus up_time start_time store_mfn console_mfn
        """,
    ),
    html_domain="<p><domain id={domid} name={name} memory={memory} ssidref=0></p>",
    html_domain_item="id = {domid}, memory = {memory}, ssidref = 0.",
    html_has_reset=False,
)

# -- 3.0.2, recorded ---------------------------------------------------------------------------------------------------

_PCI_REFUSED = (
    "pci: PCI Backend does not own device {address}\nSee the pciback.hide kernel command-line parameter or\n"
    "bind your slot/device to the PCI backend using sysfs"
)

XEN_3_0_2 = replace(
    XEN_3_0_0,
    version="3.0.2",
    words=replace(
        XEN_3_0_0.words,
        dev_required="argument of type 'NoneType' is not iterable",  # create-vbd-nodev
        hvm_refused="Not an HVM capable platform, we stop creating!",  # create-hvm
        pci_refused=_PCI_REFUSED,  # create-pci, cl-pci
    ),
    protects_domain0_from=frozenset({"save"}),  # dom0-save
    closes_when_silent=False,  # save-nofile
    uuid_groups=(8, 4, 4, 4, 12),  # dom0-by-name
    image_types=frozenset({"linux", "hvm"}),  # create-hvm; it was never seen to run
    disk_checks=_fields("uname dev number"),  # cl-cd, devcreate-atom
    pci_keys=(),  # cl-pci
    rereads_ip=True,  # ip-reboot-polls, ip-restore
    vcpus_in="either",  # create-vcpus-top
    lists_emulated_disks=True,  # (e) image hvm; it was never seen to run
    pincpu="unpins",  # pin-two-info
    migrate_numbers=("live", "resource", "port"),  # migrate-nodest
    sedf_reply="domain",  # sedf-get
    sedf_checks_range=True,  # sedf-set-ms-get
    vif_fields=_fields("backend script ip bridge mac vifname rate type"),  # create-vif-ips, cl-viff-get
    lists_emulated_nics=True,  # cl-viff-get
    ip="each",  # create-full
    device_classes=XEN_3_0_0.device_classes | {"irq"},  # devices-irq
    create_classes=XEN_3_0_0.create_classes | {"irq"},
    node=_numbered(XEN_3_0_0.node, 3, 0, ".2"),  # node
    domain_fields=_fields(  # dom0-by-name: vcpus only once
        """
        domid uuid ssidref vcpus vcpu_avail cpu_weight memory maxmem bootloader name on_poweroff on_reboot on_crash
        image devices state shutdown_reason cpu_time online_vcpus up_time start_time store_mfn console_mfn
        """,
    ),
)

# -- 3.0.3, recorded ---------------------------------------------------------------------------------------------------

_CREDIT = {"domain_sched_credit_get", "domain_sched_credit_set"}

XEN_3_0_3 = replace(
    XEN_3_0_2,
    version="3.0.3",
    dialect=replace(XEN_3_0_2.dialect, unknown_escape="ends"),
    words=replace(
        XEN_3_0_2.words,
        hvm_refused=("HVM guest support is unavailable: is VT/AMD-V supported by your CPU and enabled in your BIOS?"),
        uname_required="Block device must have physical details specified",
        uname_split="",
        domain0_shutdown="Can't specify Domain-0",
        no_memory="Invalid memory size",
        target_positive="Invalid memory size",
        save_failed="/srv/xen/bin/xc_save 15 {domid} 0 0 0 failed",
        restore_failed="Restore failed",
    ),
    failure_status=500,
    zombie_breaks_detail="Device 0 not connected",
    bootloader_runs="without image",
    checks_memory=True,
    dev_has_class=True,
    protects_domain0_from=frozenset(_fields("pause unpause shutdown save migrate")),
    memory_unit=("KiB", 1024, 0),
    disk_checks=_fields("dev uname number"),  # devcreate-atom
    scheduler="credit",
    credit_numbers=("weight",),
    cpus_dealt_out=False,
    vcpu_all=True,
    mem_target="positive",
    maxmem="checked",
    hotplug_patience=100.0,
    frontend_has=frozenset({"device-type"}),
    device_classes=XEN_3_0_2.device_classes | {"tap"},
    create_classes=XEN_3_0_2.create_classes | {"tap"},
    operations=_COMMON_OPERATIONS | _CREDIT,
    always_fails=_BROKEN,
    reconfigure_refused={"": "device_configure() takes exactly 2 arguments (3 given)"},
    node_operations=frozenset({"shutdown", "reboot"}),
    node=_after(
        _after(
            _numbered(
                tuple(
                    (key, "xen-3.0-x86_64 xen-3.0-x86_32p " if key == "xen_caps" else value)
                    for key, value in XEN_3_0_2.node
                ),
                3,
                0,
                ".3",
            ),
            "xen_caps",
            ("xen_pagesize", 4096),
        ),
        "cc_compile_date",
        ("xend_config_format", 2),
    ),
    domain_fields=_fields(
        """
        domid uuid vcpus vcpu_avail cpu_weight memory shadow_memory maxmem bootloader features name on_poweroff
        on_reboot on_crash image devices state shutdown_reason cpu_time online_vcpus up_time start_time store_mfn
        console_mfn
        """,
    ),
    html_domain="<p><domain id={domid} name={name} memory={memory}></p>",
    html_domain_item="",
)

# -- 3.0.4, recorded ---------------------------------------------------------------------------------------------------

XEN_3_0_4 = replace(
    XEN_3_0_3,
    version="3.0.4",
    dialect=replace(
        XEN_3_0_3.dialect,
        unknown_escape="stays",  # create-escape-unk
        hex_letter=0,  # create-utf8-get, create-syntax-nonascii
    ),
    words=replace(
        XEN_3_0_3.words,
        not_found="No domain named '{name}'.",  # rename-old
        name_missing="Missing VM Name",  # create-empty-name, rename-empty
        name_invalid="Invalid VM Name",  # name-space, rename-bad
        name_taken="VM name '{name}' already exists as domain {domid}",  # create-dup
        rename_taken="VM name '{name}' already exists as domain {domid}",  # rename-dup
        device_type="Unknown device type: {kind}",  # devices-nosuch, devdestroy-type
        create_device_type="Invalid Configuration: XendConfig: {kind} not a valid device type",  # create-dev-type
        added_device_type="Invalid Configuration: XendConfig: {kind} not a valid device type",  # devcreate-type
        no_boot_disk="Had a bootloader specified, but can't find disk",  # create-no-image
        vncpasswd_required="vncpasswd is not set up in VMconfig and xend-config.",  # create-hvm of xend-3.0.4-hvm
        dev_required="Unable to find number for device ()",  # create-vbd-nodev, devcreate-atom
        dev_unknown="Unable to find number for device ({dev})",  # create-vbd-baddev
        uname_required="",  # create-vbd-nouname
        domain0_shutdown="Domain 0 cannot be shutdown",  # dom0-shutdown
        no_memory="Invalid Configuration: Memory value too low for memory_static_min: {memory}",  # create-mem-neg
        bad_event="Invalid Configuration: Invalid event handling mode: {event}",  # create-bad-on, create-restart
        maxmem_positive="Invalid memory size",  # maxmem-negative, maxmem-zero
        save_failed="/srv/xen/bin/xc_save 16 {domid} 0 0 0 failed",  # save-fails
        vcpuinfo_halted="an integer is required",  # man-vcpuinfo
        added_halted="%d format: a number is required, not NoneType",  # man-device-create, man-changed
        delete_running="Domain is still running",  # delete-running, delete-dom0
    ),
    serial=False,  # wait-blocks-tcp
    managed=True,  # new-ok
    needs_power=frozenset({"shutdown"}),  # st-shutdown-shutdown; not those of st-shutdown-pause, st-shutdown-unpause
    lists_only_running=True,  # create-full-list
    status_when_down={"crash": 0, "suspend": 3, "": 4},  # st-crashed, shutdown-suspend-later, st-shutdown
    zombies=False,  # st-dying
    uuid_in_url=True,  # create-full-by-uuid
    default_name="Domain-{uuid}",  # create-no-name
    name_may_be_id=False,  # name-is-id
    image_required=False,  # create-no-image
    bootloader_runs="without kernel",  # create-no-kernel, create-bootloader
    keeps_bootloader_files=True,  # create-bootloader-files
    vcpus_word_is_one=True,  # create-vcpus-word
    memory_word_is_zero=True,  # create-mem-word, create-mem-float
    create_checks_memory_first=True,  # create-syntax-atom
    weight="fixed",  # create-cpu-weight-int
    refuses_restart_never=True,  # create-restart
    checks_hvm_first=True,  # create-hvm
    extra_atoms="ends",  # create-vbd-extra-atom, create-syntax-bang
    dom0_maxmem=4194304,  # dom0-by-name
    privileged_before_reason=True,  # dom0-reboot-bad
    restores_twice=True,  # restore-twice
    restored_forgets_start=False,  # restore-get
    arrival_seconds=0.1,  # migrate-ok-list0
    dump_numbers=("live", "crash"),  # dump-minimal
    restart_phase="",  # ip-reboot-polls, rb-reboot-polls
    restart_guard="never",  # restart-fast-later
    rename_restart="loses",  # rename-restart-names, list-state-halted
    renamed_dead="Domain-{uuid}",  # list-state-halted
    sedf_reply="domid",  # not seen: it was recorded with another scheduler
    maxmem="shown",  # maxmem-below-get
    vif_fields=_fields("bridge mac script uuid ip vifname rate type backend"),  # cl-viff-get
    halted_disk_fields=(  # man-devices, cl-vbdtap-vbds; backend: man-destroyed-get
        *("given uname", "driver", "mode", "given dev", "uuid", "given backend"),
    ),
    halted_vif_fields=(*XEN_3_0_3.halted_vif_fields, "given backend"),  # man-destroyed-get
    paused_lists_config=True,  # create-vbd-xvda-devices, cl-tap-taps
    shows_last_detached=True,  # last-vif-polls, last-vbd-polls
    rewrites_devices=True,  # man-destroyed-get
    set_vcpus_rewrites=frozenset({"live", "halted"}),  # vc-2-get
    vbd_fields=_fields("uname uuid mode dev backend"),
    ip="last",  # create-vif-ips
    fresh_state="------",  # create-minimal
    fresh_vcpus="one",  # create-full
    halted_vcpus=True,  # new-get
    cpus_of_all=True,  # create-cpus
    root="added",  # im-root, im-both, im-ip
    rereads_image=True,  # create-utf8-get
    vfb_has_uuid=False,  # create-vfb
    device_classes=XEN_3_0_3.device_classes | {"vfb", "vkbd"},  # devices-console, create-vfb
    create_classes=XEN_3_0_3.create_classes | {"vfb", "vkbd"},
    operations=XEN_3_0_3.operations | {"start", "delete", "dump"},
    reconfigure_refused={"": "global name 'sxpr' is not defined"},  # devconf-vbd
    directory_operations=frozenset({"list", "create", "restore", "new"}),
    node=_numbered(
        tuple((key, 3 if key == "xend_config_format" else value) for key, value in XEN_3_0_3.node), 3, 0, ".4"
    ),
    domain_fields=_fields(  # create-minimal-get; cpus: create-cpu, create-cpus, full-get
        """
        domid localtime on_crash memory uuid on_poweroff name maxmem cpus on_reboot vcpus shadow_memory vcpu_avail
        cpu_weight cpu_cap features on_xend_start on_xend_stop start_time cpu_time online_vcpus cpus_again image status
        memory_dynamic_min memory_dynamic_max state store_mfn console_mfn devices
        """,
    ),
    html_domain="<p><domain id={domid} name={name} memory={memory} state=running></p>",  # neg-ua-html
    html_domain_item="id = {domid}, memory = {memory}",  # neg-html-dir
)

# -- 3.1, recorded -----------------------------------------------------------------------------------------------------

XEN_3_1 = replace(
    XEN_3_0_4,
    version="3.1",
    dialect=replace(XEN_3_0_4.dialect, hex_letter=10),
    words=replace(
        XEN_3_0_4.words,
        hotplug_failed=(  # wait-devmissing, ref-vbd
            "Device {devid} ({kind}) could not be connected. /etc/xen/scripts/{script} failed; error detected."
        ),
        no_memory="Invalid Configuration: memory_dynamic_max must be greater than zero",  # create-mem-neg
        vncpasswd_required="",
        delete_running="Domain is not halted.",  # delete-running
        no_boot_disk="Had a bootloader specified, but no disks are bootable",  # create-no-image
        maxmem_positive="",
    ),
    bootloader_runs="always",  # create-bootloader
    memory_word_is_zero=False,  # create-mem-word
    extra_atoms="dropped",  # create-vbd-extra-atom
    rename_restart="none",  # rename-restart-names, poweroff-restart-later
    rewrites_devices=False,  # man-destroyed-get
    fresh_vcpus="",  # create-minimal
    halted_vcpus=False,  # new-get
    cpus_of_all=False,
    rereads_image=False,
    vfb_has_uuid=True,
    dom0_maxmem=16777215,  # dom0-by-name
    restored_vcpu_avail_is_long=True,  # restore-get
    pin_words_for_bad_vcpu=True,  # pin-badvcpu
    html_domain="<p><domain id={domid} name={name} memory={bytes} state=running></p>",
    image_names_emulator=False,  # create-vfb-get
    rtc_timeoffset="seen",  # create-full-get
    leaves_open_after_logging=True,  # create-full-unpause
    missing_domain_is_empty=True,  # missing-name
    status_when_down={"crash": 2, "suspend": 0, "": 0},  # shutdown-suspend-later, st-shutdown, st-crashed
    default_name="Domain-Unnamed",  # create-no-head
    weight="int",  # create-cpu-weight-int
    halted_disk_fields=("uuid", "bootable", "driver", "given dev", "uname", "mode"),  # new-get
    halted_vif_fields=XEN_3_0_3.halted_vif_fields,
    halted_tap_has_driver=True,  # a halted tap of 3.1 was not seen: as in 3.2
    halted_devid=True,  # man-down-get, mg-shutdown-polls
    paused_lists_config=False,  # cl-tap-taps
    shows_last_detached=False,  # last-vif-polls
    set_vcpus_rewrites=frozenset(),  # vc-2-get, man-rename-get
    uuid_twice="hides",  # sving-create, sving-destroy
    lists_failed=False,  # ref-vbd-devices
    keeps_given=True,  # full-again
    bare_leaving_vif=True,  # last-vif-polls
    takes_failed_away=True,  # wait-devmissing-get
    static_memory_rules=True,  # create-maxmem-low
    hides_failed_save=True,  # save-fails
    vcpus_minimum=1,  # vcpus-0
    vcpus_words=("Invalid VCPUs", ""),  # vcpus-0
    cpumap_width=4,  # vcpuinfo
    mem_target="static",  # memset-zero, memset-huge
    maxmem="poison",  # poison-maxmem
    reconfigure_refused={  # devconf-vbd
        "": "{kind} devices may not be reconfigured",
        **dict.fromkeys(("vbd", "tap"), "Refusing to reconfigure device {kind}:{devid} to {{{pairs}}}"),
    },
    sedf_hides_refusal=False,  # (g); it was recorded with another scheduler
    vif_fields=(*_fields("bridge mac vifname ip rate model script uuid backend"), "type or netfront"),  # create-full
    rate="given",  # create-vif-ips
    vbd_fields=_fields("uname uuid mode dev backend bootable"),  # create-full
    console=True,  # create-full-get
    bootloader_always=True,  # create-minimal-get
    root="moves",  # im-root, im-ip
    device_classes=XEN_3_0_4.device_classes | {"console"},
    create_classes=XEN_3_0_4.create_classes | {"console"},
    node=_numbered(  # node
        _after(
            tuple((key, 4 if key == "xend_config_format" else value) for key, value in XEN_3_0_4.node),
            "xen_caps",
            ("xen_scheduler", None),
        ),
        3,
        1,
        ".0",
    ),
    domain_fields=_fields(  # create-minimal-get
        """
        domid bootloader on_crash uuid bootloader_args vcpus name on_reboot on_poweroff maxmem memory
        shadow_memory vcpu_avail cpu_weight cpu_cap features on_xend_start on_xend_stop start_time cpu_time online_vcpus
        image status state store_mfn console_mfn devices
        """,
    ),
)

# -- 3.2, recorded -----------------------------------------------------------------------------------------------------

XEN_3_2 = replace(
    XEN_3_1,
    version="3.2",
    words=replace(
        XEN_3_1.words,
        name_taken="Domain '{name}' already exists with ID '{domid}'",
        device_missing="Device {devid} not connected",
        dev_required="argument of type 'NoneType' is not iterable",
        added_halted="",
        vcpuinfo_halted="",
        dev_taken='Invalid Configuration: The device "{dev}" is already defined',
        already_used='Invalid Configuration: The {what} "{value}" is already {how}',
        maxmem_positive="Invalid memory size",
        save_failed="/srv/xen/bin/xc_save 16 {domid} 0 0 0 failed",
        restore_tool_failed="/srv/xen/bin/xc_restore 18 {domid} 1 2 0 0 0 failed",
        restore_failed="{error}",
    ),
    set_vcpus_rewrites=frozenset({"halted"}),  # man-rename-get
    needs_power=frozenset({"pause", "unpause", "shutdown"}),  # st-shutdown-unpause
    others="given",
    arrival_seconds=0.0,  # migrate-ok-list0
    image_names_emulator=True,  # create-vfb-get
    rtc_timeoffset="never",
    uuid_twice="refused",  # sving-create, uuid-twice
    stores_refused_maxmem=True,  # mm-polls
    devices_before_build=True,
    destroys_overdue=False,
    refuses_to_save_paused=True,
    hides_failed_save=False,
    restart_phase="paused",  # ip-reboot-polls, rb-reboot-polls
    maxmem="static",
    credit_numbers=("weight", "cap"),
    remembers_detached=True,  # dv-attach-vif, ref-vbd-again
    vif_fields=_fields("bridge mac vifname ip rate type model script uuid backend"),
    frontend_has=frozenset({"device-type", "protocol"}),
    device_classes=XEN_3_1.device_classes - {"usb"},
    create_classes=XEN_3_1.create_classes - {"usb"},
    node=_numbered(
        _after(_without(XEN_3_1.node, "sockets_per_node"), "free_memory", ("node_to_cpu", "node0:0-3")), 3, 2, ".0"
    ),
    domain_fields=_fields(
        """
        domid bootloader on_crash uuid bootloader_args vcpus name on_reboot on_poweroff maxmem memory shadow_memory
        vcpu_avail features on_xend_start on_xend_stop start_time cpu_time online_vcpus image status state store_mfn
        console_mfn devices
        """,
    ),
)

# -- 3.3, recorded -----------------------------------------------------------------------------------------------------

XEN_3_3 = replace(
    XEN_3_2,
    version="3.3",
    words=replace(
        XEN_3_2.words,
        uname_required="Block device must have physical details specified",  # (b): create fails
        maxmem_positive="",  # maxmem-zero
        save_failed="/srv/xen/bin/xc_save 18 {domid} 0 0 0 failed",
        restore_tool_failed="/srv/xen/bin/xc_restore 19 {domid} 1 2 0 0 0 failed",
        unknown_host="[Errno -2] Name or service not known",  # migrate-badhost
        connection_refused="[Errno 111] Connection refused",
        uname_split="Block device must have physical details specified",  # create-vbd-nocolon
    ),
    status_when_down={"crash": 5, "suspend": 0, "": 0},  # (d) status
    vcpus_in="top",  # create-no-vcpus
    vcpus_word_is_one=False,  # create-vcpus-word
    shadow_memory_per=256,  # create-mem-over, create-mem-huge
    html_has_reset=True,  # neg-ua-html
    rename_restart="loses",  # poweroff-restart-later
    core_actions=True,  # (e) on_crash
    remembers_detached=False,  # dv-attach-vif of xend-3.3-cases
    credit_when_halted=True,  # (g) says the same of 3.2, but the recording of 3.2 refuses
    restores_twice=False,  # (c) restore
    migrate_numbers=("live", "port", "node", "ssl"),  # (c)
    device_destroy_numbers=("force", "rm_cfg"),  # (c)
    device_destroy_waits=True,  # (c)
    shadows_failed=True,  # ref-vbd-polls
    rtc_timeoffset="localtime",  # full-get
    stores_refused_maxmem=False,  # mm-polls
    vbd_fields=_fields("protocol uuid dev uname mode backend bootable VDI"),  # create-full-get
    device_classes=XEN_3_2.device_classes | {"vscsi"},  # (e) devices
    create_classes=XEN_3_2.create_classes | {"vscsi"},
    operations=XEN_3_2.operations | {"reset"},  # (c)
    node=_numbered(  # node
        _after(
            _after(XEN_3_2.node, "node_to_cpu", ("node_to_memory", "node0:16")),
            "hw_caps",
            ("virt_caps", "hvm"),
        ),
        3,
        3,
        ".0",
    ),
)

# -- 3.4, recorded -----------------------------------------------------------------------------------------------------

XEN_3_4 = replace(
    XEN_3_3,
    version="3.4",
    words=replace(
        XEN_3_3.words,
        not_found="<Fault 3: {quoted}>",  # (a) 404 body
        devid_unknown="unknown devid {dev}",  # devdestroy-word
        save_failed="/srv/xen/bin/xc_save 20 {domid} 0 0 0 failed",
    ),
    missing_domain_is_empty=False,
    hvm_image=_keys(  # create-hvm
        "timer_mode=1 vnc vpt_align=1 hpet=0 rtc_timeoffset=0 loader apic sdl xen_platform_pci=1 device_model boot pae"
        " viridian=0 acpi"
    ),
    disk_classes="own",  # cl-tap-detach
    cpus_as_shown=True,  # full-again
    rtc_timeoffset="never",  # full-get
    fills_hvm_image=True,
    hvm_stops_at_once=True,
    shows_vfb_type=False,
    restart_guard="start",  # (f) 3
    rename_restart="starts",  # rename-restart-list
    restart_seconds=60.0,
    dump_numbers=("live", "crash", "reset"),  # (c)
    pincpu="commas",  # (c)
    vcpus_words=("Zero or less VCPUs is invalid", "Cannot set vcpus greater than max vcpus on running domain"),
    devid_when_new=True,  # man-devices
    vif_script_dir="/etc/xen/scripts/",  # (d) devices
    rate="bytes",  # (d) devices
    vbd_fields=_fields("protocol uuid bootable dev uname mode backend bootable VDI"),  # create-full-get
    node=_numbered(XEN_3_3.node, 3, 4, ".0"),
    domain_fields=_fields(  # as recorded
        """
        domid bootloader on_crash uuid bootloader_args vcpus name cpus on_reboot on_poweroff maxmem memory shadow_memory
        vcpu_avail features on_xend_start on_xend_stop start_time cpu_time online_vcpus image status state store_mfn
        console_mfn devices
        """,
    ),
)

# -- 4.0, recorded -----------------------------------------------------------------------------------------------------

XEN_4_0 = replace(
    XEN_3_4,
    version="4.0",
    dialect=replace(XEN_3_4.dialect, separators="{}<>[];"),  # (b) what xend accepts
    words=replace(
        XEN_3_4.words,
        tap2_refused=(  # cl-tap2
            'Failed to create device.\n    stdout: \n    stderr: \nCheck that target "{target}" exists and that blktap2'
            " driver installed in dom0."
        ),
        kernel_missing="(2, 'No such file or directory')",  # create-bad-kernel
        pci_unread="'key'",  # create-pci: what is missed is no part of an address
        credit_weight="Cpu weight out of range, valid values are within range from 1 to 65535",
        credit_cap="Cpu cap out of range, valid range is from 0 to {most} for specified number of vcpus",
        restore_tool_failed="/srv/xen/bin/xc_restore 19 {domid} 1 2 0 0 0 0 failed",
    ),
    shadow_memory_per=0,
    vbd_fields=_fields("protocol uuid bootable dev uname mode backend VDI"),  # create-full-get
    image_defaults=(("superpages", 0), ("nomigrate", 0), ("tsc_mode", 0)),  # dom0-by-name
    image_pci=True,  # create-full-get
    hvm_image=_keys(  # of 4.1
        "superpages=0 hpet=0 loader xen_platform_pci=1 rtc_timeoffset=0 pci=() timer_mode=1 apic sdl vpt_align=1 boot pae"
        " viridian=0 acpi vnc nomigrate=0 tsc_mode=0 device_model"
    ),
    name_characters=r"A-Za-z0-9_.:+\-",  # (e) name
    migrate_numbers=("live", "port", "node", "ssl", "change_home_server"),  # (c)
    reconfigure_refused={"": "Device {dev} not connected"},  # (c)
    device_classes=XEN_3_4.device_classes | {"vif2", "tap2", "vusb"},  # (e) devices
    create_classes=XEN_3_4.create_classes | {"vif2", "tap2", "vusb"},
    operations=XEN_3_4.operations | {"usb_add", "usb_del"},  # (c); made up: what usb_add says, which is 4.1's
    node=_numbered(  # node
        _after(
            _after(XEN_3_4.node, "node_to_memory", ("node_to_dma32_mem", "node0:2"), ("max_node_id", 0)),
            "xen_changeset",
            ("xen_commandline", "dom0_mem=512M"),
        ),
        4,
        0,
        ".0",
    ),
    domain_fields=_fields(  # man-changed, man-destroyed-get
        """
        domid cpu_weight cpu_cap bootloader on_crash uuid bootloader_args vcpus description name cpus on_reboot
        on_poweroff maxmem memory shadow_memory vcpu_avail features on_xend_start on_xend_stop start_time cpu_time
        online_vcpus image status state store_mfn console_mfn devices
        """,
    ),
)

# -- 4.1, recorded -----------------------------------------------------------------------------------------------------

_TOPOLOGY = (
    "\ncpu:    core    socket     node\n"
    "  0:       0        0        0\n"
    "  1:       1        0        0\n"
    "  2:       0        1        0\n"
    "  3:       1        1        0"
)
_CREDIT2 = {"domain_sched_credit2_get", "domain_sched_credit2_set"}

XEN_4_1 = replace(
    XEN_4_0,
    version="4.1",
    shadows_failed=False,  # ref-vbd-polls
    dialect=replace(XEN_4_0.dialect, empty="''"),
    words=replace(
        XEN_4_0.words,
        tap2_refused="('create', '-a{params}') failed (32512  )",  # cl-tap2
        pci_unread="",
        pci_refused="pci: PCI Backend and pci-stub don't own device {address}",
        save_failed="/srv/xen/bin/xc_save 18 {domid} 0 0 0 failed",
        restore_tool_failed="/srv/xen/bin/xc_restore 17 {domid} 1 2 0 0 0 0 failed",
    ),
    pin_words_for_bad_vcpu=False,
    operations=XEN_4_0.operations | _CREDIT2 | {"do_get_pauseflag", "do_set_pauseflag"},
    always_fails={**_BROKEN, **dict.fromkeys(_CREDIT2, _INVALID)},
    node=_numbered(
        tuple(
            (key, "unavailable" if key == "xen_changeset" else value)
            for key, value in _after(
                _without(XEN_4_0.node, "node_to_cpu", "node_to_memory", "node_to_dma32_mem", "max_node_id"),
                "free_memory",
                ("free_cpus", 0),
                ("cpu_topology", _TOPOLOGY),
                ("numa_info", "none"),
            )
        ),
        4,
        1,
        ".0",
    ),
    domain_fields=_fields(
        """
        domid cpu_weight cpu_cap pool_name bootloader vcpus cpus on_poweroff description on_crash uuid bootloader_args
        name on_reboot maxmem memory shadow_memory vcpu_avail features on_xend_start on_xend_stop start_time cpu_time
        online_vcpus image status state store_mfn console_mfn devices
        """,
    ),
)

# -- 4.4, recorded, the last -------------------------------------------------------------------------------------------

XEN_4_4 = replace(
    XEN_4_1,
    version="4.4",
    words=replace(
        XEN_4_1.words,
        save_failed="/srv/xen/bin/xc_save 17 {domid} 0 0 0 failed",
        restore_tool_failed="/srv/xen/bin/xc_restore 15 {domid} 1 2 0 0 0 0 1 failed",  # restore-fails
    ),
    vcpus_shown=1,  # create-vcpus-0
    device_classes=XEN_4_1.device_classes - {"vtpm"},  # (e) devices
    create_classes=XEN_4_1.create_classes - {"vtpm"},
    node=_numbered(XEN_4_1.node, 4, 4, ".0"),
)

PERSONALITIES: Mapping[str, Personality] = {
    each.version: each
    for each in (
        XEN_3_0_0,
        XEN_3_0_2,
        XEN_3_0_3,
        XEN_3_0_4,
        XEN_3_1,
        XEN_3_2,
        XEN_3_3,
        XEN_3_4,
        XEN_4_0,
        XEN_4_1,
        XEN_4_4,
    )
}
