# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The releases of xend as data: everything in which the simulated ones differ is a field here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .sxp import Dialect


@dataclass(frozen=True)
class Wording:
    """What a release says when it refuses; `{}` fields are filled in by the code which refuses."""

    not_found: str
    name_missing: str
    name_invalid: str
    name_taken: str  # at create
    rename_taken: str
    device_type: str
    create_device_type: str
    hotplug_failed: str
    no_memory: str
    bad_event: str
    save_failed: str  # the tool's command line: two file descriptors and the id
    restore_tool_failed: str
    restore_failed: str  # what becomes of any error while a state file is read
    unknown_host: str
    connection_refused: str


@dataclass(frozen=True)
class Personality:
    """One release. The names of the fields say what holds, not which release it is."""

    version: str
    dialect: Dialect
    words: Wording
    serial: bool  # one connection at a time per listener
    leaves_open_after_logging: bool  # a reply which made xend log something does not close its connection
    closes_when_silent: bool  # an operation whose thread dies closes the connection, which else stays open
    failure_status: int | None  # of a failed operation; None: the status it would have had on success
    managed: bool  # knows halted domains: new, start, delete, status, ?state=
    lists_only_running: bool
    zombies: bool  # a destroyed domain stays listed as Zombie-NAME until the hypervisor lets go of it
    zombie_seconds: float  # how long that takes
    uuid_groups: tuple[int, ...]
    uuid_in_url: bool
    name_characters: str  # what a name may be made of, as the inside of a regular expression's class
    vcpus_required: bool  # at top level; otherwise they are read from the image
    weight_is_float: bool
    keeps_bootloader_files: bool  # else a create with a bootloader deletes the kernel and ramdisk
    destroys_overdue: bool  # destroys a domain which is still up `shutdown_patience` seconds after the request
    privileged_is_protected: bool  # Domain-0 cannot be paused or asked to shut down
    refuses_to_save_paused: bool  # else the request waits until somebody unpauses the guest
    hides_failed_save: bool  # answers as if it had succeeded
    restores_twice: bool  # a state file whose domain lives makes a second one of the same name
    restore_logs: bool
    restored_vcpu_avail_is_long: bool
    migrate_numbers: tuple[str, ...]  # required besides the destination
    dump_numbers: tuple[str, ...]  # required besides the file
    restart_guard: str  # `previous`: since the previous restart, `start`: since the domain's start
    restart_seconds: float
    renamed_dead: str  # the name that rename-restart gives to the dead domain
    create_checks_memory_first: bool
    memory_unit: tuple[str, int, int]  # what the shortage message counts in: name, per MiB, overhead in MiB
    scheduler: str
    sedf_reply: str  # `dict`: a Python dict in a string, else the key of the domid in an s-expression
    sedf_checks_range: bool
    sedf_hides_refusal: bool  # the hypervisor's refusal never arrives: reply 0 and nothing changed
    cpumap_width: int  # how many cpus an unpinned vcpu is said to have
    cpus_dealt_out: bool  # `cpus` gives one cpu to each vcpu in turn, else all to each
    hotplug_patience: float
    vif_script_dir: str
    device_classes: frozenset[str]  # of op=devices
    create_classes: frozenset[str]
    operations: frozenset[str]  # on one domain
    always_fails: Mapping[str, str]  # operations which only ever answer this error
    reconfigure_refused: str  # what device_configure says, which never works for these guests
    directory_operations: frozenset[str]
    node_operations: frozenset[str]
    node: tuple[tuple[str, object], ...]
    domain_fields: tuple[str, ...]
    html_domain: str
    html_domain_item: str
    html_has_reset: bool


# Operations which the releases have and this simulator does not: answered 501 with a text that says so.
NOT_SIMULATED: Mapping[str, str] = {
    "usb_del": "was never recorded",
}

_OPERATIONS = frozenset(
    [
        "unpause",
        "pause",
        "shutdown",
        "destroy",
        "rename",
        "sysrq",
        "wait_for_devices",
        "save",
        "migrate",
        "mem_target_set",
        "maxmem_set",
        "set_vcpus",
        "pincpu",
        "cpu_sedf_get",
        "cpu_sedf_set",
        "devices",
        "device_create",
        "device_destroy",
        "device_configure",
        "configure",
        "vif_limit_set",
        "vcpuinfo",
    ],
)
_INVALID = "(22, 'Invalid argument')"
_BROKEN = {
    "configure": "domain_configure() takes exactly 2 arguments (3 given)",
    "vif_limit_set": "XendDomain instance has no attribute 'domain_vif_limit_set'",
}
_CC: tuple[tuple[str, object], ...] = (
    ("cc_compiler", "gcc version 3.4.4 20050314 (prerelease) (Debian 3.4.3-13)"),
    ("cc_compile_by", "root"),
    ("cc_compile_domain", "example.org"),
    ("cc_compile_date", "Mon Dec  5 13:39:26 UTC 2005"),
)
_UNAME: tuple[tuple[str, object], ...] = (
    ("system", "Linux"),
    ("host", "d0"),
    ("release", "2.6.12.6-xen0.1"),
    ("version", "#1 SMP PREEMPT_DYNAMIC @0"),
    ("machine", "x86_64"),
    ("nr_cpus", 4),
    ("nr_nodes", 1),
)
_HW_CAPS = ("hw_caps", "bfebfbff:20100000:00000000:00000140:0004e33d:00000000:00000001")
_TOPOLOGY = (
    "\ncpu:    core    socket     node\n"
    "  0:       0        0        0\n"
    "  1:       1        0        0\n"
    "  2:       0        1        0\n"
    "  3:       1        1        0"
)

XEN_3_0_0 = Personality(
    version="3.0.0",
    dialect=Dialect(empty="", separators="{}<>[];!", unknown_escape_fails=True),
    words=Wording(
        not_found="No such domain {name}",
        name_missing="missing vm name",
        name_invalid="invalid vm name",
        name_taken="VM name '{name}' already in use by domain {domid}",
        rename_taken="VM name '{name}' is used in both domains {own} and {domid}",
        device_type="unknown device type: {kind}",
        create_device_type="invalid device ({kind}, {config})",
        hotplug_failed="Device {devid} ({kind}) could not be connected. Backend device not found.",
        no_memory="(12, 'Cannot allocate memory')",
        bad_event="invalid restart event: {key} = {value}",
        save_failed="/srv/xen/bin/xc_save 99 14 {domid} 0 0 0 failed",
        restore_tool_failed="/srv/xen/bin/xc_restore 99 14 {domid} 4096 1 2 failed",
        restore_failed="{error}",
        unknown_host="Name or service not known",
        connection_refused="Connection refused",
    ),
    serial=True,
    leaves_open_after_logging=False,
    closes_when_silent=True,
    failure_status=None,
    managed=False,
    lists_only_running=False,
    zombies=True,
    zombie_seconds=0.5,
    uuid_groups=(8, 8, 8, 8),
    uuid_in_url=False,
    name_characters=r"A-Za-z0-9_.:/+\-",
    vcpus_required=False,
    weight_is_float=True,
    keeps_bootloader_files=False,
    destroys_overdue=True,
    privileged_is_protected=False,
    refuses_to_save_paused=False,
    hides_failed_save=False,
    restores_twice=False,
    restore_logs=False,
    restored_vcpu_avail_is_long=False,
    migrate_numbers=("live", "resource"),
    dump_numbers=(),
    restart_guard="previous",
    restart_seconds=20.0,
    renamed_dead="{name}-{number}",
    create_checks_memory_first=False,
    memory_unit=("MiB", 1, 1),
    scheduler="sedf",
    sedf_reply="dict",
    sedf_checks_range=False,
    sedf_hides_refusal=True,
    cpumap_width=64,
    cpus_dealt_out=True,
    hotplug_patience=10.0,
    vif_script_dir="",
    device_classes=frozenset(["vbd", "vif", "vtpm", "pci", "ioports", "usb"]),
    create_classes=frozenset(["vbd", "vif", "vtpm", "pci", "ioports", "usb"]),
    operations=_OPERATIONS | {"cpu_bvt_set"},
    always_fails={**_BROKEN, "cpu_bvt_set": _INVALID},
    reconfigure_refused="{kind} devices may not be reconfigured",
    directory_operations=frozenset({"list", "create", "restore"}),
    node_operations=frozenset({"shutdown", "reboot", "cpu_bvt_slice_set"}),
    node=(
        *_UNAME,
        ("sockets_per_node", 2),
        ("cores_per_socket", 2),
        ("threads_per_core", 1),
        ("cpu_mhz", 2992),
        _HW_CAPS,
        ("total_memory", 16384),
        ("free_memory", None),
        ("xen_major", 3),
        ("xen_minor", 0),
        ("xen_extra", ".0"),
        ("xen_caps", "xen-3.0-x86_64"),
        ("platform_params", "virt_start=0xffff800000000000"),
        ("xen_changeset", "Sun Dec  4 19:12:00 2005 +0100 8259:5baa96bedc13"),
        *_CC,
    ),
    domain_fields=(
        "domid",
        "uuid",
        "ssidref",
        "vcpus",
        "vcpu_avail",
        "cpu_weight",
        "memory",
        "maxmem",
        "bootloader",
        "name",
        "on_poweroff",
        "on_reboot",
        "on_crash",
        "image",
        "devices",
        "state",
        "shutdown_reason",
        "cpu_time",
        "vcpus",
        "online_vcpus",
        "up_time",
        "start_time",
        "store_mfn",
        "console_mfn",
    ),
    html_domain="<p><domain id={domid} name={name} memory={memory} ssidref=0></p>",
    html_domain_item="id = {domid}, memory = {memory}, ssidref = 0.",
    html_has_reset=False,
)

XEN_4_1 = Personality(
    version="4.1",
    dialect=Dialect(empty="''", separators="{}<>[];", unknown_escape_fails=False),
    words=Wording(
        not_found="<Fault 3: {quoted}>",
        name_missing="Missing VM Name",
        name_invalid="Invalid VM Name",
        name_taken="Domain '{name}' already exists with ID '{domid}'",
        rename_taken="VM name '{name}' already exists as domain {domid}",
        device_type="Unknown device type: {kind}",
        create_device_type="Invalid Configuration: XendConfig: {kind} not a valid device type",
        hotplug_failed=(
            "Device {devid} ({kind}) could not be connected. /etc/xen/scripts/{script} failed; error detected."
        ),
        no_memory="Invalid Configuration: memory_dynamic_max must be greater than zero",
        bad_event="Invalid Configuration: Invalid event handling mode: {event}",
        save_failed="/srv/xen/bin/xc_save 17 {domid} 0 0 0 failed",
        restore_tool_failed="/srv/xen/bin/xc_restore 15 {domid} 1 2 0 0 0 0 failed",
        restore_failed="{error}",
        unknown_host="[Errno -2] Name or service not known",
        connection_refused="[Errno 111] Connection refused",
    ),
    serial=False,
    leaves_open_after_logging=True,
    closes_when_silent=False,
    failure_status=500,
    managed=True,
    lists_only_running=True,
    zombies=False,
    zombie_seconds=0.0,
    uuid_groups=(8, 4, 4, 4, 12),
    uuid_in_url=True,
    name_characters=r"A-Za-z0-9_.:+\-",
    vcpus_required=True,
    weight_is_float=False,
    keeps_bootloader_files=True,
    destroys_overdue=False,
    privileged_is_protected=True,
    refuses_to_save_paused=True,
    hides_failed_save=False,
    restores_twice=False,
    restore_logs=True,
    restored_vcpu_avail_is_long=True,
    migrate_numbers=("live", "port", "node", "ssl", "change_home_server"),
    dump_numbers=("live", "crash", "reset"),
    restart_guard="start",
    restart_seconds=60.0,
    renamed_dead="Domain-{uuid}",
    create_checks_memory_first=True,
    memory_unit=("KiB", 1024, 0),
    scheduler="credit",
    sedf_reply="domid",
    sedf_checks_range=True,
    sedf_hides_refusal=False,
    cpumap_width=4,
    cpus_dealt_out=False,
    hotplug_patience=100.0,
    vif_script_dir="/etc/xen/scripts/",
    device_classes=frozenset(
        [
            "vbd",
            "vif",
            "vtpm",
            "pci",
            "ioports",
            "irq",
            "tap",
            "vkbd",
            "vfb",
            "console",
            "tap2",
            "vscsi",
            "vusb",
            "vif2",
        ],
    ),
    create_classes=frozenset(
        [
            "vbd",
            "vif",
            "vtpm",
            "pci",
            "ioports",
            "irq",
            "tap",
            "vkbd",
            "vfb",
            "console",
            "tap2",
            "vscsi",
            "vusb",
            "vif2",
        ]
    ),
    operations=_OPERATIONS
    | frozenset(
        [
            "start",
            "delete",
            "dump",
            "reset",
            "domain_sched_credit_get",
            "domain_sched_credit_set",
            "domain_sched_credit2_get",
            "domain_sched_credit2_set",
            "usb_add",
            "usb_del",
            "do_get_pauseflag",
            "do_set_pauseflag",
        ],
    ),
    always_fails={**_BROKEN, "domain_sched_credit2_get": _INVALID, "domain_sched_credit2_set": _INVALID},
    reconfigure_refused="Device {dev} not connected",
    directory_operations=frozenset({"list", "create", "restore", "new"}),
    node_operations=frozenset({"shutdown", "reboot"}),
    node=(
        *_UNAME,
        ("cores_per_socket", 2),
        ("threads_per_core", 1),
        ("cpu_mhz", 2992),
        _HW_CAPS,
        ("virt_caps", "hvm"),
        ("total_memory", 16384),
        ("free_memory", None),
        ("free_cpus", 0),
        ("cpu_topology", _TOPOLOGY),
        ("numa_info", "none"),
        ("xen_major", 4),
        ("xen_minor", 1),
        ("xen_extra", ".0"),
        ("xen_caps", "xen-3.0-x86_64 xen-3.0-x86_32p "),
        ("xen_scheduler", None),
        ("xen_pagesize", 4096),
        ("platform_params", "virt_start=0xffff800000000000"),
        ("xen_changeset", "unavailable"),
        ("xen_commandline", "dom0_mem=512M"),
        *_CC,
        ("xend_config_format", 4),
    ),
    domain_fields=(
        "domid",
        "cpu_weight",
        "cpu_cap",
        "pool_name",
        "bootloader",
        "vcpus",
        "cpus",
        "on_poweroff",
        "description",
        "on_crash",
        "uuid",
        "bootloader_args",
        "name",
        "on_reboot",
        "maxmem",
        "memory",
        "shadow_memory",
        "vcpu_avail",
        "features",
        "on_xend_start",
        "on_xend_stop",
        "start_time",
        "cpu_time",
        "online_vcpus",
        "image",
        "status",
        "state",
        "store_mfn",
        "console_mfn",
        "devices",
    ),
    html_domain="<p><domain id={domid} name={name} memory={bytes} state=running></p>",
    html_domain_item="id = {domid}, memory = {memory}",
    html_has_reset=True,
)

PERSONALITIES: Mapping[str, Personality] = {each.version: each for each in (XEN_3_0_0, XEN_4_1)}
