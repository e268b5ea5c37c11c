# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each operation answers in each state of a domain, as a table drawn from the recordings.

The recordings are a few walks; users take others. The table says what a real xend was seen to answer to an operation whose
parameters are in order, by release and by the state that the domain was in. `tests/unit/simulator/test_walks.py` walks at
random and holds the simulator to it. Regenerate it with `python -m tests.conformance --answers`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Callable
from urllib.parse import unquote

from tests.simulator import PERSONALITIES

if TYPE_CHECKING:
    from tests.simulator import Domain, Simulator

    from .recordings import Exchange, Response
    from .runner import Result

FILE = Path(__file__).resolve().parent / "answers.json"
STATES = ("absent", "paused", "running", "shutdown", "crashed", "halted", "dying", "saving")

Table = dict[str, dict[str, dict[str, list[str]]]]
"""Operation -> state -> release -> the answers that were seen."""


def _whole(*keys: str, least: int = 0) -> Callable[[Mapping[str, str]], bool]:
    """Return a check that these parameters are whole numbers, and none is less than `least`."""
    return lambda form: all(form.get(key, "").isdigit() and int(form[key]) >= least for key in keys)


def _text(*keys: str) -> Callable[[Mapping[str, str]], bool]:
    return lambda form: all(form.get(key) for key in keys)


IN_ORDER: dict[str, Callable[[Mapping[str, str]], bool]] = {
    "GET": lambda _form: True,
    "vcpuinfo": lambda _form: True,
    "unpause": lambda _form: True,
    "pause": lambda _form: True,
    "destroy": lambda _form: True,
    "wait_for_devices": lambda _form: True,
    "start": lambda _form: True,
    "delete": lambda _form: True,
    "shutdown": lambda form: form.get("reason") in ("poweroff", "reboot", "halt"),
    "sysrq": lambda form: _whole("key")(form) and int(form["key"]) < 256,
    "mem_target_set": lambda form: _whole("target", least=1)(form) and int(form["target"]) <= 64,
    "set_vcpus": lambda form: form.get("vcpus") == "1",
    "devices": lambda form: form.get("type") in ("vbd", "vif"),
    "cpu_sedf_get": lambda _form: True,
    "domain_sched_credit_get": lambda _form: True,
}
"""Operations on one domain, and when their parameters are in order for any domain."""


def state_of(domain: Domain | None) -> str:
    """Return the word for the state of a simulated domain; Domain-0 has none of them."""
    if domain is None:
        return "absent"
    words = {
        "Domain-0": domain.domid == 0,
        "dying": domain.zombie or domain.dying_until is not None,
        "saving": domain.name.startswith("migrating-"),
        "crashed": domain.down == "crash",
        "shutdown": bool(domain.down),
        "halted": domain.domid is None,
        "paused": domain.paused,
    }
    return next((word for word, holds in words.items() if holds), "running")


def state_asked_for(simulator: Simulator, target: str) -> str:
    """Return the state of the domain that a URL means, or an empty text if it means none."""
    found = re.match(r"/xend/domain/([^/?]+)/?(\?|\Z)", target)
    if not found:
        return ""
    with simulator.host.lock:
        simulator.host.settle()
        return state_of(simulator.host.find(unquote(found[1])))


def operation(exchange: Exchange) -> str:
    """Return the name of an operation whose parameters are in order, or an empty text."""
    form = {key: values[0] for key, values in exchange.form.items() if len(values) == 1}
    name = "vcpuinfo" if form.get("op") == "vcpuinfo" else exchange.op or ("GET" if exchange.method == "GET" else "")
    return name if name in IN_ORDER and IN_ORDER[name](form) and _speaks_plainly(exchange) else ""


def _speaks_plainly(exchange: Exchange) -> bool:
    """Return whether a request asks for s-expressions."""
    return exchange.sent is not None and not exchange.raw and exchange.response.header("Content-type") != "text/html"


_CHANGING = (
    (re.compile(r"<Fault 3: .*>", re.DOTALL), "<Fault 3: NAME>"),
    (re.compile(r"No domain named '.*'\."), "No domain named 'NAME'."),
    (re.compile(r"No such domain .*"), "No such domain NAME"),
    (re.compile(r"Device \d+"), "Device N"),
    (re.compile(r"(domain|domid|ID|id) '?\d+'?"), r"\1 N"),
    (re.compile(r"Domain '.*?' "), "Domain 'NAME' "),
)


def summary(response: Response) -> str:
    """Return the status of an answer and, if it is a refusal, its words without names and numbers."""
    if response.timed_out or response.status is None:
        return "no answer"
    text = response.body if response.status >= 400 or response.body.startswith("(xend.err") else ""
    for pattern, instead in _CHANGING:
        text = pattern.sub(instead, text)
    return f"{response.status} {text}".strip()


def drawn(results: Iterable[Result]) -> Table:
    """Return the table that these replayed recordings give."""
    table: Table = {}
    for result in results:
        for verdict in result.verdicts:
            exchange = verdict.exchange
            if exchange is None or verdict.state not in STATES or verdict.differences:
                continue
            name = operation(exchange)
            if name:
                seen = table.setdefault(name, {}).setdefault(verdict.state, {}).setdefault(result.version, [])
                answer = summary(exchange.response)
                if answer not in seen:
                    seen.append(answer)
                    seen.sort()
    return table


def stored() -> Table:
    """Return the table of the project."""
    table: Table = json.loads(FILE.read_text(encoding="utf-8"))
    return table


def store(table: Table) -> None:
    """Write the table of the project."""
    FILE.write_text(json.dumps(table, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def backed(table: Table, version: str) -> tuple[int, int]:
    """Return how many pairs of an operation and a state a release was recorded in, and how many there are."""
    personality = PERSONALITIES[version]
    names = [name for name in IN_ORDER if name in ("GET", "vcpuinfo") or name in personality.operations]
    states = [state for state in STATES if personality.managed or state != "halted"]
    pairs = [(name, state) for name in names for state in states]
    seen = [pair for pair in pairs if version in table.get(pair[0], {}).get(pair[1], {})]
    return len(seen), len(pairs)
