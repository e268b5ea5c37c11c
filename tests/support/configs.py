# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A folder with configs of guests, read by the script of the role adopt with a real shell."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Union

SCRIPT = Path(__file__).resolve().parents[2] / "roles" / "adopt" / "files" / "read.sh"
SHELLS = [name for name in ("sh", "dash", "bash", "ksh", "zsh") if shutil.which(name)]


def put(folder: Path, files: Mapping[str, Union[str, bytes]]) -> Path:
    """Write files below a folder, which stands for /etc/xen. "-> x" is a link to x. Return the folder."""
    (folder / "auto").mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        if isinstance(content, str) and content.startswith("-> "):
            path.symlink_to(content.removeprefix("-> "))
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))
    return folder


def listing(folder: Path, *, shell: str = "sh", most: int = 262_144, of_all: int = 2_097_152) -> str:
    """Return what the script prints of a folder."""
    command = f"set -- '{folder}' {most} {of_all}\n{SCRIPT.read_text(encoding='utf-8')}"
    done = subprocess.run([shell, "-c", command], capture_output=True, text=True, check=True, timeout=60)
    assert not done.stderr
    return done.stdout
