# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all modules and the inventory share: the connection options, and the client made from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Optional

from ansible.module_utils.basic import env_fallback, missing_required_lib

from ansible_collections.dom0.xend.plugins.module_utils._client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils._errors import InvalidRequest
from ansible_collections.dom0.xend.plugins.module_utils._sxp import SEXPDATA_IMPORT_ERROR
from ansible_collections.dom0.xend.plugins.module_utils._transport import DEFAULT_URL, REQUESTS_IMPORT_ERROR, Transport

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

MOST_SECONDS = 1_000_000
"""The longest time that an option can say, 11 days; a socket waits for 24 days at most."""


def connection_spec() -> dict[str, dict[str, Any]]:
    """Return the argument spec of the connection options, those of the doc fragment ``connection``."""
    return {
        "xend_url": {"type": "str", "default": DEFAULT_URL, "fallback": (env_fallback, ["XEND_URL"])},
        "xend_username": {"type": "str", "fallback": (env_fallback, ["XEND_USERNAME"])},
        "xend_password": {"type": "str", "no_log": True, "fallback": (env_fallback, ["XEND_PASSWORD"])},
        "validate_certs": {"type": "bool", "default": True, "fallback": (env_fallback, ["XEND_VALIDATE_CERTS"])},
        "ca_path": {"type": "path", "fallback": (env_fallback, ["XEND_CA_PATH"])},
        "connect_timeout": {"type": "float", "default": 5, "fallback": (env_fallback, ["XEND_CONNECT_TIMEOUT"])},
        "timeout": {"type": "float", "default": 30, "fallback": (env_fallback, ["XEND_TIMEOUT"])},
    }


def missing_library() -> Optional[tuple[str, str]]:
    """Return what to say of a library that is not there, and the traceback; None if all are."""
    for name, error in (("requests", REQUESTS_IMPORT_ERROR), ("sexpdata", SEXPDATA_IMPORT_ERROR)):
        if error:
            return missing_required_lib(name), error
    return None


def open_client(options: Mapping[str, Any], *, read_only: bool) -> XendClient:
    """Return a client for the xend that the connection options name. Raises InvalidRequest for a wrong URL or time."""
    _check_seconds(options)
    transport = Transport(
        options["xend_url"],
        username=options["xend_username"],
        password=options["xend_password"],
        validate_certs=options["validate_certs"],
        ca_path=options["ca_path"],
        connect_timeout=options["connect_timeout"],
    )
    return XendClient(
        transport,
        timeout=options["timeout"],
        slow_timeout=options.get("create_timeout") or options["timeout"],
        read_only=read_only,
    )


def _check_seconds(options: Mapping[str, Any]) -> None:
    """Raise InvalidRequest for what YAML takes for a number of seconds and no socket and no clock does, as .inf and .nan."""
    for option in ("timeout", "connect_timeout", "create_timeout"):
        if not 0 < options.get(option, 1) <= MOST_SECONDS:
            raise InvalidRequest(
                f"{option} must be more than 0 seconds and {MOST_SECONDS} at most, not {options[option]:g}"
            )
    if not 0 <= options.get("shutdown_timeout", 0) <= MOST_SECONDS:
        raise InvalidRequest(
            f"shutdown_timeout must be 0 to {MOST_SECONDS} seconds, not {options['shutdown_timeout']:g}"
        )


def require_libraries(module: AnsibleModule) -> None:
    """End the module if a library is missing."""
    missing = missing_library()
    if missing:
        module.fail_json(msg=missing[0], exception=missing[1])
