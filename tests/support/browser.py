# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A headless Chromium that opens a page, driven over HTTP as the W3C's WebDriver says.

It is Debian's ``chromium`` with ``chromium-driver``; ``.ci/run`` installs them. It asks no network for anything.
"""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

_TOOLS = ("chromium", "chromedriver")

NO_CHROMIUM = (
    ""
    if all(map(shutil.which, _TOOLS))
    else "there is no chromium, or no chromedriver (Debian: chromium and chromium-driver)"
)
"""Why no page can be opened here."""

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
)
_SECONDS = 60


class Browser:
    """A browser with one window."""

    def __init__(self, session: str) -> None:
        """Take the URL of a session."""
        self._session = session

    def open(self, page: Path, place: str = "") -> None:
        """Open a file, at a place in it."""
        self._post("url", url=page.resolve().as_uri() + place)

    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of a JavaScript function in the page; return what it returns."""
        return self._post("execute/sync", script=script, args=list(arguments))

    def wait(self, script: str) -> Any:
        """Run the body of a function whose last argument is what to call with a result; return that."""
        return self._post("execute/async", script=script, args=[])

    def resize(self, width: int, height: int) -> None:
        """Give the page that many pixels, whatever the window takes for itself."""
        self.control(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    def control(self, command: str, **parameters: Any) -> Any:
        """Send a command of Chromium's own."""
        return self._post("goog/cdp/execute", cmd=command, params=parameters)

    def screenshot(self) -> bytes:
        """Return what is seen, as PNG."""
        done = requests.get(f"{self._session}/screenshot", timeout=_SECONDS)
        return base64.b64decode(done.json()["value"])

    def _post(self, command: str, **body: Any) -> Any:
        """Send a command. Raises AssertionError with what the browser says of one that failed."""
        done = requests.post(f"{self._session}/{command}", json=body, timeout=_SECONDS)
        assert done.ok, done.text
        return done.json()["value"]


@contextmanager
def browser() -> Iterator[Browser]:
    """Have a browser with a new profile, for the time of a block. Only where NO_CHROMIUM is empty."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, _driver() as url:
        options = {"args": [*_FLAGS, f"--user-data-dir={profile}"], "binary": shutil.which("chromium")}
        wanted = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
        done = requests.post(f"{url}/session", json=wanted, timeout=_SECONDS)
        assert done.ok, done.text
        session = f"{url}/session/{done.json()['value']['sessionId']}"
        try:
            yield Browser(session)
        finally:
            requests.delete(session, timeout=_SECONDS)


@contextmanager
def _driver() -> Iterator[str]:
    """Run the driver at a port that is free; yield its URL."""
    said: list[str] = []
    # It takes a port that is free for IPv6, and ends where that is in use for IPv4: then another one is tried.
    for _attempt in range(5):
        with subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout
                for line in process.stdout:
                    said.append(line)
                    port = re.search(r"started successfully on port (\d+)", line)
                    if port:
                        yield f"http://127.0.0.1:{port[1]}"
                        return
            finally:
                process.terminate()
    raise AssertionError("chromedriver did not start: " + "".join(said))
