# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The releases of xend as data: every difference between the simulated ones is a field here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .sxp import Dialect, Sxp

_Keys = tuple[tuple[str, Sxp], ...]


@dataclass(frozen=True)
class Wording:
    """The texts of a release's refusals; the code that refuses fills in the `{}` fields."""

    not_found: str
    name_required: str
    name_missing: str
    name_invalid: str
    name_taken: str  # at create
    rename_taken: str
    device_type: str
    create_device_type: str
    added_device_type: str  # of device_create
    image_required: str
    no_boot_disk: str
    kernel_missing: str
    hvm_refused: str
    vncpasswd_required: str  # for a screen over vnc; empty: it is not
    pci_unread: str  # when its configuration cannot even be read; empty: it can
    pci_refused: str  # empty: nobody looks
    dev_required: str
    dev_unknown: str
    dev_taken: str
    uname_required: str  # empty: it is not
    uname_split: str  # when it has no colon; empty: it need not have one
    device_missing: str
    devid_unknown: str  # empty: Python's refusal to read it as a number
    domain0_shutdown: str
    hotplug_failed: str
    already_used: str  # said of a mac or a file
    tap2_refused: str  # this host has no driver for them
    no_memory: str  # said of a configuration
    target_positive: str  # said to a target that is not
    bad_event: str
    maxmem_positive: str  # said to what is not, before anything else; empty: nothing
    credit_weight: str
    credit_cap: str
    save_failed: str  # the tool's command line: two file descriptors and the id
    restore_tool_failed: str
    vcpuinfo_halted: str  # empty: it is answered
    added_halted: str  # said of a device for a halted domain, which gets it all the same; empty: nothing
    delete_running: str
    restore_failed: str  # what becomes of any error while a state file is read
    unknown_host: str
    connection_refused: str


@dataclass(frozen=True)
class Personality:
    """One release. The names of the fields describe the behaviour, not the release."""

    version: str
    dialect: Dialect
    words: Wording
    serial: bool  # one connection at a time per listener
    leaves_open_after_logging: bool  # a reply which made xend log something does not close its connection
    closes_when_silent: bool  # an operation whose thread dies closes the connection, which else stays open
    failure_status: int | None  # of a failed operation; None: the status it would have had on success
    managed: bool  # knows halted domains: new, start, delete, status, ?state=
    missing_domain_is_empty: bool  # a missing domain gives an internal error instead of a 404
    needs_power: frozenset[str]  # operations which are for paused and running domains only
    lists_only_running: bool
    status_when_down: Mapping[str, int]  # of a domain that stays: by its reason, '' for every other
    zombies: bool  # a destroyed domain stays listed as Zombie-NAME until the hypervisor lets go of it
    zombie_seconds: float  # how long that takes
    # What ?detail=1 answers while there is a zombie: recorded of one with a network device, taken for all of them.
    zombie_breaks_detail: str  # empty: they are listed
    uuid_groups: tuple[int, ...]
    uuid_in_url: bool
    name_characters: str  # what a name may be made of, as the inside of a regular expression's class
    default_name: str | None  # of a configuration without one; None: it is required
    name_may_be_id: bool
    image_required: bool
    image_types: frozenset[str]
    bootloader_runs: str  # in xend itself: `never`, `without image`, `without kernel`, `always`
    vcpus_in: str  # the `image`, `either`, or the `top` level, where they are required then
    vcpus_word_is_one: bool  # a value that is no number at top level counts as 1; else it is refused
    memory_word_is_zero: bool  # a value that is no whole number counts as 0; else it is refused
    weight: str  # a `float` without a meaning, a `fixed` 256, with a cap of 0 then, or an `int`
    refuses_restart_never: bool
    core_actions: bool  # on_crash knows coredump-destroy and coredump-restart
    uuid_twice: str  # a create with the uuid of a living domain is `allowed`, `refused`, or `hides` the other for ever
    rtc_timeoffset: str  # an image shows it `never`, with `localtime`, or once xend has `seen` the domain
    image_names_emulator: bool  # an image shows the device_model of a vfb
    keeps_given: bool  # cpu_time and vcpu_avail of a configuration are taken as they are
    static_memory_rules: bool  # memory and maxmem must fit each other, else maxmem is raised
    checks_hvm_first: bool  # before a domain has an id
    checks_memory: bool  # none is refused before a domain has an id; else only the hypervisor refuses it
    devices_before_build: bool  # that a device is there, and only once, is checked before a domain has an id
    extra_atoms: str  # a value of two words is `cut`, `dropped`, or `ends` the reading of the device
    dev_has_class: bool  # sda1:disk
    dom0_maxmem: int
    keeps_bootloader_files: bool  # else a create with a bootloader deletes the kernel and ramdisk
    destroys_overdue: bool  # destroys a domain that is still up `shutdown_patience` seconds after the request
    protects_domain0_from: frozenset[str]  # operations that are refused because it is Domain-0
    privileged_before_reason: bool  # ... which is said before the reason is looked at
    refuses_to_save_paused: bool  # else the request waits until somebody unpauses the guest
    hides_failed_save: bool  # answers as if it had succeeded
    restores_twice: bool  # a state file whose domain lives makes a second one of the same name
    restored_vcpu_avail_is_long: bool
    restored_forgets_start: bool
    arrival_seconds: float  # from the answer to a migration until the guest runs: it is paused meanwhile
    migrate_numbers: tuple[str, ...]  # required besides the destination
    dump_numbers: tuple[str, ...]  # required besides the file
    restart_phase: str  # a new domain after a restart is at first `fresh`, as after create, or `paused`; or neither
    restart_guard: str  # since the `previous` restart, since the `start`, or `never`
    rename_restart: str  # `starts` a new one beside the dead one, starts `none`, or `loses` it and its id
    restart_seconds: float
    renamed_dead: str  # the name that rename-restart gives to the dead domain
    create_checks_memory_first: bool
    memory_unit: tuple[str, int, int]  # what the shortage message counts in: name, per MiB, overhead in MiB
    shadow_memory_per: int  # it needs one MiB more for each so many; 0: none
    scheduler: str
    credit_numbers: tuple[str, ...]  # what domain_sched_credit_set takes
    credit_when_halted: bool
    sedf_reply: str  # `dict`: a Python dict in a string, else the key of the domid in an s-expression
    sedf_checks_range: bool
    sedf_hides_refusal: bool  # the hypervisor's refusal never arrives: reply 0 and nothing changed
    cpumap_width: int  # how many cpus an unpinned vcpu is said to have
    cpus_as_shown: bool  # a configuration may have the list of lists that is shown
    pci_keys: tuple[str, ...]  # what a pci device must have at its own top level
    cpus_dealt_out: bool  # `cpus` gives one cpu to each vcpu in turn, else all to each
    pincpu: str  # the cpumap is read with `brackets` or as `commas`, or not at all, which `unpins`
    vcpu_all: bool  # pincpu knows the vcpu `all`
    pin_words_for_bad_vcpu: bool  # a refused pin is reported in words, not only by its number
    set_vcpus_rewrites: frozenset[str]  # the number that is shown, too: of a domain that is `live`, or `halted`
    vcpus_minimum: int
    vcpus_shown: int  # at least, even if it was built without any
    vcpus_words: tuple[str, str]  # what is said to none, and to too many ('': accepted)
    mem_target: str  # what is refused: `nothing`, what is not `positive`, what breaks the `static` rules
    maxmem: str  # `hidden` in the hypervisor, `checked` there too, `shown`, `poison`, or the `static` rules
    stores_refused_maxmem: bool  # a value that the hypervisor refuses is shown all the same
    hotplug_patience: float
    remembers_detached: bool  # the mac, dev and file of a device that went or failed are taken while the domain lives
    disk_classes: str  # device_destroy knows a tap as `vbd`, too, or as its `own` class only
    disk_checks: tuple[str, ...]  # of a disk, in order: that it has a `uname`, a `dev`, and one that is a `number`
    rewrites_devices: bool  # a restart writes into the configuration what a living domain shows of its devices
    rereads_ip: bool  # else a domain whose vif has one is lost when it is to be built again
    takes_failed_away: bool  # wait_for_devices takes away the device that it finds failed
    lists_failed: bool  # op=devices shows a failed disk while it goes
    shadows_failed: bool  # while a failed disk goes, the first one is shown a second time, as halted domains show it
    device_destroy_numbers: tuple[str, ...]
    device_destroy_waits: bool  # until the backend has closed, else it is only asked to
    vif_script_dir: str
    vif_fields: tuple[str, ...]
    bare_leaving_vif: bool  # of a network device that goes only the backend is still shown
    lists_emulated_nics: bool
    ip: str  # several are shown as a `list`, `each`, or only the `last`
    rate: str  # shown as `kib` per second, as `given`, or as `bytes` per interval
    vbd_fields: tuple[str, ...]
    devid_when_new: bool  # a domain that never ran has its devices' ids already
    halted_disk_fields: tuple[str, ...]
    halted_vif_fields: tuple[str, ...]
    halted_tap_has_driver: bool
    halted_devid: bool  # which a domain that has run shows of its devices
    paused_lists_config: bool  # op=devices of a paused domain answers as that of a halted one
    shows_last_detached: (
        bool  # where a class has no device left, those are shown that went, as halted domains show them
    )
    frontend_has: frozenset[str]  # entries which not every release writes
    console: bool
    fresh_state: str  # of the reply to create
    fresh_vcpus: str  # its online_vcpus: `all`, `one` only, or none
    halted_vcpus: bool  # a domain that never ran has online_vcpus, too
    cpus_of_all: bool  # `cpus` is one list for all vcpus, shown if given; else one list for each
    bootloader_always: bool  # shown, even if there is none
    root: str  # `stays`, is `added` to the kernel's arguments, or `moves` there, always with the ip
    rereads_image: bool  # once it was built: from the store, with the parser that everything is read with
    image_defaults: tuple[tuple[str, int], ...]
    image_pci: bool
    hvm_image: _Keys  # in order: what xend adds to it, and, without a value, what is shown if given
    fills_hvm_image: bool  # with defaults, and its kernel becomes the loader; a vfb appears by itself
    hvm_stops_at_once: bool  # xend itself shuts down a fully virtualised guest that has no drivers to be asked by
    lists_emulated_disks: bool
    shows_vfb_type: bool  # as it was given; else (vnc 1)
    vfb_has_uuid: bool
    others: str  # of a device that is no disk, network or screen the `backend` is shown, or what was `given`
    device_classes: frozenset[str]  # of op=devices
    create_classes: frozenset[str]
    operations: frozenset[str]  # on one domain
    always_fails: Mapping[str, str]  # operations which only ever answer this error
    reconfigure_refused: Mapping[str, str]  # what device_configure says, by class; '' for the others
    directory_operations: frozenset[str]
    node_operations: frozenset[str]
    node: tuple[tuple[str, object], ...]
    domain_fields: tuple[str, ...]
    html_domain: str
    html_domain_item: str  # empty: xend stumbles over the first one
    html_has_reset: bool


# Operations that the releases have and this simulator lacks: answered 501 with a text that says so.
NOT_SIMULATED: Mapping[str, str] = {
    "usb_del": "was never recorded",
}
