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
    description: An action plugin of the same name does the work on the controller.
    support: full
    details:
      - The module itself runs on the host with C(async), with an HTTPS URL on a host other than C(localhost), with a
        connection plugin that cannot run shell commands with input, and if the Python libraries are missing on the
        controller.
  async:
    description: Supports being used with the C(async) keyword.
    support: full
  check_mode:
    description: Can run in check mode and return what would change, without a change.
  diff_mode:
    description: Shows the state before and after the task. In check mode, the state as it would be.
  idempotent:
    description: Running the task again changes nothing, unless something else changed in between.
  action_group:
    description: Use C(group/dom0.xend.xend) in C(module_defaults) to set the connection options for all modules.
    support: full
    membership:
      - dom0.xend.xend
  platform:
    description: The xend host, with Python 2.3 or later, or any machine that can reach xend.
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
    details: This module never makes changes.
  diff_mode:
    support: N/A
    details: This module never makes changes.
  idempotent:
    support: full
"""
