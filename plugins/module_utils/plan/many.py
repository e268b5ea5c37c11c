# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of xen_domains: many domains, each handled as by xen_domain, while their waits and their polls of xend are shared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any, Optional

from ansible_collections.dom0.xend.plugins.module_utils.desired.entries import OWN, Entry, combined, names_in
from ansible_collections.dom0.xend.plugins.module_utils.desired.together import circle, doubled, shared_files, unknown
from ansible_collections.dom0.xend.plugins.module_utils.module import check_seconds, misshapen
from ansible_collections.dom0.xend.plugins.module_utils.plan import apply
from ansible_collections.dom0.xend.plugins.module_utils.plan.apply import Applier, Outcome, Steps
from ansible_collections.dom0.xend.plugins.module_utils.plan.sharing import SharedClient, SharedView
from ansible_collections.dom0.xend.plugins.module_utils.plan.task import failed, finished
from ansible_collections.dom0.xend.plugins.module_utils.result import TaskResult
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest, XendError, XendUnreachable

_WORD_EVERY = 10.0
"""Seconds between two lines about the domains that the task still waits for."""

_MOST_NAMES = 5
"""How many domains such a line names."""


def run(options: Mapping[str, Any], client: XendClient) -> TaskResult:
    """Bring all domains to the declaration in *options*. Raises InvalidRequest for a wrong list, XendError if xend is unreachable."""
    entries = entries_of(options)
    for option in ("serial", "max_fail"):
        if (options[option] or 0) < 0:
            raise InvalidRequest(f"{option} must be 0 or more, not {options[option]}")
    view = SharedView(client, apply.CLOCK)
    if len(entries) > 1:
        view.look()
    crew = Crew(entries, view, serial=options["serial"], max_fail=options["max_fail"])
    crew.run()
    return _result(crew.ends, client)


# ---- what is declared


def entries_of(options: Mapping[str, Any]) -> list[Entry]:
    """Return the domains that a task declares. Raises InvalidRequest with one sentence for each error in the list."""
    defaults = options["defaults"] or {}
    problems = [*_misplaced(defaults), *_nameless(options["domains"])]
    entries = [] if problems else [_entry(given, defaults) for given in options["domains"]]
    problems += [
        *doubled(entries),
        *unknown(entries, "domains"),
        *(fault for entry in entries for fault in _faults(entry)),
    ]
    problems = problems or [*shared_files(entries), *circle(entries)]
    if problems:
        raise InvalidRequest(" ".join(problems))
    return entries


def _entry(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Entry:
    """Return one domain, merged with the common options."""
    options = combined(given, defaults)
    after = tuple(str(name) for name in names_in(options.pop("after", None)))
    return Entry({**options, "name": str(options["name"])}, after)


def _misplaced(defaults: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each option that cannot be a default."""
    return (f"defaults holds {key}, which belongs to one domain only." for key in OWN if defaults.get(key) is not None)


def _nameless(domains: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence for each entry without a name."""
    return (f"domains[{position}] has no name." for position, given in enumerate(domains) if not _has_name(given))


def _has_name(given: Mapping[str, Any]) -> bool:
    """Return whether an entry has a name. A number is a name, also 0."""
    return given.get("name") not in (None, "")


def _faults(entry: Entry) -> Iterator[str]:
    """Yield a sentence for each domain that xen_domain would refuse without a request to xend."""
    wrong = misshapen(entry.spec, entry.options)
    if wrong is not None:
        yield f"{entry.name}: {wrong}."
        return
    try:
        entry.desired  # noqa: B018 - it is read to see what it raises
        check_seconds(entry.values)
    except InvalidRequest as error:
        yield f"{entry.name}: {str(error).rstrip('.')}."


# ---- who is when dealt with


@dataclass
class Turn:
    """A domain in progress."""

    entry: Entry
    client: SharedClient
    applier: Applier
    steps: Steps[Outcome]
    began: float
    wake: float = 0
    """The time at which it continues."""


@dataclass(frozen=True)
class End:
    """The outcome of a domain. ``skipped`` is the reason if nothing was done."""

    name: str
    result: TaskResult = field(default_factory=TaskResult)
    skipped: Optional[str] = None

    @property
    def is_good(self) -> bool:
        """Return whether the domains that wait for this one may begin."""
        return self.result.failure is None and self.skipped is None

    def as_dict(self) -> dict[str, Any]:
        """Return the domain as the result shows it."""
        shown: dict[str, Any] = {"name": self.name, "changed": False, "failed": False, "operations": []}
        shown |= {key: value for key, value in self.result.values.items() if key != "diff"}
        if self.skipped is not None:
            return {**shown, "skipped": True, "msg": self.skipped}
        return shown if self.result.failure is None else {**shown, "failed": True, "msg": self.result.failure}

    def line(self, seconds: float) -> str:
        """Return the outcome in one line of progress."""
        if self.skipped is not None:
            return f"{self.name}: skipped, {self.skipped}"
        if self.result.failure is not None:
            return f"{self.name}: failed after {seconds:.0f} s: {self.result.failure}"
        return f"{self.name}: {'changed' if self.result.values['changed'] else 'ok'} after {seconds:.0f} s"


class Crew:
    """Handles many domains in turns. A domain that is due sends its next request; while all wait, the task sleeps."""

    def __init__(self, entries: Sequence[Entry], view: SharedView, *, serial: int, max_fail: Optional[int]) -> None:
        """Take the domains, how many are handled at a time (0 for all), and how many may fail (None for all)."""
        self.ends: list[Optional[End]] = [None] * len(entries)
        """The outcome of each domain, in the order of the list."""
        self._entries = entries
        self._positions = {entry.name: position for position, entry in enumerate(entries)}
        self._view = view
        self._clock = view.clock
        self._serial = serial or len(entries)
        self._max_fail = len(entries) if max_fail is None else max_fail
        self._sorter = TopologicalSorter({entry.name: entry.after for entry in entries})
        self._ready: list[int] = []
        self._turns: list[Turn] = []
        self._stopped: Optional[str] = None
        self._lost: Optional[str] = None
        """Why xend cannot be reached any more, so that the other domains need not try."""
        self._next_word = self._clock.now() + _WORD_EVERY

    def run(self) -> None:
        """Handle all domains. Those that are due continue before others begin."""
        self._sorter.prepare()
        while self._sorter.is_active():
            self._ready = sorted([*self._ready, *(self._positions[name] for name in self._sorter.get_ready())])
            turn = min(self._turns, key=lambda turn: turn.wake, default=None)
            is_due = turn is not None and turn.wake <= self._clock.now()
            # A ready domain begins only if no other is due: the waits of those in progress may time out.
            if self._ready and not is_due and len(self._turns) < self._serial:
                self._begin(self._entries[self._ready.pop(0)])
            elif turn is not None:
                self._go_on(turn)

    def _begin(self, entry: Entry) -> None:
        """Begin a domain, or skip it if there is a reason."""
        reason = self._reason_to_skip(entry)
        if reason is not None:
            self._end(End(entry.name, skipped=reason), 0)
            return
        # An unreachable xend fails the rest at once; each would otherwise wait for its own connection timeout.
        if self._lost is not None:
            self._end(End(entry.name, TaskResult(failure=self._lost)), 0)
            return
        client = SharedClient(self._view, entry.values["create_timeout"])
        applier = Applier(client, entry.desired, self._clock)
        # Sharing pays only if several domains wait at the same time.
        applier.shares_looks = len(self._entries) > 1 and self._serial > 1
        self._advance(Turn(entry, client, applier, applier.steps(), self._clock.now()))

    def _reason_to_skip(self, entry: Entry) -> Optional[str]:
        """Return why a domain is skipped, None if it is not."""
        for name in entry.after:
            end = self.ends[self._positions[name]]
            if end is not None and not end.is_good:
                return f"it comes after {name}, which {'failed' if end.skipped is None else 'was skipped'}"
        return self._stopped

    def _go_on(self, turn: Turn) -> None:
        """Wait until a domain is due, and continue it."""
        self._clock.sleep(max(0.0, turn.wake - self._clock.now()))
        self._say_who_is_left()
        self._view.waiting = len(self._turns)
        self._turns.remove(turn)
        turn.client.go_on()
        self._advance(turn)

    def _advance(self, turn: Turn) -> None:
        """Continue a domain until it waits, or is done."""
        values = turn.entry.values
        try:
            turn.wake = next(turn.steps) + self._clock.now()
        except StopIteration as end:
            result = finished(values, end.value)
        except XendError as error:
            result = failed(values, turn.client, turn.applier.outcome, error)
            # Only a failed connection proves that others will fail: any other error may concern this domain alone.
            if isinstance(error, XendUnreachable):
                self._lost = str(error)
        else:
            self._turns.append(turn)
            return
        self._end(End(turn.entry.name, result), self._clock.now() - turn.began)

    def _end(self, end: End, seconds: float) -> None:
        """Record the outcome of a domain, and let those that wait for it begin."""
        self.ends[self._positions[end.name]] = end
        # done() also after a failure: domains that wait for this one are then skipped, not left over.
        self._sorter.done(end.name)
        self._view.client.journal.tell(end.line(seconds))
        failures = sum(each is not None and each.result.failure is not None for each in self.ends)
        if failures > self._max_fail and self._stopped is None:
            self._stopped = f"{failures} had failed before, and max_fail is {self._max_fail}"

    def _say_who_is_left(self) -> None:
        """Report the domains that the task waits for, every _WORD_EVERY seconds."""
        if self._clock.now() < self._next_word:
            return
        self._next_word = self._clock.now() + _WORD_EVERY
        names = [turn.entry.name for turn in sorted(self._turns, key=lambda turn: turn.began)]
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        self._view.client.journal.tell(f"waiting for {', '.join(names[:_MOST_NAMES])}{more}")


# ---- what the result says


def _result(found: Sequence[Optional[End]], client: XendClient) -> TaskResult:
    """Return the result of the task."""
    ends = [end for end in found if end is not None]
    diffs = [end.result.values["diff"] for end in ends if "diff" in end.result.values]
    values = {
        "changed": any(end.result.values.get("changed") for end in ends),
        "domains": [end.as_dict() for end in ends],
        "operations": list(client.journal.sent),
        "diff": [diff for diff in diffs if diff["before"] != diff["after"]],
    }
    warnings = [warning for end in ends for warning in end.result.warnings]
    return TaskResult(values, warnings, _failure(ends))


def _failure(ends: Sequence[End]) -> Optional[str]:
    """Return which domains failed and why, and which were skipped because of that; None if none failed."""
    said: dict[str, list[str]] = {}
    for end in ends:
        if end.result.failure is not None:
            said.setdefault(end.result.failure, []).append(end.name)
    if not said:
        return None
    reasons = [f"{', '.join(names)}: {failure.rstrip('.')}." for failure, names in said.items()]
    skipped = [f"{end.name} was skipped: {end.skipped}." for end in ends if end.skipped is not None]
    return " ".join([f"{sum(map(len, said.values()))} of {len(ends)} domains failed.", *reasons, *skipped])
