# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What judges a config for xl, and XML for libvirt: Xen's own parser, and libvirt's tools.

libxlutil is Debian's ``libxenmisc4.17`` or its like. libvirt's are ``virsh`` (libvirt-clients), its test driver
(libvirt-daemon) and ``virt-xml-validate`` (libvirt-clients, with libxml2-utils). ``.ci/run`` installs them.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_XLUTIL, _XENLIGHT = ctypes.util.find_library("xlutil"), ctypes.util.find_library("xenlight")

NO_XL = "" if _XLUTIL and _XENLIGHT else "libxlutil is not installed (Debian: libxenmisc4.17 or its like)"
"""Why configs for xl cannot be judged here."""

NO_LIBVIRT = "" if shutil.which("virsh") else "virsh is not installed (Debian: libvirt-clients and libvirt-daemon)"
"""Why XML for libvirt cannot be defined here."""

NO_SCHEMA = (
    ""
    if shutil.which("virt-xml-validate") and shutil.which("xmllint")
    else "virt-xml-validate is not installed (Debian: libvirt-clients and libxml2-utils)"
)
"""Why XML cannot be held against libvirt's schema here."""


class Refused(Exception):
    """A tool did not take it. ``str()`` is what it said."""


@dataclass(frozen=True)
class XlDisk:
    """What xl makes of a disk; ``format`` is qcow, qcow2, vhd, raw, empty or qed."""

    target: str
    vdev: str
    format: str
    writable: bool
    cdrom: bool
    backend: str
    script: str


class _Disk(ctypes.Structure):
    """The beginning of libxl_device_disk, of <libxl.h> (Xen 4.17), and room for the rest of it."""

    _fields_ = (
        ("backend_domid", ctypes.c_uint32),
        ("backend_domname", ctypes.c_char_p),
        ("pdev_path", ctypes.c_char_p),
        ("vdev", ctypes.c_char_p),
        ("backend", ctypes.c_int),
        ("format", ctypes.c_int),
        ("script", ctypes.c_char_p),
        ("removable", ctypes.c_int),
        ("readwrite", ctypes.c_int),
        ("is_cdrom", ctypes.c_int),
        ("rest", ctypes.c_char * 4096),
    )


class _Nic(ctypes.Structure):
    """The beginning of libxl_device_nic, and room for the rest of it."""

    _fields_ = (
        ("backend_domid", ctypes.c_uint32),
        ("backend_domname", ctypes.c_char_p),
        ("devid", ctypes.c_int),
        ("mtu", ctypes.c_int),
        ("model", ctypes.c_char_p),
        ("mac", ctypes.c_uint8 * 6),
        ("ip", ctypes.c_char_p),
        ("bridge", ctypes.c_char_p),
        ("ifname", ctypes.c_char_p),
        ("script", ctypes.c_char_p),
        ("nictype", ctypes.c_int),
        ("rate_bytes_per_interval", ctypes.c_uint64),
        ("rate_interval_usecs", ctypes.c_uint32),
        ("rest", ctypes.c_char * 4096),
    )


_FORMATS = ("unknown", "qcow", "qcow2", "vhd", "raw", "empty", "qed")


class XlParser:
    """Xen's parser of configs, libxlutil."""

    def __init__(self) -> None:
        """Load the library. Only where NO_XL is empty."""
        self._xl, self._xenlight = ctypes.CDLL(_XLUTIL), ctypes.CDLL(_XENLIGHT)
        self._libc = ctypes.CDLL(None)
        self._libc.tmpfile.restype = ctypes.c_void_p
        self._xl.xlu_cfg_init.restype = ctypes.c_void_p
        self._xl.xlu_cfg_get_listitem.restype = ctypes.c_char_p

    def string(self, config: str, key: str) -> str | None:
        """Return the value of a text or a number, None for one that is not there. Raises Refused."""
        with self._read(config) as (cfg, report):
            value = ctypes.c_char_p()
            code = self._xl.xlu_cfg_get_string(cfg, key.encode(), ctypes.byref(value), 0)
            said = self._said(report)
            if said:
                raise Refused(said)
            return None if code else (value.value or b"").decode()

    def strings(self, config: str, key: str) -> list[str]:
        """Return the items of a list, none for one that is not there. Raises Refused."""
        with self._read(config) as (cfg, report):
            items, count = ctypes.c_void_p(), ctypes.c_int()
            code = self._xl.xlu_cfg_get_list(cfg, key.encode(), ctypes.byref(items), ctypes.byref(count), 0)
            said = self._said(report)
            if said:
                raise Refused(said)
            found = [self._xl.xlu_cfg_get_listitem(items, place) for place in range(0 if code else count.value)]
            return [item.decode() for item in found]

    def disk(self, spec: str) -> XlDisk:
        """Return what xl makes of a disk. Raises Refused."""
        disk = _Disk()
        self._xenlight.libxl_device_disk_init(ctypes.byref(disk))
        with self._config() as (cfg, report):
            specs = (ctypes.c_char_p * 1)(spec.encode())
            if self._xl.xlu_disk_parse(cfg, 1, specs, ctypes.byref(disk)) or self._said(report):
                raise Refused(self._said(report))
        texts = (disk.pdev_path, disk.vdev, disk.backend_domname, disk.script)
        target, vdev, backend, script = ((each or b"").decode() for each in texts)
        kind = _FORMATS[disk.format]
        return XlDisk(target, vdev, kind, bool(disk.readwrite), bool(disk.is_cdrom), backend, script)

    def rate(self, spec: str) -> tuple[int, int]:
        """Return the bytes in each interval, and the interval in microseconds. Raises Refused."""
        nic = _Nic()
        with self._config() as (cfg, report):
            if self._xl.xlu_vif_parse_rate(cfg, spec.encode(), ctypes.byref(nic)) or self._said(report):
                raise Refused(self._said(report))
        return nic.rate_bytes_per_interval, nic.rate_interval_usecs

    def pci(self, spec: str) -> None:
        """Do nothing if xl takes the address of a PCI device. Raises Refused."""
        with self._config() as (cfg, report):
            if self._xl.xlu_pci_parse_spec_string(cfg, ctypes.create_string_buffer(4096), spec.encode()):
                raise Refused(self._said(report) or spec)

    @contextmanager
    def _config(self) -> Iterator[tuple[ctypes.c_void_p, ctypes.c_void_p]]:
        """Have a config, and the file that it complains to."""
        report = ctypes.c_void_p(self._libc.tmpfile())
        cfg = ctypes.c_void_p(self._xl.xlu_cfg_init(report, b"config"))
        try:
            yield cfg, report
        finally:
            self._xl.xlu_cfg_destroy(cfg)
            self._libc.fclose(report)

    @contextmanager
    def _read(self, config: str) -> Iterator[tuple[ctypes.c_void_p, ctypes.c_void_p]]:
        """Have a config that is read. Raises Refused."""
        with self._config() as (cfg, report):
            data = config.encode()
            if self._xl.xlu_cfg_readdata(cfg, data, len(data)) or self._said(report):
                raise Refused(self._said(report))
            yield cfg, report

    def _said(self, report: ctypes.c_void_p) -> str:
        """Return what was complained of."""
        self._libc.fflush(report)
        return os.pread(self._libc.fileno(report), 10000, 0).decode(errors="replace")


def define(paths: Sequence[Path]) -> None:
    """Have libvirt's test driver judge each file by the schema, and define it: each in a driver of its own. Raises Refused."""
    for path in paths:
        _call(["virsh", "--quiet", "--connect", "test:///default", "define", "--validate", str(path)], path)


def defined(path: Path, name: str) -> str:
    """Return the XML of a domain as libvirt has it, once it is defined. The name must be one word. Raises Refused."""
    return _call(["virsh", "--quiet", "--connect", "test:///default", f"define {path}; dumpxml {name}"], path)


def validate(path: Path) -> None:
    """Have virt-xml-validate judge a file. Raises Refused."""
    _call(["virt-xml-validate", str(path), "domain"], path)


def _call(command: list[str], path: Path) -> str:
    """Return what a program prints. Raises Refused if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise Refused(f"{done.stderr}\n{path.read_text(encoding='utf-8')}")
    return done.stdout
