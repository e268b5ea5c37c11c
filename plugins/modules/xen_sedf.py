#!/usr/bin/python
# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set the sedf parameters of a domain. What the module does is in module_utils/_sedf.py."""

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
  - Xen runs sedf by default up to 3.0.2, and later with C(sched=sedf) on its command line.
extends_documentation_fragment:
  - dom0.xend.connection
  - dom0.xend.attributes
  - dom0.xend.attributes.changes
author:
  - dom0.xend contributors (@dom0-xend)
options:
  name:
    description: Name of the domain. Domain-0 has parameters, too.
    type: str
    required: true
  period:
    description:
      - How long a period is, such as V(20ms), V(500us) or V(1s). A number without a unit means nanoseconds.
      - From 3.0.2 on the hypervisor wants a time between 10 us and 10 s.
    type: str
  slice:
    description: CPU time guaranteed in each period, such as V(5ms). A number without a unit means nanoseconds.
    type: str
  latency:
    description: Scaling period for a domain that does much I/O. A number without a unit means nanoseconds.
    type: str
  extratime:
    description: Whether the domain may have CPU time that is left over.
    type: bool
  weight:
    description:
      - Share of the domain, from 1 to 32767, where the hypervisor is to compute period and slice. V(0) means that it is not.
      - Not to be had together with O(period) or O(slice).
    type: int
seealso:
  - module: dom0.xend.xen_domain
"""

EXAMPLES = r"""
- name: Give a domain 5 ms of every 20 ms, and what is left over
  dom0.xend.xen_sedf:
    name: web1
    period: 20ms
    slice: 5ms
    extratime: true

- name: Give it a share by weight instead
  dom0.xend.xen_sedf:
    name: web1
    weight: 256

- name: Look at the parameters
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
      description: Period in nanoseconds. In check mode not yet what the hypervisor computes from a weight.
      type: int
    slice:
      description: Slice in nanoseconds. In check mode not yet what the hypervisor computes from a weight.
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
  description: What was sent to xend to change something, in check mode what would be.
  type: list
  elements: dict
  returned: success
  sample:
    - {op: cpu_sedf_set, domain: web1, period: 20000000, slice: 5000000, latency: 0, extratime: 1, weight: 0}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.dom0.xend.plugins.module_utils._errors import XendError
from ansible_collections.dom0.xend.plugins.module_utils._module import connection_spec, open_client, require_libraries
from ansible_collections.dom0.xend.plugins.module_utils._sedf import ensure_sedf, wanted


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


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    require_libraries(module)
    name = module.params["name"]
    try:
        given = wanted(module.params)
        client = open_client(module.params, read_only=module.check_mode)
        outcome = ensure_sedf(client, name, given)
    except XendError as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=outcome.sent is not None,
        sedf=outcome.after.as_dict(),
        operations=[{"op": "cpu_sedf_set", "domain": name, **outcome.sent}] if outcome.sent else [],
        diff={"before": outcome.before.as_dict(), "after": outcome.after.as_dict()},
    )


if __name__ == "__main__":
    main()
