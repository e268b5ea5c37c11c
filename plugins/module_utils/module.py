# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The common part of the modules and the inventory: the connection options, and the client made from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, Optional

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib
from ansible.module_utils.common.validation import check_type_dict

from ansible_collections.dom0.xend.plugins.module_utils.journal import Interrupted, Journal, interruptible
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import options_without_secrets, secrets_of_options
from ansible_collections.dom0.xend.plugins.module_utils.result import TaskResult
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import InvalidRequest, XendError
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import SEXPDATA_IMPORT_ERROR
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import (
    DEFAULT_URL,
    REQUESTS_IMPORT_ERROR,
    SSH_SCHEME,
    Transport,
    Way,
)

if TYPE_CHECKING:
    from ansible_collections.dom0.xend.plugins.module_utils.wire.relay import Carrier, Places, Relay

Opener = Callable[[Mapping[str, Any]], Way]
"""Makes a way to xend from the connection options. Raises InvalidRequest if they are wrong."""

MOST_SECONDS = 1_000_000
"""The longest time that an option accepts, 11 days; a socket waits for 24 days at most."""


def connection_spec() -> dict[str, dict[str, Any]]:
    """Return the argument spec of the connection options, those of the doc fragment ``connection``."""
    return {
        "xend_url": {"type": "str", "default": DEFAULT_URL, "fallback": (env_fallback, ["XEND_URL"])},
        "xend_username": {"type": "str", "fallback": (env_fallback, ["XEND_USERNAME"])},
        "xend_ssh_args": {"type": "str", "fallback": (env_fallback, ["XEND_SSH_ARGS"])},
        "xend_password": {"type": "str", "no_log": True, "fallback": (env_fallback, ["XEND_PASSWORD"])},
        "validate_certs": {"type": "bool", "default": True, "fallback": (env_fallback, ["XEND_VALIDATE_CERTS"])},
        "ca_path": {"type": "path", "fallback": (env_fallback, ["XEND_CA_PATH"])},
        "connect_timeout": {"type": "float", "default": 5, "fallback": (env_fallback, ["XEND_CONNECT_TIMEOUT"])},
        "timeout": {"type": "float", "default": 30, "fallback": (env_fallback, ["XEND_TIMEOUT"])},
    }


class XendModule(AnsibleModule):
    """A module that masks the secrets in its options, in the system log and in every result.

    Ansible logs and returns the options before the collection has seen them, and if it refuses them, before it has checked
    them itself. If a future Ansible does not call _load_params, messages are those of Ansible again, but still no secret is
    logged, or returned as an option.
    """

    given: Mapping[str, Any] = MappingProxyType({})
    """The options as given. Ansible removes wrong ones from ``params``."""

    def _load_params(self) -> None:
        """Read the options."""
        super()._load_params()
        self.given = dict(self.params)

    def log(self, msg: str, log_args: Optional[Mapping[str, Any]] = None) -> None:
        """Write to the system log. A message with *log_args* is made from the options, so it is built again without secrets."""
        if log_args:
            shown = self._shown_options()
            log_args = {
                # Only options with a secret change, so that Ansible's own types are logged as usual.
                name: value if shown.get(name) == self.params.get(name) else str(shown.get(name))
                for name, value in log_args.items()
            }
            msg = "Invoked with " + " ".join(f"{name}={_text(value)}" for name, value in log_args.items())
        super().log(msg, log_args=log_args)

    def exit_json(self, **result: Any) -> NoReturn:
        """Return from the module."""
        super().exit_json(**self._with_options(result))

    def fail_json(self, msg: str, **result: Any) -> NoReturn:
        """Return from the failed module. An option of the wrong shape is reported first."""
        wrong = misshapen(self.argument_spec, self.given)
        super().fail_json(wrong or msg, **self._with_options(result))

    def _with_options(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """Return *result* with the masked options. Ansible removes them again at low verbosity."""
        return {"invocation": {"module_args": self._shown_options()}, **result}

    def _shown_options(self) -> dict[str, Any]:
        """Return the masked options, and register their secrets with Ansible, which removes them from all other output."""
        # fail_json() may be called before params exist.
        options = getattr(self, "params", {})
        for each in (self.given, options):
            self.no_log_values.update(secrets_of_options(each))
        return {name: options_without_secrets(value, name) for name, value in options.items()}


def _text(value: object) -> str:
    """Return the text that Ansible logs for an option."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def misshapen(spec: Mapping[str, Mapping[str, Any]], options: Mapping[str, Any], where: str = "") -> Optional[str]:
    """Return a message for the first option that should hold dictionaries and does not, None if all do.

    Ansible's own message shows the value, which may be a secret, and does not name the option.
    """
    for name, rule in spec.items():
        value = options.get(name)
        of_several = rule.get("elements") == "dict"
        if value is None or not (of_several or rule.get("type") == "dict"):
            continue
        several = of_several and isinstance(value, list)
        for position, item in enumerate(value if several else [value]):
            label = f"{where}{name}[{position}]" if several else where + name
            try:
                # Ansible accepts text such as "a=1, b=2" or JSON as a dictionary.
                inner = check_type_dict(item)
            except (TypeError, ValueError):
                what = "text" if isinstance(item, str) else type(item).__name__
                return f"{label} must be a dictionary{'' if several or not of_several else ', or a list of them'}, not {what}"
            found = misshapen(rule.get("options") or {}, inner, f"{label}.")
            if found:
                return found
    return None


def missing_library(url: str = DEFAULT_URL) -> Optional[tuple[str, str]]:
    """Return the message and the traceback for a missing library that *url* needs; None if nothing is missing."""
    over_ssh = url.startswith(SSH_SCHEME)
    for name, error in (("requests", "" if over_ssh else REQUESTS_IMPORT_ERROR), ("sexpdata", SEXPDATA_IMPORT_ERROR)):
        if error:
            return missing_required_lib(name), error
    return None


def open_client(options: Mapping[str, Any], *, read_only: bool, way: Optional[Opener] = None) -> XendClient:
    """Return a client for the xend of the connection options, reached by *way*, or by the way of its URL if there is none.

    Raises InvalidRequest for a wrong URL or time.
    """
    check_seconds(options)
    return XendClient(
        (way or open_way)(options),
        timeout=options["timeout"],
        slow_timeout=options.get("create_timeout") or options.get("migrate_timeout") or options["timeout"],
        read_only=read_only,
    )


def open_way(options: Mapping[str, Any]) -> Way:
    """Return the way to the xend of an ``xend_url``. Raises InvalidRequest for a wrong one."""
    url = options["xend_url"]
    if not url.startswith(SSH_SCHEME):
        return Transport(
            url,
            username=options["xend_username"],
            password=options["xend_password"],
            validate_certs=options["validate_certs"],
            ca_path=options["ca_path"],
            connect_timeout=options["connect_timeout"],
        )
    # Imported here, so that a module that reaches xend over HTTP need not compile them.
    from ansible_collections.dom0.xend.plugins.module_utils.wire.relay import Places  # noqa: PLC0415
    from ansible_collections.dom0.xend.plugins.module_utils.wire.ssh import Ssh, SshAddress  # noqa: PLC0415

    address = SshAddress.parse(url)
    patience = options["connect_timeout"]
    carry = Ssh(address, arguments=options.get("xend_ssh_args"), connect_timeout=patience)
    return open_relay(options, url, Places.of_socket(address.socket_path), carry)


def open_relay(options: Mapping[str, Any], url: str, places: Places, carry: Carrier) -> Relay:
    """Return the way to a xend through a relay on its host."""
    from ansible_collections.dom0.xend.plugins.module_utils.wire.relay import Relay  # noqa: PLC0415

    return Relay(
        url,
        places,
        carry,
        username=options["xend_username"],
        password=options["xend_password"],
        connect_timeout=options["connect_timeout"],
    )


def check_seconds(options: Mapping[str, Any]) -> None:
    """Raise InvalidRequest for times that YAML accepts but no socket does, such as .inf and .nan."""
    for option in ("timeout", "connect_timeout", "create_timeout", "migrate_timeout"):
        if not 0 < options.get(option, 1) <= MOST_SECONDS:
            raise InvalidRequest(
                f"{option} must be more than 0 seconds and not more than {MOST_SECONDS}, not {options[option]:g}"
            )
    if not 0 <= options.get("shutdown_timeout", 0) <= MOST_SECONDS:
        raise InvalidRequest(
            f"shutdown_timeout must be between 0 and {MOST_SECONDS} seconds, not {options['shutdown_timeout']:g}"
        )


@dataclass(frozen=True)
class Work:
    """A task, independent of what runs it: the module on a host, or the action plugin in the controller."""

    argument_spec: Callable[[], dict[str, dict[str, Any]]]
    run: Callable[[Mapping[str, Any], XendClient], TaskResult]
    """Does the work of the validated options. With a read-only client it only predicts the result."""
    mutually_exclusive: Sequence[Sequence[str]] = ()
    only_reads: bool = False

    def result(
        self,
        options: Mapping[str, Any],
        *,
        check_mode: bool,
        way: Optional[Opener] = None,
        journal: Optional[Journal] = None,
    ) -> TaskResult:
        """Connect, and do the work. A XendError becomes the failure of the result.

        A *journal* records what was sent, also if a signal ends the work before there is a result.
        """
        try:
            client = open_client(options, read_only=self.only_reads or check_mode, way=way)
            client.journal = journal or client.journal
            return self.run(options, client)
        except XendError as error:
            return TaskResult(failure=str(error))


def run_module(work: Work) -> NoReturn:
    """Run *work* as a module."""
    module = XendModule(
        argument_spec=work.argument_spec(), mutually_exclusive=work.mutually_exclusive, supports_check_mode=True
    )
    missing = missing_library(module.params["xend_url"])
    if missing:
        module.fail_json(msg=missing[0], exception=missing[1])
    journal = Journal()
    try:
        with interruptible():
            result = work.result(module.params, check_mode=module.check_mode, journal=journal)
    except Interrupted as end:
        module.fail_json(msg=f"{end} {last_words(journal, check_mode=module.check_mode)}", **sent_before(journal))
    if result.failure is not None:
        module.fail_json(msg=result.failure, **result.values)
    for warning in result.warnings:
        module.warn(warning)
    module.exit_json(**result.values)


def last_words(journal: Journal, *, check_mode: bool) -> str:
    """Return the sentence for a task that a signal ends."""
    return "In check mode, nothing is sent." if check_mode else journal.summary()


def sent_before(journal: Journal) -> dict[str, Any]:
    """Return the result values of a task that a signal has ended."""
    return {"changed": bool(journal.sent), "operations": journal.sent}
