# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replaying recordings, in order, against fresh simulators, on a clock that stands still between the steps."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Callable

from tests.simulator import ManualClock, Personality, Simulator, checkpoints
from tests.simulator.errors import SilenceError, XendError
from tests.simulator.operations import OPERATIONS, Params

from . import answers, script
from .compare import closing_counts, differences, passage_differences
from .masks import Known
from .recordings import Exchange, Response, load
from .wire import Wire

if TYPE_CHECKING:
    from tests.simulator.domains import Domain

    from .script import Scenario

_GLANCE = 0.002
_POLLED, _STEP = 2.0, 0.02  # seconds on the clock: how long a GET is repeated, and how often
_NOT_YET = 0.15  # seconds in which a reply that is to be blocked does not come


@dataclass(frozen=True)
class Verdict:
    """What came of one exchange: skipped with a reason, or compared with its differences."""

    file: str
    slug: str
    label: str
    skipped: str = ""
    differences: tuple[str, ...] = ()
    exchange: Exchange | None = None
    state: str = ""  # of the domain that was asked for, before that; empty: none was


@dataclass
class Result:
    """All verdicts on one release."""

    version: str
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def compared(self) -> int:
        """Return how many exchanges were compared."""
        return sum(not each.skipped for each in self.verdicts)

    @property
    def matched(self) -> int:
        """Return how many of them were equal."""
        return sum(not each.skipped and not each.differences for each in self.verdicts)

    def gaps(self) -> dict[str, int]:
        """Return how many exchanges of each file differ."""
        found = {each.file: 0 for each in self.verdicts}
        for each in self.verdicts:
            found[each.file] += bool(each.differences) and not each.skipped
        return found

    @property
    def skipped(self) -> int:
        """Return how many were not compared."""
        return sum(bool(each.skipped) for each in self.verdicts)


def run(
    versions: Iterable[str] = (),
    personalities: dict[str, Personality] | None = None,
    files: Iterable[str] = (),
) -> dict[str, Result]:
    """Replay the recordings of these releases, or these files (none given: all).

    `personalities` replaces the simulator's own, to see that the comparison notices.
    """
    wanted, wanted_files = set(versions), set(files)
    scenarios = [
        each
        for each in script.SCENARIOS
        if (not wanted or each.version in wanted) and (not wanted_files or each.file in wanted_files)
    ]
    others = [(personalities or {}).get(each.version) for each in scenarios]
    results: dict[str, Result] = {}
    with ProcessPoolExecutor() as pool:  # a replay waits for sockets as much as it computes
        for scenario, verdicts in zip(scenarios, pool.map(_replay, scenarios, others)):
            results.setdefault(scenario.version, Result(scenario.version)).verdicts += verdicts
    return results


def _replay(scenario: Scenario, personality: Personality | None) -> list[Verdict]:
    """Replay one recording, in a process of its own."""
    return Replay(scenario, personality).run()


class Replay:
    """One recording against one simulator."""

    def __init__(self, scenario: Scenario, personality: Personality | None = None) -> None:
        """Prepare both."""
        self.scenario = scenario
        self.exchanges = list(load(scenario.file))
        off_record = " ".join(script.MAC.format(number=number) for number in range(2))
        self.known = Known("".join(_sent(each) for each in self.exchanges if not each.gives_back) + off_record)
        self.clock = ManualClock(still=True)
        self.simulator = Simulator(
            personality or scenario.version,
            scheduler=scenario.scheduler,
            restart_seconds=scenario.restart_seconds,
            hvm=scenario.hvm,
            shutdown_delay=scenario.shutdown_delay,
            device_delay=scenario.device_delay,
            lags=scenario.lags,
            clock=self.clock,
        )
        self.previous: str | None = None  # what the previous create step made
        self.scene: dict[str, Response] = {}  # replies to steps which overlap, gathered together

    def run(self) -> list[Verdict]:
        """Return a verdict on every step."""
        with self.simulator:
            port = _recorded_port(self.exchanges)
            self.simulator.authority = f"localhost:{port}"
            return [self._step(each) for each in self.exchanges]

    def _step(self, exchange: Exchange) -> Verdict:
        if exchange.gives_back:
            self.known = Known(self.known.text + _sent(exchange))
        skip = script.skip_for(self.scenario.file, exchange.slug)
        self._prepare(exchange)
        if skip and not skip.sent:
            return Verdict(self.scenario.file, exchange.slug, exchange.label, skipped=skip.reason)
        state = answers.state_asked_for(self.simulator, exchange.target)
        got = self._perform(exchange)
        found = differences(exchange, got, self.known) if isinstance(got, Response) else got
        return Verdict(
            self.scenario.file,
            exchange.slug,
            exchange.label,
            skip.reason if skip else "",
            tuple(found),
            exchange,
            state,
        )

    # -- between the steps -----------------------------------------------------------------------------------------

    def _prepare(self, exchange: Exchange) -> None:
        if exchange.op == "create" and script.CREATE_STEPS.match(exchange.slug):
            self._forget_previous(exchange)
        key = (self.scenario.file, exchange.slug)
        for action in script.BEFORE_IN.get(key, script.BEFORE.get(exchange.slug, ())):
            self.act(action)

    def _forget_previous(self, exchange: Exchange) -> None:
        if exchange.slug in script.KEEPS_PREVIOUS:
            return
        if self.previous and self.previous in self.simulator.names():
            domain = self.simulator.domain(self.previous)
            if (self.scenario.file, self.previous) in script.LINGERING:
                self.simulator.host.remove(domain, linger=float("inf"))
            else:
                domain.delete()
        self.previous = _name_in(exchange)

    def act(self, action: str) -> None:
        """Do one action of the script."""
        verb, *words = action.split(" ", 2)
        handlers: dict[str, Callable[..., None]] = {
            "create": self._create,
            "run": self._run,
            "pause": lambda name: self.simulator.domain(name).pause(),
            "unpause": self._unpause,
            "destroy": self._destroy,
            "start": self._start,
            "rename": self._rename,
            "op": self._operate,
            "saving": self._save_aside,
            "wait": lambda seconds: self.clock.advance(float(seconds)),
            "gone": lambda name: self._until(lambda: name not in self.simulator.names()),
            "file": self._file,
            "fail": self._fail,
            "domid": self._set_domid,
            "forget": self._forget,
            "clean": self._clean,
        }
        handlers[verb](*words)

    def _create(self, name: str, options: str = "") -> None:
        values = {**script.DEFAULTS, "name": name}
        for part in options.split():
            key, value = part.split("=", 1)
            values[key] = value
        values.setdefault("maxmem", values["memory"])
        vcpus = values["vcpus"]
        in_image = self.scenario.version in script.VCPUS_IN_IMAGE
        values["image_vcpus"] = f" (vcpus {vcpus})" if vcpus and in_image else ""
        values["vcpus"] = "" if in_image else f" (vcpus {vcpus or 1})"
        values["uuid"] = f" (uuid {values['uuid']})" if "uuid" in values else ""
        values["files"] = script.FILES
        if "bare" in values:
            values.update(files=f" (vcpus {vcpus})", image_vcpus="", vcpus="")
        values["devices"] = _devices(values)
        self.simulator.create(script.TEMPLATE.format(**values))

    def _run(self, name: str, options: str = "") -> None:
        self._create(name, options)
        self.simulator.domain(name).unpause()

    def _destroy(self, name: str) -> None:
        if name in self.simulator.names():
            self.simulator.domain(name).destroy()

    def _unpause(self, name: str) -> None:
        if name in self.simulator.names():
            self.simulator.domain(name).unpause()

    def _start(self, name: str) -> None:
        with self.simulator.host.lock:
            self.simulator.host.start(self.simulator.domain(name))

    def _save_aside(self, name: str) -> None:
        """Save a guest that does not suspend: the thread ends when the guest does, or the server stops."""
        domain = self.simulator.domain(name)
        thread = threading.Thread(target=self._save_silently, args=(domain,))
        thread.start()
        self._until(lambda: f"migrating-{name}" in self.simulator.names())

    def _save_silently(self, domain: Domain) -> None:
        with contextlib.suppress(XendError, SilenceError):
            checkpoints.save(self.simulator.host, domain, Params({"file": [f"/srv/xen/state/{domain.name}.chk"]}))

    def _rename(self, name: str, new: str) -> None:
        self.simulator.domain(name).name = new

    def _operate(self, name: str, options: str) -> None:
        op, pair = options.split(" ", 1)
        key, value = pair.split("=", 1)
        with self.simulator.host.lock:
            OPERATIONS[op].run(self.simulator.host, self.simulator.domain(name), Params({key: [value]}))

    def _file(self, path: str, text: str) -> None:
        self.simulator.state_files[path.format(state=_recorded_state_directory(self.exchanges))] = text

    def _fail(self, tool: str = "") -> None:
        self.simulator.failing.clear()
        self.simulator.failing.update([tool] if tool else [])

    def _until(self, come_true: Callable[[], bool]) -> None:
        """Wait, in real time, for what another thread of the server does; go on without it after a while."""
        deadline = time.monotonic() + 1
        while not come_true() and time.monotonic() < deadline:
            time.sleep(_GLANCE)

    def _set_domid(self, number: str) -> None:
        self.simulator.host.next_domid = int(number)

    def _forget(self) -> None:
        for domain in list(self.simulator.host.domains):
            if domain.down:
                domain.delete()

    def _clean(self) -> None:
        self.previous = None
        for domain in list(self.simulator.host.domains):
            if domain.domid != 0 and not script.NOT_CLEANED.match(domain.name):
                domain.delete()

    # -- the steps -------------------------------------------------------------------------------------------------

    def _perform(self, exchange: Exchange) -> Response | list[str]:
        """Return the reply, or, for steps which look at something else, the differences."""
        special = _SPECIAL.get(exchange.slug)
        if special:
            return special(self, exchange)
        if exchange.raw:
            return self._raw(exchange)
        if exchange.polls:
            return self._poll(exchange)
        response = self._ask(exchange)
        if exchange.slug in script.LINGERING.values():
            self._let_go()
        return response

    def _poll(self, exchange: Exchange) -> list[str]:
        """Ask again and again while time goes on; the states that are passed through must be those recorded."""
        got = []
        for _turn in range(round(_POLLED / _STEP)):
            with Wire(self.simulator) as wire:
                wire.send(exchange.sent or b"")
                got.append(wire.response(exchange.method))
            self.clock.advance(_STEP)
        return passage_differences(exchange, got, self.known)

    def _let_go(self) -> None:
        for domain in [each for each in self.simulator.host.domains if each.zombie]:
            domain.dying_until = self.clock.now()

    def _ask(self, exchange: Exchange, *, patience: float = 5.0, unix: bool | None = None) -> Response:
        over_unix = exchange.slug.startswith("unix-") or exchange.slug.endswith("-unix") if unix is None else unix
        with Wire(self.simulator, unix=over_unix) as wire:
            wire.send(exchange.sent or b"")
            response = wire.response(exchange.method, _NOT_YET if exchange.response.timed_out else patience)
            if response.status is None:
                return response
            recorded = replace(response, closes=exchange.response.closes)
            if differences(exchange, recorded, self.known):
                return recorded  # it differs anyway: whether the connection closes need not be waited for
            closes = wire.closes(expected=bool(exchange.response.closes) and closing_counts(exchange))
            return Response(response.status, response.reason, response.headers, response.body, closes)

    def _raw(self, exchange: Exchange) -> Response | list[str]:
        """Send bytes, say that there is no more, and compare the one reply."""
        with Wire(self.simulator) as wire:
            wire.send(exchange.sent or b"", end=True)
            return wire.response("GET")

    def _two_on_one(self, exchange: Exchange) -> list[str]:
        """Send two requests at once on one connection; the recording has both replies in raw form."""
        with Wire(self.simulator) as wire:
            wire.send(exchange.sent or b"")
            first = wire.response("GET")
            found = _raw_differences("first", exchange.extra["first_raw"], first)
            if not exchange.extra["second_raw"]:
                rest = wire.rest()
                return [*found, *([f"second reply: {rest!r}"] if rest else [])]
            second = wire.response("GET")
            open_still = not wire.closes(expected=False)
            found += _raw_differences("second", exchange.extra["second_raw"], second)
            return found + ([] if open_still else ["the kept-alive connection was closed"])

    def _beside_idle(self, exchange: Exchange) -> Response:
        """Ask while another client holds a kept-alive connection."""
        with Wire(self.simulator) as other:
            other.send(b"GET /xend/domain HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n")
            other.response("GET")
            beside = next(each for each in self.exchanges if each.slug == "keepalive-blocks-unix")
            reply = self._ask(exchange)
            self.scene["keepalive-blocks-unix"] = self._ask(beside, unix=True)
            return reply

    def _beside_silent(self, exchange: Exchange) -> Response:
        """Ask while another client is connected and has sent nothing."""
        with Wire(self.simulator):
            time.sleep(0.02)
            return self._ask(exchange)

    def _wait_for_slow(self, exchange: Exchange) -> Response:
        """Wait for a slow device while two other clients ask, over TCP and over the Unix socket."""
        slugs = ("wait-devslow", "wait-blocks-tcp", "wait-blocks-unix")
        steps = [next(each for each in self.exchanges if each.slug == slug) for slug in slugs]
        threads = []
        for each in steps:
            threads.append(threading.Thread(target=self._into_scene, args=(each,)))
            threads[-1].start()
            time.sleep(_NOT_YET)
        blocked = "wait-blocks-tcp" not in self.scene
        serial = self.simulator.personality.serial
        self.clock.advance(4.0)
        for thread in threads:
            thread.join()
        if blocked != serial:
            self.scene["wait-blocks-tcp"] = Response(reason=f"blocked: {blocked}, a serial server: {serial}")
        return self.scene[exchange.slug]

    def _saving(self, exchange: Exchange) -> Response:
        """Look at the domain from outside while the server waits for the guest to suspend."""
        thread = threading.Thread(target=self._into_scene, args=(exchange,))
        thread.start()
        self._until(lambda: "migrating-sv" in self.simulator.names())
        for slug in ("save-blocks-list", "save-blocks-get"):
            self._into_scene(next(each for each in self.exchanges if each.slug == slug))
        self.clock.advance(1.0)
        thread.join()
        return self.scene[exchange.slug]

    def _moving(self, exchange: Exchange) -> Response:
        """Let the clock go on while the server waits for the guest to suspend."""
        thread = threading.Thread(target=self._into_scene, args=(exchange,))
        thread.start()
        name = exchange.target.rpartition("/")[2]
        self._until(lambda: f"migrating-{name}" in self.simulator.names())
        self.clock.advance(1.0)
        thread.join()
        return self.scene[exchange.slug]

    def _slow(self, exchange: Exchange) -> Response:
        """Let the clock go on while the server waits for a slow device."""
        thread = threading.Thread(target=self._into_scene, args=(exchange,))
        thread.start()
        time.sleep(_NOT_YET)
        self.clock.advance(4.0)
        thread.join()
        return self.scene[exchange.slug]

    def _into_scene(self, exchange: Exchange) -> None:
        self.scene[exchange.slug] = self._ask(exchange)

    def _from_scene(self, exchange: Exchange) -> Response:
        return self.scene[exchange.slug]

    def _files(self, exchange: Exchange) -> list[str]:
        """Look whether the files named in the previous create are still there."""
        found = []
        for key, path in (("kernel_exists", "/srv/xen/img/blk"), ("ramdisk_exists", "/srv/xen/img/blrd")):
            exists = path not in self.simulator.deleted_files
            if exists != exchange.extra[key]:
                found.append(f"{key}: recorded {exchange.extra[key]}, simulated {exists}")
        return found


_SPECIAL: dict[str, Callable[[Replay, Exchange], Response | list[str]]] = {
    "keepalive-two": Replay._two_on_one,
    "no-keepalive-two": Replay._two_on_one,
    "keepalive-blocks": Replay._beside_idle,
    "keepalive-blocks-unix": Replay._from_scene,
    "silent-blocks": Replay._beside_silent,
    "wait-devslow": Replay._wait_for_slow,
    "wait-blocks-tcp": Replay._from_scene,
    "wait-blocks-unix": Replay._from_scene,
    "devcreate-slow": Replay._slow,
    "save-ok": Replay._saving,
    "save-blocks-list": Replay._from_scene,
    "save-blocks-get": Replay._from_scene,
    "ip-save": Replay._moving,
    "migrate-ok": Replay._moving,
    "migrate-live": Replay._moving,
    "create-bootloader-files": Replay._files,
}


def _raw_differences(which: str, recorded: str, got: Response) -> list[str]:
    top, _blank, body = recorded.partition("\r\n\r\n")
    status_line, *lines = top.split("\r\n")
    shown = f"HTTP/1.1 {got.status} {got.reason}", sorted(f"{name}: {value}" for name, value in got.headers), got.body
    wanted = status_line, sorted(lines), body
    return [] if shown == wanted else [f"{which} reply:\n    recorded  {wanted}\n    simulated {shown}"]


def _devices(values: dict[str, str]) -> str:
    """Return the disks and the interfaces of a domain that is created off the record."""
    disks = [
        script.DISK.format(name=values["name"], number=number, place=number + 1)
        for number in range(int(values["disks"]))
    ]
    ip = f" (ip {values['ip']})" if "ip" in values else ""
    interfaces = [
        script.INTERFACE.format(mac=values.get("mac", script.MAC).format(number=number), ip=ip)
        for number in range(int(values["vifs"]))
    ]
    return "".join(disks + interfaces)


def _sent(exchange: Exchange) -> str:
    return exchange.target + " ".join(value for values in exchange.form.values() for value in values)


def _name_in(exchange: Exchange) -> str:
    """Return the name in a create's config, read as plainly as possible."""
    config = (exchange.form.get("config") or [(exchange.sent or b"").decode("latin-1")])[0]
    return config.partition("(name ")[2].partition(")")[0].strip("'\"")


def _recorded_state_directory(exchanges: list[Exchange]) -> str:
    path = next((each.form["file"][0] for each in exchanges if each.slug == "save-ok"), "")
    return path.rpartition("/")[0]


def _recorded_port(exchanges: list[Exchange]) -> str:
    for each in exchanges:
        place = each.response.header("Location") or ""
        if place.startswith("http://127.0.0.1:"):
            return place.split(":")[2].partition("/")[0]
    return "8000"
