#!/usr/bin/python
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declare many Xen domains. What the module does is in module_utils/plan/many.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: xen_domains
short_description: Declare many Xen domains on a host that runs xend, in one task
version_added: 0.1.0
description:
  - Brings each domain of a list to the state that M(dom0.xend.xen_domain) would bring it to, with the same options. The task
    waits for all domains at the same time, so shutting down fifty guests takes as long as the slowest of them.
  - The module requests xend's list once. On xend 3.0.3 and earlier it shows all domains, on later releases those that run.
    While the task waits for several domains, it requests the list at most twice a second.
  - If one domain fails, the others are still processed, unless they come after it (O(domains)). The task then fails at its end
    and names each failed domain with the reason.
  - The whole list is checked before anything is sent. Two entries of one name, one file for the memory of two domains, and an
    C(after) that names no entry or goes in a circle are refused.
  - Operations that xend answers only when they are done, such as to save a domain or to wait for its devices, are sent one
    after the other.
extends_documentation_fragment:
  - dom0.xend.connection
  - dom0.xend.attributes
  - dom0.xend.attributes.changes
author:
  - dom0.xend contributors (@dom0-xend)
options:
  domains:
    description:
      - The domains, each a dictionary with the options of M(dom0.xend.xen_domain). Those of the connection, such as
        O(xend_url), are options of the task only. C(name) is required.
      - C(after) is a list of names of other entries. The domain is dealt with once they all are as declared, and skipped
        if one of them fails. It starts nothing by itself, and its order is the same for what comes up and what goes down.
      - An option that is V(null) is as if it were not there, so that an entry can do without a default.
    type: list
    elements: dict
    required: true
  defaults:
    description:
      - Options for all entries, where the entry has the last word. A dictionary, such as C(image), is merged key by key.
        A list, such as C(vbds), is taken or replaced as a whole.
      - An entry with a C(config) takes none of the defaults that a config stands for.
      - C(name), C(new_name), C(after), C(uuid), C(config), C(save_file) and C(restore_file) belong to one domain only.
    type: dict
  serial:
    description:
      - How many domains are dealt with at a time. V(0) is all of them.
    type: int
    default: 0
  max_fail:
    description:
      - How many domains may fail before no other one is begun. V(0) stops with the first failure. What has been begun is
        brought to its end, so this is of little use without O(serial) or C(after).
      - By default there is no limit, as in a loop over M(dom0.xend.xen_domain).
    type: int
notes:
  - A task that is interrupted, by Ctrl-C, a signal or its C(timeout), shows what it has sent.
  - In a terminal, or with C(-v), each domain that is done is shown at once, and every 10 seconds those that are waited for.
  - xend 3.1 and earlier destroy a guest that does not shut down in time. The module detects that from the time that the
    shutdown took. The time is measured too long while another domain keeps the task busy, for example with a save.
seealso:
  - module: dom0.xend.xen_domain
  - module: dom0.xend.xen_domain_info
"""

EXAMPLES = r"""
- name: Ensure that a database and a web server run, in this order
  dom0.xend.xen_domains:
    defaults:
      memory: 128
      image:
        kernel: /boot/vmlinuz-2.6-xenU
        root: /dev/sda1 ro
    domains:
      - name: db1
        memory: 256
        vbds:
          - uname: phy:vg0/db1
            dev: sda1
            mode: w
      - name: web2
        after: [db1]
        image:
          args: console=xvc0
        vbds:
          - uname: phy:vg0/web2
            dev: sda1
            mode: w

- name: Shut down several guests, each at most two minutes long, and remove one
  dom0.xend.xen_domains:
    defaults:
      state: stopped
      shutdown_timeout: 120
      on_shutdown_timeout: destroy
    domains:
      - name: web1
      - name: web2
      - name: db1
        state: absent
        after: [web1, web2]

- name: Stop at the first guest that does not come up, two at a time
  dom0.xend.xen_domains:
    serial: 2
    max_fail: 0
    defaults:
      memory: 64
      image:
        kernel: /boot/vmlinuz-2.6-xenU
    domains:
      - name: worker1
      - name: worker2
      - name: worker3
"""

RETURN = r"""
domains:
  description:
    - What came of each domain, in the order of O(domains).
    - Besides what is described here, each has what M(dom0.xend.xen_domain) returns for it, which is C(domain), C(drift),
      C(not_compared), C(shutdown_outcome), C(removed_config) and C(log).
  type: list
  elements: dict
  returned: when the list was not refused, and xend answered
  contains:
    name:
      description: The C(name) of the entry.
      type: str
    changed:
      description: Whether something was sent for it, or in check mode would be.
      type: bool
    failed:
      description: Whether it is not as declared.
      type: bool
    skipped:
      description: V(true) if nothing was done, because of another domain that failed.
      type: bool
      returned: when it was skipped
    msg:
      description: Why it failed or was skipped.
      type: str
      returned: when it failed or was skipped
    operations:
      description: What was sent for it.
      type: list
      elements: dict
  sample:
    - name: web1
      changed: true
      failed: false
      operations:
        - {op: shutdown, domain: web1, reason: poweroff}
      domain: null
      drift: []
      not_compared: []
      shutdown_outcome: clean
    - name: web2
      changed: false
      failed: true
      msg: "xend at unix:///var/lib/xend/xend-socket refused shutdown: busy"
      operations: []
    - name: db1
      changed: false
      failed: false
      skipped: true
      msg: it comes after web2, which failed
      operations: []
operations:
  description:
    - What was sent to xend to change something, for all domains in the order in which it was sent.
    - In check mode, what would be sent. Nothing is waited for then, so the order among domains may differ.
  type: list
  elements: dict
  returned: always
  sample:
    - {op: shutdown, domain: web1, reason: poweroff}
"""

from typing import Any

from ansible_collections.dom0.xend.plugins.module_utils.module import Work, connection_spec, run_module
from ansible_collections.dom0.xend.plugins.module_utils.plan.many import run


def argument_spec() -> dict[str, dict[str, Any]]:
    """Return the argument spec, as documented above."""
    return {
        **connection_spec(),
        "domains": {"type": "list", "elements": "dict", "required": True},
        "defaults": {"type": "dict"},
        "serial": {"type": "int", "default": 0},
        "max_fail": {"type": "int"},
    }


WORK = Work(argument_spec, run)


def main() -> None:
    """Run the module."""
    run_module(WORK)


if __name__ == "__main__":
    main()
