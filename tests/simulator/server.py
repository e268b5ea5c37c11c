# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server: sockets, connections and threads like those of xend, faults, the request log, and the Simulator itself."""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import checkpoints
from .errors import SilenceError
from .faults import Fault, take
from .host import Host
from .http import BadRequestError, NoReplyError, Reply, Request, TooLargeError, read_request
from .personality import Personality
from .releases import PERSONALITIES
from .seed import sow
from .site import Site
from .sxp import parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import BinaryIO, TextIO

    from .clock import Clock, Lags
    from .domains import Domain
    from .sxp import Sxp

_SERIAL_BACKLOG, _BACKLOG = 5, 128
_DRAIN_SECONDS, _CHUNK = 0.2, 1 << 16
_PROXY_PAGE = "<html><body><h1>502 Bad Gateway</h1><p>The proxy has no idea.</p></body></html>"


@dataclass
class LoggedRequest:
    """One line of the request log; `status` is None until there is a reply, and stays so without one."""

    method: str
    path: str
    op: str
    params: dict[str, list[str]]
    status: int | None = None


class _Hang(Exception):
    """Keep the connection open without a reply."""


class _Aside(Exception):
    """The request is for a thread of its own: a serial xend goes on with the next connection meanwhile."""

    def __init__(self, request: Request) -> None:
        """Keep the request, which has been read already."""
        super().__init__()
        self.request = request


class Simulator:
    """A stand-in xend on a TCP port and a Unix socket, running in threads of this process."""

    def __init__(  # noqa: PLR0913
        self,
        version: str | Personality = "4.1",
        *,
        scheduler: str | None = None,
        shutdown_patience: float = 30.0,
        shutdown_delay: float = 1.0,
        restart_seconds: float | None = None,
        hvm: bool = False,
        device_delay: float = 0.0,
        lags: Lags | None = None,
        tcp: tuple[str, int] | None = ("127.0.0.1", 0),
        unix_path: str | None = None,
        clock: Clock | None = None,
        log_file: TextIO | None = None,
        site: type[Site] = Site,
        peers: Mapping[str, Simulator] | None = None,
    ) -> None:
        """Prepare a host of that release; nothing listens before start(). *peers* are the xends that it knows()."""
        self.personality = version if isinstance(version, Personality) else PERSONALITIES[version]
        self.host = Host(
            self.personality,
            scheduler=scheduler,
            clock=clock,
            shutdown_patience=shutdown_patience,
            shutdown_delay=shutdown_delay,
            restart_seconds=restart_seconds,
            hvm=hvm,
            device_delay=device_delay,
            lags=lags,
        )
        self.requests: list[LoggedRequest] = []
        self.faults: list[Fault] = []
        self.tcp_address: tuple[str, int] | None = tcp
        self.authority = "localhost:8000"  # xend's name for itself if a request has no Host; set when it listens
        self.unix_path = unix_path
        self.seed_notes: list[str] = []
        self._log_file = log_file
        self._site = site(self.host, lambda: self.authority)
        self._listeners: list[socket.socket] = []
        self._connections: set[socket.socket] = set()
        self._guard = threading.Lock()  # of the sets of connections and threads
        self._threads: list[threading.Thread] = []
        self._own_directory: str | None = None
        for destination, other in (peers or {}).items():
            self.knows(destination, other)

    # -- what tests use --------------------------------------------------------------------------------------------

    @property
    def version(self) -> str:
        """Return the release that is simulated."""
        return self.personality.version

    @property
    def url(self) -> str:
        """Return the TCP listener's URL."""
        return f"http://{self._authority()}"

    @property
    def unix_url(self) -> str:
        """Return the Unix listener's URL: unix:// and the path of the socket."""
        return f"unix://{self.unix_path}"

    @property
    def deleted_files(self) -> set[str]:
        """Return the files on the server that xend has deleted."""
        return self.host.deleted_files

    @property
    def state_files(self) -> dict[str, Domain | str]:
        """Return the state files on the server: path -> a saved domain, or a text that is no state file."""
        return self.host.state_files

    @property
    def failing(self) -> set[str]:
        """Return the tools that fail from now on: add `xc_save` or `xc_restore`."""
        return self.host.failing

    def save(self, name: str, path: str) -> None:
        """Save a domain at once, without a logged request."""
        checkpoints.save_at_once(self.host, self.domain(name), path)

    def knows(self, destination: str, other: Simulator) -> None:
        """Let migrations to this destination reach another simulator."""
        self.host.peers[destination] = other.host

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self.requests.clear()

    def create(self, config: str) -> Domain:
        """Create a paused domain as op=create would, without a logged request."""
        with self.host.lock:
            self.host.settle()
            return self.host.create(self._parse(config))

    def define(self, config: str) -> Domain:
        """Define a halted managed domain as op=new would, without a logged request."""
        with self.host.lock:
            return self.host.define(self._parse(config))

    def domain(self, name: str) -> Domain:
        """Return the domain of that name; raise KeyError when there is none."""
        with self.host.lock:
            self.host.settle()
            found = self.host.find_by_name(name)
        if found is None:
            raise KeyError(name)
        return found

    def names(self) -> list[str]:
        """Return the names of all domains, halted ones and zombies too, sorted."""
        with self.host.lock:
            self.host.settle()
            return sorted(each.name for each in self.host.domains)

    def seed(self, listing: str, release: str | None = None) -> list[str]:
        """Take over every domain of a listing (?detail=1) of a real xend; return the names of the added ones.

        Its release is detected from its form if it is not given. `seed_notes` lists what cannot be taken over.
        """
        with self.host.lock:
            harvest = sow(self.host, listing, release)
        self.seed_notes += harvest.notes
        return harvest.names

    def _parse(self, config: str) -> Sxp:
        latin = config.encode().decode("latin-1")
        return parse(latin, self.personality.dialect)[0]

    # -- starting and stopping -------------------------------------------------------------------------------------

    def start(self) -> Simulator:
        """Open the sockets and serve them."""
        if self.tcp_address is not None:
            self._listen(self._open_tcp(self.tcp_address))
        if self.unix_path is None:
            self._own_directory = tempfile.mkdtemp(prefix="xend-")
            self.unix_path = str(Path(self._own_directory) / "xend-socket")
        self._listen(self._open_unix(self.unix_path))
        return self

    def stop(self) -> None:
        """Close everything and end all threads."""
        self.host.stopping.set()
        with self._guard:
            connections = list(self._connections)
        for each in [*self._listeners, *connections]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for each in self._listeners:
            each.close()
        for thread in list(self._threads):
            thread.join(timeout=5)
        self._listeners.clear()
        if self._own_directory:
            shutil.rmtree(self._own_directory, ignore_errors=True)
        elif self.unix_path:
            Path(self.unix_path).unlink(missing_ok=True)

    def __enter__(self) -> Simulator:  # noqa: PYI034 - typing.Self is newer than the oldest Python here
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def _backlog(self) -> int:
        return _SERIAL_BACKLOG if self.personality.serial else _BACKLOG

    def _open_tcp(self, address: tuple[str, int]) -> socket.socket:
        listener = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        self.tcp_address = listener.getsockname()[:2]
        self.authority = f"localhost:{self.tcp_address[1]}"
        return listener

    def _open_unix(self, path: str) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(path)
        return listener

    def _listen(self, listener: socket.socket) -> None:
        listener.listen(self._backlog())
        self._listeners.append(listener)
        self._spawn(self._accept, listener)

    def _spawn(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        with self._guard:
            self._threads = [each for each in self._threads if each.is_alive()]
            thread.start()
            self._threads.append(thread)

    def _authority(self) -> str:
        host, port = self.tcp_address or ("localhost", 8000)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    # -- connections -----------------------------------------------------------------------------------------------

    def _accept(self, listener: socket.socket) -> None:
        """Accept connections forever; a serial xend also reads the requests in this loop."""
        while not self.host.stopping.is_set():
            try:
                connection, _peer = listener.accept()
            except OSError:
                return
            with self._guard:
                self._connections.add(connection)
            if self.host.stopping.is_set():
                connection.close()
            elif self.personality.serial:
                self._serve(connection)
            else:
                self._spawn(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._converse(connection, connection.makefile("rb"), None)

    def _converse(self, connection: socket.socket, stream: BinaryIO, begun: Request | None) -> None:
        """Answer the requests of a connection until one side closes it; `begun` was read before."""
        try:
            goes_on = (
                self._respond_or_fall_silent(connection, begun)
                if begun
                else self._exchange(connection, stream, first=True)
            )
            while goes_on:
                goes_on = self._exchange(connection, stream, first=False)
        except _Aside as aside:
            self._spawn(self._converse, connection, stream, aside.request)
            return
        except OSError:
            pass  # the client went away, or stop() closed the connection
        with contextlib.suppress(OSError):
            stream.close()
            connection.close()
        with self._guard:
            self._connections.discard(connection)

    def _respond_or_fall_silent(self, connection: socket.socket, request: Request) -> bool:
        try:
            return self._respond(connection, request)
        except NoReplyError:
            pass
        except _Hang:
            self._hold(connection)
        return False

    def _exchange(self, connection: socket.socket, stream: BinaryIO, *, first: bool) -> bool:
        """Read one request and answer it; return whether another one may follow on this connection."""
        try:
            request = read_request(stream)
            if request is not None and self.personality.serial and self._site.is_threaded(request):
                raise _Aside(request)
            if request is not None:
                return self._respond(connection, request)
            if first:
                self._reject(connection, Reply(400, "Bad request"))
        except BadRequestError:
            self._reject(connection, Reply(400, "Bad request"))
        except TooLargeError:
            self._reject(connection, Reply(413, "Request entity too large"))
        except NoReplyError:
            pass
        except _Hang:
            self._hold(connection)
        return False

    def _reject(self, connection: socket.socket, reply: Reply) -> None:
        self._log("-", "-", "", {}, reply.status)
        connection.sendall(reply.encode())
        self._drain(connection)

    def _drain(self, connection: socket.socket) -> None:
        """Read what the client still sends for a moment, so that it gets the reply instead of a reset."""
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(_DRAIN_SECONDS)
        with contextlib.suppress(OSError):
            while connection.recv(_CHUNK):
                pass

    def _hold(self, connection: socket.socket) -> None:
        """Keep the connection open, unanswered, until the client or the server ends it."""
        with contextlib.suppress(OSError):
            while connection.recv(_CHUNK):
                pass

    def _respond(self, connection: socket.socket, request: Request) -> bool:
        op = _op(request)
        entry = self._log(request.method, request.path, op, request.params, None)
        fault = take(self.faults, op)
        try:
            reply = self._answer(request, fault)
        except (NoReplyError, _Hang):
            self._write_log_line(entry)
            raise
        data = reply.encode(keep_alive=request.keeps_alive, bodiless=request.method == "HEAD")
        entry.status = reply.status
        self._write_log_line(entry)
        if fault and fault.kind == "truncate":
            data = data[: len(data) - max(1, len(reply.body) // 2)]
            connection.sendall(data)
            return False
        connection.sendall(data)
        if request.keeps_alive:
            return True
        if reply.logged and self.personality.leaves_open_after_logging:
            self._hold(connection)
        return False

    def _answer(self, request: Request, fault: Fault | None) -> Reply:
        kind = fault.kind if fault else ""
        if fault and kind == "delay":
            self.host.stopping.wait(fault.seconds)
        if kind == "drop":
            raise NoReplyError
        if fault and kind in _FALSE_REPLIES:
            return self._false_reply(request, fault)
        try:
            reply = self._site.answer(request)
        except SilenceError:
            raise (NoReplyError if self.personality.closes_when_silent else _Hang) from None
        except Exception as error:  # noqa: BLE001 - a server must survive every request; xend answers the same
            reply = Reply(500, "Internal server error", logged=True)
            self.host.log += f"[simulator] ERROR {type(error).__name__}: {error}\n"
        if kind == "drop_after":
            raise NoReplyError
        if kind == "hang":
            raise _Hang
        return reply

    def _false_reply(self, request: Request, fault: Fault) -> Reply:
        if fault.kind == "html":
            return Reply(200, "OK", fault.body or _PROXY_PAGE, "text/html")
        if fault.kind == "status":
            return Reply(fault.status, "Simulated", fault.body, fault.content_type if fault.body else "")
        return self._site.refuse(request, fault.message)

    # -- the request log -------------------------------------------------------------------------------------------

    def _log(
        self,
        method: str,
        path: str,
        op: str,
        params: dict[str, list[str]],
        status: int | None,
    ) -> LoggedRequest:
        entry = LoggedRequest(method, path, op, params, status)
        self.requests.append(entry)
        if status is not None:
            self._write_log_line(entry)
        return entry

    def _write_log_line(self, entry: LoggedRequest) -> None:
        if self._log_file is not None:
            print(entry.method, entry.path, entry.op or "-", entry.status or "-", file=self._log_file, flush=True)


_FALSE_REPLIES = ("html", "status", "refuse")


def _op(request: Request) -> str:
    """Return the name under which faults and the log know a request."""
    if request.method == "POST":
        return (request.params.get("op") or [""])[0]
    segments = request.segments
    if segments[:2] == ["xend", "node"]:
        return "node"
    if segments == ["xend", "domain"]:
        return "detail" if request.query.get("detail") == ["1"] else "list"
    return "get"
