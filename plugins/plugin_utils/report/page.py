# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a report. It is one file, has every row, and works without its script.

Values from xend are escaped where they are inserted, in text or in an attribute in double quotes. In addition, the page
allows only its own script, by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Optional, Union

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import STATES
from ansible_collections.dom0.xend.plugins.plugin_utils.report.model import (
    LIVE,
    NOTE,
    PROBLEM,
    WARNING,
    Finding,
    Guest,
    Host,
)
from ansible_collections.dom0.xend.plugins.plugin_utils.report.script import SCRIPT
from ansible_collections.dom0.xend.plugins.plugin_utils.report.style import STYLE
from ansible_collections.dom0.xend.plugins.plugin_utils.report.traps import TRAPS

_COLUMNS = (
    ("Guest", "", 11),
    ("Host", "", 7),
    ("State", "", 7),
    ("Memory", "number", 9),
    ("vCPUs", "number", 6),
    ("Disks", "", 16),
    ("Addresses", "", 16),
    ("Up for", "number", 7),
    ("Findings", "number", 23),
)
"""The columns of the table of guests: heading, kind of sorting, and width in percent."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'"
_DAY, _HOUR, _MINUTE = 86400, 3600, 60


@dataclass(frozen=True)
class Report:
    """The data of the whole report."""

    title: str
    time: datetime
    hosts: Sequence[Host]
    findings: Sequence[Finding]

    def of(self, host: str, guest: str = "") -> list[Finding]:
        """Return the findings of a host, or of a guest, notes left out."""
        return [
            each
            for each in self.findings
            if each.host == host and (not guest or each.guest == guest) and each.level != NOTE
        ]


def page(report: Report) -> str:
    """Return the page."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    """Yield the parts of the page."""
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield '<head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY.format(digest)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">'
    yield f"<title>{_text(report.title)}</title>"
    widths = " ".join(f"minmax(0, {width}fr)" for _label, _kind, width in _COLUMNS)
    yield f"<style>{STYLE.replace('WIDTHS', widths)}</style></head>"
    yield "<body>"
    yield from _header(report)
    yield "<main>"
    yield from _attention(report)
    yield from _hosts(report)
    yield from _guests(report)
    yield from _notes(report)
    yield "</main>"
    yield "<footer>As xend said it at the time above. The same is in report.csv and report.json, beside this page.</footer>"
    yield f"<script>{SCRIPT}</script>"
    yield "</body></html>"


# ---- the bar on top


def _header(report: Report) -> Iterator[str]:
    """Yield the bar on top: title, age, counts and search."""
    domains = [guest for host in report.hosts for guest in host.guests]
    guests = [guest for guest in domains if not guest.is_host]
    silent = sum(bool(host.failure) for host in report.hosts)
    up = sum(guest.state in LIVE for guest in guests)
    problems, warnings = (sum(each.level == level for each in report.findings) for level in (PROBLEM, WARNING))
    parts = [
        _many(len(report.hosts), "host"),
        f'<span class="bad">{silent} without an answer</span>' if silent else "",
        f"{_many(len(guests), 'guest')}, {up} up",
        f'<span class="{"bad" if problems else "quiet"}">{_many(problems, "problem")}</span>',
        _many(warnings, "warning"),
    ]
    stamp = report.time.strftime("%Y-%m-%dT%H:%M:%SZ")
    yield f"<header><h1>{_text(report.title)}</h1>"
    yield f'<time datetime="{stamp}">{report.time.strftime("%Y-%m-%d %H:%M UTC")}</time><span id="age" class="bad" hidden></span>'
    yield f'<p class="sum">{" · ".join(filter(None, parts))}</p>'
    yield '<div id="tools" hidden>'
    yield '<input type="search" id="search" placeholder="Search all (press /)" aria-label="Search" autocomplete="off">'
    yield '<select id="state" aria-label="State"><option value="">All states</option>'
    there = {guest.state for guest in domains}
    known = [state for state in STATES if state in there]
    for state in [*known, *sorted(there - set(known))]:
        yield f'<option value="{_text(state)}">{_text(state)}</option>'
    yield '</select><label><input type="checkbox" id="odd"> with findings</label>'
    yield '<span id="count" role="status"></span></div></header>'


# ---- what needs attention


def _attention(report: Report) -> Iterator[str]:
    """Yield the problems and warnings, a row each."""
    found = [each for each in report.findings if each.level != NOTE]
    yield f'<section id="attention"><h2>Needs attention <span class="quiet">{len(found) or ""}</span></h2>'
    if not found:
        yield '<p class="quiet">Nothing: every host has answered, and everything is as it should be.</p></section>'
        return
    yield "<table><thead><tr><th>Level</th><th>Host</th><th>Guest</th><th>What</th></tr></thead><tbody>"
    for each in found:
        cells = (
            _cell("Level", f'<b class="{each.level}">{each.level}</b>'),
            _cell("Host", _link(_place(report, each.host), each.host)),
            _cell("Guest", _link(_place(report, each.host, each.guest), each.guest) if each.guest else ""),
            _cell("What", f"<div>{_text(each.words)}</div>"),
        )
        yield f"<tr data-find>{''.join(cells)}</tr>"
    yield "</tbody></table></section>"


def _place(report: Report, host: str, guest: str = "") -> str:
    """Return the id of a host or guest in the page, an empty text for a missing guest. It contains no name."""
    for number, each in enumerate(report.hosts, 1):
        if each.name == host:
            names = [other.name for other in each.guests]
            if not guest:
                return f"h{number}"
            return f"h{number}g{names.index(guest) + 1}" if guest in names else ""
    return ""


# ---- hosts


def _hosts(report: Report) -> Iterator[str]:
    """Yield a card for each host."""
    yield f'<section><h2>Hosts <span class="quiet">{len(report.hosts)}</span></h2>'
    yield '<p class="quiet legend">Memory:<i class="own"></i>Domain-0<i></i>guests<i class="free"></i>free. '
    yield "CPUs: the virtual CPUs of guests that are up, beside those of the host.</p>"
    yield '<div class="hosts">'
    for number, host in enumerate(report.hosts, 1):
        silent = " silent" if host.failure else ""
        yield f'<div class="host{silent}" id="h{number}" data-find>'
        yield f"<h3>{_name(host.name)}<span class='quiet'>{'no answer' if host.failure else _release(host)}</span></h3>"
        yield from [f"<p>{_text(host.failure)}</p>"] if host.failure else _card(report, host)
        yield "</div>"
    yield "</div></section>"


def _release(host: Host) -> str:
    """Return the release of a host's xend."""
    return f"xend {_text(host.span)}" if host.span else "xend unknown"


def _card(report: Report, host: Host) -> Iterator[str]:
    """Yield the card of a host that has answered."""
    guests = [guest for guest in host.guests if not guest.is_host]
    up = sum(guest.state in LIVE for guest in guests)
    found = report.of(host.name)
    bad = any(each.level == PROBLEM for each in found)
    words = f'<span class="{"bad" if bad else "quiet"}">{_many(len(found), "finding")}</span>' if found else ""
    count = f"{_many(len(guests), 'guest')}, {up} up"
    yield f"<p>{' · '.join(filter(None, [count, words]))}</p>"
    systems = [f"Xen {host.xen}" if host.xen else "", f"Linux {host.kernel}" if host.kernel else ""]
    yield f'<p class="quiet">{_text(" · ".join(filter(None, systems)))}</p>'
    yield _memory(host)
    yield _cpus(host)


def _memory(host: Host) -> str:
    """Return the bar of the memory."""
    total, free = host.total_memory, host.free_memory
    if not total or free is None:
        return _gauge("Memory", "not known", [])
    used = max(total - free, 0)
    own = min(host.own_memory, used)
    unit, size = ("GiB", 1024) if total >= 1024 else ("MiB", 1)
    words = f"{used / size:.1f} of {total / size:.1f} {unit}, {free / size:.1f} free"
    return _gauge("Memory", words, [("own", own, total), ("", used - own, total)])


def _cpus(host: Host) -> str:
    """Return the bar of the CPUs. More vcpus than CPUs are usual, so that is no finding."""
    if not host.cpus:
        return _gauge("CPUs", "not known", [])
    free = max(host.cpus - host.vcpus, 0)
    words = f"{_many(host.vcpus, 'vCPU')} on {_many(host.cpus, 'CPU')}, " + (
        f"{free} free" if host.vcpus <= host.cpus else f"{host.vcpus / host.cpus:.1f} on each"
    )
    return _gauge("CPUs", words, [("", host.vcpus, host.cpus)])


def _gauge(what: str, words: str, parts: Iterable[tuple[str, int, int]]) -> str:
    """Return a bar of several parts, each with a class and a value. The text next to it has the same values."""
    bars = "".join(
        f'<i{f" class={kind}" if kind else ""} style="width:{min(100 * value / whole, 100):.1f}%"></i>'
        for kind, value, whole in parts
    )
    return f'<div class="gauge"><div>{what}<span>{words}</span></div><div class="bar" aria-hidden="true">{bars}</div></div>'


# ---- guests


def _guests(report: Report) -> Iterator[str]:
    """Yield the table of all guests of all hosts."""
    yield "<section><h2>Guests</h2>"
    widths = "".join(f'<col style="width:{width}%">' for _label, _kind, width in _COLUMNS)
    yield f'<table id="guests"><colgroup>{widths}</colgroup><thead><tr>'
    for label, kind, _width in _COLUMNS:
        right = ' class="n"' if label in ("Memory", "vCPUs", "Up for") else ""
        yield f'<th scope="col"{right}{_sorting(kind)}>{label}</th>'
    yield '</tr></thead><tbody id="rows">'
    by_guest: dict[tuple[str, str], list[Finding]] = {}
    for each in report.findings:
        if each.level != NOTE:
            by_guest.setdefault((each.host, each.guest), []).append(each)
    for number, host in enumerate(report.hosts, 1):
        for position, guest in enumerate(host.guests, 1):
            found = by_guest.get((host.name, guest.name), [])
            yield _row(f"h{number}g{position}", f"h{number}", host, guest, found)
    yield "</tbody></table>"
    yield '<p id="none" class="quiet" hidden>No guest fits the search.</p></section>'


def _sorting(kind: str) -> str:
    """Return the attribute that gives the script the kind of sorting of a column."""
    return f' data-kind="{kind}"' if kind else ""


def _row(place: str, host_place: str, host: Host, guest: Guest, found: Sequence[Finding]) -> str:
    """Return the row of a guest."""
    kinds = "own" if guest.is_host else "" if guest.state in LIVE else "down"
    cells = (
        _cell("Guest", f'<div title="{_text(guest.uuid)}">{_name(guest.name)}</div>'),
        _cell("Host", _link(host_place, host.name)),
        _cell("State", _text(guest.state), kind="state"),
        _cell("Memory", _pair(guest.memory, None if guest.is_host else guest.maxmem, " MiB"), guest.memory, kind="n"),
        _cell("vCPUs", _pair(guest.online_vcpus, guest.vcpus), guest.vcpus, kind="n"),
        _cell("Disks", _several(guest.disks)),
        _cell("Addresses", _several(guest.addresses) + _several(guest.interfaces, "quiet")),
        _cell("Up for", _duration(guest.uptime), guest.uptime, kind="n"),
        _cell("Findings", _found(found), -len(found) if found else None, kind="find" if found else ""),
    )
    odd = ' data-odd="1"' if found else ""
    kind = f' class="{kinds}"' if kinds else ""
    return f'<tr id="{place}"{kind} data-state="{_text(guest.state)}"{odd}>{"".join(cells)}</tr>'


def _cell(label: str, content: str, value: Union[int, str, None] = "", kind: str = "") -> str:
    """Return a cell, with its label for phones, and its *value* for sorting if that is not its text."""
    sorting = "" if value == "" else f' data-v="{"" if value is None else value}"'
    css = f' class="{kind}"' if kind else ""
    return f'<td data-l="{label}"{css}{sorting}>{content}</td>'


def _pair(value: Optional[int], most: Optional[int], unit: str = "") -> str:
    """Return a number, with its maximum if that differs."""
    if value is None:
        return "" if most is None else f"{most}{unit}"
    return f"{value}{unit}" if most is None or most == value else f"{value} / {most}{unit}"


def _several(words: Sequence[str], kind: str = "") -> str:
    """Return texts, one per line."""
    css = f' class="{kind}"' if kind else ""
    lines = "".join(f"<span{css}>{_text(each)}</span>" for each in words)
    return f"<div>{lines}</div>" if lines else ""


def _found(found: Sequence[Finding]) -> str:
    """Return the findings of a guest, one per line."""
    lines = "".join(f'<span><b class="{each.level}">{each.level}</b> {_text(each.words)}</span>' for each in found)
    return f"<div>{lines}</div>" if lines else ""


# ---- notes


def _notes(report: Report) -> Iterator[str]:
    """Yield the traps of the releases, with the hosts that have them."""
    hosts: dict[str, list[str]] = {}
    for each in report.findings:
        if each.level == NOTE:
            hosts.setdefault(each.words, []).append(each.host)
    if not hosts:
        return
    yield "<details open><summary>What to know of these releases</summary>"
    yield "<table><thead><tr><th>What</th><th>Hosts</th></tr></thead><tbody>"
    for words, names in ((trap.note, hosts[trap.note]) for trap in TRAPS if trap.note in hosts):
        links = ", ".join(_link(_place(report, name), name) for name in dict.fromkeys(names))
        yield f"<tr>{_cell('What', f'<div>{_text(words)}</div>')}{_cell('Hosts', f'<div>{links}</div>')}</tr>"
    yield "</tbody></table></details>"


# ---- words


def _text(words: str) -> str:
    """Return a text escaped for HTML, also for an attribute in double quotes."""
    return html.escape(words, quote=True)


def _name(name: str) -> str:
    """Return a name as HTML, isolated so that its writing direction does not affect the text around it."""
    return f"<bdi>{_text(name) or '(no name)'}</bdi>"


def _link(place: str, name: str) -> str:
    """Return a link within the page, or the name alone if the page has no such entry."""
    return f'<a href="#{place}">{_name(name)}</a>' if place else _name(name)


def _many(count: int, what: str) -> str:
    """Return 1 host, 2 hosts."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def _duration(seconds: Optional[int]) -> str:
    """Return a duration in its two largest units."""
    if seconds is None:
        return ""
    if seconds >= _DAY:
        return f"{seconds // _DAY} d {seconds % _DAY // _HOUR} h"
    if seconds >= _HOUR:
        return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE} min"
    return f"{seconds // _MINUTE} min" if seconds >= _MINUTE else f"{seconds} s"


def levels(findings: Sequence[Finding]) -> Mapping[str, int]:
    """Return how many findings there are of each level."""
    return {level: sum(each.level == level for each in findings) for level in (PROBLEM, WARNING, NOTE)}
