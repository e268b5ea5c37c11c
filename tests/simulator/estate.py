# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An invented estate of guests: the same for the same numbers, on every machine and every Python.

The guest with a number on a xend is what it is however many there are besides it, so a larger estate holds a smaller one.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sxp import Sxp

MOST_XENDS, MOST_DOMAINS = 255, 16_383
"""So many have addresses of their own: 8 bits for the xend, 14 for the domain, 2 for the bridge or the interface."""

_BRIDGES = ("xenbr0", "xenbr1", "dmz", "backup")
_DAY = 86_400


@dataclass(frozen=True)
class Role:
    """What a guest is for: how many of a hundred are, and what they are like. Memory is MiB."""

    name: str
    share: int
    memory: tuple[int, ...]
    vcpus: tuple[int, ...]
    bridges: tuple[int, ...]
    data_disk: bool = False


ROLES = (
    Role("web", 30, (256, 512), (1, 2), (2,)),
    Role("app", 20, (512, 1024), (1, 2), (0,)),
    Role("db", 12, (1024, 2048, 4096), (2, 4), (0, 3), data_disk=True),
    Role("mail", 10, (512, 1024), (1, 2), (2, 0), data_disk=True),
    Role("cache", 8, (256, 1024), (1,), (0,)),
    Role("dns", 7, (64, 128), (1,), (2,)),
    Role("build", 6, (1024, 2048), (2, 4), (1,), data_disk=True),
    Role("files", 4, (256, 512), (1,), (1, 3), data_disk=True),
    Role("test", 3, (128, 256, 512), (1, 2), (1,)),
)


@dataclass(frozen=True)
class Guest:
    """One guest. ``memory`` is MiB, ``age`` the seconds for which it has run."""

    xend: int
    number: int
    name: str
    uuid: str
    memory: int
    vcpus: int
    age: int
    role: Role

    def tree(self, *, vcpus_in_image: bool) -> Sxp:
        """Return what a xend lists of it, as far as it was given to create."""
        image: list[Sxp] = [
            "linux",
            ["kernel", "/boot/vmlinuz-2.6.18-xen"],
            ["ramdisk", "/boot/initrd.img-2.6.18-xen"],
            ["root", "/dev/sda1"],
            ["args", "ro"],
        ]
        if vcpus_in_image:
            image.append(["vcpus", str(self.vcpus)])
        return [
            "domain",
            ["domid", str(self.number)],
            ["name", self.name],
            ["uuid", self.uuid],
            ["memory", str(self.memory)],
            ["maxmem", str(self.memory)],
            ["vcpus", str(self.vcpus)],
            ["on_poweroff", "destroy"],
            ["on_reboot", "restart"],
            ["on_crash", "restart"],
            ["image", image],
            *self._disks(),
            *self._interfaces(),
        ]

    def _disks(self) -> list[Sxp]:
        disks = {"sda1": "root", "sda2": "swap", **({"sdb1": "data"} if self.role.data_disk else {})}
        return [
            ["device", ["vbd", ["uname", f"phy:vg0/{self.name}-{use}"], ["dev", dev], ["mode", "w"]]]
            for dev, use in disks.items()
        ]

    def _interfaces(self) -> list[Sxp]:
        return [
            ["device", ["vif", ["mac", self._mac(index)], ["bridge", _BRIDGES[bridge]], ["ip", self._ip(bridge)]]]
            for index, bridge in enumerate(self.role.bridges)
        ]

    def _mac(self, index: int) -> str:
        """Return an address in xend's range: the xend, then the number and the interface."""
        low = self.number << 2 | index
        return f"00:16:3e:{self.xend:02x}:{low >> 8:02x}:{low & 255:02x}"

    def _ip(self, bridge: int) -> str:
        """Return an address in the bridge's quarter of 10.XEND.0.0/16."""
        low = bridge << 14 | self.number
        return f"10.{self.xend}.{low >> 8}.{low & 255}"


def guests(xend: int, domains: int) -> Iterator[Guest]:
    """Yield the guests of the xend of that number, both counted from 1."""
    so_far: Counter[str] = Counter()
    for number in range(1, domains + 1):
        dice = random.Random(f"{xend}/{number}")  # noqa: S311 - guests for tests, no secrets
        role = dice.choices(ROLES, [each.share for each in ROLES])[0]
        so_far[role.name] += 1
        yield Guest(
            xend,
            number,
            name=f"{role.name}{xend:02}-{so_far[role.name]:02}",
            uuid=f"{dice.getrandbits(128):032x}",
            memory=dice.choice(role.memory),
            vcpus=dice.choice(role.vcpus),
            age=dice.randrange(_DAY, 400 * _DAY),
            role=role,
        )


def is_stopped(number: int, percent: float) -> bool:
    """Return whether the guest of that number is one of the *percent* that do not run; they are spread evenly."""
    return int(number * percent / 100) > int((number - 1) * percent / 100)


def spread(count: int, numbers: list[int]) -> list[int]:
    """Return so many of the numbers, at even distances."""
    return [numbers[(2 * each + 1) * len(numbers) // (2 * count)] for each in range(count)]
