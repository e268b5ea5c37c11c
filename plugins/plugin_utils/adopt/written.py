# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that adopt writes for a host: guests.yml, and guests_secrets.yml with the secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import yaml

from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import SECRETS, expression_without_secrets
from ansible_collections.dom0.xend.plugins.plugin_utils.out.files import safe_file_name

_TEMPLATE = re.compile(r"\{[{%#]")


class Reference(str):
    """A text that is meant as a template."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes YAML that Ansible reads back unchanged: a text that looks like a template gets ``!unsafe``."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out."""
        del data
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists, too."""
        del indentless
        super().increase_indent(flow, indentless=False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """Return a text, with the mark if it needs it."""
    if _TEMPLATE.search(text):
        return dumper.represent_scalar("!unsafe", text, style="'")
    return dumper.represent_str(text)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(
    Reference, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def without_secrets(guests: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Return the guests with references in place of secrets, and the secrets of each guest that has any."""
    told, secrets = [], {}
    for guest in guests:
        key = safe_file_name(str(guest["name"]))
        kept: dict[str, Any] = {}
        told.append(_one_without_secrets(deepcopy(dict(guest)), key, kept))
        if kept:
            secrets[key] = kept
    return told, secrets


def _one_without_secrets(guest: dict[str, Any], key: str, kept: dict[str, Any]) -> dict[str, Any]:
    """Return a guest with references, and add its secrets to *kept*."""

    def hide(place: dict[str, Any] | list[Any], at: Any, name: str) -> None:
        kept[name] = place[at]
        place[at] = Reference(f"{{{{ guests_secrets['{key}']['{name}'] }}}}")

    for number, vfb in enumerate(guest.get("vfbs") or ()):
        for word in set(SECRETS) & set(vfb):
            hide(vfb, word, f"vfb{number}_{word}")
    options = (guest.get("image") or {}).get("options") or {}
    for word in sorted(set(SECRETS) & set(options)):
        hide(options, word, f"image_{word}")
    extra = guest.get("extra_config") or []
    for number, text in enumerate(extra):
        if expression_without_secrets(text) != text:
            hide(extra, number, f"extra_config{number}")
    return guest


def guests_document(host: str, guests: Sequence[Mapping[str, Any]]) -> str:
    """Return guests.yml, with references to secrets."""
    head = f"# The guests of {_line(host)}, as the role dom0.xend.adopt has found them.\n"
    return f"---\n{head}{_dumped({'guests_list': list(guests)})}"


def secrets_document(host: str, secrets: Mapping[str, Mapping[str, Any]]) -> str:
    """Return guests_secrets.yml."""
    head = f"# Passwords of the guests of {_line(host)}. Encrypt this file: ansible-vault encrypt guests_secrets.yml\n"
    return f"---\n{head}{_dumped({'guests_secrets': dict(secrets)})}"


def _line(text: str) -> str:
    """Return a text for a comment."""
    return " ".join(text.split())


def _dumped(value: object) -> str:
    """Return a value as YAML."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=200, default_flow_style=False)
