# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what is and what is wished for to the operations in between. No I/O.

The table of states is that of the documentation of xen_domain.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from functools import reduce
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils._compare import Comparison, compare
from ansible_collections.dom0.xend.plugins.module_utils._config import UP, Wish, check_creation, check_definition
from ansible_collections.dom0.xend.plugins.module_utils._domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils._errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.module_utils._operations import (
    Create,
    Define,
    Delete,
    Destroy,
    Operation,
    Pause,
    Reboot,
    Rename,
    Restore,
    Save,
    Shutdown,
    Start,
    Unpause,
    WaitForDevices,
)
from ansible_collections.dom0.xend.plugins.module_utils._release import Release

SHOWN = (
    "name",
    "state",
    "memory",
    "maxmem",
    "vcpus",
    "vcpu_avail",
    "on_poweroff",
    "on_reboot",
    "on_crash",
    "bootloader",
    "image",
    "vbds",
    "vifs",
)
"""The fields in a diff: what a task can declare, and nothing that changes by itself."""


class Intent(Enum):
    """What a task means to do with the domain that it finds. It is decided once, before anything is sent."""

    KEEP = "keep"
    """Change its state, its name or what can be changed; its definition stays."""
    REPLACE = "replace"
    """Make room for a new domain or definition of the same name."""


def intent(current: Optional[Domain], wish: Wish) -> Intent:
    """Return whether the domain that a task finds is kept or replaced."""
    if current is not None and not current.is_privileged and _is_to_be_replaced(current, wish):
        return Intent.REPLACE
    return Intent.KEEP


def plan(
    current: Optional[Domain], wish: Wish, release: Optional[Release], meant: Optional[Intent] = None
) -> list[Operation]:
    """Return what to send, in order; nothing if all is as wished. Raises InvalidRequest for what must not be done.

    *meant* is the intent of the task. Whoever plans again on the way passes the first one: what is left of a domain on its
    way down says nothing about whether it is to be replaced. Without it, *current* is what the task has found.
    """
    if meant is None:
        meant = intent(current, wish)
    if current is None:
        return _with_new_name(_from_nothing(wish, release), wish)
    if current.is_privileged:
        return _leave_domain_0(current, wish)
    if current.state == "dying":
        raise InvalidRequest(
            f"{wish.name} is dying: the hypervisor has not let go of it yet. Run the task again later."
        )
    if meant is Intent.REPLACE and current.state == "halted":
        operations = _redefine(current, wish, release)
        return _with_new_name(operations + _bring_up(_projected(operations, current), wish), wish)
    if meant is Intent.REPLACE:
        down = _take_down(current, replace(wish, state="absent"))
        return _with_new_name(down + _from_nothing(wish, release), wish)
    return _keep(current, wish, release)


def _with_new_name(operations: list[Operation], wish: Wish) -> list[Operation]:
    """Return the operations that make a new domain, and the one that gives it its new name."""
    if not operations or wish.new_name in (None, wish.name):
        return operations
    return [*operations, Rename(wish.name, wish.new_name or "")]


def _keep(current: Domain, wish: Wish, release: Optional[Release]) -> list[Operation]:
    """Return the operations that bring the domain itself to the desired state and name."""
    if not wish.new_name or wish.new_name == current.name or wish.state in ("absent", "saved"):
        return _to_state(current, wish, release)
    rename = Rename(current.name, wish.new_name)
    if wish.state == "stopped":  # first: once it is down, there may be nothing left to rename
        renamed = _projected([rename], current)
        return [rename, *_to_state(renamed, replace(wish, name=wish.new_name), release)]
    return [*_to_state(current, wish, release), rename]


def drift(found: Optional[Domain], wish: Wish) -> list[dict[str, Any]]:
    """Return where *found* is not as declared: the option, what was declared, what was found, what it takes."""
    return _comparison(found, wish).drift if found is not None else []


def view(domain: Optional[Domain]) -> dict[str, Any]:
    """Return what a diff shows of a domain."""
    if domain is None:
        return {"state": "absent"}
    values = domain.as_dict()
    return {key: _told(values[key]) for key in SHOWN if values[key] is not None}


def _told(value: Any) -> Any:
    """Return *value* without what is None in it."""
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if item is not None}
    return [_told(item) for item in value] if isinstance(value, list) else value


def _comparison(found: Domain, wish: Wish) -> Comparison:
    """Compare under the name that the domain has."""
    return compare(found, replace(wish, name=found.name) if wish.config is None else wish)


def _leave_domain_0(current: Domain, wish: Wish) -> list[Operation]:
    """Return nothing, or refuse: nothing is ever done to the control domain."""
    if wish.state != "running" or wish.new_name not in (None, current.name) or _comparison(current, wish).operations:
        raise InvalidRequest(
            f"{wish.name} is the control domain: it is never paused, stopped, destroyed, saved, deleted or changed"
        )
    return []


def _from_nothing(wish: Wish, release: Optional[Release]) -> list[Operation]:
    """Return the way from no domain."""
    if wish.state in ("stopped", "absent", "saved"):
        return []
    if wish.restore_file and wish.state in UP:
        restored: list[Operation] = [Restore(wish.name, wish.restore_file)]
        return restored if wish.state != "paused" else [*restored, Pause(wish.name)]
    check_creation(wish, release)
    if wish.state == "defined":
        check_definition(release)
        return [Define(wish.name, wish.tree(release))]
    made: list[Operation] = [Create(wish.name, wish.tree(release)), WaitForDevices(wish.name)]
    return made if wish.state == "paused" else [*made, Unpause(wish.name)]


def _to_state(current: Domain, wish: Wish, release: Optional[Release]) -> list[Operation]:
    """Return the way from a domain to the state wished for, and what changes it live on the way."""
    if wish.state in ("stopped", "absent"):
        return _take_down(current, wish)
    if wish.state == "defined":
        outdated = current.state == "halted" and wish.describes_a_domain and drift(current, wish)
        return _redefine(current, wish, release) if outdated else []
    if current.state in ("shutdown", "crashed"):
        raise InvalidRequest(
            f"{wish.name} is {current.state} and was preserved by xend, perhaps to be looked at: it cannot become "
            f"{wish.state}. Remove it with state: absent, or have it replaced with recreate: if_needed."
        )
    if wish.state == "saved":
        return _save(current, wish)
    return _bring_up(current, wish)


def _bring_up(current: Domain, wish: Wish) -> list[Operation]:
    """Return the way from a domain that is whole to one that lives, as declared."""
    name = current.name
    operations: list[Operation] = []
    if current.state == "halted":
        operations.append(Start(name))
    elif current.state == "paused" and wish.state != "paused":
        if current.cpu_time == 0:  # never ran, so whoever created it may not have got as far as its devices
            operations.append(WaitForDevices(name))
        operations.append(Unpause(name))
    operations += _comparison(_projected(operations, current), wish).operations
    if wish.state == "paused" and current.state != "paused":
        operations.append(Pause(name))
    if wish.state == "restarted" and current.state != "halted":
        _check_reboot(_projected(operations, current))
        operations.append(Reboot(name))
    return operations


def _projected(operations: list[Operation], domain: Domain) -> Domain:
    """Return the domain as it is once the operations have been sent."""
    return reduce(lambda before, operation: operation.project(before) or before, operations, domain)


def _check_rebuild(current: Domain, what: str) -> None:
    """Refuse what makes xend build the domain again, where it could not: the guest would be lost (WIRE.md (i) 1)."""
    if current.release is not None and not current.release.rereads_ip and any(vif.ip for vif in current.vifs or ()):
        raise InvalidRequest(
            f"{current.name} would be lost by a {what}: xend 3.0.0 cannot read back the ip of an interface when it builds the "
            "domain again. Create it anew without ip first."
        )


def _check_reboot(current: Domain) -> None:
    """Refuse a reboot after which the domain would not be there."""
    _check_rebuild(current, "reboot")
    if current.on_reboot not in (None, "restart"):  # 3.2 does not start it again after a rename-restart either
        raise InvalidRequest(
            f"on_reboot of {current.name} is {current.on_reboot}: xend would not start it again, or not as itself, after a "
            "reboot"
        )


def _is_to_be_replaced(current: Domain, wish: Wish) -> bool:
    """Tell whether ``recreate`` has the domain make room for a new one."""
    if wish.recreate == "never" or wish.state not in UP or not wish.describes_a_domain:
        return False
    return (
        wish.recreate == "always"
        or current.state in ("shutdown", "crashed")
        or any(entry["takes"] in ("recreate", "next_start") for entry in drift(current, wish))
    )


def _redefine(current: Domain, wish: Wish, release: Optional[Release]) -> list[Operation]:
    """Return the way from an old definition to a new one, with the same uuid."""
    check_creation(wish, release)
    options = {**wish.options, "uuid": current.uuid} if current.uuid and "uuid" not in wish.options else wish.options
    tree = replace(wish, options=options).tree(release)
    return [Delete(current.name), Define(wish.name, tree)]


def _save(current: Domain, wish: Wish) -> list[Operation]:
    """Return the way to a file. A paused guest cannot be saved: up to 3.1 xend would never answer."""
    if current.state == "halted":
        return []
    _check_rebuild(current, "save")
    woken: list[Operation] = [Unpause(current.name)] if current.state == "paused" else []
    return [*woken, Save(current.name, wish.save_file or "")]


def _take_down(current: Domain, wish: Wish) -> list[Operation]:
    """Return the way from a domain to one that does not run, or to none."""
    name = current.name
    if current.state == "halted":
        return [Delete(name)] if wish.state == "absent" else []
    if wish.force or current.state in ("shutdown", "crashed"):
        return [Destroy(name)]
    if current.on_poweroff not in (None, "destroy", "preserve"):
        raise InvalidRequest(
            f"on_poweroff of {name} is {current.on_poweroff}: xend would start it again after its shutdown. "
            "Shut it down from inside, or destroy it with force: true."
        )
    asked: list[Operation] = [Unpause(name)] if current.state == "paused" else []
    asked.append(Shutdown(name))
    return [*asked, Destroy(name)] if current.on_poweroff == "preserve" else asked
