# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a domain boots, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ansible_collections.dom0.xend.plugins.module_utils.model.reading import pairs, text_of
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import printable
from ansible_collections.dom0.xend.plugins.module_utils.wire.release import Release
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp


@dataclass(frozen=True)
class Image:
    """What a domain boots: ``args`` is the whole kernel command line, ``root=`` included."""

    type: Optional[str] = None
    kernel: Optional[str] = None
    ramdisk: Optional[str] = None
    args: Optional[str] = None


def read_image(value: Optional[Sxp], release: Release) -> Optional[Image]:
    """Read ``(linux (kernel K) ...)``; None for an empty image, which 3.1 and later print for Domain-0."""
    fields = dict(pairs(value or ""))
    kernel = text_of(fields.get("kernel")) or text_of(fields.get("loader"))
    ramdisk = text_of(fields.get("ramdisk"))
    if not isinstance(value, list) or not value or not isinstance(value[0], str):
        return None
    root, args, ip = (text_of(fields.get(key)) for key in ("root", "args", "ip"))
    if release.appends_root and args:
        args = _without_appended(args, root, ip)
    line = (
        command_line(root, args, ip) or ""
    ).strip()  # 3.1 and later print a blank after a root without args (WIRE.md (i) 11)
    if not (kernel or ramdisk or line):
        return None
    return Image(type=printable(value[0]), kernel=kernel, ramdisk=ramdisk, args=line or None)


def command_line(root: Optional[str], args: Optional[str], ip: Optional[str] = None) -> Optional[str]:
    """Return the kernel command line as xend 3.1 and later build it, None if there is none."""
    parts = [f"root={root}" if root else "", f"ip={ip}" if ip else "", args or ""]
    return " ".join(part for part in parts if part) or None


def _without_appended(args: str, root: Optional[str], ip: Optional[str]) -> str:
    """Return kernel arguments without the ip and root that 3.0.4 puts at their end (WIRE.md (i) 11)."""
    for key, value in (("root", root), ("ip", ip)):
        if value:
            args = args.rstrip().removesuffix(f"{key}={value}")
    return args.strip()
