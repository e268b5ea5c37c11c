# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations: the effect of a POST with op=NAME on the simulated host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

from . import checkpoints
from . import config as reading
from .domains import Sedf
from .errors import XendError
from .images import is_hvm
from .render import domain_sxp, dynamic_memory, frontends, known_vcpus, vcpu_info
from .sxp import BrokenParserError, Long, SxpError, head, parse, py2_repr

if TYPE_CHECKING:
    from .domains import Device, Domain
    from .host import Host
    from .personality import Personality
    from .sxp import Sxp

_INVALID = "(22, 'Invalid argument')"
_NOT_AN_INT = "int() argument must be a string or a number, not 'NoneType'"
_REASONS = ("poweroff", "reboot", "halt", "suspend", "crash")
_SLOW_DEVICE = 3.0  # seconds until a device marked rigslow has connected


class Params:
    """The form fields of a request: each name with its values in order."""

    def __init__(self, values: dict[str, list[str]]) -> None:
        """Keep them."""
        self.values = values

    def declared(self, name: str) -> str:
        """Return a declared parameter, or refuse as xend does."""
        values = self.values.get(name)
        if not values:
            msg = f"Missing parameter: {name}"
            raise XendError(msg)
        if len(values) > 1:
            msg = f"Too many values for {name}"
            raise XendError(msg)
        return values[0]

    def number(self, name: str) -> int:
        """Return a declared parameter as an integer."""
        return reading.py_int(self.declared(name))

    def looked_up(self, name: str) -> str:
        """Return a parameter that xend simply looks up, or refuse with the KeyError that this makes."""
        values = self.values.get(name)
        if not values:
            msg = f"'{name}'"
            raise XendError(msg)
        return values[0]


@dataclass(frozen=True)
class Operation:
    """How one op is done and answered."""

    run: Callable[[Host, Domain, Params], Sxp]  # None: an empty reply
    acknowledged: bool = False  # 202 with a Location, whatever the outcome
    logs: bool = False  # xend writes a line to its log even on success
    logs_if_live: bool = False  # ... of an operation on a domain that is not halted
    threaded: bool = False  # runs in a thread: its errors keep the status, and other clients are served meanwhile


# -- the directory -----------------------------------------------------------------------------------------------------


def read_expression(host: Host, params: Params) -> Sxp:
    """Return the first expression of `config`; raise XendError as create and new do."""
    values = params.values.get("config")
    if not values:
        msg = "Configuration error 'NoneType' object has no attribute '__getitem__'"
        raise XendError(msg)
    try:
        found = parse(values[0], host.personality.dialect)
    except SxpError as error:
        msg = f"Invalid configuration {error}"
        raise XendError(msg) from None
    except BrokenParserError as error:
        msg = f"Configuration error {error}"
        raise XendError(msg) from None
    if not found:
        msg = "Configuration error list index out of range"
        raise XendError(msg)
    return found[0]


def create(host: Host, params: Params) -> Domain:
    """Do op=create."""
    config = read_expression(host, params)
    try:
        return host.create(config)
    except XendError as error:
        msg = f"Error creating domain: {error}"
        raise XendError(msg) from None


def define(host: Host, params: Params) -> None:
    """Do op=new."""
    config = read_expression(host, params)
    try:
        host.define(config)
    except XendError as error:
        msg = f"Error creating domain: {error}"
        raise XendError(msg) from None


def list_all(host: Host) -> Sxp:
    """Return what op=list and ?detail=1 show. They may fail because of a zombie whose network device has gone."""
    if host.poison:
        raise XendError(host.poison)
    if host.personality.zombie_breaks_detail and any(each.zombie for each in host.domains):
        raise XendError(host.personality.zombie_breaks_detail)
    return [domain_sxp(each) for each in host.listed()]


# -- life --------------------------------------------------------------------------------------------------------------


def _must_have_domid(domain: Domain) -> None:
    if domain.domid is None:
        raise XendError(_NOT_AN_INT)


def _pause_or_unpause(host: Host, domain: Domain, verb: str) -> None:
    if domain.domid == 0:
        protected = verb in host.personality.protects_domain0_from
        raise XendError(f"Cannot {verb} privileged domain 0" if protected else _INVALID)
    _must_have_domid(domain)
    if verb in host.personality.needs_power and domain.status not in (1, 2):
        msg = f"Domain '{domain.domid}' is not started"
        raise XendError(msg)
    if verb == "unpause":
        host.unpause(domain)
    elif domain.live:
        domain.paused = True


def _unpause(host: Host, domain: Domain, _params: Params) -> Sxp:
    _pause_or_unpause(host, domain, "unpause")
    return None


def _pause(host: Host, domain: Domain, _params: Params) -> Sxp:
    _pause_or_unpause(host, domain, "pause")
    return None


def _shutdown(host: Host, domain: Domain, params: Params) -> Sxp:
    reason = params.looked_up("reason")
    protected = domain.domid == 0 and "shutdown" in host.personality.protects_domain0_from
    if protected and host.personality.privileged_before_reason:
        raise XendError(host.personality.words.domain0_shutdown)
    if "shutdown" in host.personality.needs_power and domain.status not in (1, 2):
        msg = "Domain cannot be shutdown"
        raise XendError(msg)
    if reason not in _REASONS:
        msg = f"Invalid reason: {reason}"
        raise XendError(msg)
    if protected:
        raise XendError(host.personality.words.domain0_shutdown)
    host.ask(domain, reason)
    return None


def _destroy(host: Host, domain: Domain, _params: Params) -> Sxp:
    if domain.domid == 0:
        msg = "Cannot destroy privileged domain 0"
        raise XendError(msg)
    _must_have_domid(domain)
    host.remove(domain)
    return None


def _rename(host: Host, domain: Domain, params: Params) -> Sxp:
    name = params.looked_up("name")
    reading.check_name(host, name, own=domain)
    domain.name = name
    return None


def _sysrq(_host: Host, _domain: Domain, params: Params) -> Sxp:
    if reading.py_int(params.looked_up("key")) > 255:
        msg = "unsigned byte integer is greater than maximum"
        raise XendError(msg)
    return None


def _start(host: Host, domain: Domain, _params: Params) -> Sxp:
    if domain.domid is not None:
        msg = "Domain is already running"
        raise XendError(msg)
    host.start(domain)
    return None


def _delete(host: Host, domain: Domain, _params: Params) -> Sxp:
    if domain.domid is not None:
        raise XendError(host.personality.words.delete_running)
    host.discard(domain)
    return None


# -- devices -----------------------------------------------------------------------------------------------------------


def wait_for_devices(host: Host, domain: Domain) -> None:
    """Wait for every device in turn; raise XendError for the first that fails. Holds no lock while it waits."""
    for device in list(domain.devices):
        if not device.connected:
            _wait_or_let_go(host, domain, device, lets_go=host.personality.takes_failed_away)


def _wait_or_let_go(host: Host, domain: Domain, device: Device, *, lets_go: bool) -> None:
    try:
        _wait_for(host, device)
    except XendError:
        if lets_go:
            domain.let_go(device)
        raise


def _wait_for(host: Host, device: Device) -> None:
    kind = "vbd" if device.kind == "tap" else device.kind
    if device.hotplug == "rigslow":
        host.clock.sleep_until(device.created + _SLOW_DEVICE, host.stopping)
        device.connected = True
        return
    prefix = f"Device {device.devid} ({kind}) could not be connected."
    if device.hotplug == "rigmissing":
        script = "block" if kind == "vbd" else (device.get("script") or "vif-bridge").rpartition("/")[2]
        text = host.personality.words.hotplug_failed.format(devid=device.devid, kind=kind, script=script)
    elif device.hotplug == "rigbusy":
        what = (device.get("uname") or device.get("bridge") or "").rpartition(":")[2]
        text = f"{prefix}\nDevice {what} is mounted in a guest domain,\nand so cannot be mounted now."
    else:
        host.clock.sleep_until(host.clock.now() + host.personality.hotplug_patience, host.stopping)
        text = f"{prefix} Hotplug scripts not working."
    raise XendError(text)


def _devices(host: Host, domain: Domain, params: Params) -> Sxp:
    kind = params.declared("type")
    if kind not in host.personality.device_classes:
        raise XendError(host.personality.words.device_type.format(kind=kind))
    return frontends(domain, kind)


def _device_config(params: Params, host: Host) -> Sxp:
    """Return the one bare expression of device_create, or refuse in xend's words."""
    try:
        found = parse(params.declared("config"), host.personality.dialect)
    except (SxpError, BrokenParserError):
        msg = "Coercion to sxpr failed"
        raise XendError(msg) from None
    if len(found) != 1:
        raise XendError("Too many sxprs" if found else "object of type 'NoneType' has no len()")
    return found if isinstance(found[0], str) else found[0]  # a lone word counts as a list of one


def _device_create(host: Host, domain: Domain, params: Params) -> Sxp:
    config = _device_config(params, host)
    kind = head(config)
    if kind not in host.personality.create_classes:
        raise XendError(host.personality.words.added_device_type.format(kind=kind, config=""))
    device = reading.add_device(host, domain, config)
    if domain.domid is None and host.personality.words.added_halted:
        raise XendError(host.personality.words.added_halted)
    ids: list[Sxp] = ["dom", domain.domid, "id", device.devid if domain.domid is not None else None]
    return [kind, ids]


def wait_for_new_device(host: Host, domain: Domain) -> None:
    """Wait for the device that device_create has just added; one that fails is taken away again."""
    device = domain.devices[-1]
    if device.connected or domain.domid is None:
        return
    _wait_or_let_go(host, domain, device, lets_go=True)


def _device_destroy(host: Host, domain: Domain, params: Params) -> Sxp:
    kind, dev = params.declared("type"), params.declared("dev")
    for name in host.personality.device_destroy_numbers:
        params.number(name)
    if kind not in host.personality.device_classes:
        raise XendError(host.personality.words.device_type.format(kind=kind))
    domain.let_go(_find_device(host, domain, kind, dev))
    return None


def _device_configure(host: Host, domain: Domain, params: Params) -> Sxp:
    config, dev = _device_config(params, host), params.declared("dev")
    kind = head(config) or ""
    if is_hvm(domain) and kind in host.personality.reconfigure_refused:  # (c): a change of media, from 3.1 to 3.4
        device = _find_device(host, domain, kind, dev)
        if device.given_class == "cdrom":
            device.config["uname"] = [str(reading.child_value(config, "uname"))]
            return None
    words = host.personality.reconfigure_refused
    keys = ("uname", "mode", "dev")
    pairs = ", ".join(f"'{key}': {py2_repr(reading.show_plain(reading.child_value(config, key)))}" for key in keys)
    devid = reading.device_number(dev) if kind in ("vbd", "tap") else dev
    raise XendError(words.get(kind, words[""]).format(kind=kind, dev=dev, devid=devid, pairs=pairs))


def _find_device(host: Host, domain: Domain, kind: str, dev: str) -> Device:
    """Return a device by its id, a disk by its name too; refuse in the words of the release."""
    unknown = host.personality.words.devid_unknown
    number = reading.device_number(dev) if kind in ("vbd", "tap", "tap2") else None
    if number is None and not dev.isdigit():
        if unknown:
            raise XendError(unknown.format(dev=dev))
        reading.py_int(dev)
    wanted = int(dev) if number is None else number
    kinds = (kind, "tap") if kind == "vbd" and host.personality.disk_classes == "vbd" else (kind,)
    found = next((each for each in domain.of_kind(*kinds) if each.devid == wanted), None)
    if found is None:
        raise XendError(host.personality.words.device_missing.format(devid=wanted, dev=dev))
    return found


def _vcpuinfo(host: Host, domain: Domain, _params: Params) -> Sxp:
    if domain.domid is None and host.personality.words.vcpuinfo_halted:
        raise XendError(host.personality.words.vcpuinfo_halted)
    return vcpu_info(domain)


# -- memory and vcpus --------------------------------------------------------------------------------------------------


def _refuse_config(*limits: tuple[bool, str]) -> None:
    for broken, text in limits:
        if broken:
            msg = f"Invalid Configuration: {text}"
            raise XendError(msg)


_ABOVE_STATIC = "memory_dynamic_max must be less than or equal to memory_static_max"
_KIB, _INT_LIMIT = 1024, 2**31


def _mem_target_set(host: Host, domain: Domain, params: Params) -> Sxp:
    target = params.number("target")
    rule = host.personality.mem_target
    if rule == "positive" and target <= 0:
        raise XendError(host.personality.words.target_positive)
    if rule == "static":
        _refuse_config(
            (target < 0, "memory_static_min must be less than or equal to memory_dynamic_min"),
            (target == 0, "memory_dynamic_max must be greater than zero"),
            (target > domain.maxmem, _ABOVE_STATIC),
        )
    domain.held = (dynamic_memory(domain)[0], host.clock.now() + host.lags.balloon)
    domain.memory = target
    domain.maxmem = max(domain.maxmem, target)
    return None


def _maxmem_set(host: Host, domain: Domain, params: Params) -> Sxp:
    memory = params.number("memory")
    if memory * _KIB >= _INT_LIMIT:
        msg = "signed integer is greater than maximum"
        raise XendError(msg)
    rule = host.personality.maxmem
    held, until = domain.held
    if rule != "hidden" and memory < held and host.clock.now() < until:
        if host.personality.stores_refused_maxmem:
            domain.maxmem = memory
        raise XendError(_INVALID)
    if memory <= 0 and host.personality.words.maxmem_positive:
        raise XendError(host.personality.words.maxmem_positive)
    if rule == "static":
        _refuse_config(
            (memory < 0, "memory_static_min must be less than or equal to memory_static_max"),
            (memory < domain.memory, _ABOVE_STATIC),
        )
    elif rule == "poison" and memory < domain.memory:
        domain.maxmem = memory
        host.poison = f"Invalid Configuration: {_ABOVE_STATIC}"
        raise XendError(_INVALID)
    elif rule in ("checked", "shown") and 0 <= memory < domain.memory and domain.domid is not None:
        raise XendError(_INVALID)
    if rule not in ("hidden", "checked"):
        domain.maxmem = domain.ceiling = memory
    return 0 if domain.domid is not None else None


def _set_vcpus(host: Host, domain: Domain, params: Params) -> Sxp:
    vcpus = reading.small(params.number("vcpus"))
    _check_vcpus(host.personality, domain, vcpus)
    if ("halted" if domain.domid is None else "live") in host.personality.set_vcpus_rewrites:
        domain.vcpus = vcpus
        if domain.domid is None:
            domain.pins = (domain.pins + [None] * vcpus)[:vcpus]
    domain.vcpu_avail = (1 << vcpus) - 1
    return None


def _check_vcpus(personality: Personality, domain: Domain, vcpus: int) -> None:
    too_few, too_many = personality.vcpus_words
    if vcpus < personality.vcpus_minimum:
        raise XendError(too_few)
    if too_many and domain.domid is not None and vcpus > domain.vcpus:
        raise XendError(too_many)


def _pincpu(host: Host, domain: Domain, params: Params) -> Sxp:
    vcpu, text = params.declared("vcpu"), params.declared("cpumap")
    cpus = _read_cpumap(host.personality.pincpu, text)
    numbers = range(known_vcpus(domain)) if host.personality.vcpu_all and vcpu == "all" else (reading.py_int(vcpu),)
    for number in numbers:
        if host.personality.pincpu == "commas" and max(cpus) >= host.personality.cpumap_width:
            msg = f"Cannot pin vcpu: {number} to cpu: {list(cpus)} - {_INVALID}"
            raise XendError(msg)
        if not 0 <= number < known_vcpus(domain):
            words = f"Cannot pin vcpu: {number} to cpu: {text} - {_INVALID}"
            raise XendError(words if host.personality.pin_words_for_bad_vcpu else _INVALID)
        domain.pins[number] = None if min(cpus) < 0 else cpus
    return 0


def _read_cpumap(way: str, text: str) -> tuple[int, ...]:
    """Return the cpus that this release understands; -1 stands for all."""
    if way == "unpins":
        return (-1,)
    if way == "brackets":
        if text.startswith("[") and text.endswith("]"):
            text = text[1:-1]
        return tuple(reading.py_int(word.strip()) for word in text.split(","))
    return tuple(reading.py_int(word) for word in text.split(","))


# -- scheduling --------------------------------------------------------------------------------------------------------


def _needs_scheduler(host: Host, name: str) -> None:
    if host.scheduler != name:
        raise XendError(_INVALID)


def _sedf_get(host: Host, domain: Domain, _params: Params) -> Sxp:
    _must_have_domid(domain)
    _needs_scheduler(host, "sedf")
    return sedf_reply(host, domain)


def sedf_reply(host: Host, domain: Domain) -> Sxp:
    """Return the parameters in this release's form."""
    sedf = domain.sedf
    if host.personality.sedf_reply == "dict":
        return (
            f"{{'latency': {sedf.latency}L, 'domain': {domain.domid}, 'slice': {sedf.slice}L,"
            f" 'weight': {sedf.weight}, 'period': {sedf.period}L, 'extratime': {sedf.extratime}}}"
        )
    return [
        "sedf",
        [host.personality.sedf_reply, domain.domid],
        ["period", Long(sedf.period)],
        ["slice", Long(sedf.slice)],
        ["latency", Long(sedf.latency)],
        ["extratime", sedf.extratime],
        ["weight", sedf.weight],
    ]


_SHORT_MAX, _SHORT_MIN, _LONG_LIMIT = 32767, -32768, 2**63
_MICROSECOND, _SECOND = 10**3, 10**9


def _sedf_set(host: Host, domain: Domain, params: Params) -> Sxp:
    names = ("period", "slice", "latency", "extratime", "weight")
    period, slice_, latency, extratime, weight = (params.number(name) for name in names)
    _must_have_domid(domain)
    if any(abs(each) >= _LONG_LIMIT for each in (period, slice_, latency)):
        msg = "long too big to convert"
        raise XendError(msg)
    if not _SHORT_MIN <= weight <= _SHORT_MAX:
        side = "greater than maximum" if weight > 0 else "less than minimum"
        msg = f"signed short integer is {side}"
        raise XendError(msg)
    _needs_scheduler(host, "sedf")
    wanted = Sedf(period, slice_, latency, extratime & 1, weight & 0xFFFF)
    if _sedf_refused(host, wanted):
        if host.personality.sedf_hides_refusal:
            return 0
        raise XendError(_INVALID)
    domain.sedf = _sedf_effect(wanted)
    host.share_time()
    return 0


def _sedf_refused(host: Host, wanted: Sedf) -> bool:
    """Return whether the hypervisor refuses the parameters, which it reads as unsigned numbers."""
    if wanted.weight:
        return False
    period, slice_ = wanted.period % 2**64, wanted.slice % 2**64
    if period == 0 or slice_ > period:
        return True
    in_range = 10 * _MICROSECOND <= period <= 10 * _SECOND and slice_ >= 5 * _MICROSECOND
    return host.personality.sedf_checks_range and not in_range


def _sedf_effect(wanted: Sedf) -> Sedf:
    if wanted.weight and wanted.extratime and not wanted.period:
        return Sedf(period=100_000_000, slice=0, latency=wanted.latency, extratime=1, weight=0)
    return wanted


def _credit_get(host: Host, domain: Domain, _params: Params) -> Sxp:
    if not host.personality.credit_when_halted:
        _must_have_domid(domain)
    _needs_scheduler(host, "credit")
    return f"{{'cap': {domain.cap}, 'weight': {domain.weight}}}"


def _credit_set(host: Host, domain: Domain, params: Params) -> Sxp:
    numbers = {name: params.number(name) for name in host.personality.credit_numbers}
    weight, cap = numbers["weight"], numbers.get("cap", domain.cap)
    if not host.personality.credit_when_halted:
        _must_have_domid(domain)
    if not 1 <= weight <= 65535:
        raise XendError(host.personality.words.credit_weight)
    most = 100 * domain.vcpus
    if not 0 <= cap <= most:
        raise XendError(host.personality.words.credit_cap.format(most=most))
    _needs_scheduler(host, "credit")
    domain.weight, domain.cap = weight, cap
    return 0


def _always_fails(op: str) -> Operation:
    def run(host: Host, _domain: Domain, _params: Params) -> Sxp:
        raise XendError(host.personality.always_fails[op])

    return Operation(run)


OPERATIONS: dict[str, Operation] = {
    "unpause": Operation(_unpause, logs=True),
    "pause": Operation(_pause, logs=True),
    "shutdown": Operation(_shutdown, acknowledged=True, logs=True),
    "destroy": Operation(_destroy, acknowledged=True, logs=True),
    "rename": Operation(_rename, acknowledged=True),
    "sysrq": Operation(_sysrq, acknowledged=True),
    "start": Operation(_start, acknowledged=True, logs=True),
    "delete": Operation(_delete, acknowledged=True, logs=True),
    "wait_for_devices": Operation(lambda _host, _domain, _params: None, acknowledged=True, logs=True),
    "devices": Operation(_devices),
    "device_create": Operation(_device_create, logs_if_live=True),
    "device_configure": Operation(_device_configure),
    "device_destroy": Operation(_device_destroy, logs_if_live=True),
    "mem_target_set": Operation(_mem_target_set, logs_if_live=True),
    "maxmem_set": Operation(_maxmem_set, logs_if_live=True),
    "set_vcpus": Operation(_set_vcpus, logs=True),
    "pincpu": Operation(_pincpu),
    "vcpuinfo": Operation(_vcpuinfo),
    **{
        op: _always_fails(op)
        for op in (
            "configure",
            "vif_limit_set",
            "cpu_bvt_set",
            "domain_sched_credit2_get",
            "domain_sched_credit2_set",
        )
    },
    "cpu_sedf_get": Operation(_sedf_get),
    "cpu_sedf_set": Operation(_sedf_set),
    "domain_sched_credit_get": Operation(_credit_get),
    "domain_sched_credit_set": Operation(_credit_set),
    "save": Operation(checkpoints.save, acknowledged=True, logs=True, threaded=True),
    "migrate": Operation(checkpoints.migrate, logs=True, threaded=True),
    "dump": Operation(checkpoints.dump, acknowledged=True, logs=True, threaded=True),
    "reset": Operation(checkpoints.reset, acknowledged=True, logs=True),
    "usb_add": Operation(checkpoints.usb_add, acknowledged=True, threaded=True),
    "do_get_pauseflag": Operation(checkpoints.stay_silent, acknowledged=True, threaded=True),
    "do_set_pauseflag": Operation(checkpoints.do_nothing, acknowledged=True, logs=True, threaded=True),
}
