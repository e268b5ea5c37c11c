# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``ssh://`` URLs, with a real OpenSSH server and client."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Optional

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.info.listing import list_domains
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import url_without_secrets
from ansible_collections.dom0.xend.plugins.module_utils.module import open_client
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest, XendNoReply, XendUnreachable
from ansible_collections.dom0.xend.plugins.module_utils.wire.relay import Message
from ansible_collections.dom0.xend.plugins.module_utils.wire.ssh import Ssh, SshAddress
from tests.simulator import Fault, Simulator
from tests.support.sshd import MISSING, Sshd
from tests.support.waiting import await_request, wait_until

needs_sshd = pytest.mark.skipif(bool(MISSING), reason=MISSING)
GUEST = "(vm (name web1) (memory 64) (vcpus 1) (image (linux (kernel /k))))"
PYTHON_2 = next(iter(sorted((Path.home() / ".pyenv" / "versions").glob("2.7*/bin"))), None)


@pytest.fixture(name="sim")
def _sim() -> Iterator[Simulator]:
    with Simulator("4.1", tcp=None) as sim:
        sim.create(GUEST).unpause()
        sim.clear_log()
        yield sim


def client(url: str, arguments: Optional[str], **options: Any) -> XendClient:
    """Return a client for a URL."""
    given = {"xend_username": None, "xend_password": None, "validate_certs": True, "ca_path": None, **options}
    given = {"connect_timeout": 5, "timeout": 30, **given, "xend_url": url, "xend_ssh_args": arguments}
    return open_client(given, read_only=False)


def wait_until_no_relay_is_left(host: Sshd) -> None:
    """Fail if a relay stays on the host."""
    wait_until(lambda: not host.relays(), "a relay stays on the host", 10)


@needs_sshd
@pytest.mark.parametrize("shell", [each for each in ("/bin/sh", "/bin/bash", "/bin/csh") if shutil.which(each)])
def test_xend_is_reached_whatever_the_shell_prints(sim: Simulator, tmp_path: Path, shell: str) -> None:
    with Sshd(tmp_path, banner="Welcome\n", before="echo garbage; echo more >&2", shell=shell) as host:
        xend = client(f"{host.url}{sim.unix_path}", host.arguments)
        xend.pause("web1")
        domain = xend.domain("web1")
    assert domain is not None
    assert domain.state == "paused"


@needs_sshd
@pytest.mark.skipif(PYTHON_2 is None, reason="no Python 2.7 is installed")
def test_host_with_an_old_python_is_enough(sim: Simulator, tmp_path: Path) -> None:
    with Sshd(tmp_path, path=f"{PYTHON_2}:/bin") as host:
        assert client(f"{host.url}{sim.unix_path}", host.arguments).names() == ["Domain-0", "web1"]


@needs_sshd
def test_large_definition_arrives(sim: Simulator, tmp_path: Path) -> None:
    with Sshd(tmp_path) as host:
        xend = client(f"{host.url}{sim.unix_path}", host.arguments)
        xend.create(
            [
                "vm",
                ["name", "web2"],
                ["memory", "64"],
                ["vcpus", "1"],
                ["image", ["linux", ["kernel", "/k"], ["args", "x" * 1_000_000]]],
            ]
        )
    assert len(sim.requests[0].params["config"][0]) > 1_000_000


def logins(host: Sshd) -> int:
    """Return how often a host has been logged in to."""
    return host.log.read_text().count("Accepted publickey")


@contextmanager
def ending_shared_logins(home: Path) -> Iterator[None]:
    """End the logins that are kept in a home."""
    try:
        yield
    finally:
        for socket in home.glob(".ansible/cp/xend-*"):
            command = ["ssh", "-o", f"ControlPath={socket}", "-O", "exit", "127.0.0.1"]
            subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(name="home")
def _home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Have a home whose path is short enough for the socket of a shared login."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="h") as home:
        monkeypatch.setenv("HOME", home)
        yield Path(home)


@needs_sshd
@pytest.mark.parametrize("longer", ["", "/" + "x" * 40])
def test_requests_of_a_run_share_a_login_where_they_can(
    sim: Simulator, tmp_path: Path, home: Path, longer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", f"{home}{longer}")
    with Sshd(tmp_path) as host, ending_shared_logins(home):
        xend = client(f"{host.url}{sim.unix_path}", host.sharing_arguments)
        for _each in range(3):
            assert "web1" in xend.names()
        assert logins(host) == (3 if longer else 1)


@needs_sshd
def test_login_is_shared_without_arguments_too(
    sim: Simulator, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sshd(tmp_path) as host, ending_shared_logins(home):
        (home / "ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} {host.sharing_arguments} "$@"\n')
        (home / "ssh").chmod(0o755)
        monkeypatch.setenv("PATH", f"{home}:{os.environ['PATH']}")
        xend = client(f"{host.url}{sim.unix_path}", None)
        for _each in range(3):
            assert "web1" in xend.names()
        assert logins(host) == 1


@needs_sshd
def test_other_arguments_take_another_login(sim: Simulator, tmp_path: Path, home: Path) -> None:
    with Sshd(tmp_path) as host, ending_shared_logins(home):
        for more in ("", " -o ServerAliveInterval=5"):
            for _each in range(2):
                xend = client(f"{host.url}{sim.unix_path}", host.sharing_arguments + more)
                assert "web1" in xend.names()
        assert logins(host) == 2


@needs_sshd
def test_arguments_may_keep_each_request_apart(sim: Simulator, tmp_path: Path, home: Path) -> None:
    with Sshd(tmp_path) as host:
        xend = client(f"{host.url}{sim.unix_path}", f"{host.sharing_arguments} -o ControlMaster=no -o ControlPath=none")
        for _each in range(2):
            assert "web1" in xend.names()
        assert logins(host) == 2
    assert not list(home.glob(".ansible/cp/*"))


@needs_sshd
def test_halted_domains_take_one_more_start_of_a_relay(sim: Simulator, tmp_path: Path) -> None:
    names = [f"old{number}" for number in range(20)]
    for name in names:
        sim.define(f"(vm (name {name}) (memory 64) (vcpus 1) (image (linux (kernel /k))))")
    with Sshd(tmp_path) as host:
        listing = list_domains(client(f"{host.url}{sim.unix_path}", host.arguments))
        assert logins(host) == 2
    assert {domain.name for domain in listing.domains} == {"Domain-0", "web1", *names}
    assert len(sim.requests) == 22


HANGS = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the process that runs the tests does with it
from ansible_collections.dom0.xend.plugins.module_utils.module import open_client
options = dict.fromkeys(("xend_username", "xend_password", "ca_path"))
options.update(xend_url=sys.argv[1], xend_ssh_args=sys.argv[2], connect_timeout=60, timeout=60)
open_client(options, read_only=False).pause("web1")
"""


@needs_sshd
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_end_of_ansible_is_the_end_of_its_ssh_and_of_the_relay(
    sim: Simulator, tmp_path: Path, home: Path, number: signal.Signals, shared: bool
) -> None:
    sim.faults.append(Fault("pause", "hang"))
    with Sshd(tmp_path) as host, ending_shared_logins(home):
        arguments = host.sharing_arguments if shared else host.arguments
        command = [sys.executable, "-c", HANGS, f"{host.url}{sim.unix_path}", arguments]
        # ansible-test finds the collection in its own process only.
        places = filter(None, [os.environ.get("ANSIBLE_COLLECTIONS_PATH"), os.environ.get("PYTHONPATH")])
        process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(places)})
        await_request(sim, by=process)
        process.send_signal(number)
        process.wait(10)
        wait_until_no_relay_is_left(host)
        wait_until(lambda: not clients(host), "an ssh stays where Ansible ran", 10)


def clients(host: Sshd) -> list[str]:
    """Return the commands of those who are connected to a host, without those who only keep a login."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if words[0].endswith(b"ssh") and str(host.port).encode() in words:
                found.append(words[0].decode())
    return found


@needs_sshd
def test_host_whose_key_is_not_known_is_sent_nothing(sim: Simulator, tmp_path: Path) -> None:
    with Sshd(tmp_path) as host:
        host.trust(key="id")
        with pytest.raises(XendUnreachable, match=r"Host key verification failed\.\. Nothing was sent"):
            client(f"{host.url}{sim.unix_path}", host.arguments).pause("web1")
    assert sim.requests == []


@needs_sshd
def test_key_that_is_refused_asks_nobody_for_a_password(tmp_path: Path) -> None:
    with Sshd(tmp_path) as host:
        (tmp_path / "authorized_keys").write_text("")
        with pytest.raises(XendUnreachable, match=r"Permission denied"):
            client(host.url, host.arguments).names()


@needs_sshd
def test_host_that_is_down_is_reported(tmp_path: Path) -> None:
    host = Sshd(tmp_path)
    with pytest.raises(XendUnreachable, match=r"Cannot reach the host of xend at ssh://.*Connection refused"):
        client(host.url, host.arguments).names()


@needs_sshd
def test_where_nothing_listens_both_places_are_named(tmp_path: Path) -> None:
    with Sshd(tmp_path) as host, pytest.raises(XendUnreachable) as caught:
        client(host.url, host.arguments).names()
    assert "unix:///var/lib/xend/xend-socket: No such file or directory; http://127.0.0.1:8000: " in str(caught.value)


@needs_sshd
def test_command_that_the_host_does_not_run_is_reported(tmp_path: Path) -> None:
    with (
        Sshd(tmp_path, before="echo 'This account is not available'; exit 1") as host,
        pytest.raises(XendUnreachable, match=r"No relay starts .*This account is not available.*Nothing was sent"),
    ):
        client(host.url, host.arguments).pause("web1")


@needs_sshd
def test_host_that_prints_without_an_end_is_given_up(tmp_path: Path) -> None:
    with Sshd(tmp_path, before="yes") as host, pytest.raises(XendUnreachable, match=r"prints without an end"):
        client(host.url, host.arguments).names()


@needs_sshd
def test_host_that_hangs_is_given_up(tmp_path: Path) -> None:
    with Sshd(tmp_path, before="sleep 5") as host:
        carry = Ssh(SshAddress("127.0.0.1", host.user, host.port, ""), arguments=host.arguments)
        carried = carry("true", Message("GET /", b"opening\n", b"request\n", b"ready"), 0.5)
    assert not carried.sent
    assert carried.broken == "it did not end within 0.5 s"


def test_machine_without_ssh_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(XendUnreachable, match="ssh cannot be started: No such file"):
        client("ssh://xen1", "").names()


def killed_while_it_waits(xend: XendClient, sim: Simulator, kill: Any) -> XendNoReply:
    """Return what a pause raises whose answer never comes, because something is killed meanwhile."""
    sim.faults.append(Fault("pause", "hang"))

    def wait_and_kill() -> None:
        await_request(sim)
        kill()

    thread = threading.Thread(target=wait_and_kill)
    thread.start()
    with pytest.raises(XendNoReply) as caught:
        xend.pause("web1")
    thread.join()
    assert [request.op for request in sim.requests] == ["pause"]
    return caught.value


@needs_sshd
def test_relay_that_is_killed_leaves_a_doubt(sim: Simulator, tmp_path: Path) -> None:
    with Sshd(tmp_path) as host:
        xend = client(f"{host.url}{sim.unix_path}", host.arguments)
        error = killed_while_it_waits(xend, sim, host.kill_relays)
    assert error.perhaps_done
    assert "may have carried out the request" in str(error)


@needs_sshd
def test_connection_that_breaks_leaves_a_doubt_and_no_relay(sim: Simulator, tmp_path: Path) -> None:
    with Sshd(tmp_path) as host:
        xend = client(f"{host.url}{sim.unix_path}", host.arguments)
        error = killed_while_it_waits(xend, sim, host.drop)
        assert error.perhaps_done
        wait_until_no_relay_is_left(host)


@needs_sshd
def test_silent_xend_leaves_no_relay(sim: Simulator, tmp_path: Path) -> None:
    sim.faults.append(Fault("pause", "hang"))
    with Sshd(tmp_path) as host:
        with pytest.raises(XendNoReply, match=r"did not answer within 0\.5 s"):
            client(f"{host.url}{sim.unix_path}", host.arguments, timeout=0.5).pause("web1")
        wait_until_no_relay_is_left(host)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("ssh://xen1", SshAddress("xen1", None, None, "")),
        ("ssh://root@xen1:2222/run/xend.sock", SshAddress("xen1", "root", 2222, "/run/xend.sock")),
        ("ssh://root@[fe80::1%25eth0]/", SshAddress("fe80::1%eth0", "root", None, "")),
        ("ssh://xen1/a%20b", SshAddress("xen1", None, None, "/a b")),
    ],
)
def test_url_is_read(url: str, address: SshAddress) -> None:
    assert SshAddress.parse(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "ssh://",
        "ssh://-oProxyCommand=touch%20x",
        "ssh://-oProxyCommand=x@xen1",
        "ssh://%2doProxyCommand=x",
        "ssh://xen1;id",
        "ssh://xen1%0aid",
        "ssh://$(id)@xen1",
        "ssh://xen1:port",
        "ssh://xen1:99999",
        "ssh://joe:hunter2@xen1",
        "ssh://xen1/socket?hunter2",
        "ssh://xen1/socket#hunter2",
        "ssh://[xen1",
    ],
)
def test_url_that_names_no_host_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        SshAddress.parse(url)
    assert "hunter2" not in str(caught.value)


def test_arguments_that_cannot_be_split_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="xend_ssh_args"):
        client("ssh://xen1", "-i 'no end")


def test_user_of_ssh_is_shown_and_no_password() -> None:
    assert url_without_secrets("ssh://root@xen1:22/run/xend.sock") == "ssh://root@xen1:22/run/xend.sock"
    assert "hunter2" not in url_without_secrets("ssh://root:hunter2@xen1")
    assert "hunter2" not in url_without_secrets("ssh://root@hunter2@xen1")
    assert "hunter2" not in url_without_secrets("ssh://root%40hunter2@xen1")
    assert "hunter2" not in url_without_secrets("ssh://root@xen1:hunter2")
