# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base of the action plugins, which do in the controller the work of the module with the same name.

xend is reached from the controller if the host of the task is the controller, or if ``xend_url`` is an ``ssh://`` URL.
Otherwise it is reached through Ansible's connection to the host (``_carrier``). If neither is possible, the module runs:
with ``async``, over HTTPS from another host, over a connection that runs no commands, or without the libraries.
In a rehearsal (the connection ``dom0.xend.rehearsal``) only the copy that the connection names is used as xend.

The result is the same as that of the module, field by field.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Optional

from ansible import constants as C  # noqa: N812 - as everywhere in Ansible
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.basic import env_fallback
from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import AnsibleFallbackNotFound, UnsupportedError
from ansible.plugins.action import ActionBase

from ansible_collections.dom0.xend.plugins.module_utils.journal import Interrupted, Journal, interruptible
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import options_without_secrets, secrets_of_options
from ansible_collections.dom0.xend.plugins.module_utils.module import (
    Opener,
    Work,
    last_words,
    misshapen,
    missing_library,
    open_relay,
)
from ansible_collections.dom0.xend.plugins.module_utils.result import TaskResult
from ansible_collections.dom0.xend.plugins.module_utils.wire.transport import SSH_SCHEME, Address
from ansible_collections.dom0.xend.plugins.plugin_utils._rehearsal import ABOUT_THE_WAY, CONNECTION

if TYPE_CHECKING:
    from ansible_collections.dom0.xend.plugins.module_utils.wire.relay import Relay

_MISSING = "Failed to import the required Python library"
"""The beginning of a module's message about a missing library."""

_IS_TERMINAL = sys.stdout.isatty()
"""Whether somebody watches. Read when Ansible loads the plugin, before it forks: the process of a task has no terminal."""


def _own_stderr() -> int:
    """Return a copy of the standard error of this process, -1 if it is closed."""
    try:
        return os.dup(2)
    except OSError:
        return -1


_STDERR = _own_stderr()
"""Where an interrupted task writes its message. By then Ansible no longer reads the results of the task's process."""


def _write_at_once(text: str) -> None:
    """Write to Ansible's standard error, if it is still open."""
    with suppress(OSError):
        os.write(_STDERR, text.encode("utf-8", "backslashreplace"))


class XendAction(ActionBase):
    """Does the ``work`` of a module in the controller, or runs the module."""

    work: Work
    _supports_async = True

    def run(self, tmp: Optional[str] = None, task_vars: Optional[dict[str, Any]] = None) -> dict[str, Any]:
        """Return the result of the task."""
        super().run(tmp, task_vars)
        del tmp
        variables = task_vars or {}
        # An async task outlives this process, so only the module on the host can do it.
        if self._task.async_val:
            return self._run_module(variables)
        host = self._task.delegate_to or variables.get("inventory_hostname") or ""
        task = self._checked(host)
        # Refused options need no way to xend: the module would refuse them with the same message.
        if task.refusal is None and not self._is_rehearsal:
            url = task.options["xend_url"]
            if self._needs_module(url):
                return self._run_module(variables)
            missing = missing_library(url)
            if missing:
                return self._run_module(variables, missing[0])
        done = self._done(task, host)
        for warning in done.warnings:
            self._display.warning(warning)
        return self._result(task, done, variables)

    def _done(self, task: _Task, host: str) -> TaskResult:
        """Do the work. If a signal or the timeout of the task ends it without a result, report what was sent."""
        journal = Journal()
        if (_IS_TERMINAL or self._display.verbosity) and not self._task.no_log:
            # Progress lines may quote options, so secrets are removed from them as from results.
            journal.tell = lambda line: self._display.display(f"[{host}] {remove_values(line, task.secrets)}")
        try:
            with interruptible():
                return task.run(self._way(task, host), check_mode=self._task.check_mode, journal=journal)
        except Interrupted as end:
            _write_at_once("".join(f"[WARNING]: {line}\n" for line in self._last_words(journal, end)))
            os.kill(os.getpid(), end.signum)  # for Ansible's own handler, which is installed again
            raise
        # An ordinary error is a bug and Ansible reports it; what follows handles only BaseException.
        except Exception:
            raise
        except BaseException as end:  # the timeout of the task
            for line in self._last_words(journal, end):
                self._display.warning(line)
            raise

    def _last_words(self, journal: Journal, end: BaseException) -> list[str]:
        """Return the message for a task without a result, in at most one line."""
        if self.work.only_reads or self._task.no_log:
            return []
        return [f"{self._task.action}: {end} {last_words(journal, check_mode=self._task.check_mode)}"]

    def _checked(self, host: str) -> _Task:
        """Return the validated task. In a rehearsal it uses the copy of the host's xend. Raises AnsibleActionFail without a copy."""
        given = plain(self._task.args)
        if not self._is_rehearsal:
            return _Task(self.work, self._task.action, given, self._environment())
        copy = self._connection.get_option("copies").get(host)
        if copy is None:
            raise AnsibleActionFail(f"there is no copy of the xend of {host} in this rehearsal")
        # A copy is reached by its own URL; options for the real xend would be refused or lead to it.
        kept = {name: value for name, value in given.items() if name not in ABOUT_THE_WAY}
        return _Task(self.work, self._task.action, {**kept, "xend_url": copy}, _nowhere)

    # ---- who does it

    @property
    def _is_rehearsal(self) -> bool:
        """Return whether the task is rehearsed on a copy of a xend."""
        return bool(self._connection.transport == CONNECTION)

    @property
    def _is_local(self) -> bool:
        """Return whether the host of the task is the controller, as the user who runs Ansible."""
        return bool(self._connection.transport == "local")

    def _needs_module(self, url: str) -> bool:
        """Return whether this xend can be reached neither from the controller nor through the connection."""
        if self._is_local or url.startswith(SSH_SCHEME):
            return False
        from ansible_collections.dom0.xend.plugins.plugin_utils._carrier import can_carry  # noqa: PLC0415

        # Over plain HTTP and sockets the relay can connect from the host; it has no TLS.
        return not url.startswith(("unix:", "http:")) or not can_carry(self._connection)

    def _way(self, task: _Task, host: str) -> Optional[Opener]:
        """Return the way to xend through the connection, None to use the URL from the controller."""
        url = task.options.get("xend_url") or ""
        # A socket usually belongs to root, so become leads through the connection even on the controller.
        as_other = url.startswith("unix:") and self._becomes_other()
        if self._is_rehearsal or url.startswith(SSH_SCHEME) or (self._is_local and not as_other):
            return None
        # Without an address in the task, the relay tries the default addresses on the host.
        search = not task.names_xend and not self._is_local
        return lambda options: self._relay(options, host, search=search)

    def _becomes_other(self) -> bool:
        """Return whether the task runs as another user than the one who runs Ansible."""
        return bool(self._connection.become) and self.get_become_option("become_user") != getpass.getuser()

    def _relay(self, options: Mapping[str, Any], host: str, *, search: bool) -> Relay:
        """Return the way to xend through the connection. Raises InvalidRequest for a wrong URL."""
        from ansible_collections.dom0.xend.plugins.module_utils.wire.relay import Places  # noqa: PLC0415
        from ansible_collections.dom0.xend.plugins.plugin_utils._carrier import ConnectionCarrier  # noqa: PLC0415

        carry = ConnectionCarrier(host, self._connection, self._low_level_execute_command)
        places = Places.of_socket() if search else Places.of_url(Address.parse(options["xend_url"]))
        return open_relay(options, f"{places} on {host}", places, carry)

    def _run_module(self, variables: dict[str, Any], missing: str = "") -> dict[str, Any]:
        """Run the module on the host. *missing* is the message about a library that is missing in the controller."""
        wrap_async = bool(self._task.async_val) and not self._connection.has_native_async
        result: dict[str, Any] = self._execute_module(task_vars=variables, wrap_async=wrap_async)
        if missing and result.get("failed") and _MISSING in str(result.get("msg")):
            result["msg"] = (
                f"requests and sexpdata are missing where Ansible runs, and on the host of the task: install them where "
                f"Ansible runs, with {sys.executable} -m pip install requests sexpdata"
            )
        return result

    # ---- what goes in and comes out

    def _environment(self) -> Callable[..., str]:
        """Return the environment for option fallbacks: that of the task, and that of the controller if it is the host."""
        given: dict[str, Any] = {}
        self._compute_environment_string(given)

        def fallback(*names: str) -> str:
            for name in names:
                if name in given:
                    return str(given[name])
            # The host of the task may have other variables than the controller, so the controller's do not count.
            if not self._is_local:
                raise AnsibleFallbackNotFound
            value: str = env_fallback(*names)
            return value

        return fallback

    def _result(self, task: _Task, done: TaskResult, variables: dict[str, Any]) -> dict[str, Any]:
        """Return the result in the form of a module's result."""
        values = dict(done.values)
        if done.failure is not None:
            values |= {"failed": True, "msg": done.failure}
        if self._shows_invocation(variables):
            values["invocation"] = {"module_args": task.shown}
        # remove_values() would turn booleans and null into masked text if a secret is "True" or "None".
        hidden: dict[str, Any] = remove_values(values, task.secrets)
        return {**hidden, **{key: value for key, value in values.items() if value is None or isinstance(value, bool)}}

    @staticmethod
    def _shows_invocation(variables: dict[str, Any]) -> bool:
        """Return whether results hold the options. In ansible-core 2.19 and earlier all do."""
        try:
            return bool(C.config.get_config_value("INJECT_INVOCATION", variables=variables))
        except AnsibleError:
            return True


class _Task:
    """The options of a task, validated as for a module, and the work on them."""

    def __init__(self, work: Work, name: str, given: dict[str, Any], fallback: Callable[..., str]) -> None:
        """Validate the *given* options. ``refusal`` is the message if they are refused."""
        spec = _with_fallback(work.argument_spec(), fallback)
        checked = ModuleArgumentSpecValidator(spec, mutually_exclusive=work.mutually_exclusive).validate(given)
        self.work = work
        self.options: dict[str, Any] = {**given, **checked.validated_parameters}
        # Secrets of the options as given, too: validation may have changed their form.
        self.secrets = {*secrets_of_options(given), *secrets_of_options(self.options)}
        self.names_xend = _names_xend(given, fallback)
        self.refusal: Optional[str] = None
        if checked.errors.errors:
            unsupported = isinstance(checked.errors[0], UnsupportedError)
            prefix = f"Unsupported parameters for ({name}) module: " if unsupported else ""
            # misshapen() first: Ansible's message would show the value, which may be a secret.
            self.refusal = misshapen(spec, given) or prefix + checked.errors.msg

    @property
    def shown(self) -> dict[str, Any]:
        """The options as they may be shown."""
        return {key: options_without_secrets(value, key) for key, value in self.options.items()}

    def run(self, way: Optional[Opener], *, check_mode: bool, journal: Journal) -> TaskResult:
        """Do the work, or return a failure if the options are refused."""
        if self.refusal is not None:
            return TaskResult(failure=self.refusal)
        done = self.work.result(self.options, check_mode=check_mode, way=way, journal=journal)
        wrong = None if done.failure is None else misshapen(self.work.argument_spec(), self.options)
        hidden = [str(remove_values(warning, self.secrets)) for warning in done.warnings]
        return TaskResult(done.values, hidden, wrong or done.failure)


def plain(value: Any) -> Any:
    """Return an argument as a module would get it, without Ansible's own types of texts, numbers and containers."""
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, float):
        return float(value)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _with_fallback(spec: dict[str, dict[str, Any]], fallback: Callable[..., str]) -> dict[str, dict[str, Any]]:
    """Return an argument spec whose fallbacks read another environment."""
    return {
        name: {**rule, "fallback": (fallback, *rule["fallback"][1:])} if "fallback" in rule else rule
        for name, rule in spec.items()
    }


def _nowhere(*_names: str) -> str:
    """Find nothing in the environment."""
    raise AnsibleFallbackNotFound


def _names_xend(given: Mapping[str, Any], fallback: Callable[..., str]) -> bool:
    """Return whether the task sets the address of xend."""
    try:
        return given.get("xend_url") is not None or bool(fallback("XEND_URL"))
    except AnsibleFallbackNotFound:
        return False
