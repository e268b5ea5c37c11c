# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each operation against simulated xends: what is asked of them, what their answers are taken for, and never twice."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, Optional
from urllib.parse import quote, urlencode

import pytest

from ansible_collections.dom0.xend.plugins.module_utils.model.domain import Domain
from ansible_collections.dom0.xend.plugins.module_utils.wire import release
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import BODY_LIMIT, XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import (
    InvalidRequest,
    NoSuchDomain,
    NotXend,
    UnknownOperation,
    UnreadableReply,
    XendError,
    XendNoReply,
    XendRefused,
)
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import Sxp, dumps
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import Transport
from ansible_collections.dom0.xend.tests.unit.plugins.module_utils.raw_server import PATIENCE, RawServer, http
from ansible_collections.dom0.xend.tests.unit.plugins.module_utils.recorded import FILES, Recorded, replies
from tests.simulator import Fault, Simulator

VERSIONS = ("3.0.0", "4.1")

KERNEL = "/srv/xen/img/vmlinuz"
SEDF = {"period": 100_000_000, "slice": 20_000_000, "latency": 0, "extratime": 1, "weight": 0}
CREDIT = {"weight": 512, "cap": 50}

# Those that begin with ahead_of_ announce requests, and send none.
METHODS = {
    name
    for name, _method in inspect.getmembers(XendClient, inspect.isfunction)
    if not name.startswith(("_", "ahead_of_", "has_"))
}
PLAIN = {"log", "dmesg"}
"""What is text, and no s-expression."""
READS = METHODS & {"credit", "devices", "domain", "domain_of_uuid", "domains", "names", "node", "sedf", "vcpus", *PLAIN}
WRITES = sorted(METHODS - READS)
OF_A_DOMAIN = {method for method in METHODS if "name" in inspect.signature(getattr(XendClient, method)).parameters}
MANAGED = {"start", "delete", "new"}
"""What only 3.0.4 and later know."""

ARGUMENTS: dict[str, Any] = {
    "reason": "poweroff",
    "parameters": SEDF,
    "file": "/srv/xen/web1.save",
    "new_name": "web2",
    "target": 64,
    "memory": 128,
    "vcpus": 1,
    "vcpu": 0,
    "cpus": [0],
    "device": ["vbd", ["uname", "phy:a"], ["dev", "sdb"]],
    "kind": "vbd",
    "dev": "sda1",
    "state": "all",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "destination": "127.0.0.1",
    "live": False,
    "port": 0,
}
"""What fits the parameters of methods; a new parameter has to be added here, and its method is tested then."""


def config(name: str = "web1", **more: str) -> list[Sxp]:
    """Return a config that every release builds."""
    image: list[Sxp] = ["linux", ["kernel", KERNEL], ["vcpus", "1"], ["args", more.pop("args", "4")]]
    extra: list[Sxp] = [[key, value] for key, value in more.items()]
    return ["vm", ["name", name], ["memory", "64"], ["vcpus", "1"], ["image", image], *extra]


def client_of(sim: Simulator, **options: Any) -> XendClient:
    """Return a client that does not wait before a second attempt."""
    transport = Transport(sim.unix_url, sleep=lambda _seconds: None)
    return XendClient(transport, **{"timeout": PATIENCE, "slow_timeout": PATIENCE, **options})


def call(client: XendClient, method: str, name: str = "web1") -> Any:
    """Call a method of the client with arguments that fit."""
    fitting = {**ARGUMENTS, "name": name, "config": config(name)}
    function: Callable[..., Any] = getattr(client, method)
    return function(*[fitting[parameter] for parameter in inspect.signature(function).parameters])


@pytest.fixture(name="version", params=VERSIONS)
def _version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(name="sim")
def _sim(version: str) -> Iterator[Simulator]:
    with Simulator(version, scheduler="sedf", tcp=None) as sim:
        yield sim


def log_of(sim: Simulator) -> list[tuple[str, str, dict[str, list[str]]]]:
    """Return what was asked."""
    return [(request.method, request.path, request.params) for request in sim.requests]


def have(sim: Simulator, method: str) -> None:
    """Bring web1 to where a method can be used, off the record."""
    if method in ("create", "new", "restore"):
        return
    if method in ("start", "delete"):
        sim.define(dumps(config()))
        return
    sim.create(dumps(config()))
    if method not in ("unpause", "wait_for_devices"):
        client_of(sim).unpause("web1")
    sim.clear_log()


# ---- what is asked


@pytest.mark.parametrize(
    ("method", "asked"),
    [
        ("domain", ("GET", "/xend/domain/web1", {})),
        ("domains", ("GET", "/xend/domain", {"detail": ["1"]})),
        ("names", ("GET", "/xend/domain", {"state": ["all"]})),
        ("node", ("GET", "/xend/node", {})),
        ("domain_of_uuid", ("GET", "/xend/domain/00000000-0000-0000-0000-000000000000", {})),
        ("vcpus", ("GET", "/xend/domain/web1", {"op": ["vcpuinfo"]})),
        ("log", ("GET", "/xend/node/log", {})),
        ("dmesg", ("GET", "/xend/node/dmesg", {})),
        ("sedf", ("POST", "/xend/domain/web1", {"op": ["cpu_sedf_get"]})),
        ("create", ("POST", "/xend/domain", {"op": ["create"], "config": [dumps(config())]})),
        ("wait_for_devices", ("POST", "/xend/domain/web1", {"op": ["wait_for_devices"]})),
        ("unpause", ("POST", "/xend/domain/web1", {"op": ["unpause"]})),
        ("pause", ("POST", "/xend/domain/web1", {"op": ["pause"]})),
        ("shutdown", ("POST", "/xend/domain/web1", {"op": ["shutdown"], "reason": ["poweroff"]})),
        ("destroy", ("POST", "/xend/domain/web1", {"op": ["destroy"]})),
        (
            "set_sedf",
            ("POST", "/xend/domain/web1", {"op": ["cpu_sedf_set"], **{key: [str(SEDF[key])] for key in SEDF}}),
        ),
    ],
)
def test_a_method_asks_once_and_for_that_only(sim: Simulator, method: str, asked: Any) -> None:
    have(sim, method)
    call(client_of(sim), method)
    assert log_of(sim) == [asked]


@pytest.mark.parametrize("method", ["start", "delete"])
def test_a_managed_domain_is_asked_for_once(method: str) -> None:
    with Simulator("4.1", tcp=None) as sim:
        have(sim, method)
        call(client_of(sim), method)
        assert log_of(sim) == [("POST", "/xend/domain/web1", {"op": [method]})]


@pytest.mark.parametrize(
    "name", ["a/b", "ü", "100%", "a b", "it's", 'say "x"', "a?b#c", "a;b&c=d", "a+b", "%2e%2e", "\udce9"]
)
def test_a_name_is_one_word_of_the_path_whatever_is_in_it(name: str) -> None:
    with RawServer(http("404 Not found", b"No such domain x", Content_type="text/plain")) as server:
        client = XendClient(Transport(server.url))
        assert client.domain(name) is None
        with pytest.raises(NoSuchDomain):
            client.unpause(name)
    target = "/xend/domain/" + quote(name, safe="", errors="surrogateescape")
    lines = [request.split(b"\r\n")[0].decode("ascii") for request in server.requests]
    assert lines == [f"GET {target} HTTP/1.1", f"POST {target} HTTP/1.1"]


@pytest.mark.parametrize("name", ["", ".", "..", "..."])
@pytest.mark.parametrize("method", sorted(OF_A_DOMAIN))
def test_a_name_that_would_be_lost_in_a_url_is_refused_and_nothing_sent(method: str, name: str) -> None:
    with RawServer() as server, pytest.raises(InvalidRequest, match="cannot be the name of a domain"):
        call(XendClient(Transport(server.url)), method, name)
    assert server.requests == []


def test_a_name_that_no_bytes_stand_for_is_refused() -> None:
    with RawServer() as server, pytest.raises(InvalidRequest):
        XendClient(Transport(server.url)).domain("web\ud800")


def test_a_value_that_no_bytes_stand_for_is_refused() -> None:
    with RawServer() as server, pytest.raises(InvalidRequest):
        XendClient(Transport(server.url)).shutdown("web1", "\ud800")


@pytest.mark.parametrize("long", [False, True])
def test_a_config_up_to_the_limit_is_a_body_and_a_longer_one_a_query(version: str, *, long: bool) -> None:
    room = BODY_LIMIT - len(urlencode({"op": "create", "config": dumps(config(args="x"))}))
    tree = config(args="x" * (room + 1 + long))
    with RawServer(http("201 created", b"(domain)")) as server:
        XendClient(Transport(server.url)).create(tree)
    top, _blank, body = server.requests[0].partition(b"\r\n\r\n")
    assert len(body) == (0 if long else BODY_LIMIT)
    assert (b"?op=create" in top) is long
    with Simulator(version, tcp=None) as sim:
        client_of(sim).create(tree)
        assert sim.requests[0].params == {"op": ["create"], "config": [dumps(tree)]}


@pytest.mark.parametrize("size", [9_000, 20_000, 200_000])
def test_a_long_config_arrives_whole(sim: Simulator, size: int) -> None:
    hard = "a;b&c=d+e%20'\"\\ #é(" * (size // 20)
    client_of(sim).create(config(args=hard))
    assert sim.requests[0].params["config"] == [dumps(config(args=hard))]
    found = client_of(sim).domain("web1")
    assert found is not None
    assert found.image is not None
    assert found.image.args == hard


# ---- what must not be sent


def test_every_method_either_reads_or_writes() -> None:
    assert {"domain", "domains", "names", "node", "sedf"} <= READS
    assert {"create", "destroy", "shutdown", "set_sedf"} <= set(WRITES)


@pytest.mark.parametrize("method", WRITES)
def test_a_read_only_client_sends_no_write(method: str) -> None:
    with RawServer() as server, pytest.raises(RuntimeError, match="read-only"):
        call(XendClient(Transport(server.url), read_only=True), method)
    assert server.requests == []


@pytest.mark.parametrize("method", sorted(READS - {"credit"}))
def test_a_read_only_client_reads(sim: Simulator, method: str) -> None:
    have(sim, method)
    call(client_of(sim, read_only=True), method)
    assert len(sim.requests) == 1


@pytest.mark.parametrize("version", ["3.0.3", "3.1", "3.2", "4.1"])
def test_the_credit_parameters_are_asked_for_once_and_set_at_once(version: str) -> None:
    with Simulator(version, scheduler="credit", tcp=None) as sim:
        have(sim, "credit")
        assert "'weight': 256" in str(client_of(sim, read_only=True).credit("web1"))
        client_of(sim).set_credit("web1", CREDIT)
        assert log_of(sim) == [
            ("POST", "/xend/domain/web1", {"op": ["domain_sched_credit_get"]}),
            ("POST", "/xend/domain/web1", {"op": ["domain_sched_credit_set"], "weight": ["512"], "cap": ["50"]}),
        ]
        assert "'weight': 512" in str(client_of(sim).credit("web1"))


@pytest.mark.parametrize("version", ["3.0.0", "3.0.2"])
def test_what_a_release_does_not_know_is_distinguished(version: str) -> None:
    with Simulator(version, tcp=None) as sim:
        have(sim, "credit")
        with pytest.raises(UnknownOperation, match="Operation not implemented: domain_sched_credit_get"):
            client_of(sim).credit("web1")


CONTROL_DOMAIN = ["Domain-0", "0", "00", "000", "+0", "-0", " 0", "0 ", "\t0", "0L", "0l", "-00"]
CONTROL_DOMAIN += ["00000000-0000-0000-0000-000000000000", "0" * 32, "00000000-00000000-00000000-00000000"]


@pytest.mark.parametrize("method", ["shutdown", "destroy", "pause", "delete"])
@pytest.mark.parametrize("name", CONTROL_DOMAIN)
def test_nothing_that_ends_or_stops_the_host_is_sent(method: str, name: str) -> None:
    with RawServer() as server, pytest.raises(InvalidRequest, match="it is the host itself"):
        call(XendClient(Transport(server.url)), method, name)
    assert server.requests == []


@pytest.mark.parametrize("name", ["Domain-1", "Domain-00", "01", "10", "domain-0", "0a", "a0", "0x0", "0.0"])
def test_a_name_like_the_hosts_is_a_name(name: str) -> None:
    with RawServer() as server:
        XendClient(Transport(server.url)).destroy(name)
    assert len(server.requests) == 1


# ---- whether there is a domain


def test_a_domain_that_is_there_is_found(sim: Simulator) -> None:
    have(sim, "domain")
    found = client_of(sim).domain("web1")
    assert isinstance(found, Domain)
    assert (found.name, found.state, found.memory) == ("web1", "running", 64)


@pytest.mark.parametrize("name", ["nosuch", "4242", "-1", "it's", "%zz", "a b", "ü", "x" * 300])
def test_a_domain_that_is_not_there_is_none(sim: Simulator, name: str) -> None:
    assert client_of(sim).domain(name) is None


def test_a_domain_found_by_its_id_or_uuid_is_not_the_one_that_was_meant(sim: Simulator) -> None:
    domain = sim.create(dumps(config()))
    for other in (str(domain.domid), "0", domain.uuid, domain.uuid.replace("-", "")):
        assert client_of(sim).domain(other) is None


UUID = "c0ffee00-0000-4000-8000-00000000beef"


@pytest.mark.parametrize(
    ("version", "tells"),
    [("3.0.0", None), ("3.0.3", None), ("3.0.4", True), ("3.1", False), ("3.4", True), ("4.1", True)],
)
def test_a_uuid_is_looked_up_where_xend_does_that(version: str, *, tells: Optional[bool]) -> None:
    with Simulator(version, tcp=None) as sim:
        client = client_of(sim)
        if tells:
            with pytest.raises(NoSuchDomain, match=f"has no domain with the UUID {UUID}"):
                client.domain_of_uuid(UUID)
        else:
            assert client.domain_of_uuid(UUID) is None
        sim.create(dumps(config(uuid=UUID)))
        found = client.domain_of_uuid(UUID)
        assert (found and found.name) == (None if tells is None else "web1")
        assert len(sim.requests) == 2


def test_a_domain_that_has_a_uuid_for_a_name_is_not_the_one_that_was_meant(sim: Simulator) -> None:
    sim.create(dumps(config(UUID)))
    assert client_of(sim).domain_of_uuid(UUID) is None


def test_names_are_listed_by_the_state_that_xend_counts_them_as(sim: Simulator) -> None:
    have(sim, "pause")
    sim.create(dumps(config("web2")))
    everything = ["Domain-0", "web1", "web2"]
    expected = {"running": everything[:2], "paused": ["web2"], "halted": [], "all": everything}
    for state, names in expected.items():
        assert client_of(sim).names(state) == (everything if sim.version == "3.0.0" else names)


def test_a_name_is_looked_up_in_its_case(sim: Simulator) -> None:
    have(sim, "domain")
    assert client_of(sim).domain("WEB1") is None


@pytest.mark.parametrize("method", sorted(OF_A_DOMAIN - {"domain"}))
def test_an_operation_on_no_domain_says_so(sim: Simulator, method: str) -> None:
    with pytest.raises(NoSuchDomain, match="knows no domain 'web1' to"):
        call(client_of(sim), method)
    assert len(sim.requests) == 1


SPOILT = ["Invalid Configuration: maxmem", "Not found: x", "", "no such domain web1", "<Fault 4: 'web1'>", "Nix", "404"]


@pytest.mark.parametrize("text", SPOILT)
def test_another_404_is_an_error_and_not_the_absence_of_a_domain(sim: Simulator, text: str) -> None:
    have(sim, "domain")
    sim.faults.append(Fault("get", "status", status=404, body=text))
    with pytest.raises(XendRefused) as caught:
        client_of(sim).domain("web1")
    assert not isinstance(caught.value, NoSuchDomain)
    assert text in str(caught.value)


@pytest.mark.parametrize("text", SPOILT)
@pytest.mark.parametrize("method", ["destroy", "sedf"])
def test_an_operation_takes_another_404_for_an_error_too(sim: Simulator, method: str, text: str) -> None:
    have(sim, method)
    sim.faults.append(Fault("*", "status", status=404, body=text))
    with pytest.raises(XendRefused) as caught:
        call(client_of(sim), method)
    assert not isinstance(caught.value, NoSuchDomain)


def test_an_empty_500_means_no_domain_only_if_the_list_of_names_agrees(sim: Simulator) -> None:
    have(sim, "domain")
    for _time in range(2):
        sim.faults.append(Fault("get", "status", status=500))
    assert client_of(sim).domain("other") is None
    with pytest.raises(XendRefused, match="which it lists, and gave no reason"):
        client_of(sim).domain("web1")
    assert [params for _method, _path, params in log_of(sim)] == [{}, {"state": ["all"]}] * 2


def test_an_empty_500_is_an_error_if_there_is_no_list_of_names_either(sim: Simulator) -> None:
    sim.faults.append(Fault("*", "status", status=500, times=-1))
    with pytest.raises(XendRefused) as caught:
        client_of(sim).domain("web1")
    assert not isinstance(caught.value, NoSuchDomain)


def test_an_operation_with_an_empty_500_leaves_it_open_what_happened(sim: Simulator) -> None:
    sim.faults.append(Fault("destroy", "status", status=500))
    with pytest.raises(NoSuchDomain, match="or failed without a reason"):
        client_of(sim).destroy("web1")


@pytest.mark.parametrize(
    "domain", ["(domain)", "(domain (memory 64))", "x", "''", "()", "(ls  web1)", "(domain (name ()))"]
)
def test_what_is_no_domain_is_not_read_as_one(sim: Simulator, domain: str) -> None:
    fault = Fault("get", "status", status=200, body=domain, content_type="application/sxp")
    sim.faults.append(fault)
    with pytest.raises(UnreadableReply, match="cannot be read as a domain"):
        client_of(sim).domain("web1")


@pytest.mark.parametrize("method", ["domains", "names"])
@pytest.mark.parametrize("text", ["x", "''", "(a", "", "<", ")"])
def test_what_is_no_list_is_not_read_as_one(sim: Simulator, method: str, text: str) -> None:
    sim.faults.append(Fault("*", "status", status=200, body=text, content_type="application/sxp"))
    with pytest.raises((UnreadableReply, NotXend)):
        call(client_of(sim), method)


# ---- refusals, whatever status they come with


@pytest.mark.parametrize("status", [200, 201, 202, 500])
@pytest.mark.parametrize("method", sorted(METHODS))
def test_an_xend_err_is_a_refusal_with_any_status(version: str, method: str, status: int) -> None:
    with Simulator(version, tcp=None) as sim:
        body = "(xend.err \"(22, 'Invalid argument')\\n\")''"
        sim.faults.append(Fault("*", "status", status=status, body=body, content_type="application/sxp"))
        with pytest.raises(XendRefused, match="refused") as caught:
            call(client_of(sim), method)
        assert caught.value.reason == "(22, 'Invalid argument')\n"
        assert len(sim.requests) == 1


@pytest.mark.parametrize("method", sorted(METHODS))
@pytest.mark.parametrize("status", [400, 406, 413, 501])
def test_an_error_status_is_a_refusal_without_an_xend_err(version: str, method: str, status: int) -> None:
    with Simulator(version, tcp=None) as sim:
        sim.faults.append(Fault("*", "status", status=status, body="Operation not implemented: x''"))
        with pytest.raises(XendRefused, match=f"{status} Simulated"):
            call(client_of(sim), method)


@pytest.mark.parametrize("method", sorted(METHODS - PLAIN))
def test_a_page_of_another_server_is_not_taken_for_a_success(version: str, method: str) -> None:
    for body in ("It works!", "{}", "(domain (name web1))"):
        with Simulator(version, tcp=None) as sim:
            sim.faults.append(Fault("*", "status", status=200, body=body))
            with pytest.raises(NotXend):
                call(client_of(sim), method)


@pytest.mark.parametrize("kind", ["text/html", "application/sxp", "application/octet-stream", ""])
@pytest.mark.parametrize("method", sorted(PLAIN))
def test_what_is_not_called_plain_text_is_no_log_and_not_shown(sim: Simulator, method: str, kind: str) -> None:
    sim.faults.append(Fault("*", "status", status=200, body="(vncpasswd s3cret)", content_type=kind))
    with pytest.raises(NotXend) as caught:
        call(client_of(sim), method)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("body", ["<VGA> first", "(xend.err no)", "", "\n", "(XEN) caf\xe9"])
@pytest.mark.parametrize("method", sorted(PLAIN))
def test_plain_text_is_returned_as_it_is_whatever_it_begins_with(method: str, body: str) -> None:
    with RawServer(http(body=body.encode("latin-1"), Content_type="text/plain")) as server:
        found = call(XendClient(Transport(server.url)), method)
    assert found == body.encode("latin-1").decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("status", [200, 202])
def test_a_create_without_a_201_is_not_taken_for_one(sim: Simulator, status: int) -> None:
    sim.faults.append(Fault("create", "status", status=status))
    with pytest.raises(UnreadableReply, match=r"the answer to a create.*check before you repeat it") as caught:
        client_of(sim).create(config())
    assert caught.value.perhaps_done


def test_a_write_that_is_answered_in_another_kind_of_text_may_have_been_done(sim: Simulator) -> None:
    sim.faults.append(Fault("pause", "status", status=200, body="Thank you", content_type="text/plain"))
    with pytest.raises(NotXend, match="check before you repeat it") as caught:
        client_of(sim).pause("web1")
    assert caught.value.perhaps_done


@pytest.mark.parametrize(
    "text",
    ["(xend.err)", "(xend.err )", "(xend.err '')", "(xend.err ())", "(xend.err a b)", "(xend.err 'torn", "(xend.err"],
)
def test_a_refusal_without_words_is_a_refusal_all_the_same(sim: Simulator, text: str) -> None:
    sim.faults.append(Fault("pause", "status", status=202, body=text, content_type="application/sxp"))
    with pytest.raises(XendRefused, match=r"refused pause: .+"):
        client_of(sim).pause("web1")


# ---- faults: the right error, and never twice

FAULTS: list[tuple[str, type[XendError], Optional[bool]]] = [
    ("drop", XendNoReply, True),
    ("drop_after", XendNoReply, True),
    ("hang", XendNoReply, True),
    ("html", NotXend, True),
    ("refuse", XendRefused, None),
]


@pytest.mark.parametrize(("kind", "expected", "perhaps_done"), FAULTS)
@pytest.mark.parametrize("method", sorted(set(WRITES) - MANAGED))
def test_a_write_that_fails_is_not_sent_again(
    sim: Simulator, method: str, kind: str, expected: type[XendError], *, perhaps_done: Optional[bool]
) -> None:
    have(sim, method)
    sim.faults.append(Fault("*", kind, times=-1))
    patience = 0.5 if kind == "hang" else PATIENCE
    with pytest.raises(expected) as caught:
        call(client_of(sim, timeout=patience, slow_timeout=patience), method)
    assert getattr(caught.value, "perhaps_done", None) == perhaps_done
    assert len(sim.requests) == 1


@pytest.mark.parametrize("kind", ["drop", "drop_after", "hang", "html", "refuse"])
@pytest.mark.parametrize("method", sorted(MANAGED & METHODS))
def test_a_managed_domains_write_that_fails_is_not_sent_again(method: str, kind: str) -> None:
    with Simulator("4.1", tcp=None) as sim:
        have(sim, method)
        sim.faults.append(Fault("*", kind, times=-1))
        with pytest.raises((XendNoReply, NotXend, XendRefused)):
            call(client_of(sim, timeout=0.5, slow_timeout=0.5), method)
        assert len(sim.requests) == 1


def test_a_create_whose_reply_is_cut_off_may_have_been_done(sim: Simulator) -> None:
    sim.faults.append(Fault("create", "truncate"))
    with pytest.raises(XendNoReply) as caught:
        client_of(sim).create(config())
    assert caught.value.perhaps_done
    assert len(sim.requests) == 1
    assert "web1" in sim.names()


@pytest.mark.parametrize(
    ("kind", "times", "expected", "requests"),
    [
        ("drop", 1, None, 2),
        ("drop", -1, XendNoReply, 2),
        ("drop_after", -1, XendNoReply, 2),
        ("hang", -1, XendNoReply, 1),
        ("truncate", -1, XendNoReply, 1),
        ("html", -1, NotXend, 1),
    ],
)
@pytest.mark.parametrize("method", ["domain", "domains", "names", "node", "log", "dmesg"])
def test_a_read_that_fails_is_tried_twice_where_the_connection_dropped(
    sim: Simulator, method: str, kind: str, times: int, expected: Optional[type[XendError]], requests: int
) -> None:
    have(sim, method)
    sim.faults.append(Fault("*", kind, times=times))
    client = client_of(sim, timeout=0.5 if kind == "hang" else PATIENCE)
    if expected is None:
        call(client, method)
    else:
        with pytest.raises(expected) as caught:
            call(client, method)
        assert not getattr(caught.value, "perhaps_done", False)
    assert len(sim.requests) == requests


# ---- which release it is


@pytest.mark.parametrize(
    ("version", "by_absence", "by_presence"),
    [("3.0.0", release.EARLY, release.R300), ("4.1", release.LATE, release.R41_TO_44)],
)
def test_the_release_is_learnt_from_a_domain_and_from_the_absence_of_one(
    version: str, by_absence: release.Release, by_presence: release.Release
) -> None:
    with Simulator(version, tcp=None) as sim:
        client = client_of(sim)
        assert client.release is None
        client.domain("nosuch")
        assert client.release == by_absence
        client.domain("Domain-0")
        assert client.release == by_presence
        client.domain("nosuch")
        assert client.release == by_presence


# ---- what real xends answered


def answered(recorded: Recorded) -> RawServer:
    """Return a server that answers as the recorded xend did."""
    body = recorded.text.encode("utf-8", "surrogateescape")
    headers = {"Content_type": recorded.content_type} if recorded.content_type else {}
    return RawServer(http(f"{recorded.status} Recorded", body, **headers))


def gets_of_domains(file: str) -> list[Recorded]:
    """Return the recorded GETs of a single domain that ask for nothing special, each body once."""
    found = {
        each.text: each
        for each in replies(file)
        if each.method == "GET" and each.target.startswith("/xend/domain/") and each.target.count("/") == 3
        if "?" not in each.target and not each.target.endswith("/") and (each.is_sxp or each.status in (404, 500))
    }
    return list(found.values())[:60]


@pytest.mark.parametrize("file", FILES)
def test_every_recorded_answer_about_a_domain_is_a_domain_or_none_or_a_refusal(file: str) -> None:
    for each in gets_of_domains(file):
        with answered(each) as server:
            client = XendClient(Transport(server.url))
            if each.text.startswith(("(xend.err", "Invalid Configuration")):
                with pytest.raises(XendRefused):
                    client.domain("web1")
            elif each.is_sxp:
                assert client.domain("no such name") is None
            elif each.status == 404:
                assert client.domain("web1") is None
                assert client.release is not None


@pytest.mark.parametrize("file", FILES)
def test_every_recorded_failure_of_an_operation_is_a_refusal(file: str) -> None:
    failures = {
        each.text: each
        for each in replies(file)
        if each.method == "POST" and each.op and (each.status >= 400 or each.text.startswith("(xend.err"))
        if not each.text.startswith("<html>")
    }
    for each in list(failures.values())[:60]:
        with answered(each) as server, pytest.raises(XendRefused):
            XendClient(Transport(server.url)).pause("web1")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("method", sorted(PLAIN))
def test_every_recorded_log_is_returned_as_it_is(file: str, method: str) -> None:
    for each in (each for each in replies(file) if each.target == f"/xend/node/{method}" and each.method == "GET"):
        with answered(each) as server:
            if each.content_type:
                assert call(XendClient(Transport(server.url)), method) == each.text
            else:  # what a browser is shown
                with pytest.raises(NotXend):
                    call(XendClient(Transport(server.url)), method)
