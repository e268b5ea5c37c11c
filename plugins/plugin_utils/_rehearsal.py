# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The constants of a rehearsal, shared by the connection, the callback and the action plugins."""

from __future__ import annotations

CONNECTION = "dom0.xend.rehearsal"
"""The name of the connection, which marks a task as rehearsed."""

NOT_REHEARSED = "not rehearsed: this task runs on a host, and a rehearsal has only copies of xends"
"""The reason for a skipped task."""

ABOUT_THE_WAY = frozenset({"xend_url", "xend_ssh_args", "xend_username", "xend_password", "validate_certs", "ca_path"})
"""The options for reaching xend, which a copy ignores."""
