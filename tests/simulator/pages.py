# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML that xend sends to browsers, as far as it was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .domains import Domain
    from .host import Host

_TOP = "<html><head></head><body>"
_END = "</body></html>"
_DIRECTORY_FORMS = (
    '<form method="post" action="{url}" enctype="multipart/form-data">'
    '<button type="submit" name="op" value="create">Create Domain</button>'
    'Config <input type="file" name="config"><br></form>'
    '<form method="post" action="{url}" enctype="multipart/form-data">'
    '<button type="submit" name="op" value="restore">Restore Domain</button>'
    'State <input type="string" name="state"><br></form>'
)
_REASON_BUTTONS = "".join(
    f'<input type="radio" name="reason" value="{value}"{checked}>{value.capitalize()}'
    for value, checked in (("poweroff", " checked"), ("halt", ""), ("reboot", ""))
)
_RESET_FORM = '<input type="submit" name="op" value="reset">'
_DOMAIN_FORMS = (
    '<input type="submit" name="op" value="unpause"><input type="submit" name="op" value="pause">',
    '<input type="submit" name="op" value="destroy">',
    _RESET_FORM,
    f'<input type="submit" name="op" value="shutdown">{_REASON_BUTTONS}',
    '<br><input type="submit" name="op" value="save"> To file: <input type="text" name="file">',
    (
        '<br><input type="submit" name="op" value="migrate"> To host: <input type="text" name="destination">'
        '<input type="checkbox" name="live" value="1">Live'
    ),
)


def page(segments: list[str], content: str = "") -> str:
    """Return a whole page under its trail of links."""
    return opening(segments) + content + _END


def opening(segments: list[str]) -> str:
    """Return a page up to the end of its trail of links."""
    trail, path = '<a href="/">/</a>', "/"
    for word in segments:
        path += word + "/"
        trail += f' <a href="{path}">{word}</a>/'
    return f"{_TOP}<h1>{trail}</h1>"


def listing(url: str, names: tuple[str, ...]) -> str:
    """Return the content of a directory's page."""
    base = url.rstrip("/")
    return "<ul>" + "".join(f'<li><a href="{base}/{name}">{name}</a></li>' for name in names) + "</ul>"


def node(url: str, items: list[tuple[str, object]]) -> str:
    """Return the content of the node's page."""
    lines = "".join(f"<li> {key:>10}: {value}" for key, value in items)
    links = f'<li><a href="{url}/dmesg">Xen dmesg output</a><li><a href="{url}/log">Xend log</a>'
    return f"<ul>{lines}{links}</ul>"


def domains(host: Host, url: str, shown: list[Domain]) -> str:
    """Return the content of the domain directory's page; its memory is in KiB, whatever it says."""
    items = []
    for domain in shown:
        text = host.personality.html_domain_item.format(domid=domain.domid, memory=domain.memory * 1024)
        items.append(f'<li><a href="{url}/{domain.name}">Domain {domain.name}</a>: {text}</li>')
    return f"<ul></ul><ul>{''.join(items)}</ul>{_DIRECTORY_FORMS.format(url=url)}"


def domain(host: Host, url: str, shown: Domain) -> str:
    """Return the content of a domain's page."""
    top = host.personality.html_domain.format(
        domid=shown.domid,
        name=shown.name,
        memory=shown.memory,
        bytes=shown.memory << 20,
    )
    forms = [each for each in _DOMAIN_FORMS if host.personality.html_has_reset or each is not _RESET_FORM]
    return top + "".join(f'<form method="post" action="{url}">{each}</form>' for each in forms)


def created(url: str, name: str, config: str) -> str:
    """Return the content of the page after a create."""
    return f'<p> Created <a href="{url}">Domain {name}</a></p>\n<p><pre>\n{config}\n</pre></p>\n'
