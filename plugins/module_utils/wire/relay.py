# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""Reach xend through a few lines of Python that run on its host for the duration of one request.

Every host with xend has Python 2.3 or later, because xend is written in it. ``python -c`` reads the lines (``SOURCE``) from
its standard input, followed by the request: nothing is written to the host's disk, and no secret is on a command line.
They connect to the first address where xend listens, send the request, and print the whole reply in base64 between
random marks, so that a banner or other output of a shell does no harm.

The relay prints a first mark when it is connected to xend and has sent nothing. If a command ends without this mark,
nothing was sent. A carrier that can wait for the mark writes the request only then.

A write is one run of the relay. A read may include other announced reads: their replies are kept until the client requests
them. The limits of one request apply to the whole run; a reply that does not come within them is requested again, alone.

The relay's input is folded into short lines, because a terminal accepts no long ones. Each part ends with an empty line,
so that a truncated part is never used.

Instead of an address of xend, the relay can be given the path of a file: it then only prints whether there is one.

A ``Carrier`` runs the command on the host: the OpenSSH client, or a connection of Ansible.
"""

from __future__ import annotations

import base64
import binascii
import io
import os
import re
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Any, Optional
from urllib.parse import unquote, urlsplit

from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import (
    NotXend,
    XendError,
    XendNoReply,
    XendUnreachable,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import (
    FINISH_TIMEOUT,
    FORM,
    HEADERS,
    MOST_MIB,
    XEND_SOCKET,
    Address,
    Get,
    Head,
    Reply,
    advice,
    check_head,
    credential_bytes,
    encoded,
    excerpt,
    lost,
    whole_reply,
)

PORT = 8000
"""The default TCP port of xend."""

START_TIMEOUT = 30
"""Seconds for everything around the exchange with xend: the login, and the start of Python."""

PYTHONS = (
    *("python2", "python", "python3", "python2.7", "python2.6", "python2.5", "python2.4", "python2.3"),
    *("/usr/bin/python2", "/usr/bin/python", "/usr/bin/python3", "/usr/bin/python2.7", "/usr/bin/python2.4"),
    *("/usr/libexec/platform-python", "/usr/pkg/bin/python2.7", "/usr/local/bin/python2", "/usr/local/bin/python3"),
)
"""Candidates for Python. The first one that starts is used: a name on the PATH may belong to a version manager."""

SOURCE = r"""
import os, sys, time, socket, select, signal, errno
def say(word, data):
    sys.stdout.write("\n" + mark + " " + word + " " + binascii.b2a_base64(data).decode("ascii").strip() + " " + mark + "\n")
    sys.stdout.flush()
def why():
    error = sys.exc_info()[1]
    text = getattr(error, "strerror", None) or str(error) or error.__class__.__name__
    if not hasattr(text, "decode"):
        text = text.encode("utf-8", "replace")
    return text
def end(word, data):
    say(word, data)
    raise SystemExit
def connected(place):
    words = place.split(":")
    address = [binascii.unhexlify(word.encode("ascii")) for word in words[1:]]
    if words[0] == "unix":
        return opened(socket.AF_UNIX, address[0])
    infos = socket.getaddrinfo(address[0].decode("ascii"), int(address[1]), 0, socket.SOCK_STREAM)
    for info in infos:
        try:
            return opened(info[0], info[4])
        except socket.error:
            if info is infos[-1]:
                raise
def opened(family, address):
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.settimeout(patience)
    until = time.time() + patience
    while 1:
        try:
            sock.connect(address)
            return sock
        except socket.error:
            if sys.exc_info()[1].args[0] != errno.EAGAIN or time.time() > until:
                raise
            time.sleep(0.05)
def search():
    for last in (0, 1):
        said = []
        for place in places:
            try:
                return connected(place)
            except (socket.error, IOError, OSError):
                said.append(why())
        if not last:
            time.sleep(0.3)
    end("unreachable", "\n".encode("ascii").join(said))
def missing(data):
    at = data.find("\r\n\r\n".encode("ascii"))
    if at < 0:
        return 1
    head = data[:at].decode("latin-1").lower().split("\r\n")
    for line in head[1:]:
        if line[:15] == "content-length:" and line[15:].strip().isdigit():
            return at + 4 + int(line[15:])
    return 0
def receive(sock, most):
    pieces, size, wanted = [], 0, 1
    watch = select.poll()
    watch.register(sock.fileno(), select.POLLIN)
    watch.register(1, 0)
    if held:
        watch.register(0, select.POLLIN)
    while wanted <= 1 or size < wanted:
        left = min(silence, until - time.time())
        events = left > 0 and watch.poll(int(left * 1000) + 1)
        if not events:
            end(left < silence and "slow" or "silent", "".encode("ascii"))
        for descriptor, _event in events:
            if descriptor in (0, 1):
                raise SystemExit
        piece = sock.recv(65536)
        if not piece:
            break
        pieces.append(piece)
        size = size + len(piece)
        if size > most or (wanted == 1 and size > 1048576):
            end("endless", "".encode("ascii"))
        if wanted == 1:
            pieces = ["".encode("ascii").join(pieces)]
            wanted = missing(pieces[0])
    return "".encode("ascii").join(pieces)
def block():
    lines = []
    while 1:
        line = sys.stdin.readline()
        if line[-1:] != "\n":
            raise SystemExit
        if line == "\n":
            return "".join(lines)
        lines.append(line[:-1])
words = block().split()
mark, patience, silence, finish, most = words[0], float(words[1]), float(words[2]), float(words[3]), int(words[4])
places = words[5:]
if places[0][:5] == "file:":
    try:
        os.lstat(binascii.unhexlify(places[0][5:].encode("ascii")))
    except (IOError, OSError):
        end("file", "0".encode("ascii"))
    end("file", "1".encode("ascii"))
signal.alarm(int(2 * patience * len(places) + silence + finish) + 10)
sock = search()
say("connected", "".encode("ascii"))
requests = block().split()
held = requests[:1] == ["hold:"]
if held:
    del requests[0]
until = time.time() + silence + finish
for request in requests:
    if not sock:
        if time.time() > until:
            break
        sock = search()
    try:
        sock.settimeout(silence)
        sock.sendall(binascii.a2b_base64(request.encode("ascii")))
        data = receive(sock, most)
        sock.close()
    except (socket.error, select.error, IOError, OSError):
        end("broken", why())
    say("reply", data)
    sock, most = None, most - len(data)
"""
"""The program that runs on the host, for Python 2.3 to 3.x. It ends when it has printed the replies, when nobody reads its
output, and in any case after a time. If its input is held open, it also ends when the input closes."""

_MOST_AT_ONCE = 100
"""The most requests of one run. xend takes about a tenth of a second for each, so they are well within the limits."""

_START = "import sys,binascii;exec(binascii.a2b_base64(str().join(iter(lambda:sys.stdin.readline().strip(),str())).encode()))"
_LONGEST_LINE = 3000
"""The longest line for a terminal, with a margin: Linux accepts 4095 characters."""
_NO_PYTHON = "dom0.xend-no-python"
_MOST_SHOWN = 300


def command() -> str:
    """Return the command that starts the relay on the host: one line, for sh, bash and csh, without a secret."""
    script = (
        "PATH=$PATH:/usr/local/bin:/usr/bin:/bin; export PATH; PYTHONDONTWRITEBYTECODE=1; export PYTHONDONTWRITEBYTECODE; "
        f"cd /; for python in {' '.join(PYTHONS)}; do "
        '"$python" -c "" </dev/null >/dev/null 2>&1 && exec "$python" -c ' + f'"{_START}"; done; echo {_NO_PYTHON}'
    )
    return f"exec /bin/sh -c {shlex.quote(script)}"


@dataclass(frozen=True)
class Message:
    """The input of the command: the relay with its parameters, then the request, which it reads after it has printed ``ready``.

    ``title`` describes the request for messages, without a secret. A carrier that keeps the input open while it waits writes
    ``HOLD`` before the request: the relay then ends when the carrier ends, for any reason.
    """

    title: str
    opening: bytes
    request: bytes
    ready: bytes


HOLD = b"hold: "
"""Written before a request if the input stays open after it."""


@dataclass(frozen=True)
class Carried:
    """How a command ended on the host. ``broken`` says what failed on the way there, empty if nothing did."""

    output: bytes
    errors: str = ""
    broken: str = ""
    sent: bool = True
    """Whether the request can have reached the host."""


Carrier = Callable[[str, Message, float], Carried]
"""Runs a command on the host, once, with a message as its input, for at most that many seconds."""


@dataclass(frozen=True)
class Places:
    """The addresses of xend on its host, in the order of attempts, and the prefix of all paths."""

    addresses: Sequence[tuple[str, ...]]
    base: str = ""

    @classmethod
    def of_socket(cls, path: str = "") -> Places:
        """Return the socket with this path; without a path, the default addresses of xend."""
        # A named socket is the only place: another xend on the host must not be mistaken for it.
        if path:
            return cls([("unix", path)])
        return cls([("unix", XEND_SOCKET), ("tcp", "127.0.0.1", str(PORT))])

    @classmethod
    def of_url(cls, address: Address) -> Places:
        """Return the address that an ``xend_url`` names, as seen from its host."""
        if address.socket_path is not None:
            return cls.of_socket(address.socket_path)
        parts = urlsplit(address.base)
        return cls([("tcp", unquote(parts.hostname or ""), str(parts.port or 80))], parts.path)

    @property
    def on_this_host(self) -> bool:
        """Whether xend runs on the host where the relay runs."""
        return all(kind == "unix" or host in ("127.0.0.1", "::1", "localhost") for kind, host, *_port in self.addresses)

    @property
    def host(self) -> str:
        """The Host header: the name of the address if there is only one."""
        kind, host, *port = self.addresses[0]
        shown = f"[{host}]" if ":" in host else host
        return f"{shown}:{port[0]}" if kind == "tcp" and len(self.addresses) == 1 else "localhost"

    def words(self) -> list[str]:
        """Return the addresses in the form that the relay reads."""
        return [
            ":".join([kind, *(word.encode("utf-8", "surrogateescape").hex() for word in words)])
            for kind, *words in self.addresses
        ]

    def __str__(self) -> str:
        """Return the addresses for messages."""
        return " or ".join(
            f"unix://{words[0]}" if kind == "unix" else f"http://{':'.join(words)}" for kind, *words in self.addresses
        )


class Relay:
    """A way to one xend through its own host. Raises the errors of ``wire.errors``, and those of its carrier."""

    def __init__(
        self,
        url: str,
        places: Places,
        carry: Carrier,
        *,
        username: Optional[str] = None,
        password: Optional[str] = None,
        connect_timeout: float = 5,
        finish_timeout: float = FINISH_TIMEOUT,
    ) -> None:
        """Take the addresses of xend, its *url* for messages, and the carrier of the requests. Times are in seconds."""
        self.address = Address(url, places.base)
        self._places = places
        self._carry = carry
        self._authorization = _authorization(username, password or "") if username else None
        self._connect_timeout = connect_timeout
        self._finish_timeout = finish_timeout
        self._announced: list[Get] = []
        self._kept: dict[Get, bytes] = {}

    def announce(self, gets: Collection[Get]) -> None:
        """Take the next reads: the first of them that is requested also fetches the replies to the others."""
        self._announced = list(dict.fromkeys(gets))
        self._kept = {}

    def exchange(
        self, path: str, form: Optional[Mapping[str, str]] = None, *, timeout: float, query: str = ""
    ) -> Reply:
        """Send one GET, or one POST if there is a *form*, and return the whole reply.

        *timeout* is how long xend may stay silent, in seconds; the whole answer has ``finish_timeout`` more. With a *query*
        the form travels in the URL.
        """
        if form is None:
            return self._reply(self._read((path, query), timeout), "GET")
        # A write is always one run of its own: its error must say whether this one was carried out.
        request = self._request("POST", self._places.base + path + query, encoded(form))
        carried, said = self._carried(f"POST {path}", [request], timeout)
        return self._reply(self._first(carried, said, "POST", timeout), "POST")

    def has_file(self, path: str) -> Optional[bool]:
        """Return whether there is a file on the host of xend; None if xend may run on another host than the relay."""
        if not self._places.on_this_host:
            return None
        place = ":".join(["file", os.fsencode(path).hex()])
        carried, said = self._carried(f"look for {path}", [], 0, [place])
        if "file" not in said:
            raise self._error({word: data[0] for word, data in said.items()}, carried, "GET", 0)
        return said["file"][0] == b"1"

    def _read(self, get: Get, timeout: float) -> bytes:
        """Return the reply to a GET, and keep the replies to other announced ones. Sent again if its reply was lost."""
        if get in self._kept:
            return self._kept.pop(get)
        waiting = self._announced if get in self._announced else []
        others = [each for each in waiting if each != get][: _MOST_AT_ONCE - 1]
        gets = [get, *others]
        requests = [self._request("GET", self._places.base + path + query, None) for path, query in gets]
        title = f"GET {get[0]}" + (f" and {len(others)} more" if others else "")
        carried, said = self._carried(title, requests, timeout)
        nothing_came = not said.get("reply", [b""])[0]
        # A GET changes nothing, so it may be sent twice.
        if nothing_came and ("broken" in said or "reply" in said):
            carried, said = self._carried(title, requests, timeout)
        reply = self._first(carried, said, "GET", timeout)
        whole = dict(zip(gets, said["reply"]))
        self._announced = [each for each in self._announced if each not in whole]
        self._kept |= {each: data for each, data in whole.items() if data and each != get}
        return reply

    def _first(self, carried: Carried, said: Said, method: str, timeout: float) -> bytes:
        """Return the first reply. Raises the typed error if there is none."""
        if "reply" in said:
            return said["reply"][0]
        raise self._error({word: data[0] for word, data in said.items()}, carried, method, timeout)

    def _carried(
        self, title: str, requests: Sequence[bytes], timeout: float, places: Sequence[str] = ()
    ) -> tuple[Carried, Said]:
        """Carry requests to the host; return how that ended, and the relay's output."""
        # Random, so that neither a banner nor an answer of xend can imitate it.
        mark = "dom0.xend-" + os.urandom(16).hex()
        # The relay tries each place, and each may use its whole timeout twice.
        connecting = 2 * self._connect_timeout * len(self._places.addresses)
        bound = connecting + timeout + self._finish_timeout + START_TIMEOUT
        ready = f"{mark} connected".encode("ascii")
        # base64 passes every shell, terminal and locale unchanged.
        lines = b" ".join(base64.b64encode(request) for request in requests)
        message = Message(title, self._opening(mark, timeout, places or self._places.words()), _folded(lines), ready)
        carried = self._carry(command(), message, bound)
        return carried, _marked(carried.output, mark)

    def _request(self, method: str, target: str, body: Optional[bytes]) -> bytes:
        """Return the bytes of the HTTP request."""
        headers = {"Host": self._places.host, **HEADERS}
        if self._authorization:
            headers["Authorization"] = self._authorization
        if body is not None:
            headers |= {"Content-Type": FORM, "Content-Length": str(len(body))}
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        return "\r\n".join(lines).encode("ascii") + (body or b"")

    def _opening(self, mark: str, timeout: float, places: Sequence[str]) -> bytes:
        """Return what the host's Python reads first: the relay and its parameters."""
        seconds = [f"{each:f}" for each in (self._connect_timeout, timeout, self._finish_timeout)]
        words = " ".join([mark, *seconds, str(MOST_MIB << 20), *places])
        # The relay goes first: the command reads one line and runs it, and the relay reads the parameters itself.
        return _folded(base64.b64encode(SOURCE.encode("ascii"))) + _folded(words.encode("ascii"))

    def _reply(self, data: bytes, method: str) -> Reply:
        """Return the reply in the relay's output."""
        where = self.address.url
        if not data:
            raise lost(XendNoReply, f"xend at {where} closed the connection without an answer", method)
        # http.client parses the bytes, so that a reply over a relay is judged like one over HTTP.
        response = HTTPResponse(_Received(data), method=method)  # type: ignore[arg-type]
        try:
            response.begin()
            head = Head(response.status, response.reason or "", response.headers)
            check_head(head)
            body = response.read()
        # A body that is too short is judged by whole_reply(); in a chunked one the end is unknown.
        except IncompleteRead as error:
            body = error.partial
            if head.chunked:
                raise lost(XendNoReply, f"The answer of xend at {where} broke off", method) from None
        except (HTTPException, ValueError) as error:
            words = str(error)
            shown = words if words.isprintable() else excerpt(words)
            raise lost(NotXend, f"No HTTP with {where}: {shown or type(error).__name__}", method) from error
        return whole_reply(where, head, body, method)

    def _error(self, said: Mapping[str, bytes], carried: Carried, method: str, timeout: float) -> XendError:
        """Return the typed error for a request without a reply, which says whether it may have been carried out."""
        where = self.address.url
        if "unreachable" in said:
            return self._unreachable(said["unreachable"])
        if "endless" in said:
            return lost(
                NotXend, f"The answer of {where} goes on after {MOST_MIB} MiB, and none of xend has more", method
            )
        # Of these words, which come after "connected", each means that the request may have been carried out.
        happened = {
            "silent": f"xend at {where} did not answer within {timeout:g} s",
            "slow": f"xend at {where} did not finish its answer within {timeout + self._finish_timeout:g} s",
            "broken": f"The connection to xend at {where} broke ({_text(said.get('broken', b''))})",
        }
        for word, what in happened.items():
            if word in said:
                return lost(XendNoReply, what, method)
        return self._no_word(carried, method, connected="connected" in said)

    def _no_word(self, carried: Carried, method: str, *, connected: bool) -> XendError:
        """Return the typed error if the relay has reported nothing: it, or the connection to it, failed."""
        where, why = self.address.url, carried.broken or _said(carried)
        # The command never started on the host, so xend cannot have been asked.
        if carried.broken and not carried.sent:
            return XendUnreachable(f"Cannot reach the host of xend at {where}: {why}. Nothing was sent.")
        because = f" ({why})" if why else ""
        # The mark "connected" comes before the request is read, so without it nothing was sent to xend.
        if connected:
            return lost(
                XendNoReply, f"The relay on the host of xend at {where} ended without an answer{because}", method
            )
        if carried.broken:
            return lost(XendNoReply, f"The connection to the host of xend at {where} broke{because}", method)
        if _NO_PYTHON.encode() in carried.output:
            return XendUnreachable(
                f"No Python starts on the host of xend at {where}, but one is required to reach xend: none of "
                f"{', '.join(PYTHONS)} does. Nothing was sent."
            )
        return XendUnreachable(f"No relay starts on the host of xend at {where}{because}. Nothing was sent.")

    def _unreachable(self, causes: bytes) -> XendUnreachable:
        """Return the error for a xend that listens on none of the addresses."""
        several = len(self._places.addresses) > 1
        # The relay gives one reason for each address, in the order of the addresses.
        reasons = causes.split(b"\n")
        tried = [f"{Places([place])}: {_text(reason)}" for place, reason in zip(self._places.addresses, reasons)]
        why = "; ".join(tried) if several else _text(causes)
        hint = (
            advice(self._places.addresses[0][0] == "unix")
            if not several
            else (
                "Check that xend runs, where it listens (xend-unix-server and xend-http-server in xend-config.sxp), "
                "and that this user may open its socket, usually root only."
            )
        )
        return XendUnreachable(f"Cannot connect to xend at {self.address.url}: {why}. {hint}")


class _Received:
    """A complete reply, in place of a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_args: Any) -> io.BytesIO:
        """Return a file of the reply."""
        return io.BytesIO(self._data)


def _folded(data: bytes) -> bytes:
    """Return data in short lines, with an empty one at the end."""
    lines = [data[start : start + _LONGEST_LINE] for start in range(0, len(data), _LONGEST_LINE)]
    # Two empty items: the last line ends with a newline, and an empty line ends the part.
    return b"\n".join([*lines, b"", b""])


def _authorization(username: str, password: str) -> str:
    """Return the header of HTTP basic authentication."""
    joined = credential_bytes(username) + b":" + credential_bytes(password)
    return "Basic " + base64.b64encode(joined).decode("ascii")


Said = dict[str, list[bytes]]
"""The parts of a relay's output, by their word. Every list has at least one item."""


def _marked(output: bytes, mark: str) -> Said:
    """Return the marked parts of the output."""
    found = re.findall(rb"%b ([a-z]+) ([A-Za-z0-9+/=]*) %b" % (mark.encode(), mark.encode()), output)
    said: Said = {}
    for word, data in found:
        try:
            said.setdefault(word.decode("ascii"), []).append(base64.b64decode(data, validate=True))
        # The output was cut off: nothing after this can be trusted.
        except binascii.Error:
            break
    return said


def _said(carried: Carried) -> str:
    """Return one line of what the host printed instead."""
    # Errors first: output may begin with a banner. The last line is usually the reason.
    for text in (carried.errors, _text(carried.output)):
        lines = [line.strip() for line in text.splitlines() if line.strip() and _NO_PYTHON not in line]
        if lines:
            return lines[-1][:_MOST_SHOWN]
    return ""


def _text(data: bytes) -> str:
    """Return what a host printed as text."""
    return data.decode("utf-8", "backslashreplace")
