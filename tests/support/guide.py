# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Follow a guide as its reader does: write its files, type its lines, and compare what is shown, block after block.

* ``yaml``: a file, named in a comment in its first line. A later line has to use it.
* ``shell``: lines to type. What they export holds for the lines after them. A line that runs a simulator starts it, and
  leaves it running.
* ``text`` right after such lines: what they print, with ``...`` for whatever there is, and any white space.
* Anything else has to be marked as not run (see documents.py).

Everything is real: the shell, ansible, the simulators. Only addresses are replaced, both ways. An address for which the
guide has started no simulator gets one, with the guest web1: that is the reader's own xend.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from tests.simulator import Simulator
from tests.support.documents import Block
from tests.support.proxy import Proxy

TOP = Path(__file__).resolve().parents[2]

WEB1 = """(vm (name web1) (memory 128) (vcpus 1) (image (linux (kernel /boot/vmlinuz)))
    (device (vif (mac 00:16:3e:00:00:01) (bridge xenbr0) (ip 10.0.0.1))))"""

SECRETS = {"ansible": "s3cret"}
"""Who may use the proxy, and with which password."""

_PORT = re.compile(r"\b(localhost|127\.0\.0\.1):(8\d{3})\b")
_SOCKET = re.compile(r"unix:///run/user/1000/xenhost\.sock")
_PROXY = re.compile(r"https://xenhost\.example\.org:8443")
_SIMULATOR = "python -m tests.simulator"
_START_SECONDS = 20
_LIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Reader:
    """One who follows a guide, in a folder of their own that looks like a clone."""

    def __init__(self, folder: Path) -> None:
        """Take an empty folder."""
        self.folder = folder
        self.written: set[str] = set()
        """Files that no line has used yet."""
        self._ports: dict[str, str] = {}
        self._exports: list[str] = []
        self._shown = ""
        self._stack = ExitStack()
        for name in ("tests", "playbooks"):
            (folder / name).symlink_to(TOP / name)
        (folder / "vault-password").write_text("of the vault\n", encoding="ascii")

    def __enter__(self) -> Reader:  # noqa: PYI034 - typing.Self is newer than the oldest Python here
        """Begin."""
        return self

    def __exit__(self, *_error: object) -> None:
        """End what was started."""
        self._stack.close()

    def follow(self, blocks: list[Block]) -> None:
        """Do what a document says. Raises AssertionError, which names the block that went wrong."""
        for block, then in zip(blocks, [*blocks[1:], None]):
            if not block.not_run:
                self._do(block, then if then and then.language == "text" and not then.not_run else None)
        assert not self.written, f"no line uses these files, so they are not run: {sorted(self.written)}"

    def _do(self, block: Block, shows: Block | None) -> None:
        if block.language == "yaml":
            self._write(block)
        elif block.language == "shell":
            self._type(block, shows)
        else:
            assert block.language == "text", f"{block.place}: is neither run nor marked: .. not run: REASON"
            assert self._shown, (
                f"{block.place}: follows no lines whose output it could be, and is not marked as not run"
            )
            self._shown = ""

    def _write(self, block: Block) -> None:
        name = re.match(r"# ([\w.-]+\.yml)\n", block.text)
        assert name, f"{block.place}: begins with no comment that names its file, and is not marked as not run"
        (self.folder / name[1]).write_text(self._really(block.text), encoding="utf-8")
        self.written.add(name[1])

    def _type(self, block: Block, shows: Block | None) -> None:
        self.written = {name for name in self.written if name not in block.text}
        if block.text.startswith(_SIMULATOR):
            self._shown = self._start(block.text)
        else:
            self._shown = self._run(block, may_fail=shows is not None and "failed=1" in shows.text)
        if shows:
            like = doctest.OutputChecker().check_output(shows.text, self._shown, _LIKE)
            assert like, f"{shows.place}: this is shown instead:\n{self._shown}"

    def _run(self, block: Block, *, may_fail: bool) -> str:
        lines = self._really(block.text)
        script = "".join(line + "\n" for line in self._exports) + lines
        self._exports += [line for line in lines.splitlines() if line.startswith("export ")]
        done = subprocess.run(
            ["sh", "-e", "-c", script],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert (done.returncode != 0) is may_fail, f"{block.place}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return self._as_written(done.stdout) or "\n"

    def _environment(self) -> dict[str, str]:
        """Return the environment of a reader who has activated .venv."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("XEND_")}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {**kept, "PATH": path, "HOME": str(self.folder), "COLUMNS": "500", "ANSIBLE_NOCOLOR": "1"}

    def _start(self, line: str) -> str:
        """Start a simulator at a port that is free, or a fleet; return what it shows."""
        words = shlex.split(line)
        if words[2].endswith(".fleet"):
            self._start_process(words, words[words.index("--inventory") + 1])
        else:
            (port,) = re.findall(r"--tcp 127\.0\.0\.1:(8\d{3})\b", line)
            words = shlex.split(self._really(line.replace(f"--tcp 127.0.0.1:{port}", "--tcp 127.0.0.1:0")))
            url = self._start_process([*words, "--url-file", "url"], "url")
            self._ports[port] = url.strip().rpartition(":")[2]
        return self._as_written((self.folder / "log").read_text(encoding="utf-8"))

    def _start_process(self, words: list[str], ready: str) -> str:
        """Start what runs on until the reader has come to the end; return the file that it writes when it is ready."""
        log, file = self.folder / "log", self.folder / ready
        file.unlink(missing_ok=True)
        with log.open("w", encoding="utf-8") as out:
            process = subprocess.Popen(words, cwd=self.folder, env=self._environment(), stdout=out, stderr=out)
        self._stack.callback(process.wait)
        self._stack.callback(process.terminate)
        return _content(file, process, log)

    # ---- addresses

    def _really(self, text: str) -> str:
        """Return the text with real addresses in place of those in the guide."""
        text = _PORT.sub(lambda found: f"{found[1]}:{self._port(found[2])}", text)
        text = _SOCKET.sub(lambda _found: self._own_xend().unix_url, text)
        return _PROXY.sub(lambda _found: self._proxy(), text)

    def _as_written(self, shown: str) -> str:
        """Return what was shown with the addresses of the guide."""
        for port, real in self._ports.items():
            shown = re.sub(rf"\b(localhost|127\.0\.0\.1):{real}\b", rf"\1:{port}", shown)
        return shown

    def _port(self, port: str) -> str:
        if port not in self._ports:
            self._ports[port] = self._own_xend().url.rpartition(":")[2]
        return self._ports[port]

    def _own_xend(self) -> Simulator:
        """Return a xend that the guide has not started. It runs sedf, and its guests are quick to go down."""
        sim = self._stack.enter_context(Simulator("3.2", scheduler="sedf", shutdown_delay=0.1))
        sim.create(WEB1).unpause()
        return sim

    def _proxy(self) -> str:
        """Return the URL of a proxy with TLS in front of a xend."""
        proxy = self._stack.enter_context(Proxy(self._own_xend(), SECRETS))
        (self.folder / "xenhost-ca.pem").write_bytes(proxy.certificate)
        return proxy.url


def _content(path: Path, process: subprocess.Popen[bytes], log: Path) -> str:
    """Return what a process has written to a file, once it has, and says that it is ready."""
    end = time.monotonic() + _START_SECONDS
    content = ""
    while not (content.endswith("\n") and " ready" in log.read_text(encoding="utf-8")):
        assert process.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < end, "the simulator did not start"
        time.sleep(0.02)
        content = path.read_text(encoding="utf-8") if path.exists() else ""
    return content
