# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options, documented once. Their argument spec is module_utils/module.py's connection_spec."""

from __future__ import annotations


class ModuleDocFragment:
    """How to reach xend."""

    DOCUMENTATION = r"""
options:
  xend_url:
    description:
      - Where xend listens, as C(unix:///path/to/socket), C(http://host:8000) or C(https://host/path), seen from the host
        of the task.
      - Or C(ssh://[user@]host[:port][/path/to/socket]), to reach xend through OpenSSH from the controller. It takes a key,
        and any Python on that host, of 2.3 or later. Without a path, the socket is looked for, and then port 8000.
        C(become) has no effect there, so log in as a user who may open the socket, usually root.
      - xend has no authentication. Whoever can reach its TCP port owns the host, so prefer the Unix socket,
        which is open to root alone, and reach a TCP port through an SSH tunnel.
        HTTPS is for a proxy in front of xend.
      - Proxies, certificate bundles and C(.netrc) of the environment are not used.
    type: str
    default: unix:///var/lib/xend/xend-socket
  xend_ssh_args:
    description:
      - Arguments for C(ssh) where O(xend_url) begins with C(ssh://), such as V(-J jump.example.org -i ~/.ssh/xen).
      - All requests of a run share one login, as with Ansible's own connection, unless these arguments say otherwise, as
        V(-o ControlMaster=no -o ControlPath=none) does.
    type: str
  xend_username:
    description: User name for HTTP basic authentication with a proxy in front of xend.
    type: str
  xend_password:
    description: Password for HTTP basic authentication with a proxy in front of xend.
    type: str
  validate_certs:
    description: Whether an HTTPS certificate must be valid.
    type: bool
    default: true
  ca_path:
    description: File with the certificates to trust for HTTPS, instead of those that come with C(requests).
    type: path
  connect_timeout:
    description: Seconds to wait for a connection to xend.
    type: float
    default: 5
  timeout:
    description:
      - Seconds that xend may stay silent before a request is given up. The whole answer must be there 30 s later.
      - Up to 3.0.3 xend serves one client after the other. A busy one keeps all others waiting.
    type: float
    default: 30
requirements:
  - python >= 3.9
  - requests
  - sexpdata
notes:
  - The work is done where Ansible runs, and the requirements are for that machine. Where the task is for another host and
    O(xend_url) is a Unix socket or C(http://), a few lines of Python run there for each request, through Ansible's own
    connection and with its C(become). The host
    needs a Python of 2.3 or later for that, and nothing is written to its disk. If neither the task nor its C(environment)
    names a xend, the socket is looked for there, and then port 8000.
  - Every option of the connection can also come from an environment variable, that of the task's C(environment), or that of
    Ansible itself if the task is for C(localhost),
    E(XEND_URL), E(XEND_SSH_ARGS), E(XEND_USERNAME), E(XEND_PASSWORD), E(XEND_VALIDATE_CERTS), E(XEND_CA_PATH),
    E(XEND_CONNECT_TIMEOUT) or E(XEND_TIMEOUT).
  - Every release of xend from 3.0.0 to 4.4 is meant. Which one answers is told from its answers.
  - A request that changes something is never sent twice. Where no answer came, the error says that it may have been
    carried out, and the next run of the task finds out.
"""

    # Plugins read the environment through their documentation; modules do so in connection_spec().
    PLUGIN = r"""
options:
  xend_url:
    env:
      - name: XEND_URL
  xend_ssh_args:
    env:
      - name: XEND_SSH_ARGS
  xend_username:
    env:
      - name: XEND_USERNAME
  xend_password:
    env:
      - name: XEND_PASSWORD
  validate_certs:
    env:
      - name: XEND_VALIDATE_CERTS
  ca_path:
    env:
      - name: XEND_CA_PATH
  connect_timeout:
    env:
      - name: XEND_CONNECT_TIMEOUT
  timeout:
    env:
      - name: XEND_TIMEOUT
"""
