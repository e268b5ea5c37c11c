# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection of a rehearsal: it leads to no host, and knows where the copy of each xend is."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rehearsal
short_description: Rehearse a playbook on copies of xends
version_added: 0.1.0
description:
  - The playbook C(dom0.xend.rehearse) runs a playbook with this connection for all hosts.
  - The tasks of this collection go to the copy of their host's xend, whichever xend they name.
  - Every other task that would run something on a host, be it C(localhost), is skipped.
author:
  - dom0.xend contributors (@dom0-xend)
options:
  copies:
    description: The URL of the copy of each host's xend. A task of this collection fails on a host that has none.
    type: dict
    required: true
    vars:
      - name: xend_copies
"""

from typing import NoReturn, Optional

from ansible.errors import AnsibleActionSkip
from ansible.plugins.connection import ConnectionBase

from ansible_collections.dom0.xend.plugins.plugin_utils._rehearsal import CONNECTION, NOT_REHEARSED


class Connection(ConnectionBase):
    """Leads nowhere."""

    transport = CONNECTION
    has_pipelining = True

    def _connect(self) -> Connection:
        """There is nothing to connect to."""
        return self

    def exec_command(self, cmd: str, in_data: Optional[bytes] = None, sudoable: bool = True) -> NoReturn:
        """Run nothing."""
        self._skip()

    def put_file(self, in_path: str, out_path: str) -> NoReturn:
        """Write nothing."""
        self._skip()

    def fetch_file(self, in_path: str, out_path: str) -> NoReturn:
        """Read nothing."""
        self._skip()

    def close(self) -> None:
        """There is nothing to close."""

    @staticmethod
    def _skip() -> NoReturn:
        """Have the task skipped: it would need a host."""
        raise AnsibleActionSkip(NOT_REHEARSED)
