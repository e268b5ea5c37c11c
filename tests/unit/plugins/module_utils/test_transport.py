# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request for one reply, over real sockets: what goes over the wire, how often, and what each failure is called."""

from __future__ import annotations

import gzip
import os
import shutil
import socket
import ssl
import subprocess
import time
import tracemalloc
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import (
    InvalidRequest,
    NotXend,
    XendError,
    XendNoReply,
    XendUnreachable,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import RETRY_DELAY, Address, Reply, Transport
from ansible_collections.dom0.xend.tests.unit.plugins.module_utils.raw_server import (
    DROPPED,
    PATIENCE,
    Answer,
    RawServer,
    http,
)

FORM = {"op": "pause"}


def no_sleep(_seconds: float) -> None:
    """Do not wait."""


def exchange(url: str, form: Optional[dict[str, str]] = None, *, path: str = "/xend", **options: Any) -> Reply:
    """Make one exchange, without a pause between two attempts."""
    timeout, query = options.pop("timeout", PATIENCE), options.pop("query", "")
    transport = Transport(url, **{"sleep": no_sleep, **options})
    return transport.exchange(path, form, timeout=timeout, query=query)


def head(request: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the request line and the headers of a request; a header sent twice is an error."""
    line, *headers = request.partition(b"\r\n\r\n")[0].split(b"\r\n")
    pairs = [(name, value) for name, _colon, value in (header.partition(b": ") for header in headers)]
    assert len(dict(pairs)) == len(pairs)
    return line, dict(pairs)


def tls_context(certificate: Path) -> ssl.SSLContext:
    """Return what a server with that certificate needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def words(error: BaseException) -> str:
    """Return the message, of which nothing may be an object's address."""
    assert " object at 0x" not in str(error)
    return str(error)


# ---- the URL


@pytest.mark.parametrize(
    ("url", "base", "socket_path"),
    [
        ("http://xen1:8000", "http://xen1:8000", None),
        ("http://xen1:8000/", "http://xen1:8000", None),
        ("http://xen1", "http://xen1", None),
        ("HTTPS://xen1/", "HTTPS://xen1", None),
        ("http://10.0.0.1:8000", "http://10.0.0.1:8000", None),
        ("http://[::1]:8000", "http://[::1]:8000", None),
        ("https://proxy.example.com/hosts/xen1/", "https://proxy.example.com/hosts/xen1", None),
        ("https://proxy.example.com/hosts/xen%201", "https://proxy.example.com/hosts/xen%201", None),
        ("unix:///var/lib/xend/xend-socket", "http://localhost", "/var/lib/xend/xend-socket"),
        ("unix:///run/my%20xend/socket", "http://localhost", "/run/my xend/socket"),
        ("unix:///run/my xend/socket", "http://localhost", "/run/my xend/socket"),
        ("unix:///run/100%25/s%C3%B6cket", "http://localhost", "/run/100%/söcket"),
        ("unix:///run/user@host/socket", "http://localhost", "/run/user@host/socket"),
    ],
)
def test_an_xend_url_is_read(url: str, base: str, socket_path: Optional[str]) -> None:
    assert Address.parse(url) == Address(url, base, socket_path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "xen1",
        "xen1:8000",
        "/var/lib/xend/xend-socket",
        "//xen1:8000",
        "http://",
        "http://:8000",
        "http:///xend",
        "http:xen1",
        "ftp://xen1",
        "file:///var/lib/xend/xend-socket",
        "http://xen1:80a",
        "http://xen1:99999",
        "http://[::1",
        "http://[]:8000",
        "http://xen1?x",
        "http://xen1/?detail=1",
        "http://xen1/#top",
        "unix:socket",
        "unix://socket",
        "unix://var/lib/xend/xend-socket",
        "unix:///a?b",
        "unix:///a#b",
    ],
)
def test_what_is_no_xend_url_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^xend_url"):
        Transport(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://root:hunter2@xen1",
        "http://root:hunter2@xen1:8000/x?y#z",
        "http://:hunter2@xen1",
        "http://root:hun/hunter2@xen1",
        "http://root:12/hunter2@xen1",
        "http://root:#hunter2@xen1",
        "http://root:?hunter2@xen1",
        "http://root:hunter2@xen\u2100",
        "http://root:hunter2@[::1",
        "http://hunter2@xen1",
        "https://root:%68unter2@xen1",
        "unix://root:hunter2@/socket",
        "ftp://root:hunter2@xen1",
    ],
)
def test_credentials_in_the_url_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Transport(url)
    assert "unter2" not in str(caught.value)


# ---- what is sent


def test_a_get_has_the_headers_that_xend_needs_and_no_others() -> None:
    with RawServer() as server:
        exchange(server.url, path="/xend/domain", query="?detail=1")
    assert head(server.requests[0]) == (
        b"GET /xend/domain?detail=1 HTTP/1.1",
        {
            b"Host": server.authority.encode(),
            b"User-Agent": b"dom0.xend",
            b"Accept": b"application/sxp",
            b"Accept-Encoding": b"identity",
            b"Connection": b"close",
        },
    )


def test_a_post_has_its_form_in_the_body() -> None:
    with RawServer() as server:
        exchange(server.url, {"op": "x", "config": "(vm (name 'a;b & c=d'))\n+%é"}, path="/xend/domain")
    body = b"op=x&config=%28vm+%28name+%27a%3Bb+%26+c%3Dd%27%29%29%0A%2B%25%C3%A9"
    line, headers = head(server.requests[0])
    assert line == b"POST /xend/domain HTTP/1.1"
    assert headers[b"Content-Length"] == str(len(body)).encode()
    assert headers[b"Content-Type"] == b"application/x-www-form-urlencoded"
    assert set(headers) == {
        *(b"Host", b"User-Agent", b"Accept", b"Accept-Encoding", b"Connection"),
        *(b"Content-Length", b"Content-Type"),
    }
    assert server.requests[0].endswith(b"\r\n\r\n" + body)


def test_a_form_carries_bytes_that_are_no_text() -> None:
    with RawServer() as server:
        exchange(server.url, {"op": "save", "file": "/srv/caf\udce9"})
    assert server.requests[0].endswith(b"op=save&file=%2Fsrv%2Fcaf%E9")


def test_a_post_with_its_form_in_the_url_says_that_it_has_no_body() -> None:
    with RawServer() as server:
        exchange(server.url, {}, path="/xend/domain", query="?op=create&config=%28vm+%27a%3Bb%27%29")
    line, headers = head(server.requests[0])
    assert line == b"POST /xend/domain?op=create&config=%28vm+%27a%3Bb%27%29 HTTP/1.1"
    assert headers[b"Content-Length"] == b"0"


@pytest.mark.parametrize(
    "path",
    ["/xend/domain/a%2Fb", "/xend/domain/a%20b%27%22", "/xend/domain/%C3%BC", "/xend/domain/100%25", "/x/%2E%2E"],
)
def test_a_path_goes_out_as_it_was_encoded(path: str) -> None:
    with RawServer() as server:
        exchange(server.url, path=path)
    assert head(server.requests[0])[0].decode() in (f"GET {path} HTTP/1.1", "GET /x/.. HTTP/1.1")


def test_a_path_in_the_xend_url_comes_first() -> None:
    with RawServer() as server:
        exchange(server.url + "/hosts/xen1/", path="/xend/node")
    assert head(server.requests[0])[0] == b"GET /hosts/xen1/xend/node HTTP/1.1"


def test_xend_is_reached_over_ipv6() -> None:
    try:
        server = RawServer(family=socket.AF_INET6)
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    with server:
        exchange(server.url)
    assert head(server.requests[0])[1][b"Host"] == server.authority.encode()


@pytest.mark.parametrize("name", ["xend-socket", "my xend", "100%", "söcket", "a@b"])
def test_xend_is_reached_over_a_unix_socket(tmp_path: Path, name: str) -> None:
    with RawServer(http(body=b"(node)"), path=str(tmp_path / name)) as server:
        reply = exchange(f"unix://{tmp_path}/{name.replace('%', '%25').replace(' ', '%20')}", FORM)
    assert reply == Reply(200, "OK", "application/sxp", "(node)")
    assert head(server.requests[0])[1][b"Host"] == b"localhost"


def test_credentials_are_sent_where_they_are_given_and_only_there() -> None:
    with RawServer() as server:
        exchange(server.url, username="admin", password="s3cret:x")
        exchange(server.url, username="admin")
        exchange(server.url, password="s3cret")
        exchange(server.url)
    sent = [head(request)[1].get(b"Authorization") for request in server.requests]
    assert sent == [b"Basic " + b64encode(b"admin:s3cret:x"), b"Basic " + b64encode(b"admin:"), None, None]


@pytest.mark.parametrize("word", ["pässwörd", "пароль", "€", "\U0001f600", "\udce9"])
def test_credentials_in_any_script_are_sent_as_utf_8(word: str) -> None:
    with RawServer() as server:
        exchange(server.url, username=word, password=word)
    raw = word.encode("utf-8", "surrogateescape")
    assert head(server.requests[0])[1][b"Authorization"] == b"Basic " + b64encode(raw + b":" + raw)


def test_a_401_is_not_answered_with_a_second_request() -> None:
    challenge = http("401 Unauthorized", WWW_Authenticate='Basic realm="xend"')
    with RawServer(challenge) as server, pytest.raises(NotXend, match="xend_username"):
        exchange(server.url, username="admin", password="s3cret")
    assert len(server.requests) == 1


@pytest.fixture(name="odd_environment")
def _odd_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Set everything by which requests lets the environment have a say."""
    (tmp_path / ".netrc").write_text("default login eve password eve\n", encoding="ascii")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, "/nonexistent")


@pytest.mark.usefixtures("odd_environment")
def test_the_environment_has_no_say_over_tcp() -> None:
    with RawServer() as server:
        exchange(server.url, FORM)
    line, headers = head(server.requests[0])
    assert line == b"POST /xend HTTP/1.1"
    assert b"Authorization" not in headers


@pytest.mark.usefixtures("odd_environment")
def test_the_environment_has_no_say_over_a_unix_socket(tmp_path: Path) -> None:
    with RawServer(path=str(tmp_path / "socket")) as server:
        exchange(server.url, FORM)
    assert b"Authorization" not in head(server.requests[0])[1]


def test_an_answer_may_come_from_a_server_that_leaves_the_connection_open() -> None:
    body = b"(xend.err 'x')"
    with RawServer(Answer(http("500 Request failed", body).data, then="wait")) as server:
        reply = exchange(server.url, FORM)
        assert server.client_closed.wait(PATIENCE)
    assert reply == Reply(500, "Request failed", "application/sxp", body.decode())


def test_each_exchange_has_a_connection_of_its_own() -> None:
    with RawServer(Answer(http().data, then="wait")) as server:
        transport = Transport(server.url)
        for _time in range(3):
            transport.exchange("/xend", timeout=PATIENCE)
    assert len(server.requests) == 3


# ---- what comes back


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        (http(), Reply(200, "OK", "", "")),
        (http("202 Accepted", Location="http://xen1/xend/domain/a/.."), Reply(202, "Accepted", "", "")),
        (http("201 created", b"(domain)", Location="x"), Reply(201, "created", "application/sxp", "(domain)")),
        (http("404 Not found", b"x", Content_type="text/plain"), Reply(404, "Not found", "text/plain", "x")),
        (http("404 Not found", b"<Fault 3: 'x'>"), Reply(404, "Not found", "application/sxp", "<Fault 3: 'x'>")),
        (http("500 Internal server error"), Reply(500, "Internal server error", "", "")),
        (http(body="(a 'é')".encode()), Reply(200, "OK", "application/sxp", "(a 'é')")),
        (http(body=b"(a '\xe9\x00\xff')"), Reply(200, "OK", "application/sxp", "(a '\udce9\0\udcff')")),
        (Answer(b"HTTP/1.0 200 OK\nContent-length: 3\n\n(a)"), Reply(200, "OK", "", "(a)")),
        (Answer(b"HTTP/1.1 200\r\nContent-length: 3\r\n\r\n(a)"), Reply(200, "", "", "(a)")),
        (Answer(b"HTTP/1.1 200 OK\r\nContent-length: 3\r\n\r\n(a)''surplus"), Reply(200, "OK", "", "(a)")),
        (
            Answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n(a\r\n1\r\n)\r\n0\r\n\r\n"),
            Reply(200, "OK", "", "(a)"),
        ),
    ],
)
@pytest.mark.parametrize("form", [None, FORM])
def test_a_reply_is_taken_as_it_comes(answer: Answer, reply: Reply, form: Optional[dict[str, str]]) -> None:
    with RawServer(answer) as server:
        assert exchange(server.url, form) == reply
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 401, 403, 407, 502, 503, 504])
@pytest.mark.parametrize("form", [None, FORM])
def test_a_status_that_xend_never_sends_comes_from_another_server(status: int, form: Optional[dict[str, str]]) -> None:
    answer = http(f"{status} Something", Location="http://127.0.0.1:1/elsewhere")
    with RawServer(answer) as server, pytest.raises(NotXend, match=f"answered {status} Something"):
        exchange(server.url, form)
    assert len(server.requests) == 1


@pytest.mark.parametrize("location", ["http://[", "http://a..b/", "//", "\xff\xfe", "http://x:y/", "x" * 5000])
def test_a_redirection_to_nowhere_comes_from_another_server(location: str) -> None:
    with RawServer(http("302 Found", Location=location)) as server, pytest.raises(NotXend):
        exchange(server.url, FORM)


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "500 Internal Server Error"])
@pytest.mark.parametrize("body", [b"<html><body>Hi</body></html>", b"\n  <!DOCTYPE html>", b"<p>message</p>", b"<"])
def test_html_comes_from_another_server(status: str, body: bytes) -> None:
    with RawServer(http(status, body)) as server, pytest.raises(NotXend, match="answered HTML"):
        exchange(server.url)


def test_html_is_shown_shortened_and_on_one_line() -> None:
    page = b"<html>\n\x1b[2J" + b"x" * 10_000
    with RawServer(http(body=page)) as server, pytest.raises(NotXend) as caught:
        exchange(server.url)
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()


# ---- no reply


BREAKS = [
    pytest.param(DROPPED, id="closed without a word"),
    pytest.param(Answer(then="reset"), id="reset"),
    pytest.param(Answer(b"HT"), id="closed in the status line"),
    pytest.param(Answer(b"HTTP/1.1 202 Accepted\r\n"), id="closed before the headers"),
    pytest.param(Answer(b"HTTP/1.1 202 Accepted\r\nContent-length: 0\r\n"), id="closed in the headers"),
    pytest.param(Answer(b"HTTP/1.1 202 Accepted\r\nPragma: no"), id="closed in a header"),
    pytest.param(Answer(b"HTTP/1.1 202 Accepted\r\n\r\n"), id="no length and no body"),
    pytest.param(Answer(b"HTTP/1.1 200 OK\r\n\r\n(a)"), id="no length, so a body that may be half of one"),
    pytest.param(Answer(b"HTTP/1.1 200 OK\r\nContent-length: 10\r\n\r\n(a"), id="half a body"),
    pytest.param(Answer(b"HTTP/1.1 200 OK\r\nContent-length: 10\r\n\r\n"), id="no body"),
    pytest.param(Answer(b"HTTP/1.1 200 OK\r\nContent-length: 10\r\n\r\n(a", then="reset"), id="reset in the body"),
    pytest.param(Answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n(a"), id="half a chunk"),
    pytest.param(Answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), id="no chunk"),
    pytest.param(Answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n(a\r\n"), id="no last chunk"),
]


@pytest.mark.parametrize("answer", BREAKS)
def test_a_post_is_not_repeated_when_its_reply_breaks_off(answer: Answer) -> None:
    with RawServer(answer) as server, pytest.raises(XendNoReply, match="check before you repeat it") as caught:
        exchange(server.url, FORM)
    assert caught.value.perhaps_done
    assert server.url in words(caught.value)
    assert "getresponse" not in words(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize("answer", BREAKS)
def test_a_get_whose_reply_breaks_off_changed_nothing(answer: Answer) -> None:
    with RawServer(answer) as server, pytest.raises(XendNoReply) as caught:
        exchange(server.url)
    assert not caught.value.perhaps_done
    assert "check before you repeat it" not in words(caught.value)
    assert len(server.requests) in (1, 2)


def test_a_get_is_repeated_once_when_the_connection_drops() -> None:
    naps: list[float] = []
    with RawServer(DROPPED, http(body=b"(a)")) as server:
        assert exchange(server.url, sleep=naps.append).text == "(a)"
    assert (len(server.requests), naps) == (2, [RETRY_DELAY])


def test_a_get_is_not_repeated_more_than_once() -> None:
    with RawServer(DROPPED) as server, pytest.raises(XendNoReply):
        exchange(server.url)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing at all"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-length: 10\r\n", id="half of the headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-length: 10\r\n\r\n(a", id="half of the body"),
    ],
)
@pytest.mark.parametrize(("form", "perhaps_done"), [(None, False), (FORM, True)])
def test_a_silent_xend_is_not_asked_twice(data: bytes, form: Optional[dict[str, str]], *, perhaps_done: bool) -> None:
    with RawServer(Answer(data, then="wait")) as server:
        with pytest.raises(XendNoReply, match=r"did not answer within 0\.3 s") as caught:
            exchange(server.url, form, timeout=0.3)
        assert server.client_closed.wait(PATIENCE)
    assert caught.value.perhaps_done is perhaps_done
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.0\r\n", id="SSH"),
        pytest.param(b"220 mail ESMTP\r\n", id="SMTP"),
        pytest.param(b"\x15\x03\x01\x00\x02\x02F", id="a TLS alert"),
        pytest.param(b"\0" * 100_000, id="zeros"),
    ],
)
@pytest.mark.parametrize("form", [None, FORM])
def test_what_speaks_no_http_ends_in_a_typed_error(data: bytes, form: Optional[dict[str, str]]) -> None:
    with RawServer(Answer(data)) as server, pytest.raises(XendError) as caught:
        exchange(server.url, form)
    assert words(caught.value).isprintable()
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-length: zwei\r\n\r\n(a)",
        b"HTTP/1.1 200 OK\r\nContent-length: 3, 4\r\n\r\n(a)",
        b"HTTP/1.1 200 OK\r\nContent-length: \xb2\r\n\r\n(a)",
        b"HTTP/1.1 200 OK\r\nContent-encoding: gzip\r\nContent-length: 3\r\n\r\n(a)",
        b"HTTP/1.1 200 OK\r\nno colon\r\nContent-length: 3\r\n\r\n(a)",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 \xff\xfe\r\nContent-length: 3\r\n\r\n(a)",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: \xff=\xfe; expires=never\r\nContent-length: 3\r\n\r\n(a)",
    ],
)
@pytest.mark.parametrize("form", [None, FORM])
def test_broken_http_ends_in_a_reply_or_a_typed_error(data: bytes, form: Optional[dict[str, str]]) -> None:
    with RawServer(Answer(data)) as server:
        try:
            exchange(server.url, form)
        except XendError as error:
            words(error)
    assert len(server.requests) == 1 or form is None


# ---- a reply without an end, or of a kind that xend never gives

HEAD = b"HTTP/1.1 200 OK\r\nContent-type: application/sxp\r\n"
BOMB = gzip.compress(b"\0" * 10_000_000)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(drip=b"H"), id="the status line"),
        pytest.param(Answer(b"HTTP/1.1 200 OK\r\n", drip=b"X"), id="a header"),
        pytest.param(Answer(drip=b"HTTP/1.1 100 Continue\r\n\r\n"), id="100 Continue"),
        pytest.param(Answer(HEAD + b"Content-length: 100000\r\n\r\n", drip=b" "), id="the body"),
        pytest.param(Answer(HEAD + b"\r\n", drip=b" "), id="a body without a length"),
        pytest.param(Answer(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", drip=b"1\r\n \r\n"), id="chunks"),
    ],
)
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(("form", "perhaps_done"), [(None, False), (FORM, True)])
def test_a_reply_that_drips_has_an_end(
    answer: Answer, form: Optional[dict[str, str]], request: pytest.FixtureRequest, *, tls: bool, perhaps_done: bool
) -> None:
    ca_path = str(request.getfixturevalue("certificate")) if tls else None
    context = tls_context(Path(ca_path)) if ca_path else None
    began = time.monotonic()
    with RawServer(replace(answer, pause=0.02), tls=context) as server:
        with pytest.raises(XendNoReply, match=r"did not finish its answer within 0\.7 s") as caught:
            exchange(server.url, form, timeout=0.4, finish_timeout=0.3, ca_path=ca_path)
        assert time.monotonic() - began < 5
    assert caught.value.perhaps_done is perhaps_done
    assert ("check before you repeat it" in words(caught.value)) is perhaps_done
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(HEAD + b"\r\n", drip=b" " * 1_000_000), id="no length"),
        pytest.param(Answer(HEAD + b"Content-length: 99999999999\r\n\r\n", then="wait"), id="a length beyond it"),
        pytest.param(
            Answer(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", drip=b"f4240\r\n" + b" " * 1_000_000 + b"\r\n"),
            id="chunks",
        ),
    ],
)
@pytest.mark.parametrize(("form", "perhaps_done"), [(None, False), (FORM, True)])
def test_a_reply_without_an_end_is_given_up_at_a_limit_that_is_reported(
    answer: Answer, form: Optional[dict[str, str]], *, perhaps_done: bool
) -> None:
    tracemalloc.start()
    try:
        with RawServer(answer) as server, pytest.raises(NotXend, match="64 MiB") as caught:
            exchange(server.url, form)
        assert tracemalloc.get_traced_memory()[1] < 200_000_000
    finally:
        tracemalloc.stop()
    assert caught.value.perhaps_done is perhaps_done
    assert ("check before you repeat it" in words(caught.value)) is perhaps_done


@pytest.mark.parametrize("form", [None, FORM])
def test_headers_without_an_end_are_given_up_before_the_time_is_over(form: Optional[dict[str, str]]) -> None:
    answer = Answer(drip=b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
    with RawServer(answer) as server, pytest.raises(NotXend, match="1 MiB of headers") as caught:
        exchange(server.url, form)
    assert caught.value.perhaps_done is (form is not None)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "GZIP", "br", "identity, gzip", "x" * 5000])
@pytest.mark.parametrize("body", [BOMB, b"(a)"])
@pytest.mark.parametrize(("form", "perhaps_done"), [(None, False), (FORM, True)])
def test_what_nobody_asked_to_compress_is_not_unpacked(
    coding: str, body: bytes, form: Optional[dict[str, str]], *, perhaps_done: bool
) -> None:
    tracemalloc.start()
    try:
        answer = http(body=body, Content_encoding=coding)
        with RawServer(answer) as server, pytest.raises(NotXend, match="xend never compresses") as caught:
            exchange(server.url, form)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert len(words(caught.value)) < 400
    assert caught.value.perhaps_done is perhaps_done


def test_an_encoding_that_changes_nothing_is_taken() -> None:
    with RawServer(http(body=b"(a)", Content_encoding="identity")) as server:
        assert exchange(server.url).text == "(a)"


@pytest.mark.parametrize(
    "answer",
    [
        *(http(f"{status} Something") for status in (301, 302, 303, 307, 502, 503, 504, 524)),
        http("504 Gateway Timeout", b"<html>Timeout</html>"),
        http("200 OK", b"<html>Hi</html>"),
        http("500 Internal Server Error", b"<html>Hi</html>"),
        Answer(b"HTTP/1.1 200 OK\r\nContent-length: 3\r\nContent-length: 4\r\n\r\n(a)"),
        Answer(b"HTTP/1.1 200 OK\r\nContent-length: 3, 4\r\n\r\n(a)"),
        Answer(b"HTTP/1.1 200 OK\r\nContent-length: -5\r\n\r\n(a)"),
        Answer(b"HTTP/1.1 200 OK\r\nContent-length: zwei\r\n\r\n(a)"),
        Answer(b"SSH-2.0-OpenSSH_9.0\r\n"),
    ],
)
@pytest.mark.parametrize(("form", "perhaps_done"), [(None, False), (FORM, True)])
def test_whoever_answers_a_post_in_an_odd_way_may_have_passed_it_on(
    answer: Answer, form: Optional[dict[str, str]], *, perhaps_done: bool
) -> None:
    with RawServer(answer) as server, pytest.raises((NotXend, XendNoReply)) as caught:
        exchange(server.url, form)
    assert isinstance(caught.value, (NotXend, XendNoReply))
    assert caught.value.perhaps_done is perhaps_done
    assert ("check before you repeat it" in words(caught.value)) is perhaps_done


@pytest.mark.parametrize("status", [401, 403, 407])
def test_who_wants_other_credentials_has_passed_nothing_on(status: int) -> None:
    with RawServer(http(f"{status} No")) as server, pytest.raises(NotXend) as caught:
        exchange(server.url, FORM)
    assert not caught.value.perhaps_done


# ---- no connection


def test_a_post_goes_through_when_xend_begins_to_listen_after_the_first_attempt() -> None:
    server = RawServer()
    reply = exchange(server.url, FORM, sleep=lambda _seconds: server.listen())
    server.stop()
    assert (reply.status, len(server.requests)) == (200, 1)


@pytest.mark.parametrize("form", [None, FORM])
def test_a_refused_connection_is_tried_twice_and_reported_with_what_to_check(form: Optional[dict[str, str]]) -> None:
    naps: list[float] = []
    server = RawServer()  # it never listens
    with pytest.raises(XendUnreachable, match=r"Connection refused.*xend-http-server") as caught:
        exchange(server.url, form, sleep=naps.append)
    server.stop()
    assert naps == [RETRY_DELAY]
    assert server.url in words(caught.value)


@pytest.mark.parametrize(
    "host", ["xen1.invalid", "a..b", "x" * 64, "x" * 300, "-", "*.example.invalid", "[fe80::1%nix]"]
)
@pytest.mark.parametrize("form", [None, FORM])
def test_a_host_that_cannot_be_found_ends_in_a_typed_error(host: str, form: Optional[dict[str, str]]) -> None:
    with pytest.raises(XendError) as caught:
        exchange(f"http://{host}:8000", form)
    assert not isinstance(caught.value, XendNoReply)
    words(caught.value)


def _regular_file(path: Path) -> None:
    path.write_text("", encoding="ascii")


def _directory(path: Path) -> None:
    path.mkdir()


def _nobody_listens(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(path))


def _nothing(_path: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (_nothing, "No such file or directory"),
        (_regular_file, "Connection refused"),
        (_directory, "Connection refused"),
        (_nobody_listens, "Connection refused"),
    ],
)
@pytest.mark.parametrize("form", [None, FORM])
def test_a_unix_socket_that_is_none_is_reported_with_what_to_check(
    make: Callable[[Path], None], cause: str, form: Optional[dict[str, str]], tmp_path: Path
) -> None:
    make(tmp_path / "socket")
    with pytest.raises(XendUnreachable, match=f"{cause}.*xend-unix-server") as caught:
        exchange(f"unix://{tmp_path}/socket", form)
    words(caught.value)


@pytest.fixture(name="nobody")
def _nobody() -> Iterator[None]:
    """Be somebody who may not open root's sockets."""
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)
    yield
    if was_root:
        os.seteuid(0)


def test_a_unix_socket_that_must_not_be_opened_is_reported_with_what_to_check(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with RawServer(path=str(tmp_path / "socket")) as server:
        (tmp_path / "socket").chmod(0)
        request.getfixturevalue("nobody")
        with pytest.raises(XendUnreachable, match=r"Permission denied.*usually root"):
            exchange(server.url, FORM)
    assert server.requests == []


@pytest.mark.parametrize("path", ["/" + "x" * 200, "/a%00b", "/%ff", "/"])
def test_a_path_that_no_socket_can_have_is_reported_as_such(path: str) -> None:
    with pytest.raises(XendUnreachable) as caught:
        exchange("unix://" + path, FORM)
    words(caught.value)


def test_a_busy_unix_socket_is_waited_for_once(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    pauses: list[float] = []
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as before:
        listener.bind(path)
        listener.listen(0)
        before.connect(path)
        with pytest.raises(XendUnreachable, match="Resource temporarily unavailable"):
            exchange(f"unix://{path}", FORM, connect_timeout=0.2, sleep=pauses.append)
    assert pauses == []


# ---- TLS


@pytest.fixture(name="certificate", scope="module")
def _certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a key and the certificate that it signed for itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    (folder / "openssl.cnf").write_text(
        "[req]\ndistinguished_name=name\nx509_extensions=more\nprompt=no\n[name]\nCN=xend\n"
        "[more]\nsubjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=critical,CA:true\n"
        "subjectKeyIdentifier=hash\nkeyUsage=critical,digitalSignature,keyCertSign\n",
        encoding="ascii",
    )
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3", "-config", "openssl.cnf"]
    subprocess.run([*command, "-keyout", "key.pem", "-out", "cert.pem"], cwd=folder, check=True, capture_output=True)
    both = (folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes()
    (folder / "both.pem").write_bytes(both)
    return folder / "both.pem"


@pytest.fixture(name="tls_server")
def _tls_server(certificate: Path) -> Iterator[RawServer]:
    with RawServer(http(body=b"(node)"), tls=tls_context(certificate)) as server:
        yield server


@pytest.mark.parametrize("form", [None, FORM])
def test_a_certificate_that_nobody_trusts_is_refused_before_anything_is_sent(
    tls_server: RawServer, form: Optional[dict[str, str]]
) -> None:
    with pytest.raises(XendUnreachable, match="validate_certs and ca_path") as caught:
        exchange(tls_server.url, form, username="admin", password="s3cret")
    words(caught.value)
    assert tls_server.requests == []


def test_the_environment_does_not_make_a_certificate_trusted(
    tls_server: RawServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(certificate))
    with pytest.raises(XendUnreachable):
        exchange(tls_server.url)


def test_a_certificate_is_not_looked_at_where_the_task_says_so(
    tls_server: RawServer, recwarn: pytest.WarningsRecorder
) -> None:
    assert exchange(tls_server.url, FORM, validate_certs=False).text == "(node)"
    assert head(tls_server.requests[0])[0] == b"POST /xend HTTP/1.1"
    assert len(recwarn) <= 1


def test_a_certificate_is_trusted_where_it_is_the_ca_path(tls_server: RawServer, certificate: Path) -> None:
    assert exchange(tls_server.url, FORM, ca_path=str(certificate)).text == "(node)"


@pytest.mark.usefixtures("odd_environment")
def test_the_environment_has_no_say_over_tls(tls_server: RawServer, certificate: Path) -> None:
    assert exchange(tls_server.url, FORM, ca_path=str(certificate)).text == "(node)"
    assert b"Authorization" not in head(tls_server.requests[0])[1]


def test_a_certificate_for_another_host_is_refused(tls_server: RawServer, certificate: Path) -> None:
    with pytest.raises(XendUnreachable, match="validate_certs and ca_path"):
        exchange(tls_server.url.replace("127.0.0.1", "127.1"), FORM, ca_path=str(certificate))
    assert tls_server.requests == []


@pytest.mark.parametrize("form", [None, FORM])
@pytest.mark.parametrize("answer", [Answer(b"HTTP/1.1 400 Bad request\r\n\r\n", reads=False), Answer(reads=False)])
def test_https_to_a_server_without_tls_ends_in_a_typed_error(answer: Answer, form: Optional[dict[str, str]]) -> None:
    with RawServer(answer) as server, pytest.raises(XendError) as caught:
        exchange(server.url.replace("http:", "https:"), form)
    words(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(raw=b"\x17\x03\x03\x00\x20" + b"x" * 32), id="a record that is forged"),
        pytest.param(Answer(raw=b"HTTP/1.1 200 OK\r\n\r\n"), id="no TLS any more"),
        pytest.param(Answer(HEAD + b"Content-length: 9\r\n\r\n(a", raw=b"HTTP/1.1 200 OK\r\n"), id="in the body"),
    ],
)
@pytest.mark.parametrize(("form", "perhaps_done"), [(None, False), (FORM, True)])
def test_tls_that_breaks_after_the_request_is_reported_as_no_reply(
    answer: Answer, form: Optional[dict[str, str]], certificate: Path, *, perhaps_done: bool
) -> None:
    with RawServer(answer, tls=tls_context(certificate)) as server, pytest.raises(XendNoReply) as caught:
        exchange(server.url, form, ca_path=str(certificate))
    assert caught.value.perhaps_done is perhaps_done
    assert ("check before you repeat it" in words(caught.value)) is perhaps_done
    assert "trusted" not in words(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize("then", ["close", "reset"])
def test_tls_that_breaks_in_the_handshake_is_reported_as_no_connection(then: str) -> None:
    with RawServer(Answer(reads=False, then=then)) as server, pytest.raises(XendUnreachable):
        exchange(server.url.replace("http:", "https:"), FORM)


def test_https_to_a_plain_xend_is_reported_as_no_connection() -> None:
    plain = Answer(b"HTTP/1.1 400 Bad request\r\nContent-length: 0\r\n\r\n", then="wait", reads=False)
    with RawServer(plain) as server, pytest.raises(XendUnreachable):
        exchange(server.url.replace("http:", "https:"), FORM)


def test_a_ca_path_that_is_not_there_is_refused_at_once() -> None:
    with pytest.raises(InvalidRequest, match="ca_path /nonexistent does not exist"):
        Transport("https://xen1", ca_path="/nonexistent")


@pytest.mark.parametrize(
    "content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_ca_path_without_a_certificate_is_reported_as_no_connection(content: str, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(content, encoding="ascii")
    with RawServer() as server, pytest.raises(XendUnreachable, match="ca_path"):
        exchange(server.url.replace("http:", "https:"), FORM, ca_path=str(tmp_path / "ca.pem"))
    assert server.requests == []
