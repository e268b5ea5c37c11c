# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What changed between the releases, as the wire reference tells it: for each fact, the releases that changed it.

Only some releases were recorded; these tables hold all of them to the facts, so that what is made up for the others
cannot drift. A value holds from its release on, until the next one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

import pytest

from tests.simulator import PERSONALITIES, ManualClock, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Answer

VERSIONS = list(PERSONALITIES)
WEB1 = "/xend/domain/web1"
DISK = "(device (vbd (uname phy:vg0/root) (dev sda1) (mode w)))"


@dataclass
class Lab:
    """A simulator, and short ways to use it."""

    simulator: Simulator
    ask: Callable[..., Answer]

    def config(self, name: str = "web1", *, image: str = "", devices: str = DISK, top: str = "(vcpus 1)") -> str:
        return (
            f"(vm (name {name}) (memory 64) {top}"
            f" (image (linux (kernel /boot/vmlinuz) (root '/dev/sda1 ro') {image})) {devices})"
        )

    def create(self, name: str = "web1", **how: str) -> Answer:
        return self.ask(self.simulator, "/xend/domain", op="create", config=self.config(name, **how))

    def run(self, **how: str) -> None:
        assert self.create(**how).status == 201
        self.op("unpause")

    def op(self, op: str, **form: str) -> Answer:
        return self.ask(self.simulator, WEB1, op=op, **form)

    def get(self, path: str = WEB1) -> Answer:
        return self.ask(self.simulator, path)

    def wait(self, seconds: float) -> None:
        clock = self.simulator.host.clock
        assert isinstance(clock, ManualClock)
        clock.advance(seconds)

    def has(self, *keys: str) -> str:
        """Return which of these keys the running domain shows."""
        body = self.get().body
        return " ".join(key for key in keys if f"({key} " in body)

    def value(self, key: str, path: str = WEB1) -> str:
        """Return what is printed after a key, up to the next parenthesis."""
        found = re.search(rf"\({key} ([^()]*)\)", self.get(path).body)
        return found.group(1) if found else "nothing"


@pytest.fixture
def lab(version: str, ask: Callable[..., Answer]) -> Iterator[Lab]:
    with Simulator(version, clock=ManualClock()) as simulator:
        yield Lab(simulator, ask)


# -- what is looked at -------------------------------------------------------------------------------------------------


def missing_domain(lab: Lab) -> object:
    return tuple(lab.get("/xend/domain/nobody"))


def failed_operation(lab: Lab) -> object:
    lab.run()
    return lab.op("mem_target_set", target="x").status


def failed_acknowledged_operation(lab: Lab) -> object:
    lab.run()
    return lab.op("shutdown", reason="nap").status


def lists_with_a_paused_domain(lab: Lab) -> object:
    lab.create()
    return "web1" in lab.get("/xend/domain").body, "(name web1)" in lab.get("/xend/domain?detail=1").body


def list_of_all_states(lab: Lab) -> object:
    lab.create()
    return lab.get("/xend/domain?state=all").body


def form_of_a_uuid(lab: Lab) -> object:
    lab.create()
    return [len(part) for part in lab.simulator.domain("web1").uuid.split("-")]


def lookup_by_uuid(lab: Lab) -> object:
    lab.create()
    return lab.get(f"/xend/domain/{lab.simulator.domain('web1').uuid}").status


def vcpus_in_the_image(lab: Lab) -> object:
    answer = lab.create(image="(vcpus 2)", top="")
    return lab.value("vcpus") if answer.status == 201 else "refused"


def vcpus_at_top_level(lab: Lab) -> object:
    lab.create(top="(vcpus 2)")
    return lab.value("vcpus")


def fields_of_a_domain(lab: Lab) -> object:
    lab.run()
    keys = "ssidref cpu_weight cpu_cap shadow_memory up_time shutdown_reason status bootloader bootloader_args"
    return lab.has(*keys.split(), "cpus", "description", "pool_name", "localtime", "memory_dynamic_min", "on_xend_stop")


def cpu_weight(lab: Lab) -> object:
    answer = lab.create(top="(vcpus 1) (cpu_weight 512)")
    return lab.value("cpu_weight") if answer.status == 201 else "refused"


def fractional_cpu_weight(lab: Lab) -> object:
    return lab.create(top="(vcpus 1) (cpu_weight 1.0)").status == 201


def fields_of_a_disk(lab: Lab) -> object:
    lab.run()
    disk = lab.get().body.partition("(device (vbd ")[2].partition("))")[0]
    return disk.count("bootable"), "(uuid " in disk, "(protocol " in disk, "(VDI " in disk, "sda1:disk" in disk


def empty_string(lab: Lab) -> object:
    lab.create(image="(ramdisk '')")
    body = lab.get().body
    return "(ramdisk )" in body, "(ramdisk '')" in body, body.endswith("''")


def root_of_the_image(lab: Lab) -> object:
    lab.create(image="(args quiet)")
    body = lab.get().body
    return "(root '/dev/sda1 ro')" in body, "(args 'root=/dev/sda1 ro quiet')" in body


def addresses_of_a_vif(lab: Lab) -> object:
    lab.create(devices="(device (vif (bridge xenbr0) (ip 10.0.0.1) (ip 10.0.0.2) (rate 10Mb/s) (vifname v1)))")
    body = lab.get().body
    rate = next((each for each in ("10Mb/s", "1250KB/s@50ms", "62500,50000") if each in body), "dropped")
    ips = re.findall(r"\(ip (\([^)]*\)|[^)]*)\)", body)
    return ips, rate, "(vifname v1)" in body


def script_of_a_vif(lab: Lab) -> object:
    lab.create(devices="(device (vif (script /etc/xen/scripts/vif-nat)))")
    return lab.value("script")


def type_of_a_vif(lab: Lab) -> object:
    lab.create(devices="(device (vif))")
    return lab.value("type")


def console_device(lab: Lab) -> object:
    lab.run()
    return "(console " in lab.get().body


def state_after_create(lab: Lab) -> object:
    found = re.search(r"\(state ([^)]*)\)", lab.create().body)
    return found and found.group(1)


def unquoted_bang(lab: Lab) -> object:
    lab.create(devices="(device (vbd (uname phy:x) (dev sda1) (mode w!)))")
    return lab.value("mode")


def uname_of_two_words(lab: Lab) -> object:
    answer = lab.create(devices="(device (vbd (uname file:/srv/my disk) (dev sda1) (mode w)))")
    return lab.value("uname") if answer.status == 201 else "refused"


def unknown_escape(lab: Lab) -> object:
    return lab.create(image=r"(args 'a\qb')").status == 201


def name_with_a_slash(lab: Lab) -> object:
    return lab.create("a/b").status == 201


def name_that_is_an_id(lab: Lab) -> object:
    return lab.create("0").status == 201


def no_name(lab: Lab) -> object:
    config = lab.config().replace("(name web1)", "(uuid c0ffee0000000000000000000000beef)")
    if lab.ask(lab.simulator, "/xend/domain", op="create", config=config).status != 201:
        return "refused"
    return next(each for each in lab.simulator.names() if each != "Domain-0")


def guest_that_is_deaf(lab: Lab) -> object:
    lab.run(image="(args rig.ignore_shutdown)")
    lab.op("shutdown", reason="halt")
    lab.wait(31)
    return "web1" in lab.simulator.names()


def zombie(lab: Lab) -> object:
    lab.run()
    lab.op("destroy")
    return lab.get("/xend/domain").body


def reboot_soon_after_the_start(lab: Lab) -> object:
    lab.run()
    lab.wait(5)
    lab.simulator.domain("web1").reboot()
    first = "web1" in lab.simulator.names()
    if first:
        lab.simulator.domain("web1").reboot()
    return first, "web1" in lab.simulator.names()


def devices_which_never_report(lab: Lab) -> object:
    return lab.simulator.personality.hotplug_patience


def domain0_shutdown(lab: Lab) -> object:
    return lab.ask(lab.simulator, "/xend/domain/Domain-0", op="shutdown", reason="halt").body == ""


def device_destroy_without_numbers(lab: Lab) -> object:
    lab.run()
    return lab.op("device_destroy", type="vbd", dev="sda1").status == 200


def device_just_destroyed(lab: Lab) -> object:
    lab.simulator.host.device_delay = 1.0
    lab.run()
    lab.op("device_destroy", type="vbd", dev="2049", force="0", rm_cfg="1")
    at_once = "(dev sda1" in lab.get().body
    lab.wait(1.1)
    return at_once, "(dev sda1" in lab.get().body


def memory_targets(lab: Lab) -> object:
    lab.run()
    return [lab.op("mem_target_set", target=each).body == "" for each in ("-1", "32", "128")]


def maxmem_shown(lab: Lab) -> object:
    lab.run()
    lab.op("maxmem_set", memory="128")
    return lab.value("maxmem")


def maxmem_too_low(lab: Lab) -> object:
    lab.run()
    answer = lab.op("maxmem_set", memory="16").body
    return "xend.err" in answer, lab.get().status, "xend.err" in lab.get("/xend/domain").body


def vcpu_counts(lab: Lab) -> object:
    lab.run()
    return [lab.op("set_vcpus", vcpus=each).body == "" for each in ("0", "1", "4")]


def pinning(lab: Lab) -> object:
    lab.run()
    answers = [lab.op("pincpu", vcpu="0", cpumap=each).body == "0" for each in ("1", "[1]")]
    return answers, lab.simulator.domain("web1").pins[0]


def pinning_every_vcpu(lab: Lab) -> object:
    lab.run()
    return lab.op("pincpu", vcpu="all", cpumap="1").body == "0"


def cpus_of_a_config(lab: Lab) -> object:
    lab.create(top="(vcpus 1) (cpus 0-1)")
    return lab.simulator.domain("web1").pins


def sedf_parameters(lab: Lab) -> object:
    lab.simulator.host.scheduler = "sedf"
    lab.run()
    form = dict.fromkeys(("period", "slice", "latency", "extratime", "weight"), "0")
    refused = lab.op("cpu_sedf_set", **form).body
    shown = lab.op("cpu_sedf_get").body
    return refused == "0", shown[:1], "(domain 1)" in shown, "(domid 1)" in shown, "'100000000'" in shown


def credit_parameters(lab: Lab) -> object:
    lab.simulator.host.scheduler = "credit"
    lab.run()
    weight = lab.op("domain_sched_credit_set", weight="512").body
    if weight.startswith("Operation not implemented"):
        return "unknown"
    both = lab.op("domain_sched_credit_set", weight="512", cap="50").body
    return weight == "0", both == "0", "'cap': 50" in lab.op("domain_sched_credit_get").body


def default_scheduler(lab: Lab) -> object:
    return lab.simulator.host.scheduler


def restoring_twice(lab: Lab) -> object:
    lab.run()
    lab.simulator.save("web1", "/f")
    lab.ask(lab.simulator, "/xend/domain", op="restore", file="/f")
    lab.ask(lab.simulator, "/xend/domain", op="restore", file="/f")
    return lab.simulator.names().count("web1")


def restoring_garbage(lab: Lab) -> object:
    lab.simulator.state_files["/f"] = "this is not a state file"
    return "not a valid" in lab.ask(lab.simulator, "/xend/domain", op="restore", file="/f").body


def failing_save(lab: Lab) -> object:
    lab.run()
    lab.simulator.failing.add("xc_save")
    return "xend.err" in lab.op("save", file="/f").body


def save_of_a_paused_guest(lab: Lab) -> object:
    return lab.simulator.personality.refuses_to_save_paused


def managed_domains(lab: Lab) -> object:
    if lab.ask(lab.simulator, "/xend/domain", op="new", config=lab.config()).status == 501:
        return "unknown"
    lab.op("start", paused="1")
    return lab.simulator.domain("web1").running, lab.value("status")


def definition(lab: Lab) -> object:
    config = lab.config(devices=DISK + "(device (vif (bridge xenbr0)))")
    if lab.ask(lab.simulator, "/xend/domain", op="new", config=config).status == 501:
        return "unknown"
    return lab.has("domid", "state"), lab.value("status"), lab.value("uname"), lab.value("bridge")


def migrate_parameters(lab: Lab) -> object:
    lab.run()
    given: dict[str, str] = {"destination": "nosuch.invalid"}
    while "Missing parameter" in (body := lab.op("migrate", **given).body):
        given[body.partition(": ")[2].rstrip("')")] = "0"
    return " ".join(list(given)[1:])


def dump_parameters(lab: Lab) -> object:
    lab.run()
    given: dict[str, str] = {}
    while "Missing parameter" in (body := lab.op("dump", **given).body):
        given[body.partition(": ")[2].rstrip("')")] = "0"
    return " ".join(given) if "not implemented" not in body else "unknown"


def core_dumps_on_crash(lab: Lab) -> object:
    return lab.create(top="(vcpus 1) (on_crash coredump-destroy)").status == 201


def restart_never(lab: Lab) -> object:
    return lab.create(top="(vcpus 1) (restart never)").status == 201


def status_of_what_is_down(lab: Lab) -> object:
    shown = []
    for end in ("poweroff", "crash", "suspend"):
        lab.run(top="(vcpus 1) (on_poweroff preserve) (on_crash preserve)")
        lab.simulator.host.stop(lab.simulator.domain("web1"), end)
        shown.append(lab.value("status"))
        lab.simulator.domain("web1").delete()
    return shown


def maxmem_below_memory(lab: Lab) -> object:
    answer = lab.create(top="(vcpus 1) (maxmem 16)")
    return lab.value("maxmem") if answer.status == 201 else "refused"


def bootloader(lab: Lab) -> object:
    created = lab.create(top="(vcpus 1) (bootloader /usr/bin/pygrub)").status == 201
    return created, bool(lab.simulator.deleted_files)


def classes_of_devices(lab: Lab) -> object:
    names = "usb irq tap vfb console vscsi tap2 vtpm"
    known = lab.simulator.personality.device_classes
    return " ".join(each for each in names.split() if each in known)


def operations_of_some_releases(lab: Lab) -> object:
    names = "cpu_bvt_set domain_sched_credit_get start dump reset usb_add domain_sched_credit2_get"
    return " ".join(each for each in names.split() if each in lab.simulator.personality.operations)


def items_of_the_node(lab: Lab) -> object:
    names = "sockets_per_node xen_pagesize xend_config_format xen_scheduler node_to_cpu virt_caps xen_commandline"
    body = lab.get("/xend/node").body
    return " ".join(each for each in [*names.split(), "cpu_topology"] if f"({each} " in body)


def connections_at_a_time(lab: Lab) -> object:
    return lab.simulator.personality.serial, lab.simulator.personality.leaves_open_after_logging


def shutdown_of_hvm(lab: Lab) -> object:
    lab.simulator.host.hvm = True
    kind = "vmx" if lab.simulator.version == "3.0.0" else "hvm"
    image = f"(image ({kind} (kernel /usr/lib/xen/boot/hvmloader) (device_model /usr/lib/xen/bin/qemu-dm)))"
    config = f"(vm (name web1) (memory 64) (vcpus 1) {image} (device (vbd (uname file:/x) (dev ioemu:hda) (mode w))))"
    assert lab.ask(lab.simulator, "/xend/domain", op="create", config=config).status == 201
    lab.op("unpause")
    disk = "hda" in lab.get().body
    lab.op("shutdown", reason="poweroff")
    return disk, "web1" in lab.simulator.names()


# -- what is expected, from which release on ---------------------------------------------------------------------------

_OLD_FIELDS = "ssidref cpu_weight up_time shutdown_reason"
_HIDDEN_WEIGHT = "shadow_memory status bootloader bootloader_args"
_POOL = "cpu_weight cpu_cap shadow_memory status bootloader bootloader_args cpus description pool_name on_xend_stop"

FACTS: dict[Callable[[Lab], object], dict[str, Any]] = {
    missing_domain: {
        "3.0.0": (404, "No such domain nobody"),
        "3.0.4": (404, "No domain named 'nobody'."),
        "3.1": (500, ""),
        "3.4": (404, "<Fault 3: 'nobody'>"),
    },
    failed_operation: {"3.0.0": 200, "3.0.3": 500},
    failed_acknowledged_operation: {"3.0.0": 202, "3.0.3": 500},
    lists_with_a_paused_domain: {"3.0.0": (True, True), "3.0.4": (False, False)},
    list_of_all_states: {"3.0.0": "(Domain-0 web1)"},
    form_of_a_uuid: {"3.0.0": [8, 8, 8, 8], "3.0.2": [8, 4, 4, 4, 12]},
    lookup_by_uuid: {"3.0.0": 404, "3.0.4": 200},
    vcpus_in_the_image: {"3.0.0": "2", "3.3": "refused"},
    vcpus_at_top_level: {"3.0.0": "1", "3.0.2": "2"},
    fields_of_a_domain: {
        "3.0.0": _OLD_FIELDS,
        "3.0.3": "cpu_weight shadow_memory up_time shutdown_reason",
        "3.0.4": "cpu_weight cpu_cap shadow_memory status localtime memory_dynamic_min on_xend_stop",
        "3.1": f"cpu_weight cpu_cap {_HIDDEN_WEIGHT} on_xend_stop",
        "3.2": f"{_HIDDEN_WEIGHT} on_xend_stop",
        "3.4": f"{_HIDDEN_WEIGHT} cpus on_xend_stop",
        "4.0": f"cpu_weight cpu_cap {_HIDDEN_WEIGHT} cpus description on_xend_stop",
        "4.1": _POOL,
    },
    cpu_weight: {"3.0.0": "512.0", "3.0.4": "256", "3.1": "512", "3.2": "nothing", "4.0": "512"},
    fractional_cpu_weight: {"3.0.0": True, "3.1": False},
    fields_of_a_disk: {  # bootable, uuid, protocol, VDI, :disk
        "3.0.0": (0, False, False, False, False),
        "3.0.3": (0, False, False, False, True),
        "3.0.4": (0, True, False, False, True),
        "3.1": (1, True, False, False, True),
        "3.3": (1, True, True, True, True),
        "3.4": (2, True, True, True, True),
        "4.0": (1, True, True, True, True),
    },
    empty_string: {"3.0.0": (True, False, False), "4.1": (False, True, True)},
    root_of_the_image: {"3.0.0": (True, False), "3.1": (False, True)},
    addresses_of_a_vif: {
        "3.0.0": (["(10.0.0.1 10.0.0.2)"], "dropped", False),
        "3.0.2": (["10.0.0.1", "10.0.0.2"], "1250KB/s@50ms", True),
        "3.0.4": (["10.0.0.2"], "1250KB/s@50ms", True),
        "3.1": (["10.0.0.2"], "10Mb/s", True),
        "3.4": (["10.0.0.2"], "62500,50000", True),
    },
    script_of_a_vif: {"3.0.0": "vif-nat", "3.4": "/etc/xen/scripts/vif-nat"},
    type_of_a_vif: {"3.0.0": "nothing", "3.1": "netfront", "3.2": "nothing"},
    console_device: {"3.0.0": False, "3.1": True},
    state_after_create: {"3.0.0": "'??????'", "3.0.4": "------"},
    unquoted_bang: {"3.0.0": "w", "3.0.4": "r", "4.0": "'w!'"},
    uname_of_two_words: {"3.0.0": "file:/srv/my", "3.0.4": "refused", "3.1": "nothing", "3.3": "refused"},
    unknown_escape: {"3.0.0": False, "3.0.4": True},
    name_with_a_slash: {"3.0.0": True, "4.0": False},
    name_that_is_an_id: {"3.0.0": True, "3.0.4": False},
    no_name: {
        "3.0.0": "refused",
        "3.0.4": "Domain-c0ffee00-0000-0000-0000-00000000beef",
        "3.1": "Domain-Unnamed",
    },
    guest_that_is_deaf: {"3.0.0": False, "3.2": True},
    zombie: {"3.0.0": "(Domain-0 Zombie-web1)", "3.0.4": "(Domain-0)"},
    reboot_soon_after_the_start: {"3.0.0": (True, False), "3.0.4": (True, True), "3.4": (False, False)},
    devices_which_never_report: {"3.0.0": 10.0, "3.0.3": 100.0},
    domain0_shutdown: {"3.0.0": True, "3.0.3": False},
    device_destroy_without_numbers: {"3.0.0": True, "3.3": False},
    device_just_destroyed: {  # the last disk: shown at once, and when its backend has closed
        "3.0.0": (True, False),
        "3.0.4": (True, True),
        "3.1": (True, False),
        "3.3": (False, False),
    },
    memory_targets: {"3.0.0": [True, True, True], "3.0.3": [False, True, True], "3.1": [False, True, False]},
    maxmem_shown: {"3.0.0": "64", "3.0.4": "128"},
    maxmem_too_low: {  # an error, the domain afterwards, an error in the list
        "3.0.0": (False, 200, False),
        "3.0.3": (True, 200, False),
        "3.1": (True, 404, True),
        "3.2": (True, 200, False),
    },
    vcpu_counts: {"3.0.0": [True, True, True], "3.1": [False, True, True], "3.4": [False, True, False]},
    pinning: {"3.0.0": ([True, True], (1,)), "3.0.2": ([True, True], None), "3.4": ([True, False], (1,))},
    pinning_every_vcpu: {"3.0.0": False, "3.0.3": True},
    cpus_of_a_config: {"3.0.0": [(0,)], "3.0.3": [(0, 1)]},
    sedf_parameters: {  # a refusal is hidden; the reply's form
        "3.0.0": (True, '"', False, False, False),
        "3.0.2": (True, "(", True, False, True),
        "3.0.4": (True, "(", False, True, True),
        "3.1": (False, "(", False, True, True),
    },
    credit_parameters: {"3.0.0": "unknown", "3.0.3": (True, True, False), "3.2": (False, True, True)},
    default_scheduler: {"3.0.0": "sedf", "3.0.3": "credit"},
    restoring_twice: {"3.0.0": 1, "3.0.4": 2, "3.3": 1},
    restoring_garbage: {"3.0.0": True, "3.0.3": False, "3.2": True},
    failing_save: {"3.0.0": True, "3.1": False, "3.2": True},
    save_of_a_paused_guest: {"3.0.0": False, "3.2": True},
    managed_domains: {"3.0.0": "unknown", "3.0.4": (True, "2")},
    definition: {"3.0.0": "unknown", "3.0.4": ("", "0", "phy:vg0/root", "xenbr0")},
    migrate_parameters: {
        "3.0.0": "live resource",
        "3.0.2": "live resource port",
        "3.3": "live port node ssl",
        "4.0": "live port node ssl change_home_server",
    },
    dump_parameters: {"3.0.0": "unknown", "3.0.4": "file live crash", "3.4": "file live crash reset"},
    core_dumps_on_crash: {"3.0.0": False, "3.3": True},
    restart_never: {"3.0.0": True, "3.0.4": False},
    status_of_what_is_down: {
        "3.0.0": ["nothing"] * 3,
        "3.0.4": ["4", "0", "3"],
        "3.1": ["0", "2", "0"],
        "3.3": ["0", "5", "0"],
    },
    maxmem_below_memory: {"3.0.0": "64", "3.1": "refused"},
    bootloader: {"3.0.0": (True, True), "3.0.4": (True, False), "3.1": (False, False)},
    classes_of_devices: {
        "3.0.0": "usb vtpm",
        "3.0.2": "usb irq vtpm",
        "3.0.3": "usb irq tap vtpm",
        "3.0.4": "usb irq tap vfb vtpm",
        "3.1": "usb irq tap vfb console vtpm",
        "3.2": "irq tap vfb console vtpm",
        "3.3": "irq tap vfb console vscsi vtpm",
        "4.0": "irq tap vfb console vscsi tap2 vtpm",
        "4.4": "irq tap vfb console vscsi tap2",
    },
    operations_of_some_releases: {
        "3.0.0": "cpu_bvt_set",
        "3.0.3": "domain_sched_credit_get",
        "3.0.4": "domain_sched_credit_get start dump",
        "3.3": "domain_sched_credit_get start dump reset",
        "4.0": "domain_sched_credit_get start dump reset usb_add",
        "4.1": "domain_sched_credit_get start dump reset usb_add domain_sched_credit2_get",
    },
    items_of_the_node: {
        "3.0.0": "sockets_per_node",
        "3.0.3": "sockets_per_node xen_pagesize xend_config_format",
        "3.1": "sockets_per_node xen_pagesize xend_config_format xen_scheduler",
        "3.2": "xen_pagesize xend_config_format xen_scheduler node_to_cpu",
        "3.3": "xen_pagesize xend_config_format xen_scheduler node_to_cpu virt_caps",
        "4.0": "xen_pagesize xend_config_format xen_scheduler node_to_cpu virt_caps xen_commandline",
        "4.1": "xen_pagesize xend_config_format xen_scheduler virt_caps xen_commandline cpu_topology",
    },
    connections_at_a_time: {"3.0.0": (True, False), "3.0.4": (False, False), "3.1": (False, True)},
    shutdown_of_hvm: {"3.0.2": (True, True), "3.4": (True, False)},  # an emulated disk is shown; it is still there
}


def _expected(fact: Callable[[Lab], object], version: str) -> Any:
    changes = [each for each in VERSIONS[: VERSIONS.index(version) + 1] if each in FACTS[fact]]
    return FACTS[fact][changes[-1]]


CASES = [
    pytest.param(version, fact, id=f"{version}: {fact.__name__}")
    for fact, changes in FACTS.items()
    for version in VERSIONS[VERSIONS.index(next(iter(changes))) :]
]


@pytest.mark.parametrize(("version", "fact"), CASES)
def test_each_release_does_what_is_known_of_it(lab: Lab, version: str, fact: Callable[[Lab], object]) -> None:
    assert fact(lab) == _expected(fact, version)


@pytest.mark.parametrize("version", ["3.1"])
def test_a_configuration_that_was_spoilt_stays_so(lab: Lab) -> None:
    lab.run()
    lab.op("maxmem_set", memory="16")
    for answer in (lab.get("/xend/domain/Domain-0"), lab.op("maxmem_set", memory="64")):
        assert answer.status == 404
        assert answer.body.startswith("Invalid Configuration: ")
    assert lab.get("/xend/domain?detail=1").body.startswith("(xend.err ")
    assert lab.create("web2").status == 500


_ATTACHED_AGAIN = (
    ("vif", "0", "(vif (mac 00:16:3e:11:22:30) (bridge xenbr1))"),
    ("vbd", "2049", "(vbd (uname phy:vg0/other) (dev sda1) (mode w))"),
)


@pytest.mark.parametrize("version", VERSIONS)
def test_only_3_2_refuses_a_device_under_the_mac_or_dev_of_one_that_was_detached(
    version: str, ask: Callable[..., Answer]
) -> None:
    with Simulator(version) as sim:
        lab = Lab(sim, ask)
        lab.run(devices=DISK + "(device (vif (mac 00:16:3e:11:22:30) (bridge xenbr0)))")
        for kind, dev, again in _ATTACHED_AGAIN:
            assert lab.op("device_destroy", type=kind, dev=dev, force="0", rm_cfg="1").status == 200
            assert ("already defined" in lab.op("device_create", config=again).body) == (version == "3.2")
