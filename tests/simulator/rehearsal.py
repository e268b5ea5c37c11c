# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a playbook against copies of xends: the worker of the playbook dom0.xend.rehearse.

It reads a script (JSON) from its standard input, and prints a report (JSON). The copies live in this process, so they end
with it. It ends the playbook and itself on a signal, and when the process that started it has ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .command_line import told_to_stop
from .config import show_plain
from .live import nearest
from .releases import PERSONALITIES
from .server import Simulator
from .sxp import BrokenParserError, SxpError, child_value, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .server import LoggedRequest

_LOOKS = {"cpu_sedf_get", "devices", "domain_sched_credit_get"}
"""The POST operations that change nothing."""

_WAITS = {"wait_for_devices"}
"""The operations that change nothing themselves and belong to one that does."""

_DIALECT = PERSONALITIES["4.1"].dialect  # every dialect reads what any release is sent
_TOLD = 60  # the most characters of a value
_GLANCE, _GRACE = 0.5, 15.0  # seconds


class ScriptError(Exception):
    """The reason why no rehearsal is possible."""


@dataclass
class Copy:
    """A copy of the xend of a host, and its content before the rehearsal."""

    host: str
    simulator: Simulator
    notes: list[str]
    before: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, host: str, node: Mapping[str, Any], domains: list[str], version: str) -> Copy:
        """Return the copy of a host from its data, as xend *version* if that is given. Raises ScriptError."""
        release = nearest(node["node"]["xen_version"] or "", [version] if version else node["xend"]["releases"])
        if release is None:
            msg = f"{host}: the release of its xend cannot be told; name it in the variable rehearse_version"
            raise ScriptError(msg)
        scheduler = node["scheduler"] if node["scheduler"] in ("sedf", "credit") else None
        simulator = Simulator(release, scheduler=scheduler)
        try:
            simulator.seed("\n".join(domains).encode("utf-8", "replace").decode("latin-1"), release)
        except (SxpError, BrokenParserError) as error:
            msg = f"{host}: what its xend says of its domains cannot be read: {error}"
            raise ScriptError(msg) from error
        copy = cls(host, simulator, simulator.seed_notes)
        copy.before = copy.guests
        return copy

    @property
    def guests(self) -> list[str]:
        """The names of the current domains, without Domain-0."""
        return [name for name in self.simulator.names() if name != "Domain-0"]

    def report(self) -> dict[str, Any]:
        """Return the report of the changes to the copy."""
        sent = [request for request in tuple(self.simulator.requests) if _changes(request)]
        return {
            "release": self.simulator.version,
            "operations": [_told(request) for request in sent],
            "guests": self._changed(sent),
            "notes": self.notes,
        }

    def _changed(self, sent: list[LoggedRequest]) -> dict[str, str]:
        """Return which guests are new, gone or changed."""
        before, now = set(self.before), set(self.guests)
        done = {_target(each) for each in sent if (each.status or 500) < 400 and each.op not in _WAITS}
        return {
            **dict.fromkeys(sorted(now - before), "new"),
            **dict.fromkeys(sorted(before - now), "gone"),
            **dict.fromkeys(sorted(before & now & done), "changed"),
        }


# ---- what was sent


def _changes(request: LoggedRequest) -> bool:
    return request.method == "POST" and request.op not in _LOOKS


def _target(request: LoggedRequest) -> str:
    """Return the name of the domain that an operation is about, or the path if it is about no domain."""
    name = unquote(request.path).removeprefix("/xend/domain").strip("/")
    with contextlib.suppress(SxpError, BrokenParserError, IndexError):
        config = parse(request.params["config"][0], _DIALECT)[0] if not name and "config" in request.params else []
        name = name or show_plain(child_value(config, "name") or "")
    return name or request.path


def _told(request: LoggedRequest) -> str:
    """Return an operation in one line: the domain, the operation, its parameters without configs, and whether it failed."""
    given = [
        f"{key}={value}"
        for key, values in request.params.items()
        for value in values
        if key not in ("op", "config") and len(value) <= _TOLD
    ]
    status = "" if request.status is not None and request.status < 400 else f"-> {request.status or 'no answer'}"
    return " ".join(filter(None, [f"{_target(request)}:", request.op, *given, status]))


# ---- the playbook


def _command(script: Mapping[str, Any], copies: list[Copy]) -> list[str]:
    """Return the command that runs the playbook. The variables that redirect its tasks to the copies are last, so they win."""
    given = script["args"]
    arguments = shlex.split(given) if isinstance(given, str) else [str(each) for each in given]
    variables = {
        "ansible_connection": "dom0.xend.rehearsal",
        "ansible_python_interpreter": sys.executable,
        "xend_copies": {copy.host: copy.simulator.url for copy in copies},
    }
    return [
        *(sys.executable, "-m", "ansible", "playbook", script["playbook"], "--diff"),
        *(["--check"] if script["check"] else []),
        *(["--limit", script["limit"]] if script["limit"] else []),
        *(word for source in script["inventory"] for word in ("--inventory", source)),
        *arguments,
        *("--extra-vars", json.dumps(variables)),
    ]


def _play(
    script: Mapping[str, Any], copies: list[Copy], not_rehearsed: Path, wanted: Callable[[], bool]
) -> tuple[int, str]:
    """Run the playbook; return its exit status and its output. It is ended when its result is no longer wanted."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XEND_")}
    settings = {
        "ANSIBLE_CALLBACKS_ENABLED": ",".join([*script["callbacks"], "dom0.xend.rehearsal"]),
        "ANSIBLE_FORCE_COLOR": "0",
        "ANSIBLE_NOCOLOR": "1",
        "XEND_NOT_REHEARSED": str(not_rehearsed),
    }
    process = subprocess.Popen(
        _command(script, copies),
        cwd=script["folder"],
        env={**environment, **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        while wanted():
            with contextlib.suppress(subprocess.TimeoutExpired):
                shown, _none = process.communicate(timeout=_GLANCE)
                return process.returncode, shown.decode("utf-8", "replace")
        return 1, "the rehearsal was interrupted"
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and its children, gently at first."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_GRACE)
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _lives(process: int) -> bool:
    """Return whether a process with this id exists."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


# ---- the report


def _summary(host: str, report: Mapping[str, Any]) -> list[str]:
    """Return the report of a host as lines for people."""
    operations = [f"  {number}. {each}" for number, each in enumerate(report["operations"], 1)]
    changed = ", ".join(f"{name} {how}" for name, how in report["guests"].items())
    return [
        f"{host}, a copy of its xend {report['release']}:",
        *(operations or ["  no operations"]),
        f"  guests: {changed or 'none changed'}",
        *(f"  note: {note}" for note in report["notes"]),
    ]


def _not_rehearsed(file: Path) -> dict[str, list[str]]:
    """Return the hosts of each task that was not rehearsed, by its name."""
    tasks: dict[str, list[str]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        noted = json.loads(line)
        hosts = tasks.setdefault(noted["task"], [])
        hosts += [noted["host"]] if noted["host"] not in hosts else []
    return tasks


def rehearse(script: Mapping[str, Any], wanted: Callable[[], bool]) -> dict[str, Any]:
    """Return the report of a rehearsal. Raises ScriptError if there can be none."""
    copies = [
        Copy.of(name, script["nodes"][name], [each["sxp"] for each in xend["domains"]], script["version"])
        for name, xend in sorted(script["xends"].items())  # they come in the order in which the hosts answered
    ]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-")))
        for copy in copies:
            stack.enter_context(copy.simulator)
        notes = folder / "not-rehearsed"
        notes.touch()
        status, shown = _play(script, copies, notes, wanted)
        hosts = {copy.host: copy.report() for copy in copies}
        skipped = _not_rehearsed(notes)
    lines = [line for host, report in hosts.items() for line in _summary(host, report)]
    lines += [f"not rehearsed: {task} ({', '.join(sorted(names))})" for task, names in skipped.items()]
    return {"rc": status, "output": shown.splitlines(), "hosts": hosts, "not_rehearsed": skipped, "summary": lines}


def main() -> int:
    """Rehearse; return 0 if there is a report, however the playbook has ended."""
    done = told_to_stop()
    script = json.load(sys.stdin)
    watched = int(script["watch"])
    try:
        report = rehearse(script, lambda: not done.is_set() and _lives(watched))
    except (ScriptError, OSError) as error:
        print(f"there can be no rehearsal: {error}", file=sys.stderr)
        return 1
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
