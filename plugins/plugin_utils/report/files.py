# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a report: the page, and its data as CSV and JSON. The file names are fixed and contain no name of a host or guest."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from ansible_collections.dom0.xend.plugins.module_utils.desired.entries import plain
from ansible_collections.dom0.xend.plugins.plugin_utils.report.findings import Seen, findings
from ansible_collections.dom0.xend.plugins.plugin_utils.report.model import (
    NOTE,
    Guest,
    Host,
    NotAReport,
    by_name,
    clean,
    read_host,
    read_time,
)
from ansible_collections.dom0.xend.plugins.plugin_utils.report.page import Report, levels, page

_COLUMNS = (
    "host",
    "guest",
    "state",
    "domid",
    "uuid",
    "memory_mib",
    "maxmem_mib",
    "vcpus",
    "online_vcpus",
    "disks",
    "addresses",
    "interfaces",
    "uptime_seconds",
    "findings",
)


@dataclass(frozen=True)
class File:
    """A file of a report."""

    path: str
    content: str


def files(given: object, time: object, title: object) -> list[File]:
    """Return the files for hosts, the page first. Raises NotAReport."""
    report = read(given, time, title)
    return [
        File("report.html", page(report)),
        File("report.csv", _csv(report)),
        File("report.json", _json(report)),
    ]


def read(given: object, time: object, title: object) -> Report:
    """Return the report of hosts, in the order of their names. Raises NotAReport."""
    hosts = plain(given)
    if not isinstance(hosts, Mapping) or not all(isinstance(host, Mapping) for host in hosts.values()):
        raise NotAReport("a report is made from a dict of hosts, with a dict for each name")
    now = read_time(time)
    seen = [Seen.of(read_host(name, host, now), host) for name, host in hosts.items()]
    seen.sort(key=lambda each: by_name(each.host.name))
    return Report(clean(title) or "Xen hosts", now, [each.host for each in seen], findings(seen))


# ---- CSV


def _csv(report: Report) -> str:
    """Return the CSV, with a line for each guest, and for each host that did not answer."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for host in report.hosts:
        for row in _rows(report, host):
            writer.writerow([_harmless(value) for value in row])
    return out.getvalue()


def _rows(report: Report, host: Host) -> Iterator[Sequence[object]]:
    """Yield the values of each guest of a host."""
    if host.failure:
        # The columns between name, state and the last one stay empty.
        yield [host.name, "", "no answer", *[""] * (len(_COLUMNS) - 4), host.failure]
    found: dict[str, list[str]] = {}
    for each in report.findings:
        if each.host == host.name and each.level != NOTE:
            found.setdefault(each.guest, []).append(f"{each.level}: {each.words}")
    for guest in host.guests:
        yield [host.name, *_values(guest), "; ".join(found.get(guest.name, []))]
    for name in sorted(set(found) - {"", *(guest.name for guest in host.guests)}):
        yield [host.name, name, "missing", *[""] * (len(_COLUMNS) - 4), "; ".join(found[name])]


def _values(guest: Guest) -> list[object]:
    """Return the values between host and findings."""
    several = ["; ".join(each) for each in (guest.disks, guest.addresses, guest.interfaces)]
    numbers = [guest.memory, guest.maxmem, guest.vcpus, guest.online_vcpus]
    return [guest.name, guest.state, guest.domid, guest.uuid, *numbers, *several, guest.uptime]


def _harmless(value: object) -> object:
    """Return a value that no spreadsheet reads as a formula."""
    # A quote in front makes a spreadsheet read a cell as text.
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


# ---- JSON


def _json(report: Report) -> str:
    """Return the JSON of the whole report, in ASCII."""
    data = {
        "title": report.title,
        "time": report.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "counts": levels(report.findings),
        "hosts": [asdict(host) for host in report.hosts],
        "findings": [asdict(each) for each in report.findings],
    }
    return json.dumps(data, indent=1, sort_keys=True) + "\n"
