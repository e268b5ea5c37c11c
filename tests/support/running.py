# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a module of the collection as Ansible does: its own main(), with arguments in and JSON out."""

from __future__ import annotations

import importlib
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.module_utils.common.parameters import PASS_VARS
from ansible.module_utils.testing import patch_module_args

from tests.simulator import Clock, ManualClock

if TYPE_CHECKING:
    import pytest

    from tests.simulator import LoggedRequest, Simulator

MODULES = {
    path.stem: importlib.import_module(f"ansible_collections.dom0.xend.plugins.modules.{path.stem}")
    for path in Path(__file__).resolve().parents[2].glob("plugins/modules/[!_]*.py")
}
"""Every module of the collection, by its name."""

SHOW_INVOCATION = {"_ansible_inject_invocation": True} if "inject_invocation" in PASS_VARS else {}
"""Have the module return its arguments, too, as ansible-core up to 2.19 always does: there may be secrets in them."""

READING_OPS = {"", "cpu_sedf_get", "devices", "domain_sched_credit_get"}
"""What the log shows of requests that change nothing: a GET has no op."""


def run(module: str, *, check: bool = False, **arguments: object) -> dict[str, Any]:
    """Return what the module prints, as Ansible would read it; ``failed`` is in it if it failed."""
    out = io.StringIO()
    given = {**arguments, **SHOW_INVOCATION, "_ansible_check_mode": check, "_ansible_diff": True}
    with patch_module_args(given), redirect_stdout(out):
        try:
            MODULES[module].main()
        except SystemExit:
            pass
        else:
            raise AssertionError(f"{module} returned without a result")
    result: dict[str, Any] = json.loads(out.getvalue())
    return result


def written(simulator: Simulator) -> list[str]:
    """Return the operations that have changed something since the log was cleared, or were meant to."""
    return [op for op in (_op(request) for request in simulator.requests) if op not in READING_OPS]


def _op(request: LoggedRequest) -> str:
    """Return the op of a POST, nothing for a GET."""
    return request.op if request.method == "POST" else ""


def use_clock(monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> None:
    """Have xen_domain wait on the simulator's clock: its sleeping moves that clock, and takes no time."""
    from ansible_collections.dom0.xend.plugins.module_utils.plan import apply  # noqa: PLC0415

    monkeypatch.setattr(apply, "CLOCK", apply.Clock(now=clock.now, sleep=clock.advance))


@contextmanager
def passing_time(clock: Clock) -> Iterator[None]:
    """Let time pass on a hand-moved clock by itself: a save is answered only when the guest has suspended."""
    done = threading.Event()

    def tick() -> None:
        while not done.wait(0.002):
            if isinstance(clock, ManualClock):
                clock.advance(0.1)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
