# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter report_files. What it does is in plugin_utils/report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: report_files
short_description: Write Xen hosts and their guests as a page, CSV and JSON
version_added: 0.1.0
author:
  - dom0.xend contributors (@dom0-xend)
description:
  - Returns one HTML page for all hosts, and the same as CSV and as JSON.
  - The page shows the memory and CPUs of each host, each guest with its disks, addresses and uptime, and what needs attention.
    These are hosts that did not answer, guests that crashed, leftovers of destroyed, saved and migrated guests, and guests
    that are not as they are declared. Below that are the traps of the releases of xend that the hosts have.
  - The page needs nothing but itself. It works without its script, which searches and sorts.
  - The files are the same for the same input. Whatever hosts and guests are called, a name cannot become markup, a script, or a
    formula in a spreadsheet.
  - No password is in them. Kernel command lines are left out, unless they are not as declared.
  - The role P(dom0.xend.report#role) writes the files.
options:
  _input:
    description: A dict for each host, by its name. It is empty for a host of which nothing is known.
    type: dict
    required: true
    suboptions:
      node:
        description: What RV(dom0.xend.xen_node_info#module:node) is for it.
        type: dict
      xend:
        description: What RV(dom0.xend.xen_node_info#module:xend) is for it.
        type: dict
      domains:
        description:
          - What RV(dom0.xend.xen_domain_info#module:domains) is for it.
          - Guests are compared with what is declared only if each has its C(sxp).
        type: list
        elements: dict
      failure:
        description: Why there is no C(node), or no C(domains).
        type: str
      warnings:
        description: Warnings of the modules.
        type: list
        elements: str
      declared:
        description:
          - The guests that the host is meant to have, as C(guests_list) of the role P(dom0.xend.guests#role).
          - Without it, no guest of the host is taken for undeclared or missing. An empty list means that it is to have none.
        type: list
        elements: dict
      defaults:
        description: What they have in common, as C(guests_defaults) of the role P(dom0.xend.guests#role).
        type: dict
  time:
    description: When the hosts were asked, in UTC. It is shown, and uptimes are counted up to it.
    type: str
    required: true
  title:
    description: Title of the page.
    type: str
    default: Xen hosts
requirements:
  - sexpdata, to compare guests with what is declared
seealso:
  - module: dom0.xend.xen_domain_info
  - module: dom0.xend.xen_node_info
"""

EXAMPLES = r"""
- name: Look at the host
  dom0.xend.xen_node_info:
    gather: [release]
  register: xenhost

- name: Look at its guests
  dom0.xend.xen_domain_info:
    sxp: true
  register: xend

- name: Show the table
  ansible.builtin.debug:
    msg: "{{ files[1].content.splitlines() }}"
  vars:
    hosts:
      xen1:
        node: "{{ xenhost.node }}"
        xend: "{{ xenhost.xend }}"
        domains: "{{ xend.domains }}"
      xen2:
        failure: It was not asked.
    files: "{{ hosts | dom0.xend.report_files(time='2026-11-26T08:00:00Z') }}"
"""

RETURN = r"""
_value:
  description: The files, the page first.
  type: list
  elements: dict
  contains:
    path:
      description: Name of the file, C(report.html), C(report.csv) or C(report.json).
      type: str
    content:
      description: What is in it.
      type: str
  sample:
    - path: report.html
      content: "<!DOCTYPE html> ..."
    - path: report.csv
      content: "host,guest,state ..."
    - path: report.json
      content: "{ ..."
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.dom0.xend.plugins.plugin_utils.report.files import files
from ansible_collections.dom0.xend.plugins.plugin_utils.report.model import NotAReport


def report_files(hosts: object, time: object, title: object = "Xen hosts") -> list[dict[str, Any]]:
    """Return the files of a report. Raises AnsibleFilterError for invalid hosts or an invalid time."""
    try:
        return [vars(file) for file in files(hosts, time, title)]
    except NotAReport as error:
        raise AnsibleFilterError(f"dom0.xend.report_files: {error}") from None


class FilterModule:
    """What Ansible asks for filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"report_files": report_files}
