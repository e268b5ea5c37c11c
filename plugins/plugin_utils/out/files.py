# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of an export: one for each guest and format, and an index that describes them and what they leave out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Union

from ansible_collections.dom0.xend.plugins.plugin_utils.out.libvirt import LibvirtXml, to_libvirt
from ansible_collections.dom0.xend.plugins.plugin_utils.out.values import NotADomain, mappings, text
from ansible_collections.dom0.xend.plugins.plugin_utils.out.xl import XlConfig, to_xl

FORMATS: Mapping[str, tuple[str, Callable[[object], Union[XlConfig, LibvirtXml]]]] = {
    "xl": ("cfg", to_xl),
    "libvirt": ("xml", to_libvirt),
}
"""The formats, with the suffix of a file's name and the function that writes it."""

INDEX = "index.md"
_LONGEST_NAME = 100
_UNSAFE = re.compile(r"[^A-Za-z0-9_.+-]")
_MARKUP = re.compile(r"[\\`*_\[\]<>#|~&]|^[+=-]|(?<=^[0-9])[.)]|(?<=^[0-9]{2})[.)]")


@dataclass(frozen=True)
class File:
    """A file of an export. ``path`` is relative to the folder of all hosts."""

    path: str
    content: str = field(repr=False)


@dataclass(frozen=True)
class _Exported:
    """An exported guest: the names of its files, and the notes."""

    name: str
    files: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def export(domains: object, host: str, formats: Iterable[str]) -> list[File]:
    """Return the files for the domains of a host, the index first. Raises NotADomain for anything but a list of domains."""
    if not isinstance(domains, (list, tuple)) or len(mappings(domains)) != len(domains):
        raise NotADomain("an export is made from a list of domains, as xen_domain_info returns it")
    folder = safe_file_name(host)
    taken: set[str] = set()
    exported, left = [], []
    for domain in sorted(
        mappings(domains), key=lambda each: (text(each.get("name")) or "", text(each.get("uuid")) or "")
    ):
        reason = _reason_to_leave(domain)
        if reason:
            left.append(reason)
        else:
            exported.append(_export(domain, sorted(set(formats), reverse=True), taken))
    files = [File(f"{folder}/{name}", content) for guest in exported for name, content in guest.files]
    return [File(f"{folder}/{INDEX}", _index(host, exported, left)), *files]


def safe_file_name(name: str) -> str:
    """Return a file name that is valid on every system and no option of a program: letters, digits and ``_ . + -``.

    A changed name gets some digits of a hash of the original, so that it stays unique.
    """
    plain = _UNSAFE.sub("_", name)[:_LONGEST_NAME]
    plain = f"_{plain}" if not plain or plain[0] in ".-" else plain
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return plain if plain == name else f"{plain}-{digest[:8]}"


def _reason_to_leave(domain: Mapping[str, object]) -> str:
    """Return why a domain is not exported, an empty text if it is."""
    name = text(domain.get("name")) or ""
    if name == "Domain-0" or domain.get("domid") == 0:
        return f"{as_markdown(name)} is the host itself."
    if domain.get("state") == "dying":
        return f"{as_markdown(name)} was being destroyed."
    return ""


def _export(domain: Mapping[str, object], formats: Iterable[str], taken: set[str]) -> _Exported:
    """Export a domain. One that cannot be read gets a note and no files."""
    name = text(domain.get("name")) or ""
    stem = _free(safe_file_name(name), taken)
    files: list[tuple[str, str]] = []
    notes: list[str] = []
    for each in formats:
        suffix, write = FORMATS[each]
        try:
            done = write(domain)
        except NotADomain as error:
            notes.append(f"It is not exported: {error}.")
            continue
        files.append((f"{stem}.{suffix}", done.text))
        notes += done.notes
    return _Exported(name, tuple(files), tuple(dict.fromkeys(notes)))


def _free(stem: str, taken: set[str]) -> str:
    """Return *stem*, with a number if another guest's files have that name in upper or lower case."""
    free, count = stem, 1
    while free.lower() in taken:
        count += 1
        free = f"{stem}-{count}"
    taken.add(free.lower())
    return free


# ---- the page


def _index(host: str, exported: list[_Exported], left: list[str]) -> str:
    """Return the page."""
    return "\n".join(_lines(host, exported, left)) + "\n"


def _lines(host: str, exported: list[_Exported], left: list[str]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield f"# Guests of {as_markdown(host)}"
    yield ""
    yield "What xend knew of each guest, for the toolstack that runs it next, and what could not be carried over."
    yield "Disks, kernels and scripts are files of the old host: copy them. A file may hold a VNC password."
    for guest in exported:
        yield ""
        yield f"## {as_markdown(guest.name) or 'A guest without a name'}"
        yield ""
        yield from (f"* File: [{name}]({name})" for name, _content in guest.files)
        yield from (f"* {as_markdown(note)}" for note in guest.notes)
        if not guest.notes:
            yield "* Everything is carried over."
    if left:
        yield ""
        yield "## Not exported"
        yield ""
        yield from (f"* {line}" for line in left)


def as_markdown(words: str) -> str:
    """Return a text escaped for Markdown, on one line."""
    return _MARKUP.sub(lambda found: f"\\{found[0]}", " ".join(words.split()))
