#!/usr/bin/python
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set the sedf parameters of a domain. What the module does is in module_utils/schedulers/sedf.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: xen_sedf
short_description: Set the parameters of the sedf scheduler for a Xen domain
version_added: 0.1.0
description:
  - sedf gives a domain a O(slice) of CPU time in every O(period), for each of its virtual CPUs, and shares what is left
    among those with O(extratime).
  - What is not given stays as it is. The result is read back, because up to 3.0.4 xend reports success where the
    hypervisor refused.
  - Xen runs sedf by default up to 3.0.2, and later with C(sched=sedf) on its command line. Where it runs another
    scheduler the task fails, and says which one from 3.1 on.
  - A domain that does not run has no parameters.
  - Domain-0 serves the disks and networks of all guests. Without O(extratime) it is not set to less than 10 percent of
    the time, nor to standing still for more than a second, nor to a O(weight), where nobody knows what it comes to. With
    O(extratime) a warning tells of a small guarantee.
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
  period:
    description:
      - How long a period is, such as V(20ms), V(500us) or V(1s). A number without a unit means nanoseconds.
      - From 3.0.2 on the hypervisor wants a time between 10 us and 10 s.
    type: str
  slice:
    description:
      - CPU time guaranteed in each period, and not longer than that, such as V(5ms). A number without a unit means
        nanoseconds.
      - From 3.0.2 on the hypervisor wants 5 us or more. A guest starts with V(0), which cannot be set again, so that to
        change anything of such a guest a slice has to be given as well, or a O(weight).
    type: str
  latency:
    description: Scaling period for a domain that does much I/O. A number without a unit means nanoseconds.
    type: str
  extratime:
    description: Whether the domain may have CPU time that is left over.
    type: bool
  weight:
    description:
      - Share of the domain, from 1 to 32767, where the hypervisor is to compute the slice. The period then is 100 ms.
        V(0) means that it is not to.
      - Not to be had together with O(period) or O(slice). To set these for a domain that has a weight, give V(0) as well.
    type: int
seealso:
  - module: dom0.xend.xen_credit
  - module: dom0.xend.xen_domain
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
  description: The parameters after the task, in check mode as they would be.
  type: dict
  returned: success
  contains:
    period:
      description: Period in nanoseconds.
      type: int
    slice:
      description:
        - Slice in nanoseconds.
        - In check mode V(null) where something would be changed and the domain has a weight. Only the hypervisor, which
          knows the weights of all domains, can tell it.
      type: int
    latency:
      description: Latency in nanoseconds.
      type: int
    extratime:
      description: Whether the domain has what is left over.
      type: bool
    weight:
      description: Weight, 0 for none.
      type: int
  sample: {period: 20000000, slice: 5000000, latency: 0, extratime: true, weight: 0}
operations:
  description:
    - What was sent to xend to change something, in check mode what would be.
    - The hypervisor takes no notice of a slice that is sent with a weight.
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
