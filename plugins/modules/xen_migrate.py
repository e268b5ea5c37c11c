#!/usr/bin/python
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Migrate a domain to another host. What the module does is in module_utils/plan/migrate.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: xen_migrate
short_description: Migrate a running Xen domain to another host
version_added: 0.1.0
description:
  - Has the xend that runs a domain send it to the xend of another host, and verifies that it has gone from the one and
    runs at the other.
  - The host of the task, or O(xend_url), is the source. It keeps the domain if the migration fails, and the task then
    fails and says where the domain is. xend 3.1 may report a failed migration as done, so its answer is not believed.
  - A domain that is on its way already is waited for, and not sent again.
  - The two hosts must share the disks of the domain, and the xend of the destination must take migrations
    (C(xend-relocation-server) in its C(xend-config.sxp)). The module cannot check either.
  - A paused guest is refused. xend 3.1 and earlier would not answer, later ones refuse it.
    Unpause it first, with O(dom0.xend.xen_domain#module:state=running).
  - A guest on xend 3.0.0 that has an interface with an C(ip) is refused, as it would be lost. Domain-0 is never migrated.
extends_documentation_fragment:
  - dom0.xend.connection
  - dom0.xend.attributes
  - dom0.xend.attributes.changes
author:
  - dom0.xend contributors (@dom0-xend)
options:
  name:
    description: Name of the domain, not its id or uuid.
    type: str
    required: true
  destination:
    description:
      - Name or address of the host that the domain is to run on, as the host that sends it resolves it.
      - The host that has the domain is refused.
    type: str
    required: true
  live:
    description:
      - Whether the guest runs on while its memory is copied, and pauses only for the last of it.
      - If V(false), it is suspended first.
    type: bool
    default: true
  port:
    description:
      - Port of the destination that takes migrations. xend takes 8002 if this is not set.
      - xend 3.0.0 knows the default port only, and another one is refused there.
    type: int
  destination_url:
    description:
      - Where the xend of the destination listens, in a form that O(xend_url) can have. It is only read.
      - It is reached from the controller, also if the xend of the source is reached through the host of the task. Where
        the module itself runs on that host, with C(async) or an HTTPS O(xend_url), it is reached from there.
      - Without it, the result is verified at the source only, O(name) is not looked for at the destination before the
        migration, and a domain that has been migrated before makes the task fail.
      - The options O(xend_ssh_args), O(validate_certs), O(ca_path), O(connect_timeout) and O(timeout) hold for it, too.
    type: str
  destination_username:
    description: User name for HTTP basic authentication with a proxy in front of the xend of the destination.
    type: str
  destination_password:
    description: Password for HTTP basic authentication with a proxy in front of the xend of the destination.
    type: str
  migrate_timeout:
    description:
      - Seconds in which the migration must be done. xend answers only then.
      - A migration that takes longer goes on. Run the task again to wait for it.
    type: float
    default: 600
notes:
  - Migrations were recorded from a host to itself, on all releases. What two hosts of different releases make of it is not
    known.
  - A managed domain (3.0.4 and later) may leave its definition at the source, halted.
seealso:
  - module: dom0.xend.xen_domain
  - module: dom0.xend.xen_domain_info
"""

EXAMPLES = r"""
# The xends of dom0a and dom0b are reached from the controller through SSH tunnels, as http://localhost:8000 and :8001.
# Or give ssh://root@dom0b.example.org.

- name: See whether web1 can go to dom0b, and change nothing
  dom0.xend.xen_migrate:
    xend_url: http://localhost:8000
    name: web1
    destination: dom0b.example.org
    destination_url: http://localhost:8001
  check_mode: true
  diff: true

- name: Ensure that web1 runs on dom0b
  dom0.xend.xen_migrate:
    xend_url: http://localhost:8000
    name: web1
    destination: dom0b.example.org
    destination_url: http://localhost:8001

- name: Migrate it back, suspended during the copy, within half an hour
  dom0.xend.xen_migrate:
    xend_url: http://localhost:8001
    name: web1
    destination: dom0a.example.org
    destination_url: http://localhost:8000
    live: false
    migrate_timeout: 1800
"""

RETURN = r"""
domain:
  description:
    - The domain at the destination, in check mode as it would be, when its C(domid) is V(null). It has the fields that
      RV(dom0.xend.xen_domain#module:domain) has.
    - V(null) without O(destination_url).
  type: dict
  returned: success
  sample:
    name: web1
    state: running
    domid: 7
    memory: 128
operations:
  description:
    - What was sent to xend to change something, in check mode what would be. Nothing if the domain was at the destination
      already, or on its way.
    - After a failure, what had been sent. It may have been carried out, if the error says so.
  type: list
  elements: dict
  returned: always
  sample:
    - {op: migrate, domain: web1, destination: dom0b.example.org, live: true, port: 0}
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.dom0.xend.plugins.module_utils.module import (
    Work,
    connection_spec,
    missing_library,
    open_client,
    run_module,
)
from ansible_collections.dom0.xend.plugins.module_utils.plan.migrate import run
from ansible_collections.dom0.xend.plugins.module_utils.result import TaskResult
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient


def argument_spec() -> dict[str, dict[str, Any]]:
    """Return the argument spec, as documented above."""
    return {
        **connection_spec(),
        "name": {"type": "str", "required": True},
        "destination": {"type": "str", "required": True},
        "live": {"type": "bool", "default": True},
        "port": {"type": "int"},
        "destination_url": {"type": "str"},
        "destination_username": {"type": "str"},
        "destination_password": {"type": "str", "no_log": True},
        "migrate_timeout": {"type": "float", "default": 600},
    }


def run_between_two(options: Mapping[str, Any], source: XendClient) -> TaskResult:
    """Do the work, with a client for the destination if there is a URL for it. Raises XendError."""
    url = options["destination_url"]
    if url is None:
        return run(options, source, None)
    missing = missing_library(url)
    if missing:
        return TaskResult(failure=missing[0])
    connection = {"xend_url": url}
    connection |= {f"xend_{key}": options[f"destination_{key}"] for key in ("username", "password")}
    return run(options, source, open_client({**options, **connection}, read_only=True))


WORK = Work(argument_spec, run_between_two)


def main() -> None:
    """Run the module."""
    run_module(WORK)


if __name__ == "__main__":
    main()
