# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a comparison overlooks, each with its reason; everything else must be equal, character by character."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Union

Node = Union[str, "list[Node]"]

# Values of (KEY VALUE) which differ from run to run.
FIELDS = {
    "cpu_time": "measured",
    "up_time": "measured",
    "start_time": "the time of day",
    "store_mfn": "a page number the hypervisor chose",
    "console_mfn": "a page number the hypervisor chose",
}

# Values of (KEY VALUE) which are random unless a request mentioned them.
GENERATED = {"uuid": "random unless given", "mac": "random unless given"}

# Texts which are masked as a whole.
TEXTS = {
    "node-log": "xend's own log: times, process ids, source lines",
    "node-dmesg": "the hypervisor's boot messages",
    "neg-html-dmesg": "the hypervisor's boot messages",
}

# Patterns inside HTML.
HTML = {
    r"(<li>       host: )\w+": "the recorded host's name differs between its own two ways to show the node",
}

# Fields of the reply to create which are there when xend happened to refresh the domain before it answered:
# the recorded reply then says what a GET says. A recorded reply that was not refreshed is compared in full.
REFRESHED = {"state", "status", "shutdown_reason", "cpu_time", "online_vcpus"}
NOT_REFRESHED = ("'??????'", "------")
# ... and this item of its image.
REFRESHED_ITEM = ("image", "rtc_timeoffset")
# ... and this device, which appears a moment after the domain.
LATE_DEVICE = "console"


@dataclass(frozen=True)
class Chance:
    """Replies after which it is chance whether xend closes at once."""

    file: str  # a pattern
    slug: str  # a pattern
    status: int
    reason: str
    op: str = ""  # a pattern


_COLLECTED = "the cycle collector came by: closed here, left open in the other releases and after every other one"
_AFTER_CREATE = "what the create before it left to the cycle collector: left open here, closed in the other releases"
_OLDER_FILES = r"xend-(3\.[123]|3\.2-timeout|4\.1-sedf|4\.1-restart|.*-hvm)$"
_OLDER = "recorded over an older stand-in store, with which these left the connection open in no release"
_STORE_OPERATIONS = (
    "(shutdown|destroy|wait_for_devices|start|reset|restore|device_create|device_destroy|mem_target_set|maxmem_set)$"
)

CLOSING_BY_CHANCE = (
    Chance(
        r"xend-(3\.[34]|4\.)",
        "create|name|st-dying",
        201,
        "Python's cycle collector decides; a create makes much garbage",
    ),
    Chance(r"xend-(3\.4|4\.[01])", "create-(vbd-mode|vbd-disk|syntax-bang|escapes)-get$", 200, _AFTER_CREATE),
    Chance("xend-3.3", "sedf-get-dom0$", 500, _COLLECTED),
    Chance("xend-3.4", "(create-full-unpause|devcreate-vif-bare)$", 200, _COLLECTED),
    Chance("xend-3.4", "st-shutdown-pause$", 500, _COLLECTED),
    Chance("xend-3.4", "(start|save-fails)$", 202, _COLLECTED),
    Chance("xend-4.0", "(shutdown-paused-unpause|memset-above-the-boot-size|devcreate-vbd)$", 200, _COLLECTED),
    Chance("xend-4.0", "create-full-wait$", 202, _COLLECTED),
    Chance("xend-4.0", "devcreate-missing$", 500, _COLLECTED),
    Chance("xend-4.1", "memset-above-the-boot-size$", 200, _COLLECTED),
    Chance("xend-4.1", "create-full-wait$", 202, _COLLECTED),
    Chance("xend-4.1", "(vcpus-missing|devdestroy-unknown|dom0-reboot-bad)$", 500, _COLLECTED),
    *(Chance(_OLDER_FILES, "", status, _OLDER, _STORE_OPERATIONS) for status in (200, 201, 202)),
    Chance("xend-4.4", "shutdown-paused-unpause$", 200, _COLLECTED),
    Chance("xend-4.4", "start-paused$", 202, _COLLECTED),
    Chance("xend-4.4", "(sedf-none|credit-word|devcreate-none)$", 500, _COLLECTED),
    Chance("xend-(3.[1-4]|4).*-cases", "im-|cl-|full|sving-create", 201, "the cycle collector, as said below"),
    *(
        Chance(
            "xend-(3.[1-4]|4).*-cases",
            "ip-restore|dv-(at|de)tach|last-v|ref-|vc-|cl-.*-(wait|detach)|sving-destroy|mm-max2",
            status,
            "the same: of one release closed in one recording and left open in the other",
        )
        for status in (200, 201, 202)
    ),
    Chance("xend-4.1", "create|name|st-dying", 201, "Python's cycle collector decides; a create makes much garbage"),
    Chance("xend-3.[12]", "create|name|st-dying", 201, "the same"),
    Chance("xend-3.1", "(memset-huge|devcreate-none)$", 500, _COLLECTED),
    Chance("xend-3.1", "(vcpus-64|migrate-ok)$", 200, _COLLECTED),
    Chance("xend-3.2", "sedf-weight-rt$", 500, "the same: closed here, left open after every other failure"),
    Chance("xend-3.2-timeout", "t-(deaf|pz)$", 202, "the same: closed after the third of these three"),
    Chance("xend-4.1", "vcpus-3$", 500, "the cycle collector: closed in one recording, left open in the other"),
    Chance("xend-3.0.0", "create-hvm$", 201, "the emulator that is started inherits the connection"),
)


@dataclass(frozen=True)
class Fleeting:
    """A state which lasts so short that it is chance whether a poll sees it."""

    file: str  # a pattern
    slug: str  # a pattern
    pairs: tuple[tuple[str, str], ...]  # what the domain then shows
    reason: str


FLEETING = (
    Fleeting("", "", (("state", "---s--"),), "the guest has gone down, and xend has not seen to it yet"),
    Fleeting("", "", (("status", "2"), ("state", "------")), "unpaused, and its idle loop is not reached yet"),
    Fleeting("", "", (("status", "0"), ("state", "------")), "read while xend takes it apart: some of it is gone"),
)


def fleeting(file: str, slug: str, reply: Node) -> bool:
    """Tell whether it is chance that a poll got this reply."""
    pairs = reply[1] if isinstance(reply, list) and len(reply) > 1 and isinstance(reply[1], list) else []
    return any(
        re.match(each.file, file)
        and re.match(each.slug, slug)
        and all([key, value] in pairs for key, value in each.pairs)
        for each in FLEETING
    )


@dataclass(frozen=True)
class Unsettled:
    """A field of a domain of which it is chance whether xend has looked again before it answers."""

    file: str  # a pattern
    slug: str  # a pattern
    key: str
    reason: str
    item: str = ""  # of the field; empty: all of it


UNSETTLED = (
    Unsettled(
        "xend-3.1$",
        "(create-vbd-extra-atom|create-vfb|name-plus|name-nil|name-long)-get$",
        "image",
        "the first look after a create, which came a moment too early here and in no other case",
        "rtc_timeoffset",
    ),
    Unsettled(
        "xend-3.0.4$",
        "create-syntax-nonascii$",
        "image",
        "xend reads it back from the store after a create: it had done so here, and not yet at create-utf8",
    ),
    Unsettled(
        "xend-3.0.4$",
        "man-down-get$",
        "memory_dynamic_min",
        "what it held when xend last looked while it took it apart: nothing here, all at the end of mg-shutdown-polls",
    ),
)


def settled(file: str, slug: str, body: list[Node]) -> list[Node]:
    """Return a reply without what it is chance to find in it."""
    for each in UNSETTLED:
        if re.match(each.file, file) and re.match(each.slug, slug):
            body = [_without(_domain(body), each.key, each.item), *body[1:]]
    return body


def _without(domain: list[Node], key: str, item: str) -> list[Node]:
    """Leave out a field of a domain, or, of its value, an item."""
    kept: list[Node] = []
    for each in domain:
        if not isinstance(each, list) or each[:1] != [key]:
            kept.append(each)
        elif item:
            kept.append([key, *(_without(value, item, "") if isinstance(value, list) else value for value in each[1:])])
    return kept


@dataclass(frozen=True)
class Shuffled:
    """Replies about domains whose devices come in an order by chance."""

    file: str  # a pattern
    slug: str  # a pattern
    reason: str


SHUFFLED = (
    Shuffled(
        "xend-3.0.4",
        "(create-full|create-full-get|create-full-by-.*|create-full-running|devices-vif|full|full-get)$",
        "this release takes the devices from a dict of uuids, which are random, and numbers those of a network as they come",
    ),
)


def ordered(file: str, slug: str, node: Node) -> Node:
    """Return a masked reply with its devices in one order, and network devices without what tells which is which."""
    if not any(re.match(each.file, file) and re.match(each.slug, slug) for each in SHUFFLED) or isinstance(node, str):
        return node
    if node[:1] == ["domain"]:
        devices = [each for each in node if isinstance(each, list) and each[:1] == ["device"]]
        return [*(each for each in node if each not in devices), *sorted(devices, key=str)]
    if len(node) == 2 and node[0] == "mac":
        return ["mac", "*"]
    return [ordered(file, slug, each) for each in node]


# After these the recorder asked on at once, and could not see whether xend would have closed.
ASKED_ON = re.compile(
    r"(ip-reboot|last-vif|last-vbd|ref-vbd|go-shutdown|rb-reboot|mg-start|mg-shutdown|gone-destroy|mm-target|mm-max)\Z",
)

_ZERO = re.compile(r"[0-]+\Z")


@dataclass(frozen=True)
class Known:
    """All the text that requests contained: a uuid or mac found there was given, not generated."""

    text: str

    def given(self, value: str) -> bool:
        """Tell whether a value was given by a request."""
        return bool(_ZERO.match(value)) or value in self.text or value.replace("-", "") in self.text.replace("-", "")


def read(text: str) -> list[Node]:
    """Read what xend printed, keeping every token as it is printed, quotes, missing values and double spaces too."""
    stack: list[list[Node]] = [[]]
    for token in re.findall(r"""\(|\)| |'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^ ()'"]+|['"]""", text, re.DOTALL):
        if token == "(":
            _drop_gap(stack)
            stack.append([])
        elif token == ")" and len(stack) > 1:
            done = stack.pop()
            stack[-1].append(done)
        elif token == " ":
            stack[-1].append("")
        else:
            _drop_gap(stack)
            stack[-1].append(token)
    return stack[0] if len(stack) == 1 else [text]


def _drop_gap(stack: list[list[Node]]) -> None:
    """Forget a space that something follows; one that nothing follows stands for a missing value."""
    if stack[-1] and stack[-1][-1] == "":
        stack[-1].pop()


def mask(node: Node, known: Known) -> Node:
    """Replace volatile values, and bring what comes in a dict's arbitrary order into one."""
    if isinstance(node, str):
        return _GENERATED_NAME if _is_generated_name(node, known) else _sorted_dict(node)
    if len(node) == 2 and isinstance(node[0], str) and isinstance(node[1], str):
        key, value = node[0], node[1]
        if key in FIELDS or (key in GENERATED and not known.given(value)):
            return [key, "*"]
    if node and node[0] == "device" and len(node) == 2 and isinstance(node[1], list):
        return ["device", _sorted_pairs(node[1], known)]
    masked = [mask(each, known) for each in node]
    if _GENERATED_NAME in masked:
        masked.sort(key=str)  # xend sorted the names, of which one is random
    return _devices_by_class(masked) if node and node[0] == "domain" else masked


def place(url: str, known: Known) -> str:
    """Return a header, without the random name that a domain may have got at the end of its URL."""
    start, slash, name = url.rpartition("/")
    return f"{start}{slash}{_GENERATED_NAME}" if _is_generated_name(name, known) else url


def _is_generated_name(text: str, known: Known) -> bool:
    """Tell whether this is the name of one without any, or that rename-restart gives to the dead one: Domain-UUID."""
    return text.startswith(_NAME_PREFIX) and len(text) == _NAME_LENGTH and not known.given(text[len(_NAME_PREFIX) :])


_NAME_PREFIX, _NAME_LENGTH, _GENERATED_NAME = "Domain-", len("Domain-") + 36, "Domain-*"


def _sorted_dict(text: str) -> str:
    """Sort a printed Python dict."""
    if text.startswith('"{') and text.endswith('}"'):
        return '"{' + ", ".join(sorted(text[2:-2].split(", "))) + '}"'
    return text


def _sorted_pairs(node: list[Node], known: Known) -> list[Node]:
    """Sort the (key value) pairs of a device: xend prints a dict."""
    return node[:1] + sorted((mask(each, known) for each in node[1:]), key=str)


def _devices_by_class(domain: list[Node]) -> list[Node]:
    """Put the classes of devices into one order, each class keeping its own: xend prints a dict of classes."""
    devices = [each for each in domain if isinstance(each, list) and each[:1] == ["device"]]
    others = [each for each in domain if each not in devices]
    return others + sorted(devices, key=lambda device: str(device[1][0] if isinstance(device[1], list) else device[1]))


def refreshed(body: list[Node]) -> bool:
    """Tell whether the reply to a create had been refreshed before it was sent."""
    return not any(each == ["state", shown] for shown in NOT_REFRESHED for each in _domain(body))


def without_refresh(body: list[Node], *, keep_fields: bool) -> list[Node]:
    """Leave out what only chance puts into the reply to a create."""
    kept = [
        each
        for each in _domain(body)
        if not isinstance(each, list)
        or not each
        or not (each[0] == "device" and isinstance(each[1], list) and each[1][0] == LATE_DEVICE)
    ]
    if not keep_fields:
        kept = [each for each in kept if not (isinstance(each, list) and each and each[0] in REFRESHED)]
        kept = _without(kept, *REFRESHED_ITEM)
    return [kept, *body[1:]]


def _domain(body: list[Node]) -> list[Node]:
    return body[0] if body and isinstance(body[0], list) else []
