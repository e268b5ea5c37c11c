# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter from_xm_config. The work is done in plugin_utils/xm/options.py."""

from __future__ import annotations

DOCUMENTATION = r"""
name: from_xm_config
short_description: Turn a config file of xm into options of xen_domain
version_added: 0.1.0
author:
  - dom0.xend contributors (@dom0-xend)
description:
  - Reads a file such as those in C(/etc/xen), and returns the options of M(dom0.xend.xen_domain) that describe the same guest.
  - Such a file is a program in Python 2. It is read, never run. Constants, variables, arithmetic, texts, lists, dictionaries,
    conditions, loops and simple functions are followed as Python 2 follows them. What depends on the host, such as a file
    that is opened or a module that is imported, is left out, and a note names it with its line.
  - xm takes the same file differently from release to release, so O(release) decides the result. It has been compared with dry runs of
    xm of all the releases that it can be.
  - A file that xm itself refuses, or that takes more than a config should, is an error. The error names the line, and shows
    no value of the file.
  - Passwords for VNC are among the options, and never in a note or an error.
positional: _input, release
options:
  _input:
    description: Text of the file.
    type: str
    required: true
  release:
    description: Release of xm that the file is for.
    type: str
    required: true
    choices: ['3.0.0', '3.0.2', '3.0.3', '3.0.4', '3.1', '3.2', '3.3', '3.4', '4.0', '4.1', '4.4']
  file:
    description: Name of the file, or its path. xm calls a guest by it if the file says no name.
    type: str
    default: ''
  vmid:
    description: Value of the variable C(vmid), which many files want from the command line of xm.
    type: str
  variables:
    description: Other variables that the file wants from the command line of xm, each as text.
    type: dict
    default: {}
  uname:
    description:
      - What C(os.uname()) says on the host. A dictionary with some of the keys C(sysname), C(nodename), C(release),
        C(version) and C(machine), a list of all five in this order, or only the name of the host.
    type: raw
  hostname:
    description: Name of the host, for files that ask for it.
    type: str
seealso:
  - plugin: dom0.xend.from_xend_sxp
    plugin_type: filter
  - module: dom0.xend.xen_domain
notes:
  - A file holds neither UUID nor MAC address unless someone wrote one. Guests that exist are described better by
    P(dom0.xend.from_xend_sxp#filter).
  - For an C(hvm) guest the image has the defaults of xm, too, which make the machine what it is. Other defaults are left to xend.
"""

EXAMPLES = r"""
- name: Show what a guest is
  ansible.builtin.debug:
    msg: "{{ text | dom0.xend.from_xm_config(release='4.1', file='web1') }}"
  vars:
    text: |
      kernel = "/boot/vmlinuz-2.6-xenU"
      memory = 256
      disk = ['phy:vg0/web1,xvda,w']

- name: Read the file of a guest on its host
  ansible.builtin.slurp:
    src: /etc/xen/web1
  register: web1_file

- name: Ensure that the guest runs as the file describes it
  vars:
    web1: "{{ web1_file.content | b64decode | dom0.xend.from_xm_config(release='3.2', file='web1', hostname=inventory_hostname) }}"
  dom0.xend.xen_domain:
    name: "{{ web1.options.name }}"
    memory: "{{ web1.options.memory }}"
    image: "{{ web1.options.image }}"
    vbds: "{{ web1.options.vbds | default(omit) }}"
    vifs: "{{ web1.options.vifs | default(omit) }}"
"""

RETURN = r"""
_value:
  description: What the file says.
  type: dict
  contains:
    options:
      description: Options of M(dom0.xend.xen_domain). Only those that the file or xm sets are there.
      type: dict
      sample: {name: web1, memory: 256, vcpus: 1, image: {type: linux, kernel: /boot/vmlinuz-2.6-xenU}}
    notes:
      description:
        - What has no equal, is not known or means nothing to xm, each with its line where it has one.
        - If M(dom0.xend.xen_domain) would refuse to create the domain, a note says why.
      type: list
      elements: str
      sample: ["line 4: memory is not known, as it depends on os.environ"]
"""

from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.dom0.xend.plugins.plugin_utils.xm.errors import XmError
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.expressions import UNAME
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.options import convert


def from_xm_config(
    text: object,
    release: object,
    file: str = "",
    vmid: object = None,
    variables: Mapping[str, object] | None = None,
    uname: object = None,
    hostname: str | None = None,
) -> dict[str, object]:
    """Return the options of a config file, and notes. Raises AnsibleFilterError for a file that is refused."""
    if not isinstance(text, str):
        raise AnsibleFilterError("from_xm_config: the text of a config file is needed")
    said = {str(name): str(value) for name, value in (variables or {}).items()}
    if vmid is not None:
        said["vmid"] = str(vmid)
    try:
        options, notes = convert(str(text), str(release), host=_host(uname, hostname), variables=said, file=str(file))
    except XmError as error:
        raise AnsibleFilterError(f"from_xm_config: {error}") from None
    return {"options": options, "notes": notes}


def _host(uname: object, hostname: str | None) -> dict[str, str]:
    """Return what is known of os.uname(). Raises AnsibleFilterError."""
    if isinstance(uname, Mapping):
        known = {str(key): str(value) for key, value in uname.items() if key in UNAME}
    elif isinstance(uname, (list, tuple)) and len(uname) == len(UNAME):
        known = dict(zip(UNAME, map(str, uname), strict=True))
    elif isinstance(uname, str):
        known = {"nodename": str(uname)}
    elif uname is None:
        known = {}
    else:
        raise AnsibleFilterError(
            f"from_xm_config: uname must be a dictionary of {', '.join(UNAME)}, or a list of these five"
        )
    return {**known, "nodename": str(hostname)} if hostname is not None else known


class FilterModule:
    """The filter, as Ansible looks for it."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"from_xm_config": from_xm_config}
