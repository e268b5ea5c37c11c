# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the xends of an inventory in parallel, at most some at a time. The answers are plain data that a cache can hold.

The client, requests and sexpdata are imported when a xend is read, because an inventory from the cache does not need them.
"""

from __future__ import annotations

import gc
import hashlib
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Optional, TypedDict, Union

from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import XendError
from ansible_collections.dom0.xend.plugins.plugin_utils._complaints import MOST_SHOWN, excerpt

if TYPE_CHECKING:
    from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
    from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient

MOST_AT_A_TIME = 16
"""The most xends that are read at a time."""

_FORMAT = 3
"""Raise this with each change of Answer, so that cache entries of an earlier release are not used."""


@dataclass(frozen=True)
class Query:
    """The data to read from every xend."""

    include_halted: bool
    """Whether to read domains that do not run, too, which xend 3.0.4 and later do not list (trap 9)."""
    fetch_node: bool


@dataclass(frozen=True)
class Xend:
    """A xend: its name, its group, the connection options, and what to do if it fails."""

    name: str
    group: str
    on_failure: str
    connection: dict[str, Any] = field(repr=False)

    @property
    def url(self) -> str:
        """Return the ``xend_url``. It holds no secret, because a URL with a password is refused."""
        return str(self.connection["xend_url"])

    def identity(self, query: Query) -> str:
        """Return a text that differs for each xend and each user of it, without a secret."""
        asked = [_FORMAT, self.url, self.connection["xend_username"], asdict(query)]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]


class FoundDomain(TypedDict):
    """A domain as plain data: Domain.as_dict(), and the values that decide whether it is wanted."""

    fields: dict[str, Any]
    privileged: bool
    zombie: bool


class Answer(TypedDict):
    """The answer of a xend as plain data, as the cache holds it. It must not contain a secret."""

    asked_at: float
    """Seconds since 1970."""
    domains: list[FoundDomain]
    complaints: list[str]
    """One sentence for each domain or value that could not be read."""
    node: Optional[dict[str, Any]]


def ask(xends: Sequence[Xend], query: Query) -> list[Union[Answer, XendError]]:
    """Read all xends; return for each, in order, its answer or the reason for the failure.

    An interrupt ends the wait and the process, because the threads are daemons; Python would wait for a thread pool, however
    long a xend takes. The threads only read, so nothing is lost.
    """
    todo: SimpleQueue[int] = SimpleQueue()
    done: SimpleQueue[tuple[int, Union[Answer, Exception]]] = SimpleQueue()

    def work() -> None:
        with suppress(Empty):
            while True:
                number = todo.get_nowait()
                try:
                    done.put((number, _ask_one(xends[number], query)))
                except Exception as error:  # noqa: BLE001 - raised again, by who waits
                    # Errors travel through the queue, because an exception in a thread would only be printed.
                    done.put((number, error))

    for number in range(len(xends)):
        todo.put(number)
    for _thread in range(min(MOST_AT_A_TIME, len(xends))):
        Thread(target=work, daemon=True).start()
    said = dict(done.get() for _xend in xends)
    answers: list[Union[Answer, XendError]] = []
    # Sorted by number, so that the answers are in the order of the xends, not of their replies.
    for _number, answer in sorted(said.items(), key=lambda item: item[0]):
        # A XendError is an answer, to which the policy of the xend applies; anything else is a bug.
        if isinstance(answer, Exception) and not isinstance(answer, XendError):
            raise answer
        answers.append(answer)
    return answers


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause Python's garbage collector within this context, and exempt the new objects from frequent collections.

    Hundreds of thousands of objects are created here and stay. The collector would examine all of them again and again, now
    and while Ansible continues. Freezing and unfreezing moves them to the oldest generation, which is examined rarely.
    They do not stay frozen, or an inventory that is read again would never be freed.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count() == 0:  # otherwise objects that other code has frozen would be unfrozen
            gc.freeze()
            gc.unfreeze()
        if was_enabled:
            gc.enable()


def to_cache(answer: Answer) -> str:
    """Return an answer as text, because Ansible would interpret keys such as ``__ansible_type`` in data."""
    return json.dumps(answer)


def from_cache(text: Any) -> Answer:
    """Return the answer in a text from the cache. Raises ValueError for any other text."""
    try:
        answer = json.loads(text)
        # The cache may hold anything: an entry of another plugin, or of another version.
        whole = _is_answer(answer)
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"it holds no answer of a xend: {error!r}") from error
    if not whole:
        raise ValueError("it holds no answer of a xend")
    found: Answer = answer
    return found


def _is_answer(data: Any) -> bool:
    """Return whether *data* has the fields of an Answer that are used here. Raises KeyError or TypeError if the shape is wrong."""
    return (
        isinstance(data["asked_at"], float)
        and math.isfinite(data["asked_at"])
        and isinstance(data["domains"], list)
        and all(_is_domain(each) for each in data["domains"])
        and isinstance(data["complaints"], list)
        and all(isinstance(each, str) for each in data["complaints"])
        and isinstance(data["node"], (dict, type(None)))
    )


def _is_domain(data: Any) -> bool:
    """Return whether *data* has the fields of a FoundDomain that are used. Raises KeyError or TypeError if the shape is wrong."""
    fields = data["fields"]
    return (
        isinstance(fields, dict)
        and isinstance(fields["name"], str)
        and isinstance(fields["domid"], (int, type(None)))
        and isinstance(fields["state"], (str, type(None)))
        and isinstance(fields["vifs"], (list, type(None)))
        and all(isinstance(vif["ip"], (list, type(None))) for vif in fields["vifs"] or ())
        and isinstance(data["privileged"], bool)
        and isinstance(data["zombie"], bool)
    )


def missing_library(xends: Iterable[Xend]) -> Optional[str]:
    """Return the message about a missing library that these xends need, None if nothing is missing."""
    from ansible_collections.dom0.xend.plugins.module_utils import module  # noqa: PLC0415

    missing = (module.missing_library(xend.url) for xend in xends)
    return next((message for message, _traceback in filter(None, missing)), None)


def age(seconds: float) -> str:
    """Return a duration as text: "90 seconds", "5 minutes", "3 hours", "2 days"."""
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        # Only from twice the unit on, so that "1 minutes" never appears.
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def shortened(complaints: Sequence[str]) -> list[str]:
    """Return the complaints of a xend, or the first few and the number of the others: one cause can affect hundreds of domains."""
    shown = [excerpt(each, 1000) for each in complaints[:MOST_SHOWN]]
    more = len(complaints) - len(shown)
    return [*shown, f"{more} more domains cannot be read"] if more else shown


def _ask_one(xend: Xend, query: Query) -> Union[Answer, XendError]:
    """Read the domains of one xend, and its node if requested."""
    from ansible_collections.dom0.xend.plugins.module_utils.info.listing import list_domains  # noqa: PLC0415
    from ansible_collections.dom0.xend.plugins.module_utils.module import open_client  # noqa: PLC0415

    asked_at = time.time()
    try:
        client = open_client(xend.connection, read_only=True)
        listing = list_domains(client, only_running=not query.include_halted)
    except XendError as error:
        return error
    complaints: list[str] = []
    node = _node(client, complaints.append) if query.fetch_node else None
    complaints += (
        listing.unreadable
    )  # after the node's complaint: only the last ones are counted instead of shown, and those are of domains
    found = [_found(domain) for domain in listing.domains]
    return {"asked_at": asked_at, "domains": found, "complaints": complaints, "node": node}


def _node(client: XendClient, complain: Callable[[str], None]) -> Optional[dict[str, Any]]:
    """Return the fields of the node, None with a complaint if it cannot be read: the domains are still of use."""
    try:
        return client.node().as_dict()
    except XendError as error:
        complain(f"the node cannot be described: {error}")
        return None


def _found(domain: Domain) -> FoundDomain:
    """Return a domain as plain data. A zombie is recognised by its name only in 3.0.3 and earlier, which rename it."""
    from ansible_collections.dom0.xend.plugins.module_utils.model.domain import ZOMBIE_PREFIX  # noqa: PLC0415

    renames = domain.release is not None and not domain.release.manages
    return {
        "fields": domain.as_dict(),
        "privileged": domain.is_privileged,
        "zombie": domain.state == "dying" or (renames and domain.name.startswith(ZOMBIE_PREFIX)),
    }


def order(domain: FoundDomain) -> tuple[str, int]:
    """Return the sort key of a domain. xend's own order changes from time to time."""
    fields: Mapping[str, Any] = domain["fields"]
    return fields["name"], fields["domid"] or 0
