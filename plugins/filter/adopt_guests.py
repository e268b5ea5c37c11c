# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter adopt_guests. The work is done in plugin_utils/adopt."""

from __future__ import annotations

DOCUMENTATION = r"""
name: adopt_guests
short_description: Make a list of guests from the domains and the config files of a Xen host
version_added: 0.1.0
description:
  - Merges the domains of a xend with the configs in C(/etc/xen) of its host, and returns them as C(guests_list) of the role
    P(dom0.xend.guests#role), with a report of all in which both differ.
  - What lives wins. A file adds what xend does not show, as long as M(dom0.xend.xen_domain) would find nothing to change.
  - Domain-0, and domains that are being destroyed, saved or migrated, are never among the guests.
  - This is what the role P(dom0.xend.adopt#role) does before it writes anything.
author:
  - dom0.xend contributors (@dom0-xend)
options:
  _input:
    description: The domains, as RV(dom0.xend.xen_domain_info#module:domains) with O(dom0.xend.xen_domain_info#module:sxp=true).
    type: list
    elements: dict
    required: true
  host:
    description: Name of the host, for the documents.
    type: str
    required: true
  listing:
    description:
      - What C(files/read.sh) of the role P(dom0.xend.adopt#role) prints on the host. Without it there are no files.
    type: str
  releases:
    description:
      - The releases that xend may be, as RV(dom0.xend.xen_node_info#module:xend.releases). Files are read as xm of the latest of
        them reads them. If it is empty, what xend prints of its domains decides.
    type: list
    elements: str
    default: []
  node:
    description: The host, as RV(dom0.xend.xen_node_info#module:node), for files that ask for it.
    type: dict
    default: {}
requirements:
  - sexpdata
seealso:
  - plugin: dom0.xend.adopt
    plugin_type: role
    description: Reads the host, and writes what this filter returns.
  - plugin: dom0.xend.from_xm_config
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look at all domains
  dom0.xend.xen_domain_info:
    sxp: true
  register: xend

- name: Show what runs as guests_list
  ansible.builtin.debug:
    msg: "{{ (xend.domains | dom0.xend.adopt_guests(host=inventory_hostname)).document }}"
"""

RETURN = r"""
_value:
  description: What there is.
  type: dict
  contains:
    problem:
      description: Why the files could not be read, in one sentence. Empty if they could. There are no guests then.
      type: str
    guests:
      description:
        - The guests, with their passwords.
        - A domain that runs or is paused has that C(state), a halted one that xend manages is V(defined), and the guest of a
          file that does not run is V(stopped).
      type: list
      elements: dict
    secrets:
      description: The passwords of each guest that has any.
      type: dict
    document:
      description: The guests as C(guests.yml), with references to C(guests_secrets) in place of passwords.
      type: str
    secrets_document:
      description: The passwords as C(guests_secrets.yml). Empty if there are none.
      type: str
    report:
      description: What there is to say, without passwords.
      type: dict
      contains:
        release:
          description: The release as which the files were read.
          type: str
        host:
          description: A sentence if the files are perhaps of another host.
          type: list
          elements: str
        adopted:
          description: The names of the guests.
          type: list
          elements: str
        guests:
          description: Sentences about guests, by name.
          type: dict
        left_out:
          description: Why a guest is not adopted, by name.
          type: dict
        files:
          description: Sentences about files, by path.
          type: dict
        messages:
          description: All these sentences.
          type: list
          elements: str
    page:
      description: The report as Markdown.
      type: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.plugin_utils.adopt.estate import CannotAdopt, Estate, survey
from ansible_collections.dom0.xend.plugins.plugin_utils.adopt.files import Listing, NotAListing, listed
from ansible_collections.dom0.xend.plugins.plugin_utils.adopt.report import page, report
from ansible_collections.dom0.xend.plugins.plugin_utils.adopt.written import (
    guests_document,
    secrets_document,
    without_secrets,
)
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.expressions import UNAME

_FROM_NODE = {"sysname": "system", "nodename": "host"}


def adopt_guests(
    domains: Sequence[Mapping[str, Any]],
    host: str,
    listing: Optional[str] = None,
    releases: Sequence[str] = (),
    node: Optional[Mapping[str, Any]] = None,
) -> dict[str, Any]:
    """Return the guests of a host, or the reason why they cannot be adopted."""
    said = {key: (node or {}).get(_FROM_NODE.get(key, key)) for key in UNAME}
    uname = {key: str(value) for key, value in said.items() if value is not None}
    try:
        files = Listing([]) if listing is None else listed(str(listing))
        estate = survey(domains, files, [str(release) for release in releases], uname)
    except (CannotAdopt, NotAListing) as error:  # Returned, not raised: a task with no_log would hide the message.
        return _shown(str(host), Estate(""), str(error))
    return _shown(str(host), estate, "")


def _shown(host: str, estate: Estate, problem: str) -> dict[str, Any]:
    """Return the estate in the form documented above."""
    told, secrets = without_secrets(estate.guests)
    return {
        "problem": problem,
        "guests": estate.guests,
        "secrets": secrets,
        "document": guests_document(host, told),
        "secrets_document": secrets_document(host, secrets) if secrets else "",
        "report": report(estate),
        "page": page(host, estate),
    }


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by their names."""
        return {"adopt_guests": adopt_guests}
