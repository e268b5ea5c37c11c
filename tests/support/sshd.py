# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An OpenSSH server of a test's own: on a loopback port, with its own keys, for the user who runs the tests."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Optional

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
KEYGEN = shutil.which("ssh-keygen")
MISSING = "" if SSHD and KEYGEN and shutil.which("ssh") else "no OpenSSH server and client are installed"
"""Why there can be no server; empty where there can."""


class Sshd:
    """A server that lets one key in. ``shell`` is what runs the commands, and ``environment`` what they find."""

    def __init__(
        self,
        folder: Path,
        *,
        path: str = "/usr/bin:/bin",
        banner: str = "",
        before: str = "",
        shell: str = "/bin/sh",
        environment: Optional[dict[str, str]] = None,
    ) -> None:
        """Take a folder for its files. *before* is a script of that shell, which runs before each command."""
        self.folder = folder
        self.user = getpass.getuser()
        self.known_hosts = folder / "known_hosts"
        self.log = folder / "sshd.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._key("host_key")
        self._key("id")
        (folder / "banner").write_text(banner)
        forced = f"{before}{chr(10) if before else ''}PATH={path}; export PATH; "
        wrapper = folder / "shell"
        exports = "".join(
            f"{name}={shlex.quote(value)}; export {name}; " for name, value in (environment or {}).items()
        )
        wrapper.write_text(f'#!/bin/sh\n{forced}{exports}exec {shell} -c "$SSH_ORIGINAL_COMMAND"\n')
        wrapper.chmod(0o755)
        self._configure(wrapper)
        self._process: Optional[subprocess.Popen[bytes]] = None

    @property
    def url(self) -> str:
        """The URL of the host, without a socket."""
        return f"ssh://{self.user}@127.0.0.1:{self.port}"

    @property
    def arguments(self) -> str:
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
        command = [str(SSHD), "-D", "-e", "-f", str(self.folder / "sshd_config")]
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
