# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in xend for tests, for demonstrations and for rehearsing playbooks; it shares no code with the plugins."""

from __future__ import annotations

from .clock import Clock, Lags, ManualClock
from .domains import Device, Domain
from .errors import XendError
from .faults import Fault
from .personality import NOT_SIMULATED, Personality
from .releases import PERSONALITIES
from .server import LoggedRequest, Simulator

__all__ = [
    "NOT_SIMULATED",
    "PERSONALITIES",
    "Clock",
    "Device",
    "Domain",
    "Fault",
    "Lags",
    "LoggedRequest",
    "ManualClock",
    "Personality",
    "Simulator",
    "XendError",
]
