# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom the inventory is compared with: community.libvirt's, on libvirt's test driver, in a folder of its own.

The collection and libvirt's bindings go into .build/bench-libvirt and nowhere else. The bindings are built against
libvirt's headers, which only root can get, from Debian.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from string import ascii_lowercase
from typing import Any
from xml.sax.saxutils import escape

from tests.bench.timing import rewrite

TOP = Path(__file__).resolve().parents[2]
HOME = TOP / ".build" / "bench-libvirt"
SITE = HOME / "site"
NAME = "community.libvirt.libvirt"
PACKAGES = ("libvirt-dev", "pkg-config", "gcc")

_PINS = TOP / "requirements" / "bench.in"
_COLLECTION = "ansible_collections/community/libvirt/"
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")


class NotThere(Exception):
    """It cannot be had here; the message says why."""


def prepare() -> None:
    """Have it in its folder. Raises NotThere."""
    made = f"{sys.version}\n{_PINS.read_text(encoding='utf-8')}"
    stamp = HOME / "made"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == made:
        return
    shutil.rmtree(HOME, ignore_errors=True)
    _have_headers()
    print("making .build/bench-libvirt: community.libvirt, and libvirt's bindings", flush=True)
    pins = dict(line.split("==") for line in _PINS.read_text(encoding="utf-8").splitlines() if "==" in line)
    libraries = [f"{name}=={pins[name]}" for name in ("libvirt-python", "lxml")]
    _run(*_PIP, "install", "--no-deps", "--target", str(SITE), *libraries)
    with tempfile.TemporaryDirectory() as folder:
        _run(*_PIP, "download", "--no-deps", "--dest", folder, f"ansible=={pins['ansible']}")
        with zipfile.ZipFile(next(Path(folder).glob("ansible-*.whl"))) as wheel:
            wheel.extractall(HOME, [name for name in wheel.namelist() if name.startswith(_COLLECTION)])
    rewrite(stamp, made)


def _have_headers() -> None:
    """Have libvirt's headers on this machine, installing them if this is root."""
    if shutil.which("pkg-config") and not subprocess.run(["pkg-config", "--exists", "libvirt"], check=False).returncode:
        return
    if os.geteuid() or not shutil.which("apt-get"):
        raise NotThere(f"libvirt's headers are not installed (on Debian: apt-get install {' '.join(PACKAGES)})")
    print(f"as root: apt-get install {' '.join(PACKAGES)}", flush=True)
    _run("apt-get", "update", "-qq")
    _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise NotThere(f"{' '.join(command)} failed: {said[-1] if said else done.returncode}")


def _domain(name: str, variables: dict[str, Any]) -> str:
    """Return a guest as libvirt describes it."""
    image = variables["xen_image"]
    boot = "".join(
        f"<{element}>{escape(image[key])}</{element}>"
        for element, key in (("kernel", "kernel"), ("initrd", "ramdisk"), ("cmdline", "args"))
        if image[key]
    )
    devices = [
        f"<disk type='block' device='disk'><source dev='{escape(vbd['uname'])}'/><target dev='xvd{letter}' bus='xen'/></disk>"
        for letter, vbd in zip(ascii_lowercase, variables["xen_vbds"])
    ] + [
        f"<interface type='bridge'><mac address='{vif['mac']}'/><source bridge='{vif['bridge']}'/></interface>"
        for vif in variables["xen_vifs"]
    ]
    return (
        f"<domain type='test'><name>{name}</name><memory unit='MiB'>{variables['xen_memory']}</memory>"
        f"<vcpu>{variables['xen_vcpus']}</vcpu><os><type>hvm</type>{boot}</os>"
        f"<devices>{''.join(devices)}</devices></domain>"
    )


def source(folder: Path, name: str, guests: dict[str, dict[str, Any]]) -> None:
    """Write a source into *folder*, and the libvirtd that it asks beside that: guests by name, with our variables.

    They are the same guests: memory, vcpus, kernel, disks and network interfaces.
    """
    domains = "\n".join(_domain(guest, variables) for guest, variables in guests.items())
    node = rewrite(folder.with_name(f"{folder.name}-nodes") / f"{name}.xml", f"<node>\n{domains}</node>\n")
    rewrite(folder / f"{name}.libvirt.yml", f"plugin: {NAME}\nuri: test://{node}\n")
