#!/usr/bin/python
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set the credit parameters of a domain. What the module does is in module_utils/schedulers/credit.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: xen_credit
short_description: Set the parameters of the credit scheduler for a Xen domain
version_added: 0.1.0
description:
  - credit shares the CPU time among the domains that want it by their O(weight), and gives none of them more than its
    O(cap).
  - What is not given stays as it is. The result is read back.
  - Xen runs credit by default from 3.0.3 on. Up to 3.0.2 there is none. Where Xen runs another scheduler the task fails,
    and says which one from 3.1 on.
  - A managed domain that is halted has parameters in later releases, which xend keeps for its next start. Up to 3.2 it has
    none, and the task fails.
  - Domain-0 serves the disks and networks of all guests. A O(weight) of less than 26 and a O(cap) from 1 to 9 are not
    set for it. A warning tells of a weight of less than the default, and of any cap.
extends_documentation_fragment:
  - dom0.xend.connection
  - dom0.xend.attributes
  - dom0.xend.attributes.changes
author:
  - dom0.xend contributors (@dom0-xend)
options:
  name:
    description: Name of the domain, not its id or uuid. Domain-0 has parameters, too.
    type: str
    required: true
  weight:
    description:
      - Weight of the domain, from 1 to 65535. A domain starts with 256. With 512 it has twice the time of such a one,
        where both want more.
    type: int
  cap:
    description:
      - The most CPU time that the domain may have, in percent of one CPU, up to 100 for each of its virtual CPUs. V(0)
        means no limit.
      - Up to 3.1 xend drops a cap in silence, so that another one than the domain has is refused there.
    type: int
seealso:
  - module: dom0.xend.xen_sedf
  - module: dom0.xend.xen_domain
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
  description: The parameters after the task, in check mode as they would be.
  type: dict
  returned: success
  contains:
    weight:
      description: Weight, from 1 to 65535.
      type: int
    cap:
      description: Most CPU time in percent of one CPU, 0 for no limit.
      type: int
  sample: {weight: 512, cap: 50}
operations:
  description:
    - What was sent to xend to change something, in check mode what would be.
    - Both parameters from 3.2 on, and only the weight before.
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
