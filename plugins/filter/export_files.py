# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter export_files. What it does is in plugin_utils/out/files.py."""

from __future__ import annotations

DOCUMENTATION = r"""
name: export_files
short_description: Write the Xen domains of a host as files for xl and libvirt, with an index
version_added: 0.1.0
author:
  - dom0.xend contributors (@dom0-xend)
description:
  - Returns a file for each domain and format, and a page that says of each what could not be carried over, and why.
  - Domain-0 and domains that are being destroyed are left out. The page says so.
  - The names of files are made from those of guests, with C(_) for all but letters, digits and the signs C(_), C(.), C(+)
    and C(-), and C(_) before what could be taken for an option or a hidden file. A name that is not the guest's own ends in
    eight digits of its hash.
  - The content may hold VNC passwords in clear text. Write it with mode V(0600), in a task with C(no_log). The page holds
    none.
  - The role P(dom0.xend.export#role) writes them.
options:
  _input:
    description: Domains as M(dom0.xend.xen_domain_info) returns them, best with O(dom0.xend.xen_domain_info#module:sxp=true).
    type: list
    elements: dict
    required: true
  host:
    description: Name of the host, for the folder and the page.
    type: str
    required: true
  formats:
    description: What to write, V(xl) for C(.cfg) and V(libvirt) for C(.xml).
    type: list
    elements: str
    choices: [xl, libvirt]
    default: [xl, libvirt]
requirements:
  - sexpdata, if there are s-expressions in the input
seealso:
  - plugin: dom0.xend.to_xl_config
    plugin_type: filter
  - plugin: dom0.xend.to_libvirt_xml
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look at all domains
  dom0.xend.xen_domain_info:
    sxp: true
  register: xend

- name: Show the page
  ansible.builtin.debug:
    msg: "{{ (xend.domains | dom0.xend.export_files(host='xen1') | first).content }}"
"""

RETURN = r"""
_value:
  description: The files, the page first.
  type: list
  elements: dict
  contains:
    path:
      description: Name of the file in the folder of the host, as in C(xen1/web1.cfg).
      type: str
    content:
      description: What is in it.
      type: str
  sample:
    - path: xen1/index.md
      content: "# Guests of xen1 ..."
    - path: xen1/web1.cfg
      content: "name = 'web1' ..."
"""

from collections.abc import Callable
from typing import Any, Optional

from ansible.errors import AnsibleFilterError

from ansible_collections.dom0.xend.plugins.plugin_utils.out.files import FORMATS, export
from ansible_collections.dom0.xend.plugins.plugin_utils.out.values import NotADomain


def export_files(domains: object, host: object, formats: Optional[list[str]] = None) -> list[dict[str, Any]]:
    """Return the files of an export. Raises AnsibleFilterError for invalid input."""
    wanted = list(FORMATS) if formats is None else formats
    unknown = [each for each in wanted if each not in FORMATS]
    if unknown or not wanted:
        raise AnsibleFilterError(
            f"dom0.xend.export_files: formats are {' and '.join(FORMATS)}, not {unknown or wanted}"
        )
    try:
        return [vars(file) for file in export(domains, str(host), wanted)]
    except NotADomain as error:
        raise AnsibleFilterError(f"dom0.xend.export_files: {error}") from None


class FilterModule:
    """What Ansible asks for filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"export_files": export_files}
