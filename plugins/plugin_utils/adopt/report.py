# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of an adoption, as data and as a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.dom0.xend.plugins.plugin_utils.adopt.estate import Estate
from ansible_collections.dom0.xend.plugins.plugin_utils.out.files import as_markdown


def report(estate: Estate) -> dict[str, Any]:
    """Return the report as data."""
    return {
        "release": estate.release,
        "host": estate.host,
        "adopted": [str(guest["name"]) for guest in estate.guests],
        "guests": estate.notes,
        "left_out": estate.left_out,
        "files": estate.files,
        "messages": list(_messages(estate)),
    }


def _messages(estate: Estate) -> Iterator[str]:
    """Yield every message once."""
    said = [
        *estate.host,
        *(sentence for sentences in estate.notes.values() for sentence in sentences),
        *estate.left_out.values(),
        *(sentence for sentences in estate.files.values() for sentence in sentences),
    ]
    yield from dict.fromkeys(said)


def page(host: str, estate: Estate) -> str:
    """Return the report as Markdown."""
    count = len(estate.guests)
    lines = [
        f"# Guests of {as_markdown(host)}, adopted",
        "",
        f"{count or 'No'} guest{'' if count == 1 else 's'} adopted. The files are read as xm {estate.release} reads them.",
        *(line for sentence in estate.host for line in ("", as_markdown(sentence))),
    ]
    # The few guests with findings come first: on a large host they would be lost among the others.
    titles = {str(guest["name"]): f"{guest['name']} ({guest['state']})" for guest in estate.guests}
    for name, title in titles.items():
        lines += _section(title, estate.notes.get(name, []))
    lines += _section("Not adopted", estate.left_out.values())
    lines += _section("Files", (sentence for sentences in estate.files.values() for sentence in sentences))
    lines += _section(
        "Guests without findings", (title for name, title in titles.items() if not estate.notes.get(name))
    )
    return "\n".join(lines) + "\n"


def _section(title: str, sentences: Iterable[str]) -> list[str]:
    """Return the lines of a section, none if it is empty."""
    items = [f"* {as_markdown(sentence)}" for sentence in sentences]
    return ["", f"## {as_markdown(title)}", "", *items] if items else []
