# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an ``xend_url`` to an exchange of one request for one reply, over HTTP, HTTPS or a Unix socket.

This layer guarantees:

* each request has its own connection, which is closed at once: in 3.0.3 and earlier an open connection blocks all other
  clients (trap 3), and 3.1 and later themselves often leave connections open (trap 6);
* a write is never sent twice: it is tried again only if the connection was refused, which is before a byte of it was sent;
* an answer is limited in time and in bytes, whatever the server does;
* an error says whether xend may have carried out the request: it may, as soon as there was a connection;
* the environment (proxies, ``.netrc``, certificate bundles) has no influence on where a request goes.
"""

from __future__ import annotations

import io
import os
import re
import socket
import ssl
import time
import traceback
from dataclasses import dataclass
from functools import partial
from http.client import HTTPResponse, RemoteDisconnected
from typing import TYPE_CHECKING, Any, Optional, Protocol, TypeVar, Union
from urllib.parse import unquote, urlencode, urlsplit

from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import holds_user, masked, url_without_secrets
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import (
    InvalidRequest,
    NotXend,
    UnreadableReply,
    XendNoReply,
    XendUnreachable,
)

try:
    import requests
    from requests.adapters import HTTPAdapter
    from requests.auth import HTTPBasicAuth
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
    HTTPAdapter = HTTPConnection = HTTPSConnection = HTTPConnectionPool = object  # type: ignore[misc,assignment]
else:
    REQUESTS_IMPORT_ERROR = ""

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_Doubtful = TypeVar("_Doubtful", NotXend, XendNoReply)

SSH_SCHEME = "ssh://"
"""The beginning of the URL of a xend that is reached through OpenSSH (``wire.ssh``)."""

XEND_SOCKET = "/var/lib/xend/xend-socket"
"""The default socket of xend, which xm uses, too."""

DEFAULT_URL = f"unix://{XEND_SOCKET}"

RETRY_DELAY = 0.3
"""Seconds until the second and last attempt to connect."""

_QUEUE_POLL = 0.05
"""Seconds between two attempts to enter the queue of a Unix socket."""

FINISH_TIMEOUT = 30
"""Seconds, beyond the time for which xend may stay silent, after which a whole answer must be there: xend makes it first,
and then sends it at once. A log of 1 MiB takes that long at 35 kB/s."""

MOST_MIB = 64
"""The longest answer: a list of 20,000 domains has 40 MiB."""

_MOST_HEADER_BYTES = 1 << 20
"""The longest status line and headers; xend's have 300 bytes."""

DOUBT = "xend may have carried out the request, or may still be working on it: check before you repeat it."

FORM = "application/x-www-form-urlencoded"
"""The content type of the body of a POST."""

HEADERS = {
    "Accept": "application/sxp",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "dom0.xend",
}
"""Sent with every request. Without this Accept, a client with a User-Agent gets HTML (trap 5)."""


@dataclass(frozen=True)
class Address:
    """A parsed ``xend_url``: the base of all URLs, and the path of the socket if there is one."""

    url: str
    base: str
    socket_path: Optional[str] = None

    @classmethod
    def parse(cls, url: str) -> Address:
        """Parse an ``xend_url``. Raises InvalidRequest, whose message never repeats a password in the URL."""
        shown = url_without_secrets(url)
        if holds_user(url):
            raise InvalidRequest("xend_url contains a user name: use xend_username and xend_password instead")
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname, parts.port
        except ValueError as error:
            why = error if shown == url else "its port is not a number"
            raise InvalidRequest(f"xend_url {shown!r} is not a URL: {why}") from None
        if parts.query or parts.fragment:
            raise InvalidRequest(f"xend_url {shown!r} must not have a query or a fragment")
        if parts.scheme == "unix":
            if parts.netloc or not parts.path.startswith("/"):
                raise InvalidRequest(f"xend_url {shown!r}: the URL of a Unix socket is unix:///path/to/socket")
            return cls(url, "http://localhost", unquote(parts.path))
        if parts.scheme in ("http", "https") and host:
            return cls(url, url.rstrip("/"))
        raise InvalidRequest(f"xend_url {shown!r} is none of http://host:8000, https://host and unix:///path/to/socket")


@dataclass(frozen=True)
class Reply:
    """A reply. ``text`` is the body, UTF-8 with surrogate escapes; ``content_type`` is empty if none was sent."""

    status: int
    reason: str
    content_type: str
    text: str


@dataclass(frozen=True)
class Head:
    """The status line and headers of a reply. ``headers`` ignores the case of names."""

    status: int
    reason: str
    headers: Headers

    def field(self, name: str) -> str:
        """Return a header, empty if it was not sent."""
        return self.headers.get(name) or ""

    @property
    def chunked(self) -> bool:
        """Return whether the reply is chunked: xend's never are, a proxy's may be."""
        return "chunked" in self.field("Transfer-Encoding").lower()


class Headers(Protocol):
    """The headers of a reply, as every library has them."""

    def get(self, name: str, /) -> Optional[str]:
        """Return a header, None if it was not sent."""


Get = tuple[str, str]
"""A read: a path, and its query, which may be empty."""


class Way(Protocol):
    """A way to reach one xend. It raises only the errors of ``wire.errors``."""

    address: Address

    def announce(self, gets: Collection[Get]) -> None:
        """Take the next reads, which replace those announced before.

        A way with a cost for each start may send all of them at once. It keeps each reply until it is requested, once, or until
        the next announcement.
        """

    def exchange(
        self, path: str, form: Optional[Mapping[str, str]] = None, *, timeout: float, query: str = ""
    ) -> Reply:
        """Send one GET, or one POST if there is a *form*, and return the whole reply.

        *timeout* is how long xend may stay silent, in seconds. With a *query* the form travels in the URL.
        """

    def has_file(self, path: str) -> Optional[bool]:
        """Return whether there is a file on the host of xend, None if this way cannot know it."""


class Transport:
    """A way to one xend over HTTP. Raises only the errors of ``wire.errors``."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        username: Optional[str] = None,
        password: Optional[str] = None,
        validate_certs: bool = True,
        ca_path: Optional[str] = None,
        connect_timeout: float = 5,
        finish_timeout: float = FINISH_TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the address and the options of the connection; nothing is sent yet. Times are in seconds."""
        self.address = Address.parse(url)
        if ca_path and not os.path.exists(ca_path):  # noqa: PTH110 - pathlib costs an import
            raise InvalidRequest(f"ca_path {ca_path} does not exist")
        self._auth = HTTPBasicAuth(credential_bytes(username), credential_bytes(password or "")) if username else None
        self._verify: Union[bool, str] = (ca_path or True) if validate_certs else False
        self._connect_timeout = connect_timeout
        self._watch = _Watch(finish_timeout)
        self._sleep = sleep
        self._session = requests.Session()
        # No proxy and no .netrc of the environment: they could send the password elsewhere.
        self._session.trust_env = False
        path = self.address.socket_path
        self._session.mount("http://", _TcpAdapter(self._watch) if path is None else _UnixAdapter(path, self._watch))
        self._session.mount("https://", _TcpAdapter(self._watch))

    def announce(self, gets: Collection[Get]) -> None:
        """Do nothing: over HTTP, a request costs only its connection."""

    def exchange(
        self, path: str, form: Optional[Mapping[str, str]] = None, *, timeout: float, query: str = ""
    ) -> Reply:
        """Send one GET, or one POST if there is a *form*, and return the whole reply.

        *timeout* is how long xend may stay silent, in seconds; the whole answer has ``finish_timeout`` more. With a *query*
        the form travels in the URL.
        """
        method = "GET" if form is None else "POST"
        body = encoded(form)
        # The watch sets this when a connection exists; from then on xend may carry out the request.
        self._watch.connected = False
        try:
            with self._send(method, self.address.base + path + query, body, timeout) as response:
                content = _content(response)
        except (requests.exceptions.RequestException, HTTPError, OSError, ValueError) as error:
            raise self._explain(error, method, timeout) from error
        finally:
            # Trap 3: an idle connection keeps 3.0.0 to 3.0.3 from serving anybody else.
            self._session.close()
        return whole_reply(self.address.url, _head(response), content, method)

    def has_file(self, path: str) -> Optional[bool]:
        """Return whether there is a file on this host, if this is the host of xend: its own socket is never forwarded."""
        here = self.address.socket_path == XEND_SOCKET
        return os.path.lexists(path) if here else None

    def _send(self, method: str, url: str, body: Optional[bytes], timeout: float) -> requests.Response:
        """Send a request, and send it once more if that is safe."""
        for last_try in (False, True):
            try:
                return self._session.request(
                    method,
                    url,
                    data=body,
                    headers=HEADERS if body is None else {**HEADERS, "Content-Type": FORM},
                    auth=self._auth,
                    verify=self._verify,
                    timeout=(self._connect_timeout, timeout),
                    # xend never redirects with a 3xx; following one would send a write to another server.
                    allow_redirects=False,
                    # Streamed, so that the limits for time and size apply before the whole body is in memory.
                    stream=True,
                )
            except requests.exceptions.ConnectionError as error:
                # A write is repeated only if no connection was made; a GET also if the connection broke.
                dropped = not _timed_out(error) and not isinstance(error, requests.exceptions.SSLError)
                harmless = _was_refused(error) or (method == "GET" and dropped)
                if last_try or not harmless:
                    raise
                self._sleep(RETRY_DELAY)
        raise AssertionError("unreachable")

    def _explain(self, error: Exception, method: str, timeout: float) -> Exception:
        """Return the typed error, which says what happened and what the user can do."""
        where, links = self.address.url, _chain(error)
        tls = isinstance(error, requests.exceptions.SSLError)
        # Nothing was sent, so the error does not say that the operation may have been carried out.
        if not self._watch.connected:
            # A broken connection is a matter of the network; any other TLS error is about certificates.
            if tls and not isinstance(links[-1], _BROKEN_TLS):
                return XendUnreachable(
                    f"No trusted TLS connection to {where}: {_cause(error)}. See validate_certs and ca_path."
                )
            if isinstance(error, requests.exceptions.ConnectionError) or _timed_out(error):
                return XendUnreachable(
                    f"Cannot connect to xend at {where}: {_cause(error)}. "
                    f"{advice(self.address.socket_path is not None)}"
                )
            return NotXend(f"No HTTP with {where}: {_cause(error)}")
        # The order matters: requests reports a slow body as a ConnectionError, too.
        if any(isinstance(link, _TooSlowError) for link in links):
            limit = timeout + self._watch.finish_timeout
            happened = f"xend at {where} did not finish its answer within {limit:g} s"
        elif _timed_out(error):
            happened = f"xend at {where} did not answer within {timeout:g} s"
        elif tls:
            happened = f"The TLS connection to {where} broke before the answer was whole ({_cause(error)})"
        elif isinstance(error, requests.exceptions.ConnectionError):
            happened = f"xend at {where} closed the connection without a whole answer ({_cause(error)})"
        elif isinstance(error, requests.exceptions.ChunkedEncodingError):
            happened = f"The answer of xend at {where} broke off ({_cause(error)})"
        else:
            return lost(NotXend, f"No HTTP with {where}: {_cause(error)}", method)
        return lost(XendNoReply, happened, method)


def advice(on_socket: bool) -> str:
    """Return what to check if xend cannot be reached, on a Unix socket or a TCP port."""
    if on_socket:
        return (
            "Check that xend runs, that it listens there (xend-unix-server and xend-unix-path in xend-config.sxp), "
            "and that this user may open the socket, usually root only."
        )
    return "Check that xend runs and listens there (xend-http-server, xend-port and xend-address in xend-config.sxp)."


def encoded(form: Optional[Mapping[str, str]]) -> Optional[bytes]:
    """Return the encoded form, None if there is none."""
    return None if form is None else urlencode(form, errors="surrogateescape").encode("ascii")


def credential_bytes(credential: str) -> bytes:
    """Return the bytes of a user name or a password: UTF-8, or the bytes that the environment has."""
    try:
        return credential.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise InvalidRequest("xend_username or xend_password contains text that cannot be sent") from error


_CREDENTIALS = {401, 403, 407}
"""The status codes of a proxy that has passed nothing on."""
_LAST_STATUS = 501
"""The highest status code of xend; gateways have many more."""


def lost(kind: type[_Doubtful], happened: str, method: str) -> _Doubtful:
    """Return the error for a request without a valid answer. xend may have carried out a POST."""
    if method == "GET":
        return kind(f"{happened}.", perhaps_done=False)
    return kind(f"{happened}. {DOUBT}", perhaps_done=True)


def _head(response: requests.Response) -> Head:
    """Return the status line and headers of a reply."""
    return Head(response.status_code, response.reason or "", response.headers)


def _content(response: requests.Response) -> bytes:
    """Return the body of a reply, without decompression. Raises ValueError for one that xend never sends."""
    check_head(_head(response))
    return response.content


_LENGTH = re.compile(r"[0-9]{1,18}")
"""A length: int() of a very long text of digits takes long."""


def check_head(head: Head) -> None:
    """Raise ValueError for a reply whose body must not be read."""
    coding = head.field("Content-Encoding").strip().lower()
    if coding not in ("", "identity"):
        raise ValueError(f"the answer is compressed ({excerpt(coding)}), and xend never compresses")
    length = head.headers.get("Content-Length")
    if length is not None and not _LENGTH.fullmatch(length):
        raise ValueError(f"the answer has the invalid length {excerpt(length)}")
    if int(length or 0) > MOST_MIB << 20:
        raise ValueError(f"the answer has {length} bytes, and none of xend has more than {MOST_MIB} MiB")


def whole_reply(where: str, head: Head, body: bytes, method: str) -> Reply:
    """Return the reply if it is complete and xend can have sent it. Raises XendNoReply or NotXend otherwise."""
    promised = head.field("Content-Length")
    # Trap 6: the end of the connection does not mean that the answer is whole.
    if promised and len(body) < int(promised):
        raise lost(
            XendNoReply, f"The answer of xend at {where} broke off after {len(body)} of {promised} bytes", method
        )
    # Surrogates keep bytes that are not UTF-8, so that a name can be sent back as it came.
    text, status = body.decode("utf-8", "surrogateescape"), head.status
    if status in _CREDENTIALS or status > _LAST_STATUS or 300 <= status < 400:
        said = f"{where} answered {status} {head.reason}, which xend never does: {_proxy_advice(status)}"
        raise NotXend(said) if status in _CREDENTIALS else lost(NotXend, said, method)
    kind = head.field("Content-Type")
    plain = status == 200 and kind.startswith(
        "text/plain"
    )  # the hypervisor's messages may begin with any text, also with one like HTML
    if text.lstrip()[:1] == "<" and not text.startswith("<Fault") and not plain:
        said = (
            f"{where} answered HTML ({excerpt(text)}): a proxy or another web server answered instead of xend, or a "
            f"proxy changed the Accept header"
        )
        raise lost(NotXend, said, method)
    if not promised and not head.chunked:
        said = f"The answer of xend at {where} has no length, so it may be incomplete"
        raise lost(XendNoReply, said, method)
    return Reply(status, head.reason, kind, text)


def _proxy_advice(status: int) -> str:
    """Return what to do about an answer that is not from xend."""
    if status in (401, 403, 407):
        return "a proxy in front of it requires other credentials (xend_username, xend_password)"
    if status < 400:
        return "something in front of it redirects: set xend_url to the final address"
    return "a proxy in front of it cannot reach xend"


def unreadable(where: str, what: str, text: str, *, perhaps_done: bool = False) -> UnreadableReply:
    """Return the error for an answer that cannot be read. It quotes the beginning of the answer."""
    said = f"xend at {where} gave an answer that cannot be read as {what}: {excerpt(text)}"
    return UnreadableReply(f"{said}. {DOUBT}" if perhaps_done else said, text=text, perhaps_done=perhaps_done)


def excerpt(text: str) -> str:
    """Return the beginning of *text*, quoted, on one line, without passwords."""
    return repr(masked(text[:60]) + ("..." if len(text) > 60 else ""))


def _timed_out(error: BaseException) -> bool:
    """Return whether connecting or answering took too long. requests wraps a timeout within a body in another error."""
    return any(
        isinstance(link, (TimeoutError, socket.timeout, ReadTimeoutError, ConnectTimeoutError))
        for link in _chain(error)
    )


def _was_refused(error: BaseException) -> bool:
    """Return whether no connection was made, so that no byte can have been sent."""
    return any(isinstance(link, NewConnectionError) for link in _chain(error))


def _cause(error: BaseException) -> str:
    """Return the innermost reason, in the operating system's words if there are any."""
    innermost = _chain(error)[-1]
    if isinstance(innermost, OSError) and innermost.strerror:
        return str(innermost.strerror)
    words = str(innermost) or type(innermost).__name__
    return words if words.isprintable() else excerpt(words)


def _chain(error: BaseException) -> list[BaseException]:
    """Return *error* and the errors that it wraps, outermost first. The libraries wrap errors in four ways."""
    links: list[BaseException] = []
    link: Optional[BaseException] = error
    while link is not None and link not in links:
        links.append(link)
        inner = getattr(link, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((value for value in link.args if isinstance(value, BaseException)), None)
        link = inner or link.__cause__ or link.__context__
        # Not a cause: urllib3 1.26 tries Python 2's way first, and continues while it handles that error.
        if isinstance(link, TypeError):
            break
    return links


_BROKEN_TLS = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
"""The TLS errors that end an established connection; others prevent it."""


@dataclass
class _Watch:
    """The state of an exchange that requests does not report."""

    finish_timeout: float
    connected: bool = False
    """Whether a byte of the request may have been sent."""


class _TooSlowError(socket.timeout):
    """An answer began and did not end in time."""


class _Bounded(io.RawIOBase):
    """The stream of a server's answer, limited in time and in bytes: status line, headers and body."""

    def __init__(self, raw: Any, sock: socket.socket, finish_timeout: float) -> None:
        super().__init__()
        self.in_headers = True
        self._raw = raw
        self._sock = sock
        self._silence = sock.gettimeout() or 0.0
        self._end = time.monotonic() + self._silence + finish_timeout
        self._received = 0

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes. Raises _TooSlowError, ValueError for too many bytes, RemoteDisconnected for an end within the headers."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise _TooSlowError("timed out")
        self._sock.settimeout(min(self._silence, left))
        try:
            count: int = self._raw.readinto(buffer)
        except (TimeoutError, socket.timeout) as error:
            if self._silence < left:
                raise
            raise _TooSlowError("timed out") from error
        self._received += count
        if self._received > MOST_MIB << 20:
            raise ValueError(f"the answer goes on after {MOST_MIB} MiB, and none of xend has more")
        if self.in_headers and self._received > _MOST_HEADER_BYTES:
            raise ValueError("the answer still has no body after 1 MiB of headers")
        if self.in_headers and self._received and not count:
            raise RemoteDisconnected("the answer ended in its headers")
        return count

    def close(self) -> None:
        """Close the underlying stream."""
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    """http.client's response with limits. Without them it accepts truncated headers and waits forever."""

    def __init__(self, watch: _Watch, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._bounded = _Bounded(self.fp.detach(), sock, watch.finish_timeout)
        self.fp = io.BufferedReader(self._bounded)

    def begin(self) -> None:
        """Read the status line and the headers."""
        super().begin()
        self._bounded.in_headers = False


class _TcpConnection(HTTPConnection):
    """urllib3's TCP connection, which reports to a _Watch."""

    def __init__(self, *args: Any, watch: _Watch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._watch = watch
        self.response_class = partial(_Response, watch)  # type: ignore[assignment]

    def connect(self) -> None:
        """Connect."""
        super().connect()
        self._watch.connected = True


class _TlsConnection(HTTPSConnection):
    """urllib3's TLS connection, which reports to a _Watch."""

    def __init__(self, *args: Any, watch: _Watch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._watch = watch
        self.response_class = partial(_Response, watch)  # type: ignore[assignment]

    def connect(self) -> None:
        """Connect, including the TLS handshake."""
        super().connect()
        self._watch.connected = True


class _TcpAdapter(HTTPAdapter):
    """requests' adapter for watched connections. requests gets the pool in one way in 2.31 and earlier, in another later."""

    def __init__(self, watch: _Watch) -> None:
        super().__init__()
        self._watch = watch

    def get_connection(self, *args: Any, **kwargs: Any) -> Any:
        """Return the pool (requests 2.31 and earlier)."""
        return self._watched(super().get_connection(*args, **kwargs))

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the pool (requests 2.32 and later)."""
        return self._watched(super().get_connection_with_tls_context(*args, **kwargs))

    def _watched(self, pool: Any) -> Any:
        """Make the pool create watched connections."""
        kind = _TlsConnection if isinstance(pool, HTTPSConnectionPool) else _TcpConnection
        pool.ConnectionCls = partial(kind, watch=self._watch)
        return pool


class _UnixConnection(_TcpConnection):
    """urllib3's connection to a Unix socket."""

    def __init__(self, socket_path: str, **kwargs: Any) -> None:
        super().__init__("localhost", **kwargs)
        self._socket_path = socket_path

    def connect(self) -> None:
        """Connect. As with TCP, a failure raises NewConnectionError, and a timeout raises ConnectTimeoutError."""
        patience = self.timeout if isinstance(self.timeout, (int, float)) else 0
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(patience or None)
        try:
            self._connect(sock, time.monotonic() + patience)
        except (BlockingIOError, TimeoutError, socket.timeout) as error:
            sock.close()
            raise ConnectTimeoutError(self, f"no place in its queue within {patience:g} s") from error
        except OSError as error:
            sock.close()
            raise NewConnectionError(self, error.strerror or str(error)) from error
        self.sock = sock
        self._watch.connected = True

    def _connect(self, sock: socket.socket, deadline: float) -> None:
        """Connect, and wait for a place in the queue, which is short in 3.0.3 and earlier: they serve one client at a time."""
        while True:
            try:
                sock.connect(self._socket_path)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_QUEUE_POLL)
            else:
                return


class _UnixPool(HTTPConnectionPool):
    """urllib3's pool of connections to one Unix socket."""

    def __init__(self, socket_path: str, watch: _Watch) -> None:
        super().__init__("localhost", maxsize=1)
        self._socket_path = socket_path
        self._watch = watch

    def _new_conn(self) -> _UnixConnection:
        return _UnixConnection(self._socket_path, watch=self._watch, timeout=self.timeout.connect_timeout)


class _UnixAdapter(HTTPAdapter):
    """requests' adapter for one Unix socket."""

    def __init__(self, socket_path: str, watch: _Watch) -> None:
        super().__init__()
        self._make_pool = partial(_UnixPool, socket_path, watch)
        self._pool = self._make_pool()

    def get_connection(self, *_args: Any, **_kwargs: Any) -> _UnixPool:
        """Return the pool (requests 2.31 and earlier)."""
        return self._pool

    def get_connection_with_tls_context(self, *_args: Any, **_kwargs: Any) -> _UnixPool:
        """Return the pool (requests 2.32 and later)."""
        return self._pool

    def close(self) -> None:
        """Close the pool, and replace it, so that it can be used again."""
        super().close()
        self._pool.close()
        self._pool = self._make_pool()
