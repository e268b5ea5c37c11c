# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The relay, run by every Python and every shell that there is here, against the simulator and servers that misbehave."""

from __future__ import annotations

import ast
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.info.listing import list_domains
from ansible_collections.dom0.xend.plugins.module_utils.wire import relay as relay_module
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import (
    NotXend,
    XendError,
    XendNoReply,
    XendUnreachable,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.relay import Carried, Message, Places, Relay, command
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import DOUBT, Address, Transport
from ansible_collections.dom0.xend.tests.unit.plugins.module_utils.raw_server import DROPPED, Answer, RawServer, http
from tests.simulator import Fault, Simulator
from tests.support.sshd import MARK, relays
from tests.support.waiting import await_request, wait_until

PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
PATHS = {"system": "/usr/bin:/bin", **{path.name: f"{path}/bin:/bin" for path in sorted(PYENV.glob("*"))}}
SHELLS = [shell for shell in ("/bin/sh", "/bin/bash", "/bin/csh", "/bin/dash") if shutil.which(shell)]
TEST = str(os.getpid())
GUEST = "(vm (name web1) (memory 64) (vcpus 1) (image (linux (kernel /k))))"


class Here:
    """Carries commands to the machine of the tests."""

    def __init__(self, *, path: str = "/usr/bin:/bin", shell: str = "/bin/sh", before: str = "") -> None:
        """Take the PATH, the shell and what it runs before."""
        self.path, self.shell, self.before = path, shell, before
        self.count = 0

    def __call__(self, command: str, message: Message, bound: float) -> Carried:
        """Run a command."""
        self.count += 1
        done = subprocess.run(
            [self.shell, "-c", f"{self.before}{command}"],
            input=message.opening + message.request,
            env={"PATH": self.path, MARK: TEST},
            capture_output=True,
            check=False,
            timeout=bound,
        )
        return Carried(done.stdout, done.stderr.decode())


def relay(url: str, here: Optional[Here] = None, **options: Any) -> Relay:
    """Return a relay to a xend of a URL."""
    return Relay(url, Places.of_url(Address.parse(url)), here or Here(), **options)


@pytest.fixture(name="sim")
def _sim() -> Iterator[Simulator]:
    with Simulator("4.1") as sim:
        sim.create(GUEST).unpause()
        sim.clear_log()
        yield sim


@pytest.fixture(autouse=True)
def _no_relay_stays() -> Iterator[None]:
    yield
    wait_until(lambda: not relays(TEST), "a relay stays", 10)


@pytest.mark.parametrize("python", PATHS)
def test_every_python_reads_and_writes(sim: Simulator, python: str) -> None:
    for url in (sim.unix_url, sim.url):
        client = XendClient(relay(url, Here(path=PATHS[python])))
        assert "web1" in client.names()
        (client.pause if url == sim.url else client.unpause)("web1")
    domain = client.domain("web1")
    assert domain is not None
    assert domain.state == "paused"


@pytest.mark.parametrize("python", PATHS)
def test_every_python_says_whether_there_is_a_file(tmp_path: Path, python: str) -> None:
    odd = tmp_path / "a 'b' $(c) ü.chk"
    odd.write_text("memory")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    # No xend is needed to look, and none is asked.
    found = [
        relay("unix:///nowhere", Here(path=PATHS[python])).has_file(str(tmp_path / name))
        for name in (odd, "link", "no")
    ]
    assert found == [True, True, False]


def test_a_file_is_looked_for_only_where_xend_runs(sim: Simulator, tmp_path: Path) -> None:
    here = Here()
    assert relay("http://127.0.0.1:1", here).has_file(str(tmp_path)) is True
    assert relay("http://192.0.2.1:8000", here).has_file(str(tmp_path)) is None
    assert here.count == 1
    assert Transport(sim.unix_url).has_file(str(tmp_path)) is None  # perhaps forwarded from another host
    assert Transport(sim.url).has_file(str(tmp_path)) is None
    assert Transport().has_file(str(tmp_path)) is True
    assert Transport().has_file(str(tmp_path / "no")) is False


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_starts_it_whatever_it_prints(sim: Simulator, shell: str) -> None:
    here = Here(shell=shell, before="echo 'dom0.xend-no-pyth on'; echo garbage; ")
    assert "web1" in XendClient(relay(sim.unix_url, here)).names()


def test_python_that_does_not_start_is_passed_over(sim: Simulator, tmp_path: Path) -> None:
    for name in ("python2", "python"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'version not set' >&2\nexit 127\n")
        (tmp_path / name).chmod(0o755)
    assert "web1" in XendClient(relay(sim.unix_url, Here(path=f"{tmp_path}:/usr/bin:/bin"))).names()


def test_nothing_is_written_where_it_starts(sim: Simulator, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert "web1" in XendClient(relay(sim.unix_url, Here(before=f"HOME={home}; export HOME; cd {home}; "))).names()
    assert list(home.iterdir()) == []


def test_no_python_is_said() -> None:
    here = Here(before="")

    def here_without(text: str, message: Message, bound: float) -> Carried:
        return here(text.replace(" ".join(relay_module.PYTHONS), "nosuchpython"), message, bound)

    way = Relay("ssh://xen1", Places.of_socket(), here_without)
    with pytest.raises(XendUnreachable, match=r"No Python starts on the host of xend at ssh://xen1.*Nothing was sent"):
        way.exchange("/xend/domain", timeout=5)
    with pytest.raises(XendUnreachable, match="No Python starts"):
        way.has_file("/srv/web1.chk")


def test_request_of_a_megabyte_and_a_reply_of_twenty(tmp_path: Path) -> None:
    body = os.urandom(20 << 20)
    with RawServer(http(body=body, Content_type="text/plain"), path=str(tmp_path / "socket")) as server:
        reply = relay(server.url).exchange("/xend/domain", {"op": "x" * (1 << 20)}, timeout=20)
    assert reply.text.encode("utf-8", "surrogateescape") == body
    assert len(server.requests[0]) > 1 << 20


def test_reply_without_an_end_is_given_up(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-type: text/plain\r\n\r\n"
    with (
        RawServer(Answer(head, drip=b"x" * (1 << 20)), path=str(tmp_path / "socket")) as server,
        pytest.raises(NotXend, match="goes on after 64 MiB"),
    ):
        relay(server.url).exchange("/xend/domain", timeout=20)


def test_reply_that_drips_is_given_up(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-type: text/plain\r\n\r\n"
    with (
        RawServer(Answer(head, drip=b"x", pause=0.1), path=str(tmp_path / "socket")) as server,
        pytest.raises(XendNoReply, match="did not finish its answer within 2 s"),
    ):
        relay(server.url, finish_timeout=1).exchange("/xend/domain", {"op": "pause"}, timeout=1)


def test_silence_is_given_up_and_nothing_sent_again(sim: Simulator) -> None:
    sim.faults.append(Fault("pause", "hang"))
    with pytest.raises(XendNoReply, match=r"did not answer within 0\.5 s") as caught:
        XendClient(relay(sim.unix_url), timeout=0.5).pause("web1")
    assert caught.value.perhaps_done
    assert DOUBT in str(caught.value)
    assert [request.op for request in sim.requests] == ["pause"]


@pytest.mark.parametrize(
    "answer", [DROPPED, Answer(b"HTTP/1.1 200 OK\r\nContent-length: 9\r\n\r\nab")], ids=["none", "half"]
)
def test_lost_answer_is_in_doubt_and_nothing_sent_again(tmp_path: Path, answer: Answer) -> None:
    with RawServer(answer, path=str(tmp_path / "socket")) as server, pytest.raises(XendNoReply, match=DOUBT[:20]):
        relay(server.url).exchange("/xend/domain/web1", {"op": "pause"}, timeout=5)
    assert len(server.requests) == 1


def test_what_reads_is_asked_again_where_the_connection_was_dropped(tmp_path: Path) -> None:
    with RawServer(DROPPED, http(body=b"()"), path=str(tmp_path / "socket")) as server:
        assert relay(server.url).exchange("/xend/domain", timeout=5).text == "()"


@pytest.mark.parametrize("python", PATHS)
def test_what_is_announced_comes_in_one_run(sim: Simulator, python: str) -> None:
    for number in range(3):
        sim.define(f"(vm (name old{number}) (memory 64) (vcpus 1) (image (linux (kernel /k))))")
    here = Here(path=PATHS[python])
    listing = list_domains(XendClient(relay(sim.unix_url, here)))
    assert [domain.name for domain in listing.domains] == ["Domain-0", "web1", "old0", "old1", "old2"]
    assert here.count == 2
    assert len(sim.requests) == 5


def test_announced_of_many_hundreds_comes_in_parts(tmp_path: Path) -> None:
    gets = [(f"/xend/domain/{number}", "") for number in range(250)]
    here = Here()
    answers = [http(body=str(number).encode(), Content_type="text/plain") for number in range(250)]
    with RawServer(*answers, path=str(tmp_path / "socket")) as server:
        way = relay(server.url, here)
        way.announce(gets)
        texts = [way.exchange(path, timeout=20).text for path, _query in gets]
    assert texts == [str(number) for number in range(250)]
    assert here.count == 3


def test_announced_and_lost_on_the_way_is_asked_for_again(tmp_path: Path) -> None:
    here = Here()
    answers = [http(body=b"(a)"), DROPPED, http(body=b"(b)"), http(body=b"(c)")]
    with RawServer(*answers, path=str(tmp_path / "socket")) as server:
        way = relay(server.url, here)
        way.announce([("/a", ""), ("/b", ""), ("/c", "")])
        assert way.exchange("/a", timeout=5).text == "(a)"
        assert [request.split()[1] for request in server.requests] == [b"/a", b"/b", b"/c"]
        way.exchange("/c", timeout=5)
        way.exchange("/b", timeout=5)
    assert [request.split()[1] for request in server.requests] == [b"/a", b"/b", b"/c", b"/b"]
    assert here.count == 2


def test_silence_about_an_announced_domain_is_no_silence_about_the_first(sim: Simulator) -> None:
    here = Here()
    sim.define("(vm (name old1) (memory 64) (vcpus 1) (image (linux (kernel /k))))")
    way = relay(sim.unix_url, here)
    client = XendClient(way, timeout=1)
    sim.faults.append(Fault("list", "hang"))
    with client.ahead_of_lists("all"):
        assert len(client.domains()) == 2
        assert "old1" in client.names()
    assert here.count == 2


def test_bound_of_size_is_that_of_the_whole_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "MOST_MIB", 1)
    here = Here()
    gets = [(f"/{number}", "") for number in range(4)]
    answer = http(body=b"x" * 400_000, Content_type="text/plain")
    with RawServer(*[answer] * 6, path=str(tmp_path / "socket")) as server:
        way = relay(server.url, here)
        way.announce(gets)
        assert [len(way.exchange(path, timeout=5).text) for path, _query in gets] == [400_000] * 4
    assert here.count == 2


def test_change_travels_alone_and_leaves_nothing_that_was_read_before(sim: Simulator) -> None:
    here = Here()
    client = XendClient(relay(sim.unix_url, here))
    with client.ahead_of_domains(["Domain-0", "web1"]):
        client.domain("Domain-0")
        client.pause("web1")
        domain = client.domain("web1")
    assert domain is not None
    assert domain.state == "paused"
    assert [request.op for request in sim.requests] == ["get", "get", "pause", "get"]
    assert here.count == 3


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_half_a_request_is_never_sent(sim: Simulator, cut: int) -> None:
    here = Here()

    def halved(command: str, message: Message, bound: float) -> Carried:
        return here(command, replace(message, request=message.request[:-cut]), bound)

    client = XendClient(Relay(sim.unix_url, Places.of_url(Address.parse(sim.unix_url)), halved))
    with pytest.raises(XendNoReply, match="ended without an answer"):
        client.pause("web1")
    assert {request.method for request in sim.requests} <= {"-"}  # a connection, and nothing sent


def test_what_nobody_asked_for_is_not_kept(sim: Simulator) -> None:
    client = XendClient(relay(sim.unix_url))
    with client.ahead_of_domains(["Domain-0", "web1"]):
        client.domain("Domain-0")
    client.domain("web1")
    assert [request.path for request in sim.requests] == [f"/xend/domain/{n}" for n in ("Domain-0", "web1", "web1")]


def test_where_xend_does_not_listen_nothing_is_sent(tmp_path: Path) -> None:
    with pytest.raises(XendUnreachable, match=r"No such file or directory.*xend-unix-server"):
        relay(f"unix://{tmp_path}/nothing").exchange("/xend/domain", {"op": "pause"}, timeout=5)
    with pytest.raises(XendUnreachable, match=r"Connection refused.*xend-http-server"):
        relay("http://127.0.0.1:1").exchange("/xend/domain", {"op": "pause"}, timeout=5)


def test_place_is_looked_for(sim: Simulator, tmp_path: Path) -> None:
    host, port = sim.url.rpartition("/")[2].split(":")
    way = Relay("xen1", Places([("unix", f"{tmp_path}/nothing"), ("tcp", host, port)]), Here())
    assert "web1" in XendClient(way).names()
    nowhere = Relay("xen1", Places([("unix", f"{tmp_path}/nothing"), ("tcp", host, "1")]), Here())
    with pytest.raises(XendUnreachable) as caught:
        XendClient(nowhere).names()
    assert f"unix://{tmp_path}/nothing: " in str(caught.value)
    assert f"http://{host}:1: " in str(caught.value)


def test_relay_that_is_killed_leaves_a_doubt(sim: Simulator) -> None:
    sim.faults.append(Fault("pause", "hang"))
    with pytest.raises(XendNoReply, match=r"ended without an answer.*may have carried out"), _killing_relays(sim):
        XendClient(relay(sim.unix_url)).pause("web1")
    assert [request.op for request in sim.requests] == ["pause"]


class _killing_relays:  # noqa: N801 - used as a context
    """Kills the relay as soon as a xend has got a request."""

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim
        self._thread = threading.Thread(target=self._kill)

    def _kill(self) -> None:
        await_request(self._sim)
        for process in relays(TEST):
            os.kill(process, signal.SIGKILL)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_error: object) -> None:
        self._thread.join()


def test_relay_ends_when_nobody_reads_what_it_prints(sim: Simulator) -> None:
    sim.faults.append(Fault("pause", "hang"))

    def leave(command: str, message: Message, bound: float) -> Carried:
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            env={**os.environ, MARK: TEST},
        )
        assert process.stdin
        assert process.stdout
        process.stdin.write(message.opening + message.request)
        process.stdin.close()
        await_request(sim)
        process.stdout.close()
        process.wait(10)
        return Carried(b"", broken=f"left, long before {bound} s")

    with pytest.raises(XendNoReply, match="left, long before"):
        XendClient(Relay("xen1", Places.of_url(Address.parse(sim.unix_url)), leave)).pause("web1")


def test_proxy_is_given_the_credentials_and_its_path() -> None:
    with RawServer(http(body=b"()")) as server:
        url = f"{server.url}/behind"
        way = Relay(url, Places.of_url(Address.parse(url)), Here(), username="me", password="secret")
        assert way.exchange("/xend/domain", timeout=5).text == "()"
    assert server.requests[0].startswith(b"GET /behind/xend/domain HTTP/1.1\r\n")
    assert b"Authorization: Basic bWU6c2VjcmV0\r\n" in server.requests[0]
    assert f"Host: {server.authority}\r\n".encode() in server.requests[0]


def test_command_holds_no_secret_and_no_character_of_csh() -> None:
    assert not set(command()) & set("!\n\\`")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"SSH-2.0-OpenSSH\r\n"),
        Answer(b"HTTP/1.1 200 OK\r\n\r\n"),
        http(body=b"<html>proxy</html>"),
        http("302 Found"),
        http("502 Bad Gateway"),
        http(body=b"()", Content_encoding="gzip"),
        http(body=b"()", Content_length="many"),
        http(body=b"()", Content_length=str(1 << 30)),
    ],
)
def test_what_is_no_xend_is_reported(tmp_path: Path, answer: Answer) -> None:
    with RawServer(answer, path=str(tmp_path / "socket")) as server, pytest.raises(XendError) as caught:
        relay(server.url).exchange("/xend/domain/web1", {"op": "pause"}, timeout=2)
    assert isinstance(caught.value, (NotXend, XendNoReply))
    assert caught.value.perhaps_done


NEWER = (
    *(ast.IfExp, ast.GeneratorExp, ast.With, ast.JoinedStr, ast.SetComp, ast.DictComp, ast.Set, ast.Starred),
    *(ast.Lambda, ast.NamedExpr, ast.Nonlocal, ast.Yield, ast.AnnAssign, ast.ClassDef),
)
"""What a Python 2.3 does not know, or what is easier not to use than to use rightly."""
NEWER_NAMES = {
    "all",
    "any",
    "bytes",
    "bytearray",
    "frozenset",
    "memoryview",
    "next",
    "print",
    "reversed",
    "set",
    "sorted",
}
NEWER_METHODS = {
    "format",
    "partition",
    "rpartition",
    "rsplit",
    "hex",
    "fromhex",
    "create_connection",
    "monotonic",
    "buffer",
}


def test_relay_is_written_for_python_2_3() -> None:
    for node in ast.walk(ast.parse(relay_module.SOURCE)):
        assert not isinstance(node, NEWER), ast.dump(node)
        assert getattr(node, "id", "") not in NEWER_NAMES
        assert getattr(node, "attr", "") not in NEWER_METHODS
        assert not getattr(node, "decorator_list", None)
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, bytes))
        assert not (isinstance(node, ast.ExceptHandler) and node.name)
        assert not (isinstance(node, ast.Try) and node.handlers and (node.finalbody or node.orelse))
        assert not (isinstance(node, ast.Raise) and node.cause)
        assert not getattr(node, "keywords", None)
