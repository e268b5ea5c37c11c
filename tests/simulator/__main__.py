# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: run a stand-in xend until a signal stops it."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .command_line import FAULTS, add_pid_file, add_remote, address, fault, refusal, told_to_stop, write_pid
from .live import Live, LiveError, is_url, read
from .personality import NOT_SIMULATED
from .releases import PERSONALITIES
from .server import Simulator
from .sxp import BrokenParserError, SxpError

if TYPE_CHECKING:
    from typing import TextIO

_DEFAULT = "4.1"
_SCHEDULERS = ("sedf", "credit")
_DESCRIPTION = """\
A stand-in xend: it speaks the HTTP interface of a real one, release by release, and keeps its
domains in memory. Nothing outside this process is touched.
"""
_EPILOG = """\
examples:
  Rehearse on port 8000 against the oldest release:
    python -m tests.simulator --version 3.0.0 --tcp 127.0.0.1:8000

  Start with the domains of a live xend, as they are there, and as the release that it is; it is only read:
    python -m tests.simulator --seed http://localhost:8000
    python -m tests.simulator --seed unix:///var/lib/xend/xend-socket

  Start with the domains of a real host, saved there with
  curl -H 'Accept: application/sxp' 'http://localhost:8000/xend/domain?detail=1' > listing.sxp
    python -m tests.simulator --version 3.0.0 --seed listing.sxp

  See what a playbook does when every create is lost on the way:
    python -m tests.simulator --fault create:drop_after

faults, as OP:KIND[:SECONDS_OR_TEXT]; OP is an operation, get, list, detail, node, or *:
{faults}

words in a guest's kernel arguments (root, args) which drive it:
  rig.busy  rig.ignore_shutdown  rig.ack_only  rig.shutdown_delay=S  rig.dying=S  rig.build_fail
  rig.poweroff_after=S  rig.reboot_after=S  rig.crash_after=S  rig.halt_after=S
words in a device's uname, bridge or script:
  rigslow  rigmissing  rigbusy  rignohotplug

not simulated, answered 501: {missing}
"""

_TRY = """\
Try, in another shell, after `. .venv/bin/activate` in a clone; stop it here with Ctrl-C:
  curl -H 'Accept: application/sxp' {url}/xend/domain
  export XEND_URL={url}
  ansible localhost -m dom0.xend.xen_domain -a 'name=web1 memory=64 image={{"kernel":"/boot/vmlinuz"}}' --check --diff
  ansible localhost -m dom0.xend.xen_domain -a 'name=web1 memory=64 image={{"kernel":"/boot/vmlinuz"}}'
  ansible localhost -m dom0.xend.xen_domain_info"""


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    result = argparse.ArgumentParser(
        prog="python -m tests.simulator",
        description=_DESCRIPTION,
        epilog=_EPILOG.format(faults=FAULTS, missing=" ".join(sorted(NOT_SIMULATED))),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_places(result)
    _add_host(result)
    _add_behaviour(result)
    result.add_argument("--request-log", metavar="FILE", type=Path, help="append METHOD path op status of each request")
    return result


def _add_places(result: argparse.ArgumentParser) -> None:
    where = result.add_argument_group("where it listens")
    where.add_argument(
        "--tcp",
        metavar="HOST:PORT",
        type=address,
        default=("127.0.0.1", 0),
        help="default: any free port on 127.0.0.1",
    )
    where.add_argument("--unix", metavar="PATH", help="the Unix socket; default: one in a new temporary directory")
    add_remote(where)
    where.add_argument("--url-file", metavar="FILE", type=Path, help="write the TCP URL there when ready")
    add_pid_file(where)


def _add_host(result: argparse.ArgumentParser) -> None:
    host = result.add_argument_group("what it is")
    host.add_argument(
        "--version",
        choices=list(PERSONALITIES),
        help=f"the release; default: that of a live xend in --seed, or {_DEFAULT}",
    )
    host.add_argument("--scheduler", choices=_SCHEDULERS, help="default: a live xend's, or the release's")
    host.add_argument("--hvm", action="store_true", help="with hardware virtualisation, for guests of type hvm")
    host.add_argument(
        "--seed", metavar="FILE|URL", help="start with the domains of this saved listing, or of the live xend there"
    )


def _add_behaviour(result: argparse.ArgumentParser) -> None:
    behaviour = result.add_argument_group("how it behaves")
    behaviour.add_argument(
        "--shutdown-delay",
        metavar="SECONDS",
        type=float,
        default=1.0,
        help="how long a guest takes to go down; default: %(default)s",
    )
    behaviour.add_argument(
        "--device-delay",
        metavar="SECONDS",
        type=float,
        default=0.0,
        help="how long 3.2 and earlier show a device that was destroyed; default: %(default)s",
    )
    behaviour.add_argument(
        "--shutdown-patience",
        metavar="SECONDS",
        type=float,
        default=30.0,
        help="after which 3.1 and earlier destroy a guest that is still up; default: %(default)s",
    )
    behaviour.add_argument(
        "--fault",
        metavar="OP:KIND[:X]",
        type=fault,
        action="append",
        default=[],
        help="go wrong; repeatable, see below",
    )


def _ready(simulator: Simulator, options: argparse.Namespace, seeded: list[str]) -> None:
    print(f"xend {simulator.version} (simulated) is ready")
    print(f"  {simulator.url}")
    print(f"  {simulator.unix_url}")
    if seeded:
        print(f"  {len(seeded)} domain{'s' * (len(seeded) != 1)} from {options.seed}: {' '.join(seeded)}")
    print(_TRY.format(url=simulator.url), flush=True)
    if options.url_file:
        options.url_file.write_text(simulator.url + "\n", encoding="utf-8")
    write_pid(options)


def _seed(options: argparse.Namespace) -> Live | None:
    """Return the data of --seed; None without --seed."""
    if not options.seed:
        return None
    if is_url(options.seed):
        return read(options.seed)
    listing = Path(options.seed).read_text(encoding="latin-1")
    if "(domain" not in listing:
        msg = f"{options.seed} holds no (domain ..): is it the answer to /xend/domain?detail=1, with Accept: application/sxp?"
        raise LiveError(msg)
    return Live(listing, None, None, ())


def _sown(simulator: Simulator, live: Live | None, seed: str) -> list[str]:
    """Fill the simulator; print what could not be taken over."""
    try:
        seeded = simulator.seed(live.listing, live.release) if live else []
    except (SxpError, BrokenParserError) as error:
        msg = f"the seed is no listing of a xend: {error}"
        raise LiveError(msg) from error
    hidden = _hidden(simulator, seed) if live and not is_url(seed) else ()
    for note in (*(live.notes if live else ()), *simulator.seed_notes, *hidden):
        print(f"note: {note}", file=sys.stderr)
    return seeded


def _hidden(simulator: Simulator, file: str) -> tuple[str, ...]:
    """Return a warning for a saved listing that looks like one in which xend omits domains that do not run."""
    if not simulator.personality.lists_only_running or not all(each.running for each in simulator.host.domains):
        return ()
    like = f"?detail=1 of xend {simulator.version}"
    return (f"{file} holds only what runs, as {like} does: paused, down and halted domains may be missing",)


def _version(options: argparse.Namespace, live: Live | None) -> str:
    """Return the release to simulate. Raises LiveError if neither the user nor a live xend gives it."""
    if options.version or not live or not is_url(options.seed):
        return options.version or _DEFAULT
    if live.release is None:
        msg = f"{options.seed}: {'; '.join(live.notes)}. Name it with --version"
        raise LiveError(msg)
    return live.release


def _serve(options: argparse.Namespace, log_file: TextIO | None) -> None:
    done = told_to_stop()
    live = _seed(options)
    simulator = Simulator(
        _version(options, live),
        scheduler=options.scheduler or (live.scheduler if live and live.scheduler in _SCHEDULERS else None),
        hvm=options.hvm,
        device_delay=options.device_delay,
        shutdown_patience=options.shutdown_patience,
        shutdown_delay=options.shutdown_delay,
        tcp=options.tcp,
        unix_path=options.unix,
        log_file=log_file,
    )
    simulator.faults += options.fault
    seeded = _sown(simulator, live, options.seed)
    with simulator:
        _ready(simulator, options, seeded)
        done.wait()


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit status."""
    options = parser().parse_args(arguments)
    refused = refusal(options)
    if refused:
        print(refused, file=sys.stderr)
        return 2
    try:
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(options.request_log.open("a", encoding="utf-8")) if options.request_log else None
            _serve(options, log)
    except (OSError, LiveError) as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    finally:
        for each in (options.url_file, options.pid_file):
            if each:
                each.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
