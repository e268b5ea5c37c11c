# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of one config file as xm reads them, and notes on those that it ignores."""

from __future__ import annotations

from typing import NoReturn

from ansible_collections.dom0.xend.plugins.plugin_utils.xm.errors import XmError
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.keys import HVM, is_key, is_known, since
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.program import Read, is_variable
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.values import Long, Unicode, Unknown

Scalar = str | int | float
Value = Scalar | list[object]

_IGNORED_TYPES = (
    (bool, "True or False", "xm reads numbers only, such as 1 and 0"),
    (type(None), "None", "xm ignores it"),
    (Unicode, "text of the type unicode", "xm ignores it"),
    (Long, "a long number", "xm ignores it"),
    (tuple, "a tuple", "xm wants a list"),
    (dict, "a dictionary", "xm ignores it"),
)


class Guest:
    """The keys of a guest in a file, for one release of xm."""

    def __init__(self, read: Read, release: str) -> None:
        """Take the values and the notes of the reader."""
        self.release = release
        self._read = read
        self._notes = dict.fromkeys(read.notes)

    def since(self, release: str) -> bool:
        """Return whether xm is of that release or a later one."""
        return since(self.release, release)

    def get(self, key: str) -> Value | None:
        """Return the value of a key that xm reads, None if it is not set. An ignored value is noted."""
        if key not in self._read.values:
            return None
        value = self._read.values[key]
        if isinstance(value, Unknown):
            self._unknown(key, value)
            return None
        for kind, shown, what in _IGNORED_TYPES:
            if isinstance(value, kind):
                self.note(key, f"is {shown}: {what}, and so {key} is not set")
                return None
        texts = [value, *(value if isinstance(value, list) else ())]
        if any(isinstance(text, str) and not _is_utf_8(text) for text in texts):
            self.note(key, "has bytes that are no UTF-8: they are read as Latin-1, and xen_domain sends UTF-8")
        if isinstance(value, (str, int, float)):
            return _printed(value)
        return [_printed(item) for item in value] if isinstance(value, list) else None

    def scalar(self, key: str) -> Scalar | None:
        """Return the value of a key that is no list."""
        value = self.get(key)
        if isinstance(value, list):
            self.note(key, "is a list, which has no equal")
            return None
        return value

    def text(self, key: str) -> str | None:
        """Return the value of a key as text."""
        value = self.scalar(key)
        return None if value is None else str(value)

    def number(self, key: str) -> int | None:
        """Return the value of a key as a whole number of 0 or more. Other values are noted."""
        value = self.scalar(key)
        if value is None or value == "":
            return None
        try:
            number = float(value)
            if number >= 0 and number == int(number):
                return int(number)
        except (ValueError, OverflowError):
            pass
        self.note(key, "is no whole number of 0 or more, so that it has no equal")
        return None

    def entries(self, key: str) -> list[str]:
        """Return the texts of a list. Raises XmError for what xm refuses; an unknown text is noted."""
        value = self.get(key)
        if value is None or value in ("", 0):
            return []
        if not isinstance(value, list):
            self.refuse(key, "is no list, and xm wants one")
        known = [item for item in value if not self.is_unknown_entry(key, item)]
        if not all(isinstance(item, str) for item in known):
            self.refuse(key, "has an entry that is no text, which xm refuses")
        return [item for item in known if isinstance(item, str)]

    def is_unknown_entry(self, key: str, item: object) -> bool:
        """Return whether an entry of a list is unknown, and note it."""
        if isinstance(item, Unknown):
            self._unknown(key, item, "an entry of ")
        return isinstance(item, Unknown)

    def set(self, key: str) -> bool:
        """Return whether a key is set, and its value is neither 0 nor empty."""
        return bool(self.get(key))

    def is_unknown(self, key: str) -> bool:
        """Return whether only the host knows the value of a key, or whether it is set."""
        if key not in self._read.values:
            return bool(self._read.open_ended)
        return isinstance(self._read.values[key], Unknown)

    def note(self, key: str, text: str) -> None:
        """Add a note for a key, once."""
        self.note_line(self._read.lines.get(key, 0), f"{key} {text}")

    def note_line(self, line: int, text: str) -> None:
        """Add a note for a line, once."""
        self._notes[line, text] = None

    def refuse(self, key: str, text: str) -> NoReturn:
        """Raise XmError."""
        raise XmError(f"{key} {text}", self._read.lines.get(key, 0))

    def _unknown(self, key: str, unknown: Unknown, what: str = "") -> None:
        """Note that a value is unknown."""
        self.note_line(unknown.line, f"{what}{key} is not known, as it depends on {unknown.why}")

    def note_ignored(self, *, is_hvm: bool) -> None:
        """Note the variables that this xm ignores although they look like keys."""
        for key, value in self._read.values.items():
            if not is_variable(value) or key not in self._read.lines:
                continue
            if is_key(key) and not is_known(key, self.release):
                self.note(key, f"means nothing to xm {self.release}")
            elif not is_key(key) and key not in self._read.read and not isinstance(value, Unknown):
                self.note(key, "means nothing to xm, and nothing in the file uses it")
            elif key in HVM and not is_hvm and not _counts_for_all(key, self.release):
                self.note(key, "counts for hvm guests only")

    def note_unsure(self) -> None:
        """Note the variables that another file may set again."""
        unsure = {key: line for key, line in self._read.unsure.items() if is_known(key, self.release)}
        for line in sorted(set(unsure.values())):
            keys = sorted(key for key, of in unsure.items() if of == line and key in self._read.values)
            if keys:
                self.note_line(line, f"this may set again what the file sets before it: {', '.join(keys)}")

    def notes(self) -> list[str]:
        """Return all notes, by line."""
        return [
            f"line {line}: {text}" if line else text for line, text in sorted(self._notes, key=lambda note: note[0])
        ]


def _counts_for_all(key: str, release: str) -> bool:
    """Return whether a key of hvm guests also applies to other guests."""
    others = {"oos", "keymap", *(["localtime"] if since(release, "3.0.3") else [])}
    others |= {"serial", "monitor"} if since(release, "4.0") else set()
    return key in others or release == "3.0.0" or (key == "usb" and not since(release, "3.0.3"))


def _is_utf_8(text: str) -> bool:
    """Return whether the bytes of a text are UTF-8."""
    try:
        text.encode("latin-1", "replace").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _printed(value: object) -> Value:
    """Return a value with its bytes decoded: from UTF-8 if they are valid, otherwise from Latin-1."""
    if isinstance(value, str):
        return value.encode("latin-1", "replace").decode("utf-8" if _is_utf_8(value) else "latin-1")
    return value  # type: ignore[return-value]
