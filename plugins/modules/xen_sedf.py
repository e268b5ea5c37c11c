#!/usr/bin/python
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set the sedf parameters of a domain. What the module does is in module_utils/schedulers/sedf.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: xen_sedf
short_description: Manage the sedf scheduler parameters of a Xen domain
version_added: 0.1.0
description:
  - The sedf scheduler gives each virtual CPU of a domain a O(slice) of CPU time in every O(period). It shares the CPU time
    that is left over among the domains with O(extratime=true).
  - Parameters that are not set stay as they are. The module reads the parameters back, because xend 3.0.4 and earlier
    report success even if the hypervisor refuses them.
  - Xen 3.0.2 and earlier run sedf by default. Later releases run it with C(sched=sedf) on their command line. If Xen runs
    another scheduler, the task fails. On xend 3.1 and later, the error names the scheduler.
  - A domain that does not run has no parameters.
  - Domain-0 serves the disks and networks of all guests. With O(extratime=false), the module refuses for Domain-0 less
    than 10 percent of the CPU time, a gap of more than a second without CPU time, and a O(weight), because its effect
    depends on the weights of all guests. With O(extratime=true), it warns of a small guarantee.
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
  period:
    description:
      - Length of a period, such as V(20ms), V(500us) or V(1s). A number without a unit is in nanoseconds.
      - On Xen 3.0.2 and later, it must be between 10 us and 10 s.
    type: str
  slice:
    description:
      - Guaranteed CPU time in each period, such as V(5ms). It cannot be longer than the period. A number without a unit is
        in nanoseconds.
      - On Xen 3.0.2 and later, it must be 5 us or more. A guest starts with V(0), which cannot be set again. To change another
        parameter of such a guest, also set a slice or a O(weight).
    type: str
  latency:
    description: Scaling period for a domain with much I/O. A number without a unit is in nanoseconds.
    type: str
  extratime:
    description: Whether the domain may use CPU time that is left over.
    type: bool
  weight:
    description:
      - Relative share of the domain, from 1 to 32767. The hypervisor computes the slice from it, with a period of 100 ms.
        V(0) means no weight.
      - A weight other than V(0) is mutually exclusive with O(period) and O(slice). To set these for a domain that has a
        weight, also set O(weight=0).
    type: int
seealso:
  - module: dom0.xend.xen_credit
  - module: dom0.xend.xen_domain
  - module: dom0.xend.xen_domain_info
"""

EXAMPLES = r"""
- name: Give a domain 5 ms of every 20 ms, and a share of the CPU time left over
  dom0.xend.xen_sedf:
    name: web1
    period: 20ms
    slice: 5ms
    extratime: true

- name: Use a weight instead
  dom0.xend.xen_sedf:
    name: web1
    weight: 256

- name: Go back to 5 ms of every 20 ms, and no more
  dom0.xend.xen_sedf:
    name: web1
    period: 20ms
    slice: 5ms
    weight: 0
    extratime: false

- name: Guarantee Domain-0 half of the CPU time
  dom0.xend.xen_sedf:
    name: Domain-0
    period: 20ms
    slice: 10ms

- name: Get the parameters without a change
  dom0.xend.xen_sedf:
    name: web1
  register: web1
"""

RETURN = r"""
sedf:
  description: The parameters after the task. In check mode, the parameters as they would be.
  type: dict
  returned: success
  contains:
    period:
      description: Period in nanoseconds.
      type: int
    slice:
      description:
        - Slice in nanoseconds.
        - V(null) in check mode if the task would change a parameter and the domain has a weight. Only the hypervisor, which
          knows the weights of all domains, can compute it.
      type: int
    latency:
      description: Latency in nanoseconds.
      type: int
    extratime:
      description: Whether the domain may use CPU time that is left over.
      type: bool
    weight:
      description: Weight, or 0 for no weight.
      type: int
  sample: {period: 20000000, slice: 5000000, latency: 0, extratime: true, weight: 0}
operations:
  description:
    - The operations sent to xend to make changes. In check mode, the operations that would be sent.
    - The hypervisor ignores a slice that is sent with a weight.
  type: list
  elements: dict
  returned: success
  sample:
    - {op: cpu_sedf_set, domain: web1, period: 20000000, slice: 5000000, latency: 0, extratime: 1, weight: 0}
"""

from ansible_collections.dom0.xend.plugins.module_utils.module import Work, connection_spec, run_module
from ansible_collections.dom0.xend.plugins.module_utils.schedulers.sedf import run


def argument_spec() -> dict[str, dict[str, object]]:
    """Return the argument spec, as documented above."""
    return {
        **connection_spec(),
        "name": {"type": "str", "required": True},
        "period": {"type": "str"},
        "slice": {"type": "str"},
        "latency": {"type": "str"},
        "extratime": {"type": "bool"},
        "weight": {"type": "int"},
    }


WORK = Work(argument_spec, run)


def main() -> None:
    """Run the module."""
    run_module(WORK)


if __name__ == "__main__":
    main()
