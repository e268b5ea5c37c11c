# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter to_libvirt_xml. What it does is in plugin_utils/out/libvirt.py."""

from __future__ import annotations

DOCUMENTATION = r"""
name: to_libvirt_xml
short_description: Write a Xen domain as XML for libvirt
version_added: 0.1.0
author:
  - dom0.xend contributors (@dom0-xend)
description:
  - Returns the XML with which C(virsh define) makes the domain known to libvirt's Xen driver.
  - What is not carried over, or not as it was, is in the notes, a sentence for each.
  - Tried with C(virt-xml-validate) and C(virsh define) of libvirt 9.0.
  - A text with a VNC password holds it in clear text, as the new host needs it. No note ever holds one. Write the text to
    a file with mode V(0600), in a task with C(no_log).
options:
  _input:
    description:
      - A domain as M(dom0.xend.xen_domain_info) returns it, best with O(dom0.xend.xen_domain_info#module:sxp=true), or a
        dictionary with the options of M(dom0.xend.xen_domain), C(config) and C(extra_config) included.
      - It must have a name and C(memory).
    type: dict
    required: true
requirements:
  - sexpdata, if there is an s-expression in the input
seealso:
  - plugin: dom0.xend.to_xl_config
    plugin_type: filter
  - plugin: dom0.xend.export_files
    plugin_type: filter
  - module: dom0.xend.xen_domain_info
"""

EXAMPLES = r"""
- name: Look at a domain
  dom0.xend.xen_domain_info:
    name: web1
    sxp: true
  register: web1

- name: Write a definition for libvirt
  ansible.builtin.copy:
    content: "{{ (web1.domains[0] | dom0.xend.to_libvirt_xml).text }}"
    dest: web1.xml
    mode: "0600"
  delegate_to: localhost
  no_log: true

- name: Show what is not in it
  ansible.builtin.debug:
    msg: "{{ (web1.domains[0] | dom0.xend.to_libvirt_xml).notes }}"
"""

RETURN = r"""
_value:
  description: The text, and what is not in it.
  type: dict
  contains:
    text:
      description: The XML, indented.
      type: str
    notes:
      description: What is not carried over, or not as it was, a sentence for each.
      type: list
      elements: str
  sample:
    text: "..."
    notes:
      - The file '/boot/vmlinuz-2.6-xenU' has to be on the new host.
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.dom0.xend.plugins.plugin_utils.out.libvirt import to_libvirt
from ansible_collections.dom0.xend.plugins.plugin_utils.out.values import NotADomain


def to_libvirt_xml(domain: object) -> dict[str, Any]:
    """Return a domain as text and notes. Raises AnsibleFilterError for input that is no domain."""
    try:
        done = to_libvirt(domain)
    except NotADomain as error:
        raise AnsibleFilterError(f"dom0.xend.to_libvirt_xml: {error}") from None
    return {"text": done.text, "notes": done.notes}


class FilterModule:
    """What Ansible asks for filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"to_libvirt_xml": to_libvirt_xml}
