# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting from a live xend, which is another simulator: what is read, what is not, and that nothing is written."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable

import pytest

from tests.simulator import PERSONALITIES, Fault, Simulator
from tests.simulator.live import LiveError, read

TOP = Path(__file__).resolve().parents[3]
ALL = list(PERSONALITIES)
MANAGED = [version for version, xend in PERSONALITIES.items() if xend.managed]
OTHERS = [version for version in ALL if version not in MANAGED]

VOLATILE = re.compile(r"\((cpu_time|up_time|start_time|store_mfn|console_mfn|uuid|shadow_memory) [^)]*\)")


def estate(config: Callable[..., str], version: str, **options: str | None) -> Simulator:
    """Have a xend with a guest in each state that the release knows."""
    sim = Simulator(version, **options)  # type: ignore[arg-type]
    sim.create(config("runs")).unpause()
    sim.create(config("fresh"))
    sim.create(config("held")).unpause()
    sim.domain("held").pause()
    crashed = sim.create(config("crashed"))
    crashed.unpause()
    crashed.on["crash"] = "preserve"
    crashed.crash()
    ended = sim.create(config("ended"))
    ended.unpause()
    ended.on["poweroff"] = "preserve"
    ended.power_off()
    if sim.personality.managed:
        sim.define(config("halted"))
    return sim


def told(sim: Simulator, ask: Callable[..., tuple[int, str]]) -> dict[str, str]:
    """Return what is answered for each domain, without what no two hosts share."""
    return {name: VOLATILE.sub("", ask(sim, f"/xend/domain/{name}")[1]) for name in sim.names() if name != "Domain-0"}


@pytest.mark.parametrize("version", ALL)
def test_a_copy_of_a_live_xend_shows_of_every_domain_what_the_live_one_does(
    version: str, config: Callable[..., str], ask: Callable[..., tuple[int, str]]
) -> None:
    with estate(config, version) as original:
        live = read(original.url)
        assert (live.release, live.notes) == (version, ())
        with Simulator(live.release or "") as copy:
            assert sorted(copy.seed(live.listing, live.release)) == sorted(set(original.names()) - {"Domain-0"})
            assert copy.seed_notes == []
            assert told(copy, ask) == told(original, ask)
            assert ask(copy, "/xend/domain?state=all") == ask(original, "/xend/domain?state=all")


@pytest.mark.parametrize("version", ["3.0.0", "4.1"])
def test_the_live_xend_is_only_read_and_over_its_socket_too(version: str, config: Callable[..., str]) -> None:
    with estate(config, version, tcp=None) as original:
        live = read(original.unix_url)
        assert "(name held)" in live.listing
        assert {request.method for request in original.requests} == {"GET"}


@pytest.mark.parametrize("version", MANAGED)
@pytest.mark.parametrize("like", OTHERS)
def test_what_an_older_release_cannot_hold_is_named(version: str, like: str, config: Callable[..., str]) -> None:
    with estate(config, version) as original, Simulator(like, tcp=None) as copy:
        assert "halted" not in copy.seed(read(original.url).listing)
        notes = [note for note in copy.seed_notes if note.startswith("halted ")]
        assert notes == [f"halted is left out: it is halted, and xend {like} keeps no such domains"]
        assert (
            next(note for note in copy.seed_notes if note.startswith("runs is shown without its ")).count(
                "on_xend_stop"
            )
            == 1
        )


def test_what_is_dying_nameless_or_there_twice_is_named() -> None:
    with Simulator("3.0.0", tcp=None) as sim:
        listing = "((domain (domid 1) (name a)) (domain (domid 2) (name Zombie-b) (state -b---d)) (domain (domid 3))"
        assert sim.seed(listing + " (domain (domid 4) (name a)) (domain (name c) (device (vtpm (backend 0)))))") == [
            "a",
            "c",
        ]
        assert sim.seed_notes == [
            "Zombie-b is left out: it is dying",
            "a domain without a name is left out",
            "a is left out: there is one of that name already",
        ]


def test_a_domain_that_cannot_be_read_is_named(config: Callable[..., str]) -> None:
    with estate(config, "4.1") as original:
        original.faults.append(Fault("get", "status", times=1, status=500, body=""))
        notes = read(original.url).notes
    assert len(notes) == 1
    assert re.fullmatch(r"\w+ was listed, and could not be read: 500 without a word", notes[0])


@pytest.mark.parametrize(
    ("extra", "nearest"),
    [
        ("3 0 .3-rc1", "3.0.3"),
        ("3 0 .1", None),
        ("3 0 -unstable", None),
        ("4 1 .6", None),
        ("2 0 .7", None),
        ("x y z", None),
    ],
)
def test_a_release_is_taken_only_if_the_node_and_the_answers_agree(extra: str, nearest: str | None) -> None:
    major, minor, point = extra.split()
    node = f"(node (xen_major {major}) (xen_minor {minor}) (xen_extra {point}))"
    with Simulator("3.0.3") as original:
        original.faults.append(Fault("node", "status", status=200, body=node))
        live = read(original.url)
    expected = {"3 0 .1": "3.0.0", "3 0 -unstable": "3.0.0"}.get(extra, nearest)
    assert live.release == expected
    assert bool(live.notes) is (expected is None)


@pytest.mark.parametrize(
    "url",
    [
        "https://host",
        "ftp://host",
        "http://",
        "http://host:port",
        "http://u:p@host",
        "http://host/xend",
        "unix://host/x",
    ],
)
def test_what_is_no_address_of_a_xend_is_refused(url: str) -> None:
    with pytest.raises(LiveError, match="is neither"):
        read(url)


@pytest.mark.parametrize(
    "fault", [Fault("*", "drop", times=-1), Fault("*", "html", times=-1), Fault("*", "refuse", times=-1)]
)
def test_what_does_not_answer_like_a_xend_is_an_error(fault: Fault) -> None:
    with Simulator("4.1") as original:
        original.faults.append(fault)
        with pytest.raises(LiveError):
            read(original.url)


# ---- the command line


@contextmanager
def program(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the simulator until the block ends."""
    command = [sys.executable, "-m", "tests.simulator", "--pid-file", str(folder / "pid"), *arguments]
    with subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for _try in range(2000):
            if (folder / "pid").exists() or process.poll() is not None:
                break
            time.sleep(0.01)
        yield process
        process.terminate()


def test_the_program_becomes_what_the_live_xend_is(tmp_path: Path, config: Callable[..., str]) -> None:
    with estate(config, "3.2", scheduler="sedf") as original, program(tmp_path, "--seed", original.url) as process:
        process.terminate()
        output, errors = process.communicate(timeout=10)
        assert errors == ""
        assert "xend 3.2 (simulated) is ready" in output
        assert f"6 domains from {original.url}: " in output


def test_the_program_says_what_it_left_out(tmp_path: Path, config: Callable[..., str]) -> None:
    arguments = ("--version", "3.0.0", "--seed")
    with estate(config, "4.1") as original, program(tmp_path, *arguments, original.url) as process:
        process.terminate()
        output, errors = process.communicate(timeout=10)
        assert "5 domains from" in output
        assert "note: halted is left out: it is halted, and xend 3.0.0 keeps no such domains\n" in errors
        assert "note: the listing is of another release: what is shown of it is what xend 3.0.0 would show\n" in errors


def test_the_program_says_that_a_saved_listing_may_hide_what_does_not_run(tmp_path: Path) -> None:
    (tmp_path / "listing").write_text("((domain (domid 4) (name a) (status 2) (state -b----)))")
    with program(tmp_path, "--version", "3.2", "--seed", str(tmp_path / "listing")) as process:
        process.terminate()
        _output, errors = process.communicate(timeout=10)
        assert "holds only what runs, as ?detail=1 of xend 3.2 does: paused, down and halted domains may be" in errors


@pytest.mark.parametrize(
    ("content", "why"), [("<html></html>", "holds no (domain"), ("(domain (name a)", "is no listing of a xend")]
)
def test_the_program_refuses_a_file_that_is_no_listing(tmp_path: Path, content: str, why: str) -> None:
    (tmp_path / "listing").write_text(content)
    with program(tmp_path, "--seed", str(tmp_path / "listing")) as process:
        _output, errors = process.communicate(timeout=10)
        assert process.returncode == 1
        assert why in errors


def test_the_program_wants_to_be_told_the_release_where_the_live_xend_does_not_tell(tmp_path: Path) -> None:
    with Simulator("3.4") as original:
        original.faults.append(Fault("node", "status", times=-1, status=200, body="(node (xen_major 3) (xen_minor 1))"))
        with program(tmp_path, "--seed", original.url) as process:
            _output, errors = process.communicate(timeout=10)
            assert process.returncode == 1
            assert "cannot be told: it names Xen 3.1.0, but answers 404" in errors
            assert "Name it with --version" in errors
