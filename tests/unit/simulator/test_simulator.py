# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the simulator adds to a real xend: faults, a request log, a hand-moved clock, and a stop that stops."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.simulator import PERSONALITIES, Fault, Lags, ManualClock, Simulator
from tests.support.waiting import await_request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Callable

    from .conftest import Answer

    Ask = Callable[..., Answer]
    Config = Callable[..., str]

VERSIONS = list(PERSONALITIES)


@pytest.fixture(params=VERSIONS)
def simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    with Simulator(request.param, clock=ManualClock()) as running:
        yield running


def _advance(simulator: Simulator, seconds: float) -> None:
    assert isinstance(simulator.host.clock, ManualClock)
    simulator.host.clock.advance(seconds)


# -- lives -------------------------------------------------------------------------------------------------------------


def test_a_guest_goes_down_a_second_after_being_asked(simulator: Simulator, ask: Ask, config: Config) -> None:
    simulator.create(config()).unpause()
    assert ask(simulator, "/xend/domain/web1", op="shutdown", reason="poweroff").status == 202
    _advance(simulator, 0.9)
    assert simulator.domain("web1").state_letters == "-b----"
    _advance(simulator, 0.2)
    assert "web1" not in simulator.names()


def test_a_paused_guest_goes_down_when_it_is_unpaused(simulator: Simulator, ask: Ask, config: Config) -> None:
    simulator.create(config())
    ask(simulator, "/xend/domain/web1", op="shutdown", reason="halt")
    _advance(simulator, 5)
    assert simulator.domain("web1").state_letters == "--p---"
    ask(simulator, "/xend/domain/web1", op="unpause")
    assert "web1" not in simulator.names()


def test_a_deaf_guest_is_destroyed_by_old_releases_only(simulator: Simulator, ask: Ask, config: Config) -> None:
    simulator.create(config(args="rig.ignore_shutdown")).unpause()
    ask(simulator, "/xend/domain/web1", op="shutdown", reason="halt")
    _advance(simulator, 31)
    assert ("web1" in simulator.names()) is (VERSIONS.index(simulator.version) >= VERSIONS.index("3.2"))


def test_a_crash_restarts_the_guest_under_a_new_id(config: Config) -> None:
    with Simulator("3.0.0", clock=ManualClock()) as simulator:
        simulator.create(config()).unpause()
        simulator.domain("web1").crash()
        assert simulator.domain("web1").domid == 2
        assert simulator.domain("web1").state_letters == "-b----"


def test_a_zombie_lingers_while_its_name_is_free_again(config: Config) -> None:
    with Simulator("3.0.0", clock=ManualClock()) as simulator:
        simulator.create(config()).unpause()
        simulator.domain("web1").power_off()
        assert simulator.names() == ["Domain-0", "Zombie-web1"]
        simulator.create(config())
        _advance(simulator, 1)
        assert simulator.names() == ["Domain-0", "web1"]


def test_a_bootloader_costs_the_kernel_in_3_0_0(ask: Ask, config: Config) -> None:
    with Simulator("3.0.0") as simulator:
        simulator.create(config().replace("(memory", "(bootloader /usr/bin/pygrub) (memory"))
        assert simulator.deleted_files == {"/boot/vmlinuz"}
        answer = ask(simulator, "/xend/domain", op="create", config=config("web2"))
        assert "Kernel image does not exist: /boot/vmlinuz" in answer.body


def test_a_managed_domain_survives_its_guest(ask: Ask, config: Config) -> None:
    with Simulator("4.1", clock=ManualClock()) as simulator:
        simulator.define(config())
        assert ask(simulator, "/xend/domain/web1", op="start").status == 202
        simulator.domain("web1").power_off()
        assert simulator.domain("web1").domid is None
        assert ask(simulator, "/xend/domain/web1", op="delete").status == 202
        assert simulator.names() == ["Domain-0"]


def test_names_are_utf_8_on_the_wire(simulator: Simulator, ask: Ask, config: Config) -> None:
    simulator.create(config(args="café"))
    read_back = r"caf#\t" if simulator.version == "3.0.4" else r"caf\xc3\xa9"
    assert read_back in ask(simulator, "/xend/domain/web1").body


def test_what_is_not_simulated_says_so(ask: Ask, config: Config) -> None:
    with Simulator("4.1") as simulator:
        simulator.create(config())
        answer = ask(simulator, "/xend/domain/web1", op="usb_del", dev_id="1")
        assert answer.status == 501
        assert "this is the simulator" in answer.body


# -- the request log ---------------------------------------------------------------------------------------------------


def test_the_request_log_lists_operations_in_order(simulator: Simulator, ask: Ask, config: Config) -> None:
    simulator.create(config())
    ask(simulator, "/xend/domain/web1", op="unpause")
    ask(simulator, "/xend/domain?detail=1")
    ask(simulator, "/xend/domain/nobody")
    assert [(each.method, each.op, each.status) for each in simulator.requests] == [
        ("POST", "unpause", 200),
        ("GET", "detail", 200),
        ("GET", "get", 500 if simulator.version in ("3.1", "3.2", "3.3") else 404),
    ]
    simulator.clear_log()
    assert simulator.requests == []


# -- faults ------------------------------------------------------------------------------------------------------------


def test_a_dropped_operation_was_not_done(simulator: Simulator, ask: Ask, config: Config) -> None:
    simulator.faults.append(Fault(op="create", kind="drop"))
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        ask(simulator, "/xend/domain", op="create", config=config())
    assert simulator.names() == ["Domain-0"]
    assert ask(simulator, "/xend/domain", op="create", config=config()).status == 201


def test_an_operation_dropped_afterwards_was_done(simulator: Simulator, ask: Ask, config: Config) -> None:
    simulator.faults.append(Fault(op="create", kind="drop_after"))
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        ask(simulator, "/xend/domain", op="create", config=config())
    assert simulator.names() == ["Domain-0", "web1"]
    assert simulator.requests[-1].status is None


def test_a_truncated_reply_promises_more_than_it_holds(simulator: Simulator, ask: Ask) -> None:
    simulator.faults.append(Fault(op="node", kind="truncate"))
    with pytest.raises(http.client.IncompleteRead):
        ask(simulator, "/xend/node")


def test_a_refusal_is_worded_as_the_release_words_it(simulator: Simulator, ask: Ask, config: Config) -> None:
    simulator.create(config())
    simulator.faults.append(Fault(op="destroy", kind="refuse", message="out of luck"))
    answer = ask(simulator, "/xend/domain/web1", op="destroy")
    assert (answer.status, answer.body) == (simulator.personality.failure_status or 202, "(xend.err 'out of luck')")
    assert "web1" in simulator.names()


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (Fault(op="*", kind="html"), 200, "<html>"),
        (Fault(op="list", kind="status", status=503, body="busy"), 503, "busy"),
        (Fault(op="list", kind="delay", seconds=0.05), 200, "(Domain-0)"),
    ],
)
def test_other_replies_on_request(ask: Ask, fault: Fault, status: int, words: str) -> None:
    with Simulator() as simulator:
        simulator.faults.append(fault)
        answer = ask(simulator, "/xend/domain")
        assert answer.status == status
        assert words in answer.body
        assert ask(simulator, "/xend/domain").body == "(Domain-0)"


def test_a_hanging_reply_does_not_hang_the_stop(ask: Ask) -> None:
    simulator = Simulator("3.0.0").start()
    simulator.faults.append(Fault(op="list", kind="hang"))
    failures: list[Exception] = []

    def client() -> None:
        try:
            ask(simulator, "/xend/domain")
        except (OSError, http.client.HTTPException) as error:
            failures.append(error)

    thread = threading.Thread(target=client)
    thread.start()
    await_request(simulator)
    started = time.monotonic()
    simulator.stop()
    thread.join()
    assert time.monotonic() - started < 1
    assert failures


def test_a_fault_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind of fault 'dorp'"):
        Fault(op="create", kind="dorp")


# -- robustness --------------------------------------------------------------------------------------------------------

_HOSTILE = (
    b"",
    b"\x00" * 5000,
    b"GET / HTTP/9999999999999999999.1\r\n\r\n",
    b"POST /xend/domain HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /xend/domain HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=(((\r\nContent-Length: 3\r\n\r\n---",
    b"POST /xend/domain?op=create&config=" + b"(" * 3000 + b" HTTP/1.1\r\n\r\n",
    b"POST /xend/domain?op=create&config=(vm+(device+(vbd+(uname+%28)))) HTTP/1.1\r\n\r\n",
    b"POST /xend/domain?op=create&config=(vm+(name+x)+(memory+9999999999999999999999)+(vcpus+9)) HTTP/1.1\r\n\r\n",
    b"POST /xend/domain?op=create&config=(vm+(name+x)+(memory+64)+(vcpus+1)+(uuid+z)+(cpus+1-)) HTTP/1.1\r\n\r\n",
    b"POST /xend/domain?op=create&config=(vm+(name+x)+(memory+64)+(vcpus+1)+(image+linux)) HTTP/1.1\r\n\r\n",
    b"POST /xend/domain/Domain-0?op=pincpu&vcpu=99999&cpumap=%ff HTTP/1.1\r\n\r\n",
    b"POST /xend/domain/Domain-0?op=set_vcpus&vcpus=99999999999999 HTTP/1.1\r\n\r\n",
    b"POST /xend/domain/Domain-0?op=device_create&config=(vbd+(uname+a:b)+(dev+sd\xff)) HTTP/1.1\r\n\r\n",
    b"GET /xend/domain/%00%ff%0d%0aX:%20y HTTP/1.1\r\nUser-Agent: x\r\nAccept: y\r\n\r\n",
)


@pytest.mark.parametrize("data", _HOSTILE)
def test_hostile_bytes_are_survived(simulator: Simulator, ask: Ask, data: bytes) -> None:
    assert simulator.tcp_address
    with socket.create_connection(simulator.tcp_address, timeout=5) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass
    assert ask(simulator, "/xend/domain").status == 200


def test_start_and_stop_are_quick_and_leave_nothing() -> None:
    before, started = threading.active_count(), time.monotonic()
    simulator = Simulator().start()
    path = Path(simulator.unix_path or "")
    assert path.exists()
    simulator.stop()
    assert time.monotonic() - started < 0.5
    assert threading.active_count() == before
    assert not path.parent.exists()


def test_the_unix_socket_serves_the_same_tree(simulator: Simulator) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(simulator.unix_url.partition("://")[2])
        client.sendall(b"GET /xend/domain HTTP/1.1\r\n\r\n")
        assert client.recv(65536).endswith(b"(Domain-0)")


def test_every_release_is_served_by_a_thread_or_one_after_the_other(simulator: Simulator, ask: Ask) -> None:
    assert simulator.tcp_address
    with socket.create_connection(simulator.tcp_address):
        time.sleep(0.02)
        answered = threading.Event()

        def client() -> None:
            ask(simulator, "/xend/domain")
            answered.set()

        thread = threading.Thread(target=client)
        thread.start()
        assert answered.wait(0.2) is not simulator.personality.serial
    thread.join()


# -- listings of real hosts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["3.0.0", "3.0.4", "4.1"])
@pytest.mark.parametrize("source", VERSIONS)
def test_a_seeded_host_shows_what_the_real_one_had(ask: Ask, config: Config, source: str, target: str) -> None:
    with Simulator(source) as other:
        for name in ("one", "two"):
            other.create(config(name).replace("(bridge", "(mac 00:16:3e:00:00:01) (bridge")).unpause()
        listing = ask(other, "/xend/domain?detail=1").body
    with Simulator(target) as simulator:
        assert simulator.seed(listing) == ["one", "two"]
        assert ask(simulator, "/xend/domain").body == "(Domain-0 one two)"
        shown = ask(simulator, "/xend/domain/two").body
        for text in ("(mac 00:16:3e:00:00:01)", "(bridge xenbr0)", "(uname phy:vg0/root)", "(memory 64)", "(domid 2)"):
            assert text in shown
        assert ask(simulator, "/xend/domain", op="create", config=config("three")).status == 201


@pytest.mark.parametrize("version", VERSIONS)
def test_a_restarted_guest_hears_what_it_is_asked_while_xend_finishes_it(version: str, config: Config) -> None:
    clock = ManualClock()
    with Simulator(version, clock=clock, tcp=None, lags=Lags(build=2), shutdown_delay=1) as simulator:
        domain = simulator.create(config())
        domain.unpause()
        clock.advance(100)
        domain.reboot()
        again = simulator.domain("web1")
        simulator.host.ask(again, "poweroff")
        clock.advance(4)
        assert simulator.names() == ["Domain-0"]
