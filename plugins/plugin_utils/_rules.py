# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The expressions of an inventory source for names, addresses and filters, evaluated for one domain after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional, Union

from ansible import errors

from ansible_collections.dom0.xend.plugins.plugin_utils._complaints import excerpt

if TYPE_CHECKING:
    from ansible.template import Templar

Expression = Union[str, bool]


def is_template(text: str) -> bool:
    """Return whether this is text with a template in it, and not an expression."""
    return "{{" in text or "{%" in text


@dataclass
class _Tally:
    """How often an expression was evaluated, and how often it failed."""

    asked: int = 0
    failed: int = 0
    reason: str = ""


@dataclass
class Rules:
    """Evaluates the user's expressions for a domain. One that cannot be evaluated is ignored, or an error if strict.

    ``where`` names the source in messages. ``extra_vars`` are available to expressions in addition to the domain's variables.
    """

    templar: Templar
    where: str
    strict: bool
    extra_vars: Mapping[str, Any]
    _tallies: dict[tuple[str, Expression], _Tally] = field(default_factory=dict)

    def first(self, option: str, expressions: Sequence[str], variables: Mapping[str, Any]) -> Optional[str]:
        """Return the result of the first expression that gives a text, None if none does."""
        for expression in expressions:
            value = self._evaluated(option, expression, variables)
            if value is not None and not isinstance(value, (bool, Mapping, list)) and str(value).strip():
                return str(value)
        return None

    def wants(self, filters: Sequence[Mapping[str, Expression]], variables: Mapping[str, Any]) -> bool:
        """Return whether a domain is wanted, by the first filter whose condition is true. Without one, it is wanted."""
        for each in filters:
            ((kind, condition),) = each.items()
            if self._evaluated("filters", condition, variables, conditional=True):
                return kind == "include"
        return True

    def complaints(self) -> list[str]:
        """Return a sentence for each expression that failed for every domain."""
        return [
            f"{self.where}: {option}: {expression!r} cannot be evaluated for any domain: {tally.reason}"
            for (option, expression), tally in self._tallies.items()
            if tally.failed and tally.failed == tally.asked
        ]

    def _evaluated(
        self, option: str, expression: Expression, variables: Mapping[str, Any], *, conditional: bool = False
    ) -> Any:
        """Return the value of an expression, None if it cannot be evaluated. Raises AnsibleParserError if strict."""
        tally = self._tallies.setdefault((option, expression), _Tally())
        tally.asked += 1
        self.templar.available_variables = {**self.extra_vars, **variables}
        try:
            if conditional or isinstance(expression, bool):
                return self.templar.evaluate_conditional(expression)
            if is_template(expression):
                return self.templar.template(expression)
            return self.templar.evaluate_expression(expression)
        except errors.AnsibleError as error:
            if self.strict or isinstance(error, errors.AnsibleTemplateSyntaxError):
                raise errors.AnsibleParserError(
                    f"{self.where}: {option}: {expression!r} cannot be evaluated: {error}"
                ) from error
            tally.failed += 1
            tally.reason = excerpt(str(error), 1000)
            return None
