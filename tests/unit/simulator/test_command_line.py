# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator as a program: it starts, serves, logs, and goes when it is told to."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.simulator import PERSONALITIES, Fault
from tests.simulator.__main__ import main, parser

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = Path(__file__).resolve().parents[3]
LISTING = "((domain (domid 0) (name Domain-0)) (domain (domid 7) (name web1) (memory 64) (vcpus 1)))"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "listing").write_text(LISTING, encoding="latin-1")
    arguments = ["--version", "3.0.0", "--seed", "listing", "--url-file", "url", "--pid-file", "pid"]
    arguments += ["--request-log", "log", "--unix", "socket", "--fault", "node:status:502"]
    paths = [str(tmp_path / each) if each in ("listing", "url", "pid", "log", "socket") else each for each in arguments]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.simulator", *paths],
        cwd=TOP,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        for _try in range(500):
            if (tmp_path / "pid").exists() or process.poll() is not None:
                break
            time.sleep(0.01)
        yield process
        process.kill()


@pytest.mark.parametrize("way_to_stop", [signal.SIGTERM, signal.SIGINT])
def test_the_program_serves_until_it_is_told_to_stop(
    running: subprocess.Popen[str],
    tmp_path: Path,
    way_to_stop: signal.Signals,
) -> None:
    url = (tmp_path / "url").read_text(encoding="utf-8").strip()
    with urllib.request.urlopen(f"{url}/xend/domain/web1?x=1", timeout=5) as response:  # noqa: S310
        assert b"web1" in response.read()
    with pytest.raises(urllib.error.HTTPError, match="502"):
        urllib.request.urlopen(f"{url}/xend/node", timeout=5)  # noqa: S310
    running.send_signal(way_to_stop)
    output, _errors = running.communicate(timeout=5)
    assert running.returncode == 0
    assert url in output
    assert (tmp_path / "log").read_text(encoding="utf-8") == "GET /xend/domain/web1 get 200\nGET /xend/node node 502\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["listing", "log"]


def test_only_loopback_addresses_are_allowed_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--tcp", "192.0.2.1:0"]) == 2
    assert "not a loopback address" in capsys.readouterr().err


def test_faults_are_read_from_the_command_line() -> None:
    options = parser().parse_args(["--fault", "create:drop", "--fault", "get:delay:0.5", "--fault", "*:refuse:no"])
    assert options.fault == [
        Fault("create", "drop", times=-1),
        Fault("get", "delay", times=-1, seconds=0.5),
        Fault("*", "refuse", times=-1, message="no"),
    ]


def test_every_release_can_be_asked_for() -> None:
    for version in PERSONALITIES:
        assert parser().parse_args(["--version", version]).version == version


def test_a_wrong_fault_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["--fault", "create:dorp"])
    assert "unknown kind of fault 'dorp'; known are drop," in capsys.readouterr().err
