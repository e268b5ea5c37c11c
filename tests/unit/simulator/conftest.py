# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plain client for the simulator's own tests: the standard library's, so that nothing of the plugins is tested here."""

from __future__ import annotations

import http.client
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

if TYPE_CHECKING:
    from typing import Callable

    from tests.simulator import Simulator

_FORM = {"Accept": "application/sxp", "Content-Type": "application/x-www-form-urlencoded"}


class Answer(NamedTuple):
    status: int
    body: str


@pytest.fixture
def ask() -> Callable[..., Answer]:
    """Return a function of a simulator, a path and a form: a POST when there is a form, else a GET."""

    def asking(simulator: Simulator, path: str, *, patience: float = 5.0, **form: str) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(simulator.url).netloc, timeout=patience)
        with closing(connection):
            connection.request("POST" if form else "GET", path, urlencode(form) if form else None, _FORM)
            response = connection.getresponse()
            return Answer(response.status, response.read().decode("latin-1"))

    return asking


@pytest.fixture
def config() -> Callable[..., str]:
    """Return a function of a name and kernel arguments: a configuration that every release takes."""

    def configuring(name: str = "web1", args: str = "") -> str:
        return (
            f"(vm (name {name}) (memory 64) (vcpus 1) (image (linux (kernel /boot/vmlinuz) (args '{args}')))"
            " (device (vbd (uname phy:vg0/root) (dev sda1) (mode w))) (device (vif (bridge xenbr0))))"
        )

    return configuring
