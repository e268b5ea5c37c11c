# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan: compute the operations from the current to the desired domain. No I/O.

The documentation of xen_domain has the table of states.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import Enum
from functools import reduce
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.desired.checks import check_creation, check_definition
from ansible_collections.dom0.xend.plugins.module_utils.desired.compare import compare
from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import UP, Desired
from ansible_collections.dom0.xend.plugins.module_utils.fields.field import Comparison
from ansible_collections.dom0.xend.plugins.module_utils.fields.table import NAMES
from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.operations.base import Operation
from ansible_collections.dom0.xend.plugins.module_utils.operations.life import (
    Create,
    Define,
    Delete,
    Destroy,
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
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import Release

_OF_DOMAIN = {item.name for item in fields(Domain)} - {"uuid", "cpus"}

SHOWN = ("name", "state", "vcpu_avail", *(name for name in NAMES if name in _OF_DOMAIN))
"""The fields of a diff: what a task can declare, without values that change by themselves."""


class Intent(Enum):
    """Whether a task keeps or replaces the domain that it finds. Decided once, before anything is sent."""

    KEEP = "keep"
    """Change its state, its name and what can be changed live; its definition stays."""
    REPLACE = "replace"
    """Remove it, to make room for a new domain or definition of the same name."""


@dataclass(frozen=True)
class Plan:
    """The operations to send, in order; empty if nothing differs. The intent never changes during a task."""

    intent: Intent
    steps: list[Operation]

    @property
    def reveals(self) -> bool:
        """Return whether the resulting domain is unknown until it exists."""
        return any(step.reveals for step in self.steps)


def intent(current: Optional[Domain], desired: Desired) -> Intent:
    """Return whether the task keeps or replaces the domain that it finds."""
    if current is not None and not current.is_privileged and _is_to_be_replaced(current, desired):
        return Intent.REPLACE
    return Intent.KEEP


def plan(
    current: Optional[Domain], desired: Desired, release: Optional[Release], meant: Optional[Intent] = None
) -> Plan:
    """Return the plan that makes *current* as desired. Raises InvalidRequest for what must not be done.

    *meant* is the intent of the task. When the plan is made again, it is the first intent: what is left of a domain that
    goes down does not show whether it is to be replaced. Without *meant*, *current* is the domain that the task has found.
    """
    if meant is None:
        meant = intent(current, desired)
    return Plan(meant, _steps(current, desired, release, meant))


def _steps(current: Optional[Domain], desired: Desired, release: Optional[Release], meant: Intent) -> list[Operation]:
    """Return the steps of a plan."""
    # A replacement is built from the declaration: a saved file belongs to the disks of another time.
    if meant is Intent.REPLACE:
        desired = replace(desired, restore_file=None)
    # Nothing is there, so a new domain is built; apply has looked for migrating-NAME before (trap 28).
    if current is None:
        return _with_new_name(_from_nothing(desired, release), desired)
    # Before any other rule: no state, intent or option may lead to an operation on Domain-0 (trap 1).
    if current.is_privileged:
        return _leave_domain_0(current, desired)
    # Trap 17: xend still lists a zombie. It must not be acted on.
    if current.state == "dying":
        raise InvalidRequest(
            f"{current.name} is dying: the hypervisor has not released it yet. Run the task again later."
        )
    if meant is Intent.REPLACE and current.state == "halted":
        steps = _redefine(current, desired, release)
        return _with_new_name(steps + _bring_up(_projected(steps, current), desired), desired)
    if meant is Intent.REPLACE:
        # The old domain leaves its name and uuid first: 3.2 and later refuse a uuid in use (WIRE.md (i) 6).
        down = _take_down(current, replace(desired, state="absent"))
        return _with_new_name(down + _from_nothing(desired, release), desired)
    return _keep(current, desired, release)


def _with_new_name(operations: list[Operation], desired: Desired) -> list[Operation]:
    """Return the operations that make a new domain, and the one that renames it to its new name."""
    if not operations or desired.new_name in (None, desired.name):
        return operations
    return [*operations, Rename(desired.name, desired.new_name or "")]


def _keep(current: Domain, desired: Desired, release: Optional[Release]) -> list[Operation]:
    """Return the operations that bring the existing domain to the desired state and name."""
    if not desired.new_name or desired.new_name == current.name or desired.state in ("absent", "saved"):
        return _to_state(current, desired, release)
    rename = Rename(current.name, desired.new_name)
    if desired.state == "stopped":  # The rename is first: once the domain is down, there may be nothing left to rename.
        renamed = _projected([rename], current)
        return [rename, *_to_state(renamed, replace(desired, name=desired.new_name), release)]
    return [*_to_state(current, desired, release), rename]


def once_revealed(desired: Desired) -> Desired:
    """Return the declaration for a domain that was just restored: it is neither rebooted nor replaced by ``recreate: always``."""
    state = "running" if desired.state == "restarted" else desired.state
    recreate = "if_needed" if desired.recreate == "always" else desired.recreate
    return replace(desired, state=state, recreate=recreate)


def drift(found: Optional[Domain], desired: Desired) -> list[dict[str, Any]]:
    """Return the drift of *found*: for each difference the option, the declared and the found value, and what it needs."""
    return comparison(found, desired).drift if found is not None else []


def view(domain: Optional[Domain]) -> dict[str, Any]:
    """Return what a diff shows for a domain."""
    if domain is None:
        return {"state": "absent"}
    values = domain.as_dict()
    return {key: _told(values[key]) for key in SHOWN if values[key] is not None}


def _told(value: Any) -> Any:
    """Return *value* without the items that are None."""
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if item is not None}
    return [_told(item) for item in value] if isinstance(value, list) else value


def comparison(found: Domain, desired: Desired) -> Comparison:
    """Compare the domain with the declaration, under the name that the domain has now."""
    return compare(found, replace(desired, name=found.name) if desired.config is None else desired)


def _leave_domain_0(current: Domain, desired: Desired) -> list[Operation]:
    """Return no operations, or raise InvalidRequest: the control domain is never changed."""
    if (
        desired.state != "running"
        or desired.new_name not in (None, current.name)
        or comparison(current, desired).operations
    ):
        raise InvalidRequest(
            f"{desired.name} is the control domain: the module never pauses, stops, saves, destroys, deletes or "
            f"changes it"
        )
    return []


def _from_nothing(desired: Desired, release: Optional[Release]) -> list[Operation]:
    """Return the operations that create or restore the domain."""
    if desired.state in ("stopped", "absent", "saved"):
        return []
    if desired.restore_file and desired.state in UP:
        # xend unpauses a restored domain itself, so `paused` needs a pause afterwards (WIRE.md (c)).
        restored: list[Operation] = [Restore(desired.name, desired.restore_file)]
        return restored if desired.state != "paused" else [*restored, Pause(desired.name)]
    check_creation(desired, release)
    if desired.state == "defined":
        check_definition(release)
        return [Define(desired.name, desired.tree(release))]
    config = desired.tree(release)
    keep = desired.on_device_failure == "keep"
    # Trap 10: xend builds a domain paused and does not wait for its devices.
    made: list[Operation] = [Create(desired.name, config, keep=keep), WaitForDevices(desired.name, config)]
    return made if desired.state == "paused" else [*made, Unpause(desired.name)]


def _to_state(current: Domain, desired: Desired, release: Optional[Release]) -> list[Operation]:
    """Return the operations that bring a domain to the desired state, including live changes."""
    if desired.state in ("stopped", "absent"):
        return _take_down(current, desired)
    if desired.state == "defined":
        check_definition(release)
        outdated = current.state == "halted" and desired.describes_a_domain and drift(current, desired)
        return _redefine(current, desired, release) if outdated else []
    if current.state in ("shutdown", "crashed"):
        raise InvalidRequest(
            f"{desired.name} is {current.state} and was preserved by xend for inspection: it cannot become "
            f"{desired.state}. Remove it with state: absent, or replace it with recreate: if_needed."
        )
    if desired.state == "saved":
        return _save(current, desired)
    return _bring_up(current, desired)


def _bring_up(current: Domain, desired: Desired) -> list[Operation]:
    """Return the operations that start or resume a domain and make it as declared."""
    name = current.name
    operations: list[Operation] = []
    if current.state == "halted":
        # Trap 21: xend ignores `paused` of a start, so a definition is started and then paused.
        operations.append(Start(name))
    elif current.state == "paused" and desired.state != "paused":
        if current.cpu_time == 0:  # It never ran, so whoever created it may not have waited for its devices.
            operations.append(WaitForDevices(name))
        operations.append(Unpause(name))
    operations += comparison(_projected(operations, current), desired).operations
    if desired.state == "paused" and current.state != "paused":
        operations.append(Pause(name))
    if desired.state == "restarted" and current.state != "halted":
        _check_reboot(_projected(operations, current))
        operations.append(Reboot(name, desired.shutdown_timeout))
    return operations


def _projected(operations: list[Operation], domain: Domain) -> Domain:
    """Return the domain after the operations."""
    return reduce(lambda before, operation: operation.project(before) or before, operations, domain)


def check_rebuild(current: Domain, what: str) -> None:
    """Raise InvalidRequest for an operation after which xend cannot build the domain again: the guest would be lost (trap 26)."""
    if current.release is not None and not current.release.rereads_ip and any(vif.ip for vif in current.vifs or ()):
        raise InvalidRequest(
            f"{current.name} would be lost by a {what}: xend 3.0.0 cannot read back the ip of an interface when it "
            f"builds the domain again. Create the domain again without ip first."
        )


def _check_reboot(current: Domain) -> None:
    """Raise InvalidRequest for a reboot after which the domain would not exist."""
    check_rebuild(current, "reboot")
    if current.on_reboot not in (None, "restart"):  # 3.2 does not start it again after a rename-restart either
        raise InvalidRequest(
            f"on_reboot of {current.name} is {current.on_reboot}: xend would not start it again, or not under its "
            f"own name, after a reboot"
        )


def _is_to_be_replaced(current: Domain, desired: Desired) -> bool:
    """Return whether ``recreate`` replaces the domain with a new one."""
    if desired.recreate == "never" or desired.state not in UP or not desired.describes_a_domain:
        return False
    return (
        desired.recreate == "always"
        or current.state in ("shutdown", "crashed")
        or any(entry["takes"] in ("recreate", "next_start") for entry in drift(current, desired))
    )


def _redefine(current: Domain, desired: Desired, release: Optional[Release]) -> list[Operation]:
    """Return the operations that replace a definition with a new one of the same uuid."""
    check_creation(desired, release)
    options = (
        # The same uuid: for xend and for its users it stays the same domain.
        {**desired.options, "uuid": current.uuid} if current.uuid and "uuid" not in desired.options else desired.options
    )
    tree = replace(desired, options=options).tree(release)
    return [Delete(current.name, current), Define(desired.name, tree)]


def _save(current: Domain, desired: Desired) -> list[Operation]:
    """Return the operations that save the domain to a file. A paused guest is unpaused first."""
    if current.state == "halted":
        return []
    check_rebuild(current, "save")
    # Trap 14: 3.1 and earlier never answer a save of a paused guest, 3.2 and later refuse it.
    woken: list[Operation] = [Unpause(current.name)] if current.state == "paused" else []
    return [*woken, Save(current.name, desired.save_file or "")]


def _take_down(current: Domain, desired: Desired) -> list[Operation]:
    """Return the operations that stop or remove a domain."""
    name = current.name
    if current.state == "halted":
        return [Delete(name)] if desired.state == "absent" else []
    # A preserved domain has no guest left that could shut down: only destroy removes it (WIRE.md (f) 3).
    if desired.force or current.state in ("shutdown", "crashed"):
        return [Destroy(name)]
    if current.on_poweroff not in (None, "destroy", "preserve"):
        raise InvalidRequest(
            f"on_poweroff of {name} is {current.on_poweroff}: xend would start it again after its shutdown. "
            "Shut it down from within the guest, or destroy it with force: true."
        )
    # Trap 14: a paused guest cannot hear the request, and 3.1 and earlier would destroy it after 30 s.
    asked: list[Operation] = [Unpause(name)] if current.state == "paused" else []
    asked.append(
        Shutdown(name, timeout=desired.shutdown_timeout, then_destroy=desired.on_shutdown_timeout == "destroy")
    )
    # on_poweroff: preserve keeps the dead domain listed until it is destroyed (WIRE.md (f) 3).
    return [*asked, Destroy(name)] if current.on_poweroff == "preserve" else asked
