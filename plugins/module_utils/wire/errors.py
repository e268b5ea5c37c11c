# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong between a task and xend, one class for each thing that a user does about it."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Return *text* with the bytes in it that are no UTF-8 written as ``\xHH``: nobody else takes them."""
    if text.isascii():
        return text
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can hold and no encoding has bytes for
        raw = text.encode("utf-8", "backslashreplace")
    return raw.decode("utf-8", "backslashreplace")


def field_name(key: str) -> str:
    """Return what a field of xend's own is called in a result: ``__ansible_type`` and the like are Ansible's, in any data."""
    name = printable(key)
    return f"xend{name}" if name.startswith("__ansible_") else name


class XendError(Exception):
    """Anything that kept a task from its end. ``str()`` of it is what the user reads."""

    def __init__(self, message: str) -> None:
        r"""Take the message; bytes in it that are no UTF-8 are shown as ``\xHH``."""
        super().__init__(printable(message))


class InvalidRequest(XendError):
    """The task asks for what cannot or must not be done; nothing was sent for it."""


class XendUnreachable(XendError):
    """No connection could be made, so nothing was sent."""


class XendNoReply(XendError):
    """The request was sent and no (whole) reply came. ``perhaps_done`` tells whether xend may have carried it out."""

    def __init__(self, message: str, *, perhaps_done: bool) -> None:
        """Add to *message* what has to be known before another try."""
        self.perhaps_done = perhaps_done
        super().__init__(message)


class NotXend(XendError):
    """Something answered that is not xend: a proxy, a web server, another service.

    ``perhaps_done`` tells whether it may have passed on to xend what was asked.
    """

    def __init__(self, message: str, *, perhaps_done: bool = False) -> None:
        """Keep what has to be known before another try."""
        self.perhaps_done = perhaps_done
        super().__init__(message)


class UnreadableReply(XendError):
    """xend answered, and the answer, ``text``, is not what xend answers to such a request.

    ``perhaps_done`` tells whether xend may have carried it out.
    """

    def __init__(self, message: str, *, text: str = "", perhaps_done: bool = False) -> None:
        """Keep the whole answer apart from the sentence, which shows its beginning."""
        self.text = text
        self.perhaps_done = perhaps_done
        super().__init__(message)


class XendRefused(XendError):
    """xend carried out nothing and said why. ``reason`` holds xend's own words."""

    def __init__(self, message: str, *, reason: str = "") -> None:
        """Keep xend's own words apart from the sentence around them."""
        self.reason = reason
        super().__init__(message)


class NoSuchDomain(XendRefused):
    """xend knows no domain of that name."""


class UnknownOperation(XendRefused):
    """xend of this release has no such operation."""
