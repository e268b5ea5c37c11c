# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many stand-in xends with many guests each, in one process: for tests, benchmarks, and to try an inventory on.

The same arguments give the same guests, down to the addresses; of a ``still`` fleet, the same answers to the byte.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import socket
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from .clock import Clock, ManualClock
from .command_line import FAULTS, add_pid_file, add_remote, address, fault, refusal, told_to_stop, write_pid
from .estate import MOST_DOMAINS, MOST_XENDS, guests, is_stopped, spread
from .releases import PERSONALITIES
from .seed import grow, make_room
from .server import Simulator
from .site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from .domains import Domain
    from .faults import Fault
    from .host import Host
    from .http import Reply, Request

VERSIONS = ("3.0.0", "3.0.3", "3.2", "4.1")
"""The default releases of a fleet: one of each kind, assigned in turn."""

URL_OPTION = "url"
"""The inventory's option for the URL of a xend."""

SUFFIX = ".xen_domains.yml"
"""The suffix of the name of an inventory source."""

_BORN = ManualClock().wall()
_LISTED_BY_REAL_ONES = 1024  # WIRE.md (f) 6
_CALLERS, _PATIENCE = 16, 0.05


class FleetClock(Clock):
    """A running clock that begins at the same date each time, so that the guests were started at the same dates."""

    def __init__(self) -> None:
        """Begin now."""
        self._born = super().now()

    def now(self) -> float:
        """Return the seconds since it began."""
        return super().now() - self._born

    def wall(self) -> float:
        """Return the seconds since the epoch, as if it had begun at its date."""
        return _BORN + self.now()


class StillSite(Site):
    """Keeps each answer to a GET until the next POST: while time stands still, nothing else can change it.

    So a listing of thousands is printed once. What a test does to the host behind xend's back is not seen.
    """

    def __init__(self, host: Host, authority: Callable[[], str]) -> None:
        """Begin with nothing kept."""
        super().__init__(host, authority)
        self._kept: dict[object, Reply] = {}

    def answer(self, request: Request) -> Reply:
        """Return the reply to a request."""
        if request.method == "POST":
            try:
                return super().answer(request)
            finally:
                self._kept = {}
        # A POST replaces self._kept, so an answer from before it goes into a dict that nobody reads any more.
        kept = self._kept
        key = (request.method, request.target, request.wants_html, request.headers.get("host"))
        if key not in kept:
            kept[key] = super().answer(request)
        return kept[key]


@dataclass(frozen=True)
class Place:
    """The address of a xend, or of one that only seems to exist."""

    name: str
    url: str
    what: str
    """A description for people."""


@dataclass
class Fleet:
    """A context manager for a number of xends with guests, which can migrate from one xend to another by name.

    They listen on Unix sockets in the folder ``unix``, or on TCP ports from that of ``tcp`` on (0: free ones), or
    else on sockets in a folder of their own. ``versions`` are dealt out in turn. ``stopped`` is the percentage of
    guests that do not run: paused, crashed and preserved, and from 3.0.4 on halted, in turn. To ``dead`` xends no
    connection ever comes about; ``refusing`` ones refuse it at once. Each of the ``faults`` belongs to the xend of its
    number, from 1 on, or to all. A ``still`` fleet is one in which no time passes.
    """

    xends: int = 3
    domains: int = 10
    versions: Sequence[str] = VERSIONS
    stopped: float = 5.0
    dead: int = 0
    refusing: int = 0
    faults: Sequence[tuple[int | None, Fault]] = ()
    unix: Path | None = None
    tcp: tuple[str, int] | None = None
    still: bool = False
    simulators: dict[str, Simulator] = field(default_factory=dict, init=False)
    """The living ones by name: xen01, xen02 and so on."""
    places: list[Place] = field(default_factory=list, init=False)
    """All places, also the dead ones."""

    def __post_init__(self) -> None:
        """Raise ValueError for impossible arguments."""
        _within("xends", self.xends, 1, MOST_XENDS)
        _within("domains", self.domains, 0, MOST_DOMAINS)
        _within("stopped", self.stopped, 0, 100)
        _within("dead", self.dead, 0, self.xends)
        _within("refusing", self.refusing, 0, self.xends - self.dead)
        numbers = list(range(1, self.xends + 1))
        self._dead = spread(self.dead, numbers)
        self._refusing = spread(self.refusing, [each for each in numbers if each not in self._dead])
        for number, _fault in self.faults:
            if number in (*self._dead, *self._refusing) or number not in (None, *numbers):
                msg = f"there is no xend {number} that could go wrong"
                raise ValueError(msg)

    def __enter__(self) -> Fleet:  # noqa: PYI034 - typing.Self is newer than the oldest Python here
        """Start all of them, or none."""
        clock = ManualClock() if self.still else FleetClock()
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(_folder(self.unix))
            for number in range(1, self.xends + 1):
                self.places.append(stack.enter_context(self._place(number, folder, clock)))
            self._introduce()
            self._open = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop all of them; no socket, thread or file stays."""
        self._open.close()
        self.simulators.clear()
        self.places.clear()

    def _introduce(self) -> None:
        """Let a guest of each migrate to any other, by its name."""
        for simulator in self.simulators.values():
            for name, other in self.simulators.items():
                simulator.knows(name, other)

    def inventory(self) -> str:
        """Return a source for the inventory dom0.xend.xen_domains that names all of them."""
        entries = (f"  - name: {each.name}\n    {URL_OPTION}: {json.dumps(each.url)}\n" for each in self.places)
        return "plugin: dom0.xend.xen_domains\nxends:\n" + "".join(entries)

    def _name(self, number: int) -> str:
        return f"xen{number:02}"

    def _port(self, number: int) -> tuple[str, int] | None:
        """Return the port of a xend, None if it listens on a Unix socket only."""
        if self.tcp is None:
            return None
        host, first = self.tcp
        return host, first and first + number - 1

    @contextlib.contextmanager
    def _place(self, number: int, folder: Path, clock: Clock) -> Iterator[Place]:
        """Start what belongs at the place with that number."""
        if number in (*self._dead, *self._refusing):
            with self._nobody(number, folder) as url:
                is_dead = number in self._dead
                yield Place(self._name(number), url, "dead" if is_dead else "refuses connections")
            return
        simulator = self._simulator(number, folder, clock)
        with simulator:
            self.simulators[self._name(number)] = simulator
            yield Place(self._name(number), simulator.url if self.tcp else simulator.unix_url, _summary(simulator))

    def _simulator(self, number: int, folder: Path, clock: Clock) -> Simulator:
        simulator = Simulator(
            self.versions[(number - 1) % len(self.versions)],
            tcp=self._port(number),
            unix_path=str(folder / self._name(number)),
            clock=clock,
            site=StillSite if self.still else Site,
        )
        simulator.faults += [replace(fault) for meant, fault in self.faults if meant in (None, number)]
        populate(simulator.host, number, self.domains, self.stopped)
        return simulator

    @contextlib.contextmanager
    def _nobody(self, number: int, folder: Path) -> Iterator[str]:
        """Occupy the address of a missing xend, so that no other program can listen there."""
        port, path = self._port(number), folder / self._name(number)
        family = socket.AF_UNIX if port is None else socket.AF_INET6 if ":" in port[0] else socket.AF_INET
        with socket.socket(family) as holder, contextlib.ExitStack() as stack:
            holder.bind(str(path) if port is None else port)
            if port is None:
                stack.callback(path.unlink)
            if number in self._dead:
                stack.enter_context(_nobody_answers(holder))
            yield f"unix://{path}" if port is None else "http://{}:{}".format(*holder.getsockname()[:2])


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        msg = f"{name} must be from {least} to {most}, not {value}"
        raise ValueError(msg)


@contextlib.contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    """Return a folder for sockets; one that is created here is removed at the end."""
    if given is not None and given.is_dir():
        yield given.absolute()
        return
    folder = Path(tempfile.mkdtemp(prefix="xends-")) if given is None else given.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _nobody_answers(listener: socket.socket) -> Iterator[None]:
    """Prevent every connection to a bound socket, as with a machine that is off.

    Nobody accepts, and the queue is filled: the kernel then drops what asks for a TCP connection, and the client
    waits until its patience ends. A Unix socket tells a client that does not block to try again, and lets one wait
    that does.
    """
    listener.listen(0)
    with contextlib.ExitStack() as stack:
        for _caller in range(_CALLERS):
            caller = stack.enter_context(socket.socket(listener.family))
            caller.settimeout(_PATIENCE)
            try:
                caller.connect(listener.getsockname())
            except OSError:
                break
        yield


# -- guests ------------------------------------------------------------------------------------------------------------


def populate(host: Host, number: int, domains: int, stopped: float) -> None:
    """Fill a host with the guests of the xend of that number; *stopped* per cent of them do not run."""
    host.random.seed(number)
    in_image = host.personality.vcpus_in == "image"
    grown = []
    for guest in guests(number, domains):
        domain = grow(host, guest.name, guest.tree(vcpus_in_image=in_image))
        domain.started -= guest.age
        domain.started_wall -= guest.age
        grown.append(domain)
    host.domains += grown
    make_room(host)
    still = [domain for domain in grown if is_stopped(domain.domid or 0, stopped)]
    ways = [_pause, _crash, _halt] if host.personality.managed else [_pause, _crash]
    for turn, domain in enumerate(still, number):
        ways[turn % len(ways)](domain)


def _pause(domain: Domain) -> None:
    domain.pause()


def _crash(domain: Domain) -> None:
    domain.on["crash"] = "preserve"
    domain.crash()


def _halt(domain: Domain) -> None:
    domain.managed = True
    domain.host.remove(domain)


def _summary(simulator: Simulator) -> str:
    """Return a line about a xend and its guests."""
    guests_of_it = [each for each in simulator.host.domains if each.domid != 0]
    still = len([each for each in guests_of_it if not each.running])
    summary = f"{simulator.version}, {len(guests_of_it)} domains, {still} of them not running"
    lists_all = not simulator.personality.lists_only_running
    if lists_all and len(simulator.host.domains) > _LISTED_BY_REAL_ONES:
        summary += f" (a real one would list {_LISTED_BY_REAL_ONES})"
    return summary


# -- the command line --------------------------------------------------------------------------------------------------

_DESCRIPTION = """\
Many stand-in xends with many guests each. The same arguments give the same guests: names, uuids,
addresses, sizes and states. Nothing outside this process is touched.
"""
_EPILOG = """\
examples:
  An estate to try an inventory on:
    python -m tests.simulator.fleet --xends 40 --domains 50 --inventory /tmp/fleet.xen_domains.yml
    ansible-inventory -i /tmp/fleet.xen_domains.yml --graph

  Two of the xends are switched off, and the third takes five seconds to list its domains:
    python -m tests.simulator.fleet --xends 10 --dead 2 --fault 3:detail:delay:5 ...

  A listing of ten thousand, printed once however often it is asked for:
    python -m tests.simulator.fleet --xends 1 --domains 10000 --version 4.1 --still ...

  A guest of the first moves to the second: the destinations of a migration are the names of the xends:
    python -m tests.simulator.fleet --xends 2 --version 4.1 --unix /tmp/fleet
    curl --unix-socket /tmp/fleet/xen01 http://localhost/xend/domain/NAME \\
      -d op=migrate -d destination=xen02 -d live=1 -d port=0 -d node=-1 -d ssl=0 -d change_home_server=0

faults, as XEND:OP:KIND[:SECONDS_OR_TEXT]; XEND is a number from 1 on, or * for all; OP is an operation,
get, list, detail, node, or *:
{faults}
"""


def _numbered_fault(text: str) -> tuple[int | None, Fault]:
    """Read XEND:OP:KIND[:X]."""
    xend, _colon, rest = text.partition(":")
    if xend != "*" and not xend.isdigit():
        msg = f"{text!r} does not begin with the number of a xend, or *"
        raise argparse.ArgumentTypeError(msg)
    return None if xend == "*" else int(xend), fault(rest)


def _source(text: str) -> Path:
    """Read the name of a file that the inventory plugin would accept."""
    if not text.endswith(SUFFIX):
        msg = f"{text!r} does not end in {SUFFIX}, by which the inventory knows its sources"
        raise argparse.ArgumentTypeError(msg)
    return Path(text)


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    result = argparse.ArgumentParser(
        prog="python -m tests.simulator.fleet",
        description=_DESCRIPTION,
        epilog=_EPILOG.format(faults=FAULTS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_places(result)
    _add_guests(result)
    _add_behaviour(result)
    return result


def _add_places(result: argparse.ArgumentParser) -> None:
    where = result.add_argument_group("where they listen")
    either = where.add_mutually_exclusive_group()
    either.add_argument(
        "--unix", metavar="DIR", type=Path, help="on Unix sockets there; default: in a new temporary directory"
    )
    either.add_argument(
        "--tcp", metavar="HOST:PORT", type=address, help="on TCP ports from this one on, or, if it is 0, on free ones"
    )
    add_remote(where)
    where.add_argument(
        "--inventory",
        metavar="FILE",
        type=_source,
        help=f"write a source of the inventory there that names them; FILE ends in {SUFFIX}; gone at the end",
    )
    add_pid_file(where)


def _add_guests(result: argparse.ArgumentParser) -> None:
    what = result.add_argument_group("what there is")
    what.add_argument("--xends", metavar="N", type=int, default=Fleet.xends, help="default: %(default)s")
    what.add_argument("--domains", metavar="M", type=int, default=Fleet.domains, help="on each; default: %(default)s")
    what.add_argument(
        "--version",
        dest="versions",
        choices=list(PERSONALITIES),
        action="append",
        help=f"the release; repeatable: they are dealt out in turn; default: {' '.join(VERSIONS)}",
    )
    what.add_argument(
        "--stopped",
        metavar="PERCENT",
        type=float,
        default=Fleet.stopped,
        help="of the domains: paused, crashed and, from 3.0.4 on, halted, in turn; default: %(default)s",
    )


def _add_behaviour(result: argparse.ArgumentParser) -> None:
    behaviour = result.add_argument_group("how they behave")
    behaviour.add_argument(
        "--dead", metavar="K", type=int, default=0, help="so many never take a connection, which times out"
    )
    behaviour.add_argument(
        "--refusing", metavar="K", type=int, default=0, help="so many refuse it at once, as if no xend ran there"
    )
    behaviour.add_argument(
        "--fault",
        dest="faults",
        metavar="XEND:OP:KIND[:X]",
        type=_numbered_fault,
        action="append",
        default=[],
        help="let one go wrong; repeatable, see below",
    )
    behaviour.add_argument(
        "--still",
        action="store_true",
        help="let no time pass: all answers stay the same, and are printed once, until something is changed",
    )


def _ready(fleet: Fleet, options: argparse.Namespace) -> None:
    if options.inventory:
        options.inventory.write_text(fleet.inventory(), encoding="utf-8")
    for place in fleet.places:
        print(f"{place.name}  {place.url}  {place.what}")
    print(f"{len(fleet.places)} xends (simulated) are ready. Stop them with Ctrl-C.", flush=True)
    write_pid(options)


def _serve(fleet: Fleet, options: argparse.Namespace) -> None:
    done = told_to_stop()
    with fleet:
        try:
            _ready(fleet, options)
            done.wait()
        finally:
            for each in (options.inventory, options.pid_file):
                if each:
                    each.unlink(missing_ok=True)


_OF_THE_FLEET = ("xends", "domains", "stopped", "dead", "refusing", "faults", "unix", "tcp", "still")


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit status."""
    options = parser().parse_args(arguments)
    refused = refusal(options)
    if refused:
        print(refused, file=sys.stderr)
        return 2
    given = {name: getattr(options, name) for name in _OF_THE_FLEET}
    try:
        _serve(Fleet(**given, versions=options.versions or VERSIONS), options)
    except (ValueError, OSError, OverflowError) as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
