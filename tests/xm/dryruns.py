# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The recorded dry runs of xm (README.md)."""

from __future__ import annotations

import gzip
import json
import posixpath
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("dryruns.jsonl.gz")

HOST = {"sysname": "Linux", "nodename": "dom0.example.net", "release": "2.6.32", "version": "#1", "machine": "x86_64"}
"""What os.uname() said where they were made: the name and the machine are recorded, the rest is not."""


@dataclass(frozen=True)
class DryRun:
    """One config file, and what each release of xm made of it."""

    name: str
    text: str
    file: str
    variables: dict[str, str]
    xm: dict[str, dict[str, str]]


@cache
def rows() -> list[dict[str, Any]]:
    """Return all rows of the file."""
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def dry_runs() -> list[DryRun]:
    """Return all dry runs but those where the command line says keys of the guest, too: no filter sees that."""
    return [_dry_run(row) for row in rows() if "config" in row and not _words(row).keys() - {"vmid"}]


def listings() -> dict[str, str]:
    """Return what ``xm list --long`` shows, by release."""
    return {row["name"].removeprefix("list-long-"): row["listing"] for row in rows() if "listing" in row}


def _words(row: dict[str, Any]) -> dict[str, str]:
    """Return what the command line says beside the file."""
    return dict(word.split("=", 1) for word in row.get("argv", ())[4:])


def _dry_run(row: dict[str, Any]) -> DryRun:
    return DryRun(
        name=row["name"],
        text=row["config"].encode("latin-1").decode("utf-8", "surrogateescape"),
        file=posixpath.basename(row["argv"][3] if "argv" in row else "config.cfg"),
        variables=_words(row),
        xm=row["xm"],
    )
