# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo, as `make demo` runs it: the real ansible-playbook, from playbook to wire and back."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulator import Fault, Simulator
from tests.support.running import run

DEMO = Path(__file__).resolve().parents[3] / "playbooks" / "demo.sh"
STEPS = ("check", "real", "again", "tune", "shutdown")


def environment(**more: str) -> dict[str, str]:
    """Return the environment of `make demo`, with the ansible of this Python."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("XEND_")}
    return {
        **inherited,
        "PATH": path,
        "ANSIBLE_NOCOLOR": "1",
        "NO_COLOR": "1",
        "PY_COLORS": "0",
        "TERM": "xterm",
        **more,
    }


def demo(answer: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """Run the demo."""
    return subprocess.run(
        ["sh", str(DEMO)],
        env=environment(**more),
        input=answer,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(name="shown", scope="module")
def _shown() -> str:
    """Return what the demo prints on the simulated xend."""
    result = demo()
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_demo_declares_three_domains_once(shown: str) -> None:
    recaps = re.findall(r"localhost +: ok=\d +changed=(\d) +unreachable=0 +failed=0", shown)
    assert dict(zip(STEPS, (int(changed) for changed in recaps))) == {
        "check": 1,
        "real": 1,
        "again": 0,
        "tune": 1,
        "shutdown": 1,
    }
    assert shown.count("changed: [localhost] => (item=demo-web1)") == 3  # foreseen, created, shut down
    assert shown.count("ok: [localhost] => (item=demo-web1)") == 2  # the second time, and how it ended


def test_the_demo_predicts_what_it_then_does(shown: str) -> None:
    foreseen = shown[: shown.index("######## Do it.")]
    assert foreseen.count('+    "name": "demo-') == 3


def test_the_demo_lists_the_domains_by_state(shown: str) -> None:
    graphs = [shown[found.start() :] for found in re.finditer(r"^@all:", shown, re.MULTILINE)]
    assert "mail" in graphs[0]
    assert "demo-db" not in graphs[0].split("########", 1)[0]
    assert re.search(r'"msg": "paused, 256 MiB, 1 vcpus, 10\.0\.0\.13"', shown)


def test_the_demo_shuts_every_guest_down_cleanly_and_leaves_the_others(shown: str) -> None:
    assert re.findall(r'"msg": "(demo-\w+: \w+)"', shown) == ["demo-web1: clean", "demo-web2: clean", "demo-db: clean"]
    last = shown[shown.rindex("######## What is left?") :]
    assert "mail" in last
    assert "demo-" not in last.replace("demo.xen_domains.yml", "")


@pytest.mark.parametrize("answer", ["", "no\n", "y\n"])
def test_the_demo_touches_a_real_xend_only_after_a_yes(answer: str) -> None:
    with Simulator("3.0.0", tcp=None) as sim:
        result = demo(answer, XEND_URL=sim.unix_url)
        assert result.returncode == 1
        assert "demo-web1, demo-web2 and demo-db" in result.stdout
        assert "Nothing was sent" in result.stdout
        assert sim.requests == []


def names(sim: Simulator) -> list[str]:
    """Return the names of all domains."""
    return [domain["name"] for domain in run("xen_domain_info", xend_url=sim.unix_url)["domains"]]


def test_the_demo_runs_on_a_host_with_the_credit_scheduler_and_leaves_nothing() -> None:
    with Simulator("4.1", tcp=None) as sim:
        result = demo("yes\n", XEND_URL=sim.unix_url)
        assert result.returncode == 0, result.stdout + result.stderr
        assert names(sim) == ["Domain-0"]


def test_a_demo_that_breaks_off_leaves_nothing() -> None:
    with Simulator("4.1", tcp=None) as sim:
        sim.faults.append(Fault("domain_sched_credit_set", "refuse", message="not like this"))
        result = demo("yes\n", XEND_URL=sim.unix_url)
        assert result.returncode != 0
        assert "The demo broke off" in result.stdout
        assert names(sim) == ["Domain-0"]


def test_the_demo_has_colours_on_a_terminal_and_only_there(shown: str) -> None:
    seen, terminal = os.openpty()
    with Simulator("4.1", tcp=None) as sim, os.fdopen(seen, "rb", buffering=0) as output:
        # It breaks off at its third step, which is soon.
        sim.faults.append(Fault("domain_sched_credit_set", "refuse"))
        with subprocess.Popen(
            ["sh", str(DEMO)], env=environment(XEND_URL=sim.unix_url), stdin=subprocess.PIPE, stdout=terminal
        ) as process:
            os.close(terminal)
            assert process.stdin is not None
            process.stdin.write(b"yes\n")
            process.stdin.close()
            # A terminal that nobody writes to any more ends with an error.
            with contextlib.suppress(OSError):
                text = b""
                while piece := output.read(65536):
                    text += piece
    assert b"\x1b[0;33mchanged" in text
    assert "\x1b[" not in shown
