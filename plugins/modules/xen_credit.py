#!/usr/bin/python
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set the credit parameters of a domain. What the module does is in module_utils/schedulers/credit.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: xen_credit
short_description: Manage the credit scheduler parameters of a Xen domain
version_added: 0.1.0
description:
  - The credit scheduler shares CPU time among the busy domains by their O(weight). No domain gets more than its O(cap).
  - Parameters that are not set stay as they are. The module reads the parameters back.
  - Xen 3.0.3 and later run credit by default. Xen 3.0.2 and earlier do not have it. If Xen runs another scheduler, the task
    fails. On xend 3.1 and later, the error names the scheduler.
  - On xend 3.3 and later, a halted managed domain has parameters, which xend keeps for its next start. On xend 3.2 and
    earlier, it has none and the task fails.
  - Domain-0 serves the disks and networks of all guests. The module refuses a O(weight) of less than 26 and a O(cap) from 1
    to 9 for it. It warns of a weight that is less than the default, and of any cap.
extends_documentation_fragment:
  - dom0.xend.connection
  - dom0.xend.attributes
  - dom0.xend.attributes.changes
author:
  - dom0.xend contributors (@dom0-xend)
options:
  name:
    description: Name of the domain, not its ID or UUID. Domain-0 is allowed.
    type: str
    required: true
  weight:
    description:
      - Weight of the domain, from 1 to 65535. The default of xend is 256. If both are busy, a domain with a weight of 512
        gets twice the CPU time of a domain with 256.
    type: int
  cap:
    description:
      - Maximum CPU time of the domain, in percent of one CPU. The limit is 100 for each of its virtual CPUs. V(0) means no
        cap.
      - xend 3.1 and earlier silently ignore a cap, so the module refuses to change it there.
    type: int
seealso:
  - module: dom0.xend.xen_sedf
  - module: dom0.xend.xen_domain
  - module: dom0.xend.xen_domain_info
"""

EXAMPLES = r"""
- name: Give a domain twice the CPU time of the others
  dom0.xend.xen_credit:
    name: web1
    weight: 512

- name: Limit a domain to half of a CPU, even if the host is idle
  dom0.xend.xen_credit:
    name: web1
    cap: 50

- name: Go back to the defaults
  dom0.xend.xen_credit:
    name: web1
    weight: 256
    cap: 0

- name: Give Domain-0 priority when the guests are busy
  dom0.xend.xen_credit:
    name: Domain-0
    weight: 1024

- name: Get the parameters without a change
  dom0.xend.xen_credit:
    name: web1
  register: web1
"""

RETURN = r"""
credit:
  description: The parameters after the task. In check mode, the parameters as they would be.
  type: dict
  returned: success
  contains:
    weight:
      description: Weight, from 1 to 65535.
      type: int
    cap:
      description: Maximum CPU time in percent of one CPU, or 0 for no limit.
      type: int
  sample: {weight: 512, cap: 50}
operations:
  description:
    - The operations sent to xend to make changes. In check mode, the operations that would be sent.
    - They have both parameters on xend 3.2 and later, and only the weight on xend 3.1 and earlier.
  type: list
  elements: dict
  returned: success
  sample:
    - {op: domain_sched_credit_set, domain: web1, weight: 512, cap: 50}
"""

from ansible_collections.dom0.xend.plugins.module_utils.module import Work, connection_spec, run_module
from ansible_collections.dom0.xend.plugins.module_utils.schedulers.credit import run


def argument_spec() -> dict[str, dict[str, object]]:
    """Return the argument spec, as documented above."""
    return {
        **connection_spec(),
        "name": {"type": "str", "required": True},
        "weight": {"type": "int"},
        "cap": {"type": "int"},
    }


WORK = Work(argument_spec, run)


def main() -> None:
    """Run the module."""
    run_module(WORK)


if __name__ == "__main__":
    main()
