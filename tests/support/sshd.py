# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An OpenSSH server of a test's own: on a loopback port, with its own keys, for the user who runs the tests."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Optional

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
KEYGEN = shutil.which("ssh-keygen")
MISSING = "" if SSHD and KEYGEN and shutil.which("ssh") else "no OpenSSH server and client are installed"
"""Why there can be no server; empty where there can."""


MARK = "TEST_OF_RELAY"
"""The variable of the environment by which a test finds its relays."""


class Sshd:
    """A server that lets one key in. ``shell`` is what runs the commands."""

    def __init__(
        self,
        folder: Path,
        *,
        path: str = "/usr/bin:/bin",
        banner: str = "",
        before: str = "",
        shell: str = "/bin/sh",
        inside: Sequence[str] = (),
    ) -> None:
        """Take a folder for its files, the PATH and the shell of commands, and a script for sh that runs before each.

        *inside* is a command that starts the server as its last arguments.
        """
        self.folder = folder
        self._inside = inside
        self.user = getpass.getuser()
        self.known_hosts = folder / "known_hosts"
        self.log = folder / "sshd.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._key("host_key")
        self._key("id")
        (folder / "banner").write_text(banner)
        wrapper = folder / "shell"
        lines = [
            "#!/bin/sh",
            before,
            f"PATH={path} {MARK}={folder}; export PATH {MARK}",
            f'exec {shell} -c "$SSH_ORIGINAL_COMMAND"',
        ]
        wrapper.write_text("\n".join([*lines, ""]))
        wrapper.chmod(0o755)
        self._configure(wrapper)
        self._process: Optional[subprocess.Popen[bytes]] = None

    @property
    def url(self) -> str:
        """The URL of the host, without a socket."""
        return f"ssh://{self.user}@127.0.0.1:{self.port}"

    @property
    def arguments(self) -> str:
        """The arguments for ssh that the server takes, and that leave no login behind to be shared."""
        return f"{self.sharing_arguments} -o ControlPath=none"

    @property
    def sharing_arguments(self) -> str:
        """The arguments for ssh that the server takes."""
        return " ".join(f"-o {name}={value}" for name, value in self.options.items())

    @property
    def options(self) -> dict[str, str]:
        """The options of ssh that the server takes."""
        return {
            "IdentityFile": str(self.folder / "id"),
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": str(self.known_hosts),
            "StrictHostKeyChecking": "yes",
        }

    def __enter__(self) -> Sshd:  # noqa: PYI034 - Self came with Python 3.11
        """Start it, and wait until it answers."""
        command = [*self._inside, str(SSHD), "-D", "-e", "-f", str(self.folder / "sshd_config")]
        Path("/run/sshd").mkdir(exist_ok=True) if os.geteuid() == 0 else None
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise RuntimeError(self.log.read_text()) from None
                time.sleep(0.05)
            else:
                return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        """Stop it."""
        assert self._process
        self._process.terminate()
        self._process.wait()

    def relays(self) -> set[int]:
        """Return the ids of the relays that run here."""
        return relays(str(self.folder))

    def kill_relays(self) -> None:
        """Kill the relays that run here."""
        for process in self.relays():
            os.kill(process, signal.SIGKILL)

    def drop(self) -> None:
        """Kill the processes that serve the connections of now."""
        assert self._process
        for process in _descendants(self._process.pid):
            with suppress(OSError):
                if Path(f"/proc/{process}/comm").read_text().startswith("sshd"):
                    os.kill(process, signal.SIGKILL)

    def trust(self, *, key: str = "host_key") -> None:
        """Have the client know the server by a key."""
        public = (self.folder / f"{key}.pub").read_text()
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {public}")

    def _key(self, name: str) -> None:
        """Make a pair of keys."""
        command = [str(KEYGEN), "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)]
        subprocess.run(command, check=True)

    def _configure(self, wrapper: Path) -> None:
        """Write the configuration."""
        folder = self.folder
        (folder / "authorized_keys").write_text(f'command="{wrapper}" {(folder / "id.pub").read_text()}')
        self.trust()
        lines = [
            "ListenAddress 127.0.0.1",
            f"Port {self.port}",
            f"HostKey {folder}/host_key",
            f"AuthorizedKeysFile {folder}/authorized_keys",
            f"PidFile {folder}/sshd.pid",
            f"Banner {folder}/banner",
            "PermitRootLogin yes",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "StrictModes no",
            "UsePAM no",
            "MaxStartups 100",
        ]
        (folder / "sshd_config").write_text("\n".join([*lines, ""]))


def _descendants(parent: int) -> list[int]:
    """Return the processes that a process has started, and those that they have."""
    children = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if stat.read_text().rpartition(")")[2].split()[1] == str(parent):
                children.append(int(stat.parent.name))
    return [*children, *(each for child in children for each in _descendants(child))]


def relays(mark: str) -> set[int]:
    """Return the ids of the processes that are relays and have this *mark* in their environment."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
            environment = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        is_relay = arguments[1:2] == [b"-c"] and arguments[2].startswith(b"import sys,binascii;exec(")
        if is_relay and f"{MARK}={mark}".encode() in environment:
            found.add(int(process.name))
    return found
