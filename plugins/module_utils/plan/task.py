# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The work of xen_domain, from plain options to a result, without Ansible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.dom0.xend.plugins.module_utils.desired.desired import desired_of
from ansible_collections.dom0.xend.plugins.module_utils.info.log import last_lines
from ansible_collections.dom0.xend.plugins.module_utils.model.secrets import without_secrets
from ansible_collections.dom0.xend.plugins.module_utils.plan.apply import Applier, Outcome
from ansible_collections.dom0.xend.plugins.module_utils.plan.planning import view
from ansible_collections.dom0.xend.plugins.module_utils.result import TaskResult
from ansible_collections.dom0.xend.plugins.module_utils.wire.client import XendClient
from ansible_collections.dom0.xend.plugins.module_utils.wire.errors import XendError
from ansible_collections.dom0.xend.plugins.module_utils.wire.sxp import dumps


def run(options: Mapping[str, Any], client: XendClient) -> TaskResult:
    """Bring the domain to the declaration in *options*. A failure says what was sent before it. Raises InvalidRequest."""
    applier = Applier(client, desired_of(options))
    try:
        outcome = applier.run()
    except XendError as error:
        return failed(options, client, applier.outcome, error)
    return finished(options, outcome)


def finished(options: Mapping[str, Any], outcome: Outcome) -> TaskResult:
    """Return the result of a finished domain. Drift may make it a failure."""
    values = result_of(options["name"], outcome)
    drifting = _drifting(options["name"], outcome)
    if drifting and options["on_drift"] == "fail":
        return TaskResult(values, outcome.warnings, failure=" ".join(drifting))
    return TaskResult(values, [*outcome.warnings, *drifting])


def failed(options: Mapping[str, Any], client: XendClient, done: Outcome, error: XendError) -> TaskResult:
    """Return the result of a failed domain, with what was *done* before the *error*."""
    values = {"changed": bool(done.operations), **sent(done), **end_of_log(client, options["log_lines"])}
    return TaskResult(values, failure=str(error))


def end_of_log(client: XendClient, lines: int) -> dict[str, Any]:
    """Return the last lines of xend's log for the result; empty if none are requested, or if xend returns none."""
    if lines < 1:
        return {}
    try:
        return {"log": last_lines(client.log(), lines)}
    except XendError as error:
        return {"log": [f"xend's log could not be read: {error}"]}


def sent(outcome: Outcome) -> dict[str, Any]:
    """Return what the result says of what was sent."""
    result: dict[str, Any] = {"operations": [operation.as_dict() for operation in outcome.operations]}
    if outcome.removed is not None:
        result["removed_config"] = dumps(without_secrets(outcome.removed.tree))
    return result


def result_of(name: str, outcome: Outcome) -> dict[str, Any]:
    """Return the values of the result."""
    values: dict[str, Any] = {
        "changed": bool(outcome.operations),
        "domain": outcome.after.as_dict() if outcome.after else None,
        **sent(outcome),
        "drift": outcome.drift,
        "not_compared": outcome.not_compared,
        "diff": {
            "before_header": name,
            "before": view(outcome.before),
            "after_header": name,
            "after": view(outcome.after),
        },
    }
    if outcome.shutdown_outcome:
        values["shutdown_outcome"] = outcome.shutdown_outcome
    return values


def _drifting(name: str, outcome: Outcome) -> list[str]:
    """Return a warning for each difference that stays."""
    return [
        f"{name}: {item['option']} is {item['found']!r}, not {item['declared']!r} as declared. The change takes: "
        f"{item['takes']}."
        for item in outcome.drift
    ]
