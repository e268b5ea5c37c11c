# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection of Ansible as a carrier: its bounds, with the local connection, which runs commands as the others do."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest
from ansible.playbook.play_context import PlayContext
from ansible.plugins.connection import ConnectionBase
from ansible.plugins.loader import connection_loader

from ansible_collections.dom0.xend.plugins.module_utils.wire.relay import Carried, Message
from ansible_collections.dom0.xend.plugins.plugin_utils import _carrier
from ansible_collections.dom0.xend.plugins.plugin_utils._carrier import ConnectionCarrier, can_carry

MESSAGE = Message("GET /xend/domain", b"opening\n", b"request\n", b"ready")


def connection(name: str) -> ConnectionBase:
    """Return a connection of Ansible's."""
    found: ConnectionBase = connection_loader.get(name, PlayContext())
    return found


def carry(command: str, bound: float) -> Carried:
    """Run a command on this machine."""
    local = connection("local")
    setattr(local, "cwd", "/")  # noqa: B010 - only this connection has one

    def execute(command: str, *, sudoable: bool, in_data: bytes) -> dict[str, Any]:
        status, output, errors = local.exec_command(command, in_data=in_data, sudoable=sudoable)
        return {"rc": status, "stdout": output.decode(), "stderr": errors.decode()}

    return ConnectionCarrier("here", local, execute)(command, MESSAGE, bound)


def test_command_is_given_the_message_in_its_input() -> None:
    assert carry("cat; echo odd >&2", 5) == Carried(b"opening\nrequest\n", "odd\n")


def test_command_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_carrier, "_LOGIN_TIMEOUT", 0)
    begun = time.monotonic()
    carried = carry("sleep 3", 0.5)
    assert time.monotonic() - begun < 2
    assert carried.sent
    assert carried.broken == "it did not end within 0.5 s"
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL


def test_connection_that_gives_commands_no_input_carries_nothing() -> None:
    assert can_carry(connection("local"))
    assert can_carry(connection("ssh"))
    assert not can_carry(connection("winrm"))


def test_every_module_has_both_faces() -> None:
    plugins = Path(_carrier.__file__).parents[1]
    modules = {path.name for path in (plugins / "modules").glob("*.py")}
    assert modules == {path.name for path in (plugins / "action").glob("*.py")}
