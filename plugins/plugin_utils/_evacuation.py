# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which guests leave a host, in which order and how: the journal of an evacuation, and what forbids one.

The journal says what was intended, before anything is sent. Where a guest is, only xend knows: each run asks it, and decides
anew for every guest that is still on the host. Once all guests are back, it lists the files that they were restored from. Such a
file is spent: its guest has run on, and restoring it again would put old memory on disks that have changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.plugin_utils.out.disks import place_of

LEAVING, RETURNING, BACK = "leaving", "returning", "back"
_PASSING = "migrating-"
"""What xend puts before the name of a domain that it is saving or migrating."""
BOOT_FOLDER = "/var/lib/xen/save"
"""Where xendomains, an init script of Xen, restores saved guests from when the host boots. The comments of its settings
XENDOMAINS_SAVE and XENDOMAINS_RESTORE say so; no recording tells."""


@dataclass(frozen=True)
class Destination:
    """Where guests are migrated to, and what is there."""

    name: str
    url: str
    domains: Sequence[Mapping[str, Any]] = ()
    free_memory: Optional[int] = None
    """MiB that nobody has there, None if that is not known."""


@dataclass(frozen=True)
class Evacuation:
    """One host that is to be empty. Without a *destination* its guests are saved, to files in *folder* on it."""

    host: str
    domains: Sequence[Mapping[str, Any]]
    order: Sequence[Mapping[str, Any]] = ()
    journal: Mapping[str, Any] = field(default_factory=dict)
    destination: Optional[Destination] = None
    folder: str = ""
    stamp: str = ""
    """What no other evacuation has in the names of its files."""
    chosen: Sequence[str] = ()
    """The names of the guests that leave; all of them if none is named."""

    def plan(self) -> dict[str, Any]:
        """Return what forbids the evacuation, or else its journal, the guests that leave now, and what the destination needs."""
        problems = list(self._problems()) or list(self._clashes())
        if problems:
            return {"problems": problems, "journal": {}, "leaving": [], "needs": []}
        # A guest that is neither here nor there stays in the journal: somebody has to know of it.
        away = [each for each in self._known if each["name"] not in self._all_living]
        guests = [*away, *map(self._entry, self._leaving)]
        begun = {each["name"] for each in away if f"{_PASSING}{each['name']}" in self._all_living}
        return {
            "problems": [],
            "journal": {"host": self.host, "phase": LEAVING, "guests": guests, "spent": self._spent(guests)},
            "leaving": [each["name"] for each in guests if each["name"] in {*begun, *self._living}],
            "needs": list(self._needs()),
        }

    @property
    def _known(self) -> list[dict[str, Any]]:
        """The guests in the journal."""
        return [dict(each) for each in self.journal.get("guests", ())]

    @property
    def _living(self) -> dict[str, Mapping[str, Any]]:
        """The guests of the host that are to leave, by name; not those that are only defined, or that have ended."""
        return {name: each for name, each in self._all_living.items() if not self.chosen or name in self.chosen}

    @property
    def _all_living(self) -> dict[str, Mapping[str, Any]]:
        """The guests that the host has, by name."""
        return {each["name"]: each for each in self.domains if each["domid"] and each["state"] in ("running", "paused")}

    @property
    def _leaving(self) -> list[Mapping[str, Any]]:
        """The guests that leave now, in the order in which they do."""
        living = self._living
        names = [name for name in leaving_order(self.order) if name in living]
        others = [name for name in living if name not in names]
        return [living[name] for name in (*others, *names) if not name.startswith(_PASSING)]

    def _spent(self, guests: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the files that no guest will be restored from, also those of an attempt that this run does not repeat."""
        wanted = {each.get("file") for each in guests}
        given_up = [
            {"uuid": each["uuid"], "file": each["file"]}
            for each in self._known
            if "file" in each and each["file"] not in wanted
        ]
        return [*self.journal.get("spent", ()), *given_up]

    def _problems(self) -> Iterator[str]:
        """Yield what forbids any plan."""
        if self.journal and self.journal.get("host") != self.host:
            yield f"The journal is that of {self.journal.get('host')}, not of {self.host}."
        elif self.journal.get("phase", LEAVING) == RETURNING:
            yield (
                f"The guests of {self.host} are on their way back: run dom0.xend.restore until it has succeeded, or "
                f"dom0.xend.unpark if they were parked."
            )
        if not self.destination and self.folder.rstrip("/") == BOOT_FOLDER:
            yield (
                f"When the host boots, xendomains restores what is in {BOOT_FOLDER}, also guests that have run on since. "
                f"Name another folder."
            )
        try:
            leaving_order(self.order)
        except CycleError as error:
            yield f"No order is possible: {' after '.join(error.args[1])}."
            return
        yield from self._problems_of_guests()

    def _problems_of_guests(self) -> Iterator[str]:
        """Yield what forbids that guests leave."""
        known = {each["name"] for each in self._known}
        there = {each["name"] for each in self.domains}
        for name in self.chosen:
            if name not in known | there:
                yield f"There is no guest {name} on {self.host}."
        for entry in self._known:
            found = self._all_living.get(entry["name"])
            if found and found["uuid"] != entry["uuid"]:
                yield (
                    f"There is another guest {entry['name']} on {self.host} than the one that left: its UUID is "
                    f"{found['uuid']}, not {entry['uuid']}. Rename or remove one of them."
                )
        for name in self._all_living:
            if name.startswith(_PASSING) and name[len(_PASSING) :] not in known:
                yield f"Something else saves or migrates a guest of {self.host}: there is {name}. Run this again later."
        for guest in self._leaving if self.destination else ():
            if guest["state"] == "paused":
                yield f"{guest['name']} is paused, and only a guest that runs is migrated. Unpause it first."

    def _entry(self, guest: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the journal says of a guest."""
        entry: dict[str, Any] = {key: guest[key] for key in ("name", "uuid", "memory", "state")}
        if self.destination:
            return {**entry, "destination": self.destination.name, "destination_url": self.destination.url}
        folder = self.folder.rstrip("/")
        # An attempt that failed may have left the beginning of a file, which this one overwrites.
        begun = [each.get("file") or "" for each in self._known if each["name"] == guest["name"]]
        file = next((path for path in begun if path.rpartition("/")[0] == folder), "")
        return {**entry, "file": file or f"{folder}/{guest['uuid']}-{self.stamp}.chk"}

    def _needs(self) -> Iterator[dict[str, str]]:
        """Yield the paths that have to exist at the destination, with whose they are: bridges and disks."""
        for guest in self._leaving if self.destination else ():
            paths = [f"/sys/class/net/{vif['bridge']}" for vif in guest.get("vifs") or () if vif.get("bridge")]
            paths += filter(None, (path_on_host(vbd.get("uname") or "") for vbd in guest.get("vbds") or ()))
            for path in paths:
                yield {"path": path, "guest": guest["name"]}

    def _clashes(self) -> Iterator[str]:
        """Yield why the destination cannot take the guests that leave now."""
        if self.destination is None:
            return
        there = {each["name"]: each for each in self.destination.domains}
        for guest in self._leaving:
            found = there.get(guest["name"])
            # A definition with its own UUID is what an earlier stay there has left.
            if found and (found["domid"] or found["uuid"] != guest["uuid"]):
                yield f"There is a domain {guest['name']} on {self.destination.name}, too."
        needed = sum(guest["memory"] or 0 for guest in self._leaving)
        free = self.destination.free_memory
        if free is not None and needed > free:
            yield f"The guests of {self.host} have {needed} MiB, and {self.destination.name} has {free} MiB free."


def path_on_host(uname: str) -> Optional[str]:
    """Return the path of a disk in Domain-0: of ``phy:vg0/web1`` that is /dev/vg0/web1. None if it has none, or none is known."""
    place = place_of("", uname, [])
    return place["path"] or None if place and not place.get("script") else None


def leaving_order(order: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names so that each leaves before those that it comes after. Raises CycleError."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for each in order:
        sorter.add(each["name"], *(each.get("after") or ()))
    return [*sorter.static_order()][::-1]


def after_return(journal: Mapping[str, Any], keep: int) -> dict[str, Any]:
    """Return the journal once all guests are back, and the spent files that are no longer wanted.

    Of each guest the *keep* newest files stay, or all if that is negative. Returns ``{"journal": ..., "unwanted": [path, ...]}``,
    with an empty journal if no file is left.
    """
    used = [{"uuid": each["uuid"], "file": each["file"]} for each in journal.get("guests", ()) if "file" in each]
    earlier = [each for each in journal.get("spent", ()) if each not in used]
    spent = [*earlier, *used]  # the oldest first: a file is added when its guest is back
    wanted = []
    for position, each in enumerate(spent):
        newer = [other for other in spent[position + 1 :] if other["uuid"] == each["uuid"]]
        if keep < 0 or len(newer) < keep:
            wanted.append(each)
    unwanted = [each["file"] for each in spent if each not in wanted]
    left = {"host": journal.get("host"), "phase": BACK, "guests": [], "spent": wanted}
    return {"journal": left if wanted else {}, "unwanted": unwanted}
