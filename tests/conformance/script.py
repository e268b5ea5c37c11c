# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the recorder did between the recorded steps, and what is not compared: all of it data, with reasons.

Actions before a step, in a small language:

    create NAME [KEY=VALUE ..]   create it off the record, paused; the keys are config's, args= the kernel arguments,
                                 disks= and vifs= how many, mac= and ip= those of the vifs, bare=1: vcpus in the image
    run NAME [KEY=VALUE ..]      the same, and let it run
    pause NAME, unpause NAME, start NAME
    destroy NAME                 if it is there
    rename NAME NEW
    op NAME OP KEY=VALUE         do an operation off the record
    saving NAME                  save it in a thread, and go on when it is `migrating-NAME`
    wait SECONDS                 let the clock go on
    gone NAME                    wait until nothing has this name any more
    file PATH TEXT               a file on the server; {state} is the directory of the recorder's state files
    fail TOOL                    xc_save or xc_restore fails from now on; without a word: nothing fails any more
    domid N                      the hypervisor's next id: it counts what was created off the record, too
    forget                       destroy what rename-restart has left behind
    clean                        destroy what was created by recorded steps or by these actions
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.simulator import Lags


@dataclass(frozen=True)
class Scenario:
    """One recording and the simulator it is played against."""

    file: str
    version: str
    scheduler: str | None = None
    restart_seconds: float | None = None
    hvm: bool = False
    shutdown_delay: float = 1.0  # until a guest that is asked to go down has done so
    device_delay: float = 0.0  # until the backend of a device that goes has closed
    lags: Lags | None = None  # what takes its time; nothing if there are none
    why: str = ""


_NO_GUARD = "recorded with the restart guard switched off"
_CASES_LAGS = Lags(reap=0.04, build=0.1, balloon=1.0)
_HVM = "recorded on a host with hardware virtualisation"
_RELEASES = ("3.0.0", "3.0.2", "3.0.3", "3.0.4", "3.1", "3.2", "3.3", "3.4", "4.0", "4.1", "4.4")

SCENARIOS = (
    *(Scenario(f"xend-{version}", version) for version in _RELEASES),
    *(
        Scenario(
            f"xend-{version}-cases",
            version,
            restart_seconds=0.0,
            shutdown_delay=0.5,
            device_delay=0.2,
            lags=_CASES_LAGS,
            why=_NO_GUARD,
        )
        for version in _RELEASES
    ),
    Scenario("xend-3.0.0-timeout", "3.0.0"),
    Scenario("xend-3.2-timeout", "3.2"),
    Scenario("xend-3.0.3-sedf", "3.0.3", scheduler="sedf"),
    Scenario("xend-4.1-sedf", "4.1", scheduler="sedf"),
    Scenario("xend-3.0.4-hvm", "3.0.4", hvm=True, why=_HVM),
    Scenario("xend-3.4-hvm", "3.4", hvm=True, why=_HVM),
    Scenario("xend-4.1-hvm", "4.1", hvm=True, why=_HVM),
    Scenario("xend-4.1-restart", "4.1", restart_seconds=0.0, why=_NO_GUARD),
)

# How many exchanges of a recording the simulator still answers in another way. `make conformance` fails when there are
# more, and when there are fewer: the number must then be lowered here, and a recording that is answered in full has none.
GAPS: dict[str, int] = {}

# The configuration of everything created off the record.
TEMPLATE = (
    "(vm (name {name}) (memory {memory}) (maxmem {maxmem}){vcpus} (on_poweroff {on_poweroff}) (on_reboot {on_reboot})"
    " (on_crash {on_crash}){uuid} (image (linux (kernel /srv/xen/img/vmlinuz){files} (args '{args}'){image_vcpus}))"
    "{devices})"
)
# To these releases the recorder gave the number of vcpus in the image, and not beside it.
VCPUS_IN_IMAGE = ("3.0.0", "3.0.2")
FILES = " (ramdisk /srv/xen/img/initrd) (root '/dev/sda1 ro')"
DISK = " (device (vbd (uname phy:vg0/{name}-{number}) (dev sda{place}) (mode w)))"
INTERFACE = " (device (vif (bridge xenbr0) (mac {mac}){ip}))"
MAC = "00:16:3e:11:22:3{number}"
DEFAULTS = {
    "memory": "64",
    "vcpus": "",
    "on_poweroff": "destroy",
    "on_reboot": "restart",
    "on_crash": "restart",
    "args": "4 console=xvc0",
    "disks": "1",
    "vifs": "1",
}

# A create step begins with what the previous one made destroyed, but for these, which need it.
CREATE_STEPS = re.compile(r"(create|name)-")
KEEPS_PREVIOUS = {"create-dup", "create-dup-dom0", "name-is-id"}
# These were still zombies when a later step looked.
LINGERING = {
    ("xend-3.0.0", "big9"): "create-after-413",
    ("xend-3.0.0", "big10"): "create-after-413",
    ("xend-3.0.2", "big9"): "create-after-413",
    ("xend-3.0.2", "big10"): "create-after-413",
    ("xend-3.0.3", "big9"): "create-after-413",
    ("xend-3.0.3", "big10"): "create-after-413",
    ("xend-3.0.3", "maxl"): "create-build-fails-list",
}

# The directory of the recorder's state files, another one in each recording.
_STATE = "{state}"

_CRASH_SOON = "args=rig.crash_after=0.3"
_SAVED_UUID = "0badcafe-1111-2222-3333-4444555566aa"
_CLASSES = ("tap", "tap2", "vbdtap", "cd", "cd2", "cdin", "num", "devdev", "viff", "pci")

BEFORE: dict[str, tuple[str, ...]] = {
    "name-is-id": ("clean", "create idone"),
    "st-paused": ("clean", "create life"),
    "rename-dup": ("create other",),
    "rename-back": ("destroy other",),
    "shutdown-poweroff-later": ("wait 1.2",),
    "shutdown-halt": ("clean", "run sdhalt"),
    "shutdown-halt-later": ("wait 2.5",),
    "shutdown-reboot": ("clean", "run sdreboot"),
    "shutdown-reboot-later": ("wait 2.5",),
    "shutdown-suspend": ("clean", "run sdsuspend"),
    "shutdown-suspend-later": ("wait 2.5",),
    "shutdown-crash": ("clean", "run sdcrash"),
    "shutdown-crash-later": ("wait 2.5",),
    "shutdown-ignored": ("clean", "run ignore args=rig.ignore_shutdown"),
    "shutdown-ignored-later": ("wait 1.5",),
    "shutdown-paused": ("clean", "run pausd", "pause pausd"),
    "shutdown-paused-later": ("wait 1.5",),
    "shutdown-paused-gone": ("wait 1.5",),
    "preserve-shutdown": ("clean", "run onp on_poweroff=preserve args=rig.shutdown_delay=0.2"),
    "st-shutdown": ("wait 1",),
    "st-crashed": ("clean", f"run onc on_crash=preserve {_CRASH_SOON}", "wait 1"),
    "crash-destroy": ("clean", f"run oncd on_crash=destroy {_CRASH_SOON}", "wait 1"),
    "rename-restart-list": ("clean", "run oncr on_crash=rename-restart args=rig.crash_after=0.6", "wait 3.3"),
    "reboot-destroy": ("clean", "run onrd on_reboot=destroy"),
    "reboot-destroy-later": ("wait 2.5",),
    "poweroff-restart": ("clean", "run onpr on_poweroff=restart"),
    "poweroff-restart-later": ("wait 2.5",),
    "restart-fast-later": ("wait 2.5",),
    "guest-halt-code": ("clean", "run halt4 on_poweroff=preserve args=rig.halt_after=0.3", "wait 1"),
    "st-running": ("clean", "run busy args=rig.busy"),
    "destroy-slow": ("clean", "run dying args=rig.dying=3"),
    "destroy": ("wait 4", "clean", "run des"),
    "destroy-get": ("wait 1",),
    "vcpuinfo": ("clean", "run tune memory=128 maxmem=256 vcpus=2"),
    "memset-negative": ("op tune mem_target_set target=128",),
    "maxmem-up": ("op tune mem_target_set target=128",),
    "vcpus-1": ("op tune maxmem_set memory=256",),
    "pin-list": ("op tune set_vcpus vcpus=2",),
    "devcreate-vbd": ("clean", "run dev"),
    "save-nofile": ("clean", "run sv"),
    "save-after": ("wait 1",),
    "restore-garbage": (f"file {_STATE}/notsave this is not a save file",),
    "restore-short": (f"file {_STATE}/short LinuxGu",),
    "save-fails": ("fail xc_save",),
    "restore-fails": ("fail xc_restore", "destroy sv"),
    "restore-fails-list": ("fail",),
    "migrate-minimal": ("clean", "run mig"),
    "migrate-ok-list": ("wait 2.5",),
    "save-paused": ("run svp", "pause svp"),
    "save-paused-unpaused-list": ("unpause migrating-svp", "gone migrating-svp", "wait 1"),
    "new-ok": ("clean",),
    "dom0-destroy": ("clean",),
    "final-list": ("clean",),
    "migrate-live-list": ("wait 2.5",),
    "dump-minimal": ("start man",),
    "man-devices": ("rename man2 man",),
    "man-down-get": ("wait 2.5",),
    "man-run-reboot-get": ("wait 2.5",),
    "man-destroyed-get": ("destroy man",),
    "poison-maxmem": ("run bystander", "run poison"),
    "concurrent-12": ("clean", "run c1"),
    "dom0-shutdown-later": ("wait 33",),
    "t-deaf": (
        "run deaf args=rig.ignore_shutdown",
        "run slow args=rig.shutdown_delay=40",
        "run pz",
        "pause pz",
    ),
    "t-25": ("wait 25",),
    "t-45": ("wait 20",),
    # What the files of cases need.
    "ip-get": ("run ip mac=00:16:3e:99:10:01 ip=10.0.0.7",),
    "ip-save": ("clean", "run ips mac=00:16:3e:99:10:02 ip=10.0.0.8"),
    "dv-get": ("clean", "run dv disks=2 vifs=2"),
    "dv-detach-vif-get": ("wait 1",),
    "dv-detach-vbd-get": ("wait 1",),
    "last-vif": ("clean", "run last"),
    "ref-vbd": ("clean", "run ref"),
    "ref-vbd-good": ("wait 1",),
    "vc-2": ("clean", "run vc vcpus=4"),
    **dict.fromkeys(
        (
            *(f"im-{each}{end}" for each in ("root", "root-ro", "args", "both", "none", "ip") for end in ("", "-new")),
            *(f"cl-{each}" for each in _CLASSES),
            "mg-new",
            "sving-after",
            "full",
            "full-again",
        ),
        ("clean",),
    ),
    "go-shutdown": ("clean", "run go"),
    "rb-reboot": ("clean", "run rb"),
    "gone-destroy": ("clean", "run gone"),
    "sving-get": ("clean", f"run deaf uuid={_SAVED_UUID} args=rig.ignore_shutdown", "saving deaf"),
    "sving-create2": ("destroy deaf",),
    "uuid-twice": ("clean", f"create one uuid={_SAVED_UUID}"),
    "cl-tap-detach2": ("wait 1",),
    "cl-tap-detach-get": ("wait 1",),
    "mm-target": ("clean", "run mm memory=128 maxmem=256"),
}

# The same for one recording only.
BEFORE_IN: dict[tuple[str, str], tuple[str, ...]] = {
    ("xend-3.4-hvm", "create-hvm"): ("domid 2",),
    ("xend-4.1-hvm", "create-hvm"): ("domid 2",),
    ("xend-3.0.3", "migrate-ok-list0"): ("wait 1",),
    ("xend-3.0.4", "dump-minimal"): (),
    ("xend-3.2", "restart-fast-later"): ("wait 2.5",),
    ("xend-3.1", "vcpuinfo"): ("clean", "forget", "run tune memory=128 maxmem=256 vcpus=2"),
    ("xend-3.2", "vcpuinfo"): ("clean", "forget", "run tune memory=128 maxmem=256 vcpus=2"),
    ("xend-3.2", "new-ok"): ("clean", "create svp"),
    ("xend-4.1", "new-ok"): ("clean", "create svp"),
    ("xend-3.4", "new-ok"): ("clean", "create svp"),
    ("xend-4.0", "new-ok"): ("clean", "create svp"),
    ("xend-3.3", "new-ok"): ("clean", "create svp"),
    ("xend-4.4", "new-ok"): ("clean", "create svp"),
    ("xend-3.2", "start"): ("domid 116",),
    ("xend-4.1", "start"): ("domid 109",),
    ("xend-3.3", "start"): ("domid 114",),
    ("xend-3.3", "dump-minimal"): (),
    ("xend-3.4", "start"): ("domid 110",),
    ("xend-4.0", "start"): ("domid 108",),
    ("xend-4.4", "start"): ("domid 109",),
    ("xend-3.1", "dump-minimal"): (),
    ("xend-3.2", "dump-minimal"): (),
    ("xend-3.1-cases", "sving-create2"): (),
    ("xend-3.0.0-cases", "vc-2"): ("clean", "run vc vcpus=4 args=rig.busy bare=1"),
    ("xend-3.0.2-cases", "vc-2"): ("clean", "run vc vcpus=4 args=rig.busy bare=1"),
    # Recorded with a shorter timer in xend, and with shorter waits.
    ("xend-3.2-timeout", "t-25"): ("wait 10",),
    ("xend-3.2-timeout", "t-45"): ("wait 10",),
}

# Left alone by `clean`: the recorder did not know that it had made these.
NOT_CLEANED = re.compile(r"(Domain-Unnamed|man|mox|Domain-[0-9a-f]{8}-.*)\Z")


@dataclass(frozen=True)
class Skip:
    """Steps which are not compared."""

    pattern: str
    reason: str
    file: str = ""  # a pattern too; empty: every recording
    sent: bool = False  # it is sent all the same, because later steps need what it does


SKIPS: tuple[Skip, ...] = (
    Skip(
        "save-fails-list$",
        "two domains have one uuid after restore-twice, and a name is kept in the store by uuid: how soon the second one"
        " follows when the first has its old name again is a race between threads, and the recording has one end of it",
        file="xend-3.0.4$",
    ),
)


def skip_for(file: str, slug: str) -> Skip | None:
    """Return why a step is not compared, if it is not."""
    for each in SKIPS:
        if re.match(each.pattern, slug) and (not each.file or re.search(each.file, file)):
            return each
    return None
