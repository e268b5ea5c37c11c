# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy with TLS and basic authentication in front of a simulated xend, as the guide on security puts one there."""

from __future__ import annotations

import base64
import datetime as dt
import http.client
import ssl
import tempfile
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.simulator import Simulator


class Proxy:
    """Passes each GET on to xend, for those who know a password. ``certificate`` is what to trust, in PEM."""

    def __init__(self, xend: Simulator, passwords: Mapping[str, str]) -> None:
        """Take whom to stand in front of, and who may pass."""
        key, self.certificate = _certificate()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile(suffix=".pem") as both:
            Path(both.name).write_bytes(key + self.certificate)
            context.load_cert_chain(both.name)
        tokens = {base64.b64encode(":".join(pair).encode()).decode() for pair in passwords.items()}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(urlsplit(xend.url).netloc, tokens))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"https://localhost:{self._server.server_port}"

    def __enter__(self) -> Proxy:  # noqa: PYI034 - typing.Self is newer than the oldest Python here
        """Begin to serve."""
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(xend: str, tokens: set[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Authorization", "").removeprefix("Basic ") not in tokens:
                self.send_error(401)
                return
            behind = http.client.HTTPConnection(xend)
            behind.request("GET", self.path, headers=dict(self.headers))
            reply = behind.getresponse()
            content = reply.read()
            behind.close()
            self.send_response_only(reply.status, reply.reason)
            for name, value in reply.getheaders():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    return Handler


def _certificate() -> tuple[bytes, bytes]:
    """Return a key, and a certificate for localhost that it has signed for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.timezone.utc)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    return key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain), built.public_bytes(pem)
