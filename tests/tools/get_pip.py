# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stand in for get-pip.py: put the pip that Python itself ships into ansible-test's virtual environments."""

from __future__ import annotations

import ensurepip

ensurepip.bootstrap()
