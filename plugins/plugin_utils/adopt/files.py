# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sort the files of a host, as the role's script prints them, into configs of guests and others."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.plugin_utils.xm.errors import XmError
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.options import convert

_MARK = re.compile(r"dom0\.xend\.adopt: (\w+)")
_BYTES = re.compile(r"(\s+[0-9a-f]{2})+\s*")
_PLAIN_PATH = re.compile(r"[\w./+:@-]+", re.ASCII)

_WHY_NOT_READ = {
    "large": "has more bytes than a config of a guest may have here, and is not read",
    "rest": "is not read, because the files before it are more than the role reads of a host",
    "unreadable": "cannot be read by the user that Ansible is on the host: become may help",
    "broken": "is a link that leads nowhere",
    "special": "is no file, but a device, a pipe or a socket",
}

_NO_GUESTS: tuple[tuple[str, str], ...] = (
    (r".*~|#.*#|.*[.](rpm(save|new|orig)|dpkg-\w+|ucf-\w+|bak|backup|orig|old|save|sav|sw[op]|tmp|rej)", "is a backup"),
    (r"[.].*", "is a hidden file"),
    (r".*[.]sxp", "is a configuration of xend, not of a guest"),
    (r"xmexample.*", "is an example that came with xm"),
    (r"xm-config[.]xml|.*[.]conf|README.*", "is no config of a guest, by its name"),
)


class NotAListing(Exception):
    """The output of the script is incomplete. The message is one sentence."""


@dataclass(frozen=True)
class Entry:
    """A file of the host. ``kind`` is the script's word for it."""

    kind: str
    path: str
    text: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """Return the path on one line, quoted if it has special characters."""
        return self.path if _PLAIN_PATH.fullmatch(self.path) else ascii(self.path)

    @property
    def base(self) -> str:
        """Return the name in its folder."""
        return posixpath.basename(self.path)


@dataclass(frozen=True)
class Listing:
    """The files, and the name of their host."""

    entries: list[Entry]
    host: str = ""


@dataclass(frozen=True)
class Config:
    """A config of a guest: its name, the equivalent options of xen_domain, and notes on what they leave out."""

    name: str
    path: str
    options: dict[str, Any] = field(repr=False)
    notes: tuple[str, ...] = ()
    in_auto: bool = False
    is_named_after: bool = False
    """Whether the file has the name of the guest."""

    @property
    def boots(self) -> bool:
        """Return whether the file names something to boot. Otherwise it is hardly the config of a guest."""
        return bool(self.options.get("bootloader") or (self.options.get("image") or {}).get("kernel"))


@dataclass
class Files:
    """The configs of a host by name of the guest, and remarks for files."""

    configs: dict[str, Config] = field(default_factory=dict)
    remarks: dict[str, list[str]] = field(default_factory=dict)
    disputed: dict[str, str] = field(default_factory=dict)
    """The guests that several files describe differently, with a sentence, if none of the files takes precedence."""

    def remark(self, path: str, sentence: str) -> None:
        """Add a remark for a file."""
        self.remarks.setdefault(path, []).append(sentence)


def listed(printed: str) -> Listing:
    """Return the files in the script's output. Raises NotAListing."""
    sections = list(_sections(printed))
    words = [word for word, _content in sections]
    # Without the last mark the output was cut off, and files would seem to be missing.
    if "begin" not in words or words[-1] != "end":
        raise NotAListing("The files of the host could not be read to the end.")
    if "missing" in words:
        raise NotAListing("The folder of the configs is not there: adopt_path names it.")
    if "shut" in words:
        raise NotAListing(
            "The folder of the configs cannot be read by the user that Ansible is on the host: use become."
        )
    # A content belongs to the file before it, so the list is shifted by one.
    contents = [content if word == "content" else "" for word, content in [*sections[1:], ("", "")]]
    entries = [
        Entry(word, path, text)
        for (word, path), text in zip(sections, contents, strict=True)
        if word in (*_WHY_NOT_READ, "file")
    ]
    return Listing(entries, next((name.strip() for word, name in sections if word == "host"), ""))


def _sections(printed: str) -> Iterator[tuple[str, str]]:
    """Yield each word with the bytes after it. Other lines, such as a message of the day, are skipped."""
    word = ""
    digits: list[str] = []
    for line in printed.splitlines():
        mark = _MARK.fullmatch(line.strip())
        if mark:
            if word:
                yield word, _text(digits)
            word, digits = mark[1], []
        elif _BYTES.fullmatch(line):
            digits.append(line)
    if word:
        yield word, _text(digits)


def _text(digits: Iterable[str]) -> str:
    """Return the text for bytes in hexadecimal digits. Bytes that are no UTF-8 become surrogates."""
    return bytes.fromhex("".join(digits)).decode("utf-8", "surrogateescape")


def read(entries: Iterable[Entry], release: str, host: Mapping[str, str]) -> Files:
    """Return the configs among the files, read as xm of that release reads them on a *host* (os.uname())."""
    files = Files()
    found: dict[str, list[Config]] = {}
    for entry in entries:
        reason = _WHY_NOT_READ.get(entry.kind) or _not_by_name(entry.base)
        config = None if reason else _config(entry, release, host, files)
        if reason:
            files.remark(entry.shown, f"{entry.shown} {reason}.")
        if config:
            found.setdefault(config.name, []).append(config)
    for name, configs in found.items():
        _choose(name, configs, files)
    return files


def _not_by_name(base: str) -> Optional[str]:
    """Return why a file of that name is no config of a guest, None if it may be one."""
    return next((why for pattern, why in _NO_GUESTS if re.fullmatch(pattern, base, re.DOTALL)), None)


def _config(entry: Entry, release: str, host: Mapping[str, str], files: Files) -> Optional[Config]:
    """Return a file as a config, None with a remark if it is not one."""
    try:
        options, notes = convert(entry.text, release, host=host, variables={}, file=entry.path)
    except XmError as error:
        files.remark(entry.shown, f"{entry.shown} cannot be read: {error}.")
        return None
    for note in notes:
        files.remark(entry.shown, f"{entry.shown}: {note}.")
    if not isinstance(options.get("name"), str):
        files.remark(entry.shown, f"{entry.shown} is not adopted, because the name of its guest is not known.")
        return None
    name = str(options["name"])
    in_auto = posixpath.basename(posixpath.dirname(entry.path)) == "auto"
    return Config(name, entry.shown, options, tuple(notes), in_auto, entry.base == name)


def _choose(name: str, configs: list[Config], files: Files) -> None:
    """Choose the file of a guest. Of several that differ, the one in auto takes precedence, then the one named like the guest."""
    in_auto = any(config.in_auto for config in configs)
    first = configs[0]
    # The same file in auto is often a link, so only different options are a conflict.
    if any(config.options != first.options for config in configs):
        paths = " and ".join(config.path for config in configs)
        preferred = [config for config in configs if config.in_auto] or [c for c in configs if c.is_named_after]
        if any(config.options != preferred[0].options for config in preferred[1:]) or not preferred:
            files.disputed[name] = f"{name} is described differently by {paths}, and none of them is taken."
            return
        first = preferred[0]
        why = "is in auto" if first.in_auto else "has the name of the guest"
        files.remark(
            first.path, f"{name} is described differently by {paths}: {first.path} is taken, because it {why}."
        )
    files.configs[name] = Config(name, first.path, first.options, first.notes, in_auto, first.is_named_after)
