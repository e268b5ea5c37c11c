# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors between a task and xend, one class for each way in which a user can react."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Return *text* with its bytes that are no UTF-8 written as ``\xHH``, because other programs do not accept them."""
    if text.isascii():
        return text
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can hold and no encoding has bytes for
        raw = text.encode("utf-8", "backslashreplace")
    return raw.decode("utf-8", "backslashreplace")


def field_name(key: str) -> str:
    """Return the name of a xend field in a result. Ansible reserves names such as ``__ansible_type`` in any data."""
    name = printable(key)
    return f"xend{name}" if name.startswith("__ansible_") else name


class XendError(Exception):
    """The base of all errors that make a task fail. ``str()`` of it is the message for the user."""

    def __init__(self, message: str) -> None:
        r"""Take the message; bytes in it that are no UTF-8 are shown as ``\xHH``."""
        super().__init__(printable(message))


class InvalidRequest(XendError):
    """The task requests something that cannot or must not be done; nothing was sent for it."""


class XendUnreachable(XendError):
    """No connection could be made, so nothing was sent."""


class XendNoReply(XendError):
    """The request was sent, and no complete reply came. ``perhaps_done``: whether xend may have carried it out."""

    def __init__(self, message: str, *, perhaps_done: bool) -> None:
        """Take the message, and whether xend may have carried out the request."""
        self.perhaps_done = perhaps_done
        super().__init__(message)


class NotXend(XendError):
    """Something answered that is not xend: a proxy, a web server, another service.

    ``perhaps_done``: whether it may have passed the request on to xend.
    """

    def __init__(self, message: str, *, perhaps_done: bool = False) -> None:
        """Take the message, and whether xend may have carried out the request."""
        self.perhaps_done = perhaps_done
        super().__init__(message)


class UnreadableReply(XendError):
    """xend answered, but its answer, ``text``, is not one that xend gives to such a request.

    ``perhaps_done``: whether xend may have carried it out.
    """

    def __init__(self, message: str, *, text: str = "", perhaps_done: bool = False) -> None:
        """Take the message, which shows the beginning of the answer, and the whole answer."""
        self.text = text
        self.perhaps_done = perhaps_done
        super().__init__(message)


class XendRefused(XendError):
    """xend refused the request and gave a reason. ``reason`` holds xend's own words."""

    def __init__(self, message: str, *, reason: str = "") -> None:
        """Take the message, and xend's own words."""
        self.reason = reason
        super().__init__(message)


class NoSuchDomain(XendRefused):
    """xend knows no domain of that name."""


class UnknownOperation(XendRefused):
    """The operation does not exist in this release of xend."""
