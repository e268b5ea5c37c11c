# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument spec of a domain: the options of xen_domain without those of the connection."""

from __future__ import annotations

from typing import Any

from ansible_collections.dom0.xend.plugins.module_utils.fields.table import NAMES, spec

STATES = ["running", "paused", "stopped", "absent", "restarted", "saved", "defined"]
CONFLICTS = [("config", key) for key in NAMES]
"""Pairs of options that exclude each other."""


def domain_spec() -> dict[str, dict[str, Any]]:
    """Return the argument spec, as xen_domain documents it."""
    text: dict[str, Any] = {"type": "str"}
    return {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": STATES, "default": "running"},
        "new_name": text,
        "recreate": {"type": "str", "choices": ["never", "if_needed", "always"], "default": "never"},
        "save_file": text,
        "overwrite_save_file": {"type": "bool", "default": False},
        "restore_file": text,
        "change_vbds": {"type": "bool", "default": False},
        "purge_vbds": {"type": "bool", "default": False},
        "purge_vifs": {"type": "bool", "default": False},
        **spec(),
        "config": text,
        "force": {"type": "bool", "default": False},
        "shutdown_timeout": {"type": "float", "default": 300},
        "on_shutdown_timeout": {"type": "str", "choices": ["fail", "destroy"], "default": "fail"},
        "on_drift": {"type": "str", "choices": ["warn", "fail"], "default": "warn"},
        "log_lines": {"type": "int", "default": 0},
        "on_device_failure": {"type": "str", "choices": ["destroy", "keep"], "default": "destroy"},
        "create_timeout": {"type": "float", "default": 300},
    }
