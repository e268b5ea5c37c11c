# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sphinx's settings for the site that `make docs` builds; nothing here asks the network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Optional

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "dom0.xend"
copyright = "2026 dom0.xend contributors"  # noqa: A001 - Sphinx's name
title = "dom0.xend"
html_short_title = "dom0.xend"

extensions = ["sphinx_antsibull_ext", "myst_parser"]
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
myst_heading_anchors = 2

html_theme = "sphinx_ansible_theme"
html_theme_options = {"topbar_links": {}, "documentation_home_url": "index.html", "vcs_pageview_mode": "blob"}
html_static_path = ["static"]
html_css_files = ["releases.css"]
html_show_sphinx = False
html_show_sourcelink = False
html_use_smartypants = False  # a command is copied from a sentence, too
html_use_index = False
html_copy_source = False

ANSIBLE = "https://docs.ansible.com/ansible/latest/"
ELSEWHERE = {
    "ansible_configuration_settings": "reference_appendices/config.html",
    "action_plugins": "plugins/action.html",
    "callback_plugins": "plugins/callback.html",
    "common_return_values": "reference_appendices/common_return_values.html",
    "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "reference_appendices/config.html#inventory-any-unparsed-is-failed",
}
"""What the generated pages refer to in Ansible's own documentation. Any other reference that leads nowhere is an error."""


def link_to_ansible(_app: Sphinx, _env: object, wanted: Any, words: nodes.Node) -> Optional[nodes.Node]:
    """Return a link for a reference to Ansible's own documentation, None for others."""
    builtin = re.fullmatch(
        r"ansible_collections\.ansible\.builtin\.(\w+_(?:module|lookup|filter|test))", wanted["reftarget"]
    )
    page = f"collections/ansible/builtin/{builtin[1]}.html" if builtin else ELSEWHERE.get(wanted["reftarget"])
    return nodes.reference("", "", words, internal=False, refuri=ANSIBLE + page) if page else None


def stay_inside(_app: Sphinx, document: str, source: list[str]) -> None:
    """Keep only the words of a link to a file that is in the clone, and not on the site."""
    if document in {"TRAPS", "WIRE"}:
        source[0] = re.sub(r"\[([^\]]+)\]\(\.\./[^)]+\)", r"`\1`", source[0])


def setup(app: Sphinx) -> None:
    """Have Sphinx call the above."""
    app.connect("missing-reference", link_to_ansible)
    app.connect("source-read", stay_inside)
