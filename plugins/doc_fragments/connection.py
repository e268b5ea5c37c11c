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
      - URL of xend, as C(unix:///path/to/socket), C(http://host:8000) or C(https://host/path), as seen from the host of the
        task.
      - C(ssh://[user@]host[:port][/path/to/socket]) connects to xend through OpenSSH from the controller. It requires a key,
        and Python 2.3 or later on that host. Without a path, it tries the socket and then port 8000. C(become) has no effect,
        so log in as a user who may open the socket, usually root.
      - xend has no authentication. Whoever can reach its TCP port is root on the host. Use the Unix socket, which only root
        can open, and reach a TCP port through an SSH tunnel. HTTPS is for a proxy in front of xend.
      - Proxies, certificate bundles and C(.netrc) from the environment are not used.
    type: str
    default: unix:///var/lib/xend/xend-socket
  xend_ssh_args:
    description:
      - Arguments for C(ssh) if O(xend_url) begins with C(ssh://), such as V(-J jump.example.org -i ~/.ssh/xen).
      - All requests of a run share one login, as with Ansible's own SSH connection. V(-o ControlMaster=no -o ControlPath=none)
        turns this off.
    type: str
  xend_username:
    description: User name for HTTP basic authentication with a proxy in front of xend.
    type: str
  xend_password:
    description: Password for HTTP basic authentication with a proxy in front of xend.
    type: str
  validate_certs:
    description: Whether to validate HTTPS certificates.
    type: bool
    default: true
  ca_path:
    description: File with the CA certificates to trust for HTTPS, instead of those that come with C(requests).
    type: path
  connect_timeout:
    description: Seconds to wait for a connection to xend.
    type: float
    default: 5
  timeout:
    description:
      - Seconds to wait for xend to send something before the request fails. The complete answer must arrive within 30 more
        seconds.
      - xend 3.0.3 and earlier serve one client at a time. A busy client keeps all others waiting.
    type: float
    default: 30
requirements:
  - python >= 3.9
  - requests
  - sexpdata
notes:
  - The work is done on the controller, which needs the requirements. If the task runs on another host and O(xend_url) is a
    Unix socket or C(http://), each request runs a few lines of Python on that host through Ansible's own connection, with its
    C(become). The host needs Python 2.3 or later for this. Nothing is written to its disk. If neither the task nor its
    C(environment) sets O(xend_url), the socket is tried there, and then port 8000.
  - Every connection option can also be set by an environment variable,
    E(XEND_URL), E(XEND_SSH_ARGS), E(XEND_USERNAME), E(XEND_PASSWORD), E(XEND_VALIDATE_CERTS), E(XEND_CA_PATH),
    E(XEND_CONNECT_TIMEOUT) or E(XEND_TIMEOUT). It is read from the task's C(environment). If the task runs on C(localhost), it
    is also read from the environment of Ansible.
  - Supports xend 3.0.0 to 4.4. The release is detected automatically.
  - A request that makes a change is never sent twice. If xend does not answer, the error says that the request may have been
    carried out. Run the task again to find out.
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
