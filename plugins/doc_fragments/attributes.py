# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The attributes of the modules, documented once."""

from __future__ import annotations


class ModuleDocFragment:
    """What the modules support."""

    DOCUMENTATION = r"""
options: {}
attributes:
  action:
    description: An action plugin of the same name does the work in the controller, which reaches xend from there.
    support: full
    details:
      - The module itself runs on the host with C(async), where xend is reached over HTTPS from another host than
        C(localhost), over a connection that does not run commands of a shell with an input, and where the libraries are
        missing in the controller.
  async:
    description: Supports being used with the C(async) keyword.
    support: full
  check_mode:
    description: Can run in check mode and tell what would change, without changing anything.
  diff_mode:
    description: Shows what is before and after the task, or would be.
  idempotent:
    description: When run twice in a row, with nothing happening in between, changes nothing the second time.
  action_group:
    description: Defaults for the connection can be set for all modules of the group in C(module_defaults).
    support: full
    membership:
      - dom0.xend.xend
  platform:
    description: The host of xend, which needs a Python of 2.3 or later, or any machine from which xend can be reached.
    platforms: posix
    support: full
"""
    CHANGES = r"""
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
"""
    INFO = r"""
attributes:
  check_mode:
    support: full
    details: It changes nothing in any mode.
  diff_mode:
    support: N/A
    details: It changes nothing.
  idempotent:
    support: full
"""
