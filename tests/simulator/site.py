# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""xend's tree of URLs: from a request to a reply, without sockets."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Callable

from . import checkpoints, pages
from .errors import LoudError, NotFoundError, XendError
from .http import Reply, sxp_reply, text_reply
from .operations import OPERATIONS, Params, create, define, list_all, wait_for_devices, wait_for_new_device
from .personality import NOT_SIMULATED
from .render import domain_sxp, node_sxp
from .sxp import Sxp, py2_repr, show

if TYPE_CHECKING:
    from .domains import Domain
    from .host import Host
    from .http import Request
    from .operations import Operation

_ROOT: tuple[str, ...] = ()
_XEND = ("node", "domain", "vnet")
_WAITING = {"wait_for_devices": wait_for_devices, "start": wait_for_devices, "device_create": wait_for_new_device}


class Site:
    """Answers requests about one host."""

    def __init__(self, host: Host, authority: Callable[[], str]) -> None:
        """Remember the host and how to call it when a request does not say."""
        self.host = host
        self.authority = authority

    def answer(self, request: Request) -> Reply:
        """Return the reply to a request."""
        if request.method not in ("GET", "HEAD", "POST"):
            reply = text_reply(501, "Not implemented", f"Request method not supported ({request.method})")
            reply.accept = "GET,HEAD,POST"
            return reply
        try:
            with self.host.lock:
                self.host.settle()
                answer = self._find(request.segments)
            return answer(request)
        except NotFoundError as error:
            return text_reply(404, "Not found", str(error))

    def _find(self, segments: list[str]) -> Callable[[Request], Reply]:
        """Walk the tree; raise NotFoundError with the first unknown word."""
        known: dict[tuple[str, ...], Callable[[Request], Reply]] = {
            (): self._directory(_ROOT),
            ("xend",): self._directory(_XEND),
            ("xend", "node"): self._node,
            ("xend", "node", "dmesg"): self._dmesg,
            ("xend", "node", "log"): self._log,
            ("xend", "domain"): self._domains,
            ("xend", "vnet"): self._vnet,
        }
        if segments[:2] == ["xend", "domain"] and len(segments) > 2:
            return self._domain_answer(segments)
        for length in range(1, len(segments) + 1):
            if tuple(segments[:length]) not in known:
                msg = f"Not found: {segments[length - 1]}"
                raise NotFoundError(msg)
        return known[tuple(segments)]

    def _domain_answer(self, segments: list[str]) -> Callable[[Request], Reply]:
        if self.host.poison:
            raise NotFoundError(self.host.poison)
        domain = self.host.find(segments[2])
        if domain is None and self.host.personality.missing_domain_is_empty:
            return lambda _request: Reply(500, "Internal server error")
        if domain is None:
            words = self.host.personality.words
            raise NotFoundError(words.not_found.format(name=segments[2], quoted=py2_repr(segments[2])))
        if len(segments) > 3:
            msg = f"Not found: {segments[3]}"
            raise NotFoundError(msg)
        return lambda request: self._domain(request, domain)

    def url(self, request: Request) -> str:
        """Return the URL of the request's own place."""
        host = request.headers.get("host") or self.authority()
        return f"http://{host}{request.path}"

    # -- small pieces ----------------------------------------------------------------------------------------------

    def _show(self, value: Sxp) -> str:
        return show(value, self.host.personality.dialect)

    def _page(self, request: Request, content: str, *, twice: bool = False) -> Reply:
        """Return a page; a handler whose result is empty gets an empty page after its own."""
        again = pages.page(request.segments) if twice else ""
        return Reply(200, "OK", pages.page(request.segments, content) + again)

    def _with_empty(self, body: str) -> str:
        """Add the empty result of some handlers, which xend prints, too."""
        return body + self.host.personality.dialect.empty

    # -- plain places ----------------------------------------------------------------------------------------------

    def _directory(self, names: tuple[str, ...]) -> Callable[[Request], Reply]:
        def answer(request: Request) -> Reply:
            if request.method == "POST":
                return text_reply(200, "OK", "POST")
            if request.wants_html:
                return self._page(request, pages.listing(self.url(request), names), twice=True)
            return sxp_reply(200, "OK", self._with_empty("(ls " + "".join(f" {name}" for name in names) + ")"))

        return answer

    def _vnet(self, _request: Request) -> Reply:
        return sxp_reply(200, "OK", "()")

    def _node(self, request: Request) -> Reply:
        if request.method == "POST":
            return self._node_operation(request)
        with self.host.lock:
            items = node_sxp(self.host)
        if request.wants_html:
            pairs = [(str(each[0]), each[1]) for each in items[1:] if isinstance(each, list)]
            return self._page(request, pages.node(self.url(request).rstrip("/"), list(pairs)))
        return sxp_reply(200, "OK", self._show(items))

    def _node_operation(self, request: Request) -> Reply:
        op = self._op(request)
        if op is None:
            return self._invalid()
        if op not in self.host.personality.node_operations:
            return self._unknown(request, op)
        if op == "cpu_bvt_slice_set":
            return self._failed(request, op, "(22, 'Invalid argument')")
        return sxp_reply(200, "OK", "0")

    def _dmesg(self, request: Request) -> Reply:
        if request.method != "POST":
            return self._text(request, self.host.dmesg)
        op = self._op(request)
        if op is None:
            return self._invalid()
        if op != "clear":
            return self._unknown(request, op)
        self.host.dmesg = ""
        return sxp_reply(200, "OK", "")

    def _log(self, request: Request) -> Reply:
        return text_reply(200, "OK", "POST") if request.method == "POST" else self._text(request, self.host.log)

    def _text(self, request: Request, text: str) -> Reply:
        if request.wants_html:
            return self._page(request, f"<pre>{text}</pre>")
        return text_reply(200, "OK", text)

    # -- domains ---------------------------------------------------------------------------------------------------

    def _domains(self, request: Request) -> Reply:
        if request.method == "POST":
            return self._directory_operation(request)
        if self.host.poison:
            return sxp_reply(200, "OK", self._show(["xend.err", self.host.poison]))
        with self.host.lock:
            if request.wants_html and not self.host.personality.html_domain_item:
                return Reply(500, "Internal server error", pages.opening(request.segments) + "<ul></ul><ul>")
            if request.wants_html:
                return self._page(request, pages.domains(self.host, self.url(request), self.host.listed()))
            if request.query.get("detail") == ["1"]:
                return self._detail()
            state = request.query.get("state", ["running"])[0]
            names: list[Sxp] = sorted(each.name for each in self.host.listed(state))  # type: ignore[assignment]
        return sxp_reply(200, "OK", self._show(names))

    def _detail(self) -> Reply:
        """Answer with all domains, or with an error, which keeps its 200 because it is no failed operation."""
        try:
            return sxp_reply(200, "OK", self._show(list_all(self.host)))
        except XendError as error:
            return sxp_reply(200, "OK", self._show(["xend.err", str(error)]))

    def _directory_operation(self, request: Request) -> Reply:
        op = self._op(request)
        if op is None:
            return self._invalid()
        if op not in self.host.personality.directory_operations or op in NOT_SIMULATED:
            return self._unknown(request, op)
        if op == "restore":
            return self._restore(request)
        try:
            with self.host.lock:
                return self._do_directory(request, op)
        except XendError as error:
            return self._failed(request, op, error)

    def _restore(self, request: Request) -> Reply:
        try:
            domain = checkpoints.restore(self.host, Params(request.params))
        except XendError as error:
            return self._failed(request, "restore", error)
        location = f"{self.url(request)}/{domain.name}"
        if request.wants_html:
            return Reply(201, "Created", pages.page(request.segments), location=location)
        return sxp_reply(201, "Created", "", location=location, logged=True)

    def _do_directory(self, request: Request, op: str) -> Reply:
        params = Params(request.params)
        if op == "list":
            return sxp_reply(200, "OK", self._show(list_all(self.host)))
        if op == "new":
            define(self.host, params)
            return sxp_reply(200, "OK", "")
        domain = create(self.host, params)
        url = f"{self.url(request)}/{domain.name}"
        if request.wants_html:
            content = pages.created(url, domain.name, request.params["config"][0])
            return Reply(201, "created", pages.page(request.segments, content), location=url)
        shown = self._show(domain_sxp(domain, fresh=True))
        return sxp_reply(201, "created", shown, location=url, logged=True)

    def _domain(self, request: Request, domain: Domain) -> Reply:
        if request.method == "POST":
            return self._operation(request, domain)
        with self.host.lock:
            if request.wants_html:
                return self._page(request, pages.domain(self.host, self.url(request), domain), twice=True)
            if request.query.get("op") == ["vcpuinfo"]:
                return self._vcpuinfo(request, domain)
            return sxp_reply(200, "OK", self._with_empty(self._show(domain_sxp(domain, fresh=domain.unseen))))

    def _vcpuinfo(self, request: Request, domain: Domain) -> Reply:
        """Answer a GET as if it were the POST."""
        try:
            return sxp_reply(200, "OK", self._run(OPERATIONS["vcpuinfo"], domain, Params({})))
        except XendError as error:
            return self._failed(request, "vcpuinfo", error)

    def _operation(self, request: Request, domain: Domain) -> Reply:
        op = self._op(request)
        if op is None:
            return self._invalid()
        operation = OPERATIONS.get(op)
        if op not in self.host.personality.operations or operation is None:
            return self._unknown(request, op)
        logs = operation.logs or (operation.logs_if_live and domain.domid is not None)
        try:
            shown = self._run(operation, domain, Params(request.params))
            if op in _WAITING:
                _WAITING[op](self.host, domain)
        except XendError as error:
            return self._failed(request, op, error)
        return self._done(request, shown, operation.acknowledged, logs)

    def _run(self, operation: Operation, domain: Domain, params: Params) -> str:
        """Do an operation and return its printed result; threaded ones take the lock when they need it."""
        with contextlib.nullcontext() if operation.threaded else self.host.lock:
            value = operation.run(self.host, domain, params)
            return "" if value is None else self._show(value)

    # -- how operations end ----------------------------------------------------------------------------------------

    def _op(self, request: Request) -> str | None:
        values = request.params.get("op", [])
        return values[0] if len(values) == 1 else None

    def _done(self, request: Request, shown: str, acknowledged: bool, logged: bool) -> Reply:
        status, reason = (202, "Accepted") if acknowledged else (200, "OK")
        if request.wants_html:
            return self._done_in_html(request, shown, status, reason)
        location = f"{self.url(request)}/.." if acknowledged else ""
        return sxp_reply(status, reason, shown, location=location, logged=logged)

    def _done_in_html(self, request: Request, shown: str, status: int, reason: str) -> Reply:
        if shown:  # xend fails for every result here
            half = pages.opening(request.segments) + "<code><pre>"
            return Reply(500, "Internal server error", half)
        return Reply(status, reason, pages.page(request.segments))

    def is_threaded(self, request: Request) -> bool:
        """Return whether a request is for an operation which takes its time in a thread."""
        if request.method != "POST" or request.segments[:2] != ["xend", "domain"]:
            return False
        op = self._op(request) or ""
        return op == "restore" or (op in OPERATIONS and OPERATIONS[op].threaded)

    def _failed(self, request: Request, op: str, error: XendError | str) -> Reply:
        operation = OPERATIONS.get(op)
        acknowledged = bool(operation and operation.acknowledged)
        message = str(error)
        logged = isinstance(error, LoudError) or not self.is_threaded(request)
        status, reason = (202, "Accepted") if acknowledged else (200, "OK")
        if self.host.personality.failure_status and not self.is_threaded(request):
            status, reason = self.host.personality.failure_status, f"Request failed: {op}"
        location = f"{self.url(request)}/.." if acknowledged else ""
        if request.wants_html:
            body = pages.page(request.segments, f"<p>{message}</p>")
            return Reply(status, reason, body, location=location, logged=True)
        return sxp_reply(status, reason, self._show(["xend.err", message]), location=location, logged=logged)

    def refuse(self, request: Request, message: str) -> Reply:
        """Refuse an operation the way this release does."""
        return self._failed(request, self._op(request) or "", message)

    def _invalid(self) -> Reply:
        return Reply(406, "Invalid request", self._with_empty(""), "application/sxp")

    def _unknown(self, request: Request, op: str) -> Reply:
        text = f"Operation not implemented: {op}"
        body = text
        if op in NOT_SIMULATED and self._exists(request, op):
            text = f"Operation not simulated: {op}"
            body = f"{text} (this is the simulator; the operation {NOT_SIMULATED[op]})"
        if request.wants_html:
            return Reply(501, text, body + pages.page(request.segments), "text/plain")
        return Reply(501, text, self._with_empty(body), "application/sxp")

    def _exists(self, request: Request, op: str) -> bool:
        personality = self.host.personality
        return op in personality.operations | personality.directory_operations
