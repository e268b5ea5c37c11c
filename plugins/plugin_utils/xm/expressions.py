# Copyright (c) 2026 dom0.xend contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluate the expressions of a config file without running any of its code.

A value that only the host knows is an Unknown, and so is every value computed from it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

from ansible_collections.dom0.xend.plugins.plugin_utils.xm.functions import (
    BUILTINS,
    DICT_METHODS,
    FUNCTIONS,
    LIST_METHODS,
    dict_method,
    list_method,
    members_of,
    text_method,
)
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.operators import binary, compared, unary
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.scope import (
    EXCEPTIONS,
    Defined,
    LoopEnded,
    Names,
    Raised,
    Returned,
    Scope,
)
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.text import Unordered
from ansible_collections.dom0.xend.plugins.plugin_utils.xm.values import (
    Budget,
    Long,
    Module,
    TooMuch,
    Unicode,
    Unknown,
    XmVars,
    first_unknown,
)

MOST_CALLS = 30
"""The deepest nesting of calls of the file's functions."""

UNAME = ("sysname", "nodename", "release", "version", "machine")
"""The fields of os.uname(), in its order."""

_CONSTANTS: Mapping[str, object] = {"True": True, "False": False, "None": None}
PYTHON_ERRORS = (
    TypeError,
    ValueError,
    KeyError,
    IndexError,
    ZeroDivisionError,
    OverflowError,
    AttributeError,
)
"""The errors that evaluating a file raises as running it would."""


RUNS_CODE = ("exec", "execfile")
"""The functions that run other code among the file's own names."""
_NAMESPACES = ("locals", "globals", "vars")
_LARGEST_INT = 2**63 - 1
"""sys.maxint of a 64-bit host; a larger number is a long."""


def may_set_anything(node: ast.AST) -> bool:
    """Return whether an expression sets names that it does not name: it runs other code, or changes locals()."""
    if isinstance(node, ast.Name):
        return node.id in RUNS_CODE
    changed = node.func if isinstance(node, ast.Call) else node
    if isinstance(changed, ast.Attribute):
        return changed.attr in ("update", "setdefault", "pop", "clear") and _is_namespace(changed.value)
    stores = isinstance(changed, ast.Subscript) and isinstance(changed.ctx, (ast.Store, ast.Del))
    return stores and _is_namespace(cast("ast.Subscript", changed).value)


def _is_namespace(node: ast.expr) -> bool:
    """Return whether an expression is a call of locals() or its like."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _NAMESPACES


def raised(error: Exception, line: int) -> Raised:
    """Return an error of Python as an exception of the file."""
    return Raised(next(kind.__name__ for kind in PYTHON_ERRORS if isinstance(error, kind)), line)


class Expressions:
    """Evaluates expressions. ``host`` is what is known of os.uname(), ``variables`` are those of xm's command line."""

    def __init__(self, host: Mapping[str, str], variables: Mapping[str, str]) -> None:
        """Begin with the names that xm defines for a file."""
        self.budget = Budget()
        self.host = host
        self.variables = variables
        self.scope = Scope({**variables, "os": Module("os"), "sys": Module("sys"), "xm_vars": XmVars()})
        self.read: set[str] = set()
        self.unknown_calls = 0
        self.guarded: list[str] = []
        self.true_division = False
        self.depth = 0

    def value(self, node: ast.expr) -> object:
        """Return the value of an expression. Raises Raised and TooMuch."""
        self.budget.spend()
        reader = self._READERS.get(type(node))
        # A reader that is missing here is not an error: the value is unknown, and a note says why.
        if reader is None:
            return Unknown(f"{type(node).__name__.lower()} expressions", node.lineno)
        try:
            return reader(self, node)
        except Unordered:
            return Unknown("the order of a dictionary", node.lineno)
        # What Python raises here, it would raise in the file, which may catch it.
        except PYTHON_ERRORS as error:
            raise raised(error, node.lineno) from None

    def _constant(self, node: ast.Constant) -> object:
        if node.kind == "u":
            return Unicode(node.value)
        if isinstance(node.value, int) and node.value > _LARGEST_INT:
            return Long(node.value)
        if node.value is None or isinstance(node.value, (str, int, float)):
            return node.value
        return Unknown("this kind of number", node.lineno)

    def _name(self, node: ast.Name) -> object:
        self.read.add(node.id)
        names = self.scope.find(node.id)
        if names is not None:
            return names[node.id]
        if node.id in _CONSTANTS:
            return _CONSTANTS[node.id]
        if node.id in BUILTINS or node.id in EXCEPTIONS or node.id in _HIGHER:
            return Module(node.id)
        if node.id in RUNS_CODE:
            self.sets_anything(node.lineno)
        if node.id in _OPAQUE:
            return Unknown(f"{node.id}()", node.lineno)
        if node.id in ("os", "sys"):
            return Module(node.id)
        # In a function, or where the file catches a NameError, a missing name is an error of the file.
        if self.scope.is_function or any(
            kind in ("NameError", "Exception", "StandardError", "BaseException") for kind in self.guarded
        ):
            raise Raised("NameError", node.lineno, node.id)
        return Unknown(f"the variable {node.id}, which the file does not set", node.lineno)

    def _list(self, node: ast.List) -> object:
        return [self.value(item) for item in node.elts]

    def _tuple(self, node: ast.Tuple) -> object:
        return tuple(self.value(item) for item in node.elts)

    def _dict(self, node: ast.Dict) -> object:
        found: dict[object, object] = {}
        for key, item in zip(node.keys, node.values, strict=True):
            if key is None:
                return Unknown("** in a dictionary", node.lineno)
            name = self.value(key)
            self.budget.size(name)
            if unknown := first_unknown(name):
                return unknown
            found[name] = self.value(item)
        return found

    def _binary(self, node: ast.BinOp) -> object:
        left, right = self.value(node.left), self.value(node.right)
        return self.combined(node.op, left, right, node.lineno)

    def combined(self, sign: ast.operator, left: object, right: object, line: int) -> object:
        """Return ``left SIGN right``. A list plus an unknown value is a list with an unknown member."""
        if isinstance(sign, ast.Add) and isinstance(left, list) and isinstance(right, Unknown):
            return [*left, right]
        if isinstance(sign, ast.Add) and isinstance(right, list) and isinstance(left, Unknown):
            return [left, *right]
        given = tuple(right.values()) if isinstance(right, dict) else right
        self.budget.spend(len(given) if isinstance(given, tuple) else 0)
        if unknown := first_unknown(left, given):
            return unknown
        try:
            return binary(sign, left, right, self.budget, true_division=self.true_division)
        except Unordered:
            return Unknown("the order of a dictionary", line)

    def _unary(self, node: ast.UnaryOp) -> object:
        value = self.value(node.operand)
        return value if isinstance(value, Unknown) else unary(node.op, value)

    def _logical(self, node: ast.BoolOp) -> object:
        value: object = None
        for place, part in enumerate(node.values):
            value = self.value(part)
            # An unknown operand decides the result, whatever follows: that may be evaluated, or not.
            if isinstance(value, Unknown):
                self.skipped(node.values[place + 1 :], value)
                return value
            if bool(value) is isinstance(node.op, ast.Or):
                return value
        return value

    def _compare(self, node: ast.Compare) -> object:
        left: object = self.value(node.left)
        result: object = True
        for sign, other in zip(node.ops, node.comparators, strict=True):
            right = self.value(other)
            if unknown := self._unsure(sign, left, right):
                return unknown
            result = compared(sign, left, right, node.lineno, self.budget)
            if isinstance(result, Unknown) or not result:
                return result
            left = right
        return result

    def _unsure(self, sign: ast.cmpop, left: object, right: object) -> Unknown | None:
        """Return the unknown value in a comparison, if there is one."""
        inside = tuple(right) if isinstance(right, (list, dict)) and isinstance(sign, (ast.In, ast.NotIn)) else ()
        # Walking a container and searching a text cost steps, so that a small file cannot take long.
        self.budget.spend(len(inside) + (len(right) // 64 if isinstance(right, str) else 0))
        return first_unknown(left, right, *inside)

    def _choice(self, node: ast.IfExp) -> object:
        test = self.value(node.test)
        if isinstance(test, Unknown):
            self.skipped([node.body, node.orelse], test)
            return test
        return self.value(node.body if test else node.orelse)

    def _subscript(self, node: ast.Subscript) -> object:
        holder, place = self.value(node.value), self._place(node.slice)
        if unknown := first_unknown(place):
            return unknown
        if isinstance(holder, Unknown):
            return holder
        if not isinstance(holder, (str, list, tuple, dict)):
            raise TypeError("object is not subscriptable")
        self.budget.size(place)
        return holder[place]  # type: ignore[index, call-overload]

    def _place(self, node: ast.expr) -> object:
        """Return the value between the brackets."""
        if not isinstance(node, ast.Slice):
            return self.value(node)
        bounds = [None if part is None else self.value(part) for part in (node.lower, node.upper, node.step)]
        return first_unknown(*bounds) or slice(*bounds)

    def _attribute(self, node: ast.Attribute) -> object:
        return self._attribute_of(self.value(node.value), node)

    def _attribute_of(self, holder: object, node: ast.Attribute) -> object:
        """Return an attribute of a value."""
        if isinstance(holder, Unknown):
            return holder
        if isinstance(holder, Module):
            return self._member(f"{holder.name}.{node.attr}", node.lineno)
        return Unknown(f"the attribute {node.attr}", node.lineno)

    def _member(self, name: str, line: int) -> object:
        """Return a member of a module."""
        if name in FUNCTIONS or name in ("os.path", "os.uname", "sys.exit", *_HOST_FUNCTIONS):
            return Module(name)
        return Unknown(name, line)

    def _lambda(self, node: ast.Lambda) -> object:
        return self.defined(node)

    def defined(self, node: ast.FunctionDef | ast.Lambda) -> Defined:
        """Return a function as a value. Its defaults are evaluated now."""
        nodes = list(ast.walk(node))
        self.budget.spend(len(nodes))
        yields = any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in nodes)
        return Defined(node, tuple(self.value(default) for default in node.args.defaults), self.scope, yields)

    def _comprehension(self, node: ast.ListComp) -> object:
        """Return the list of a comprehension, which in Python 2 sees all names and leaves its own behind."""
        found: list[object] = []
        unknown = self._looped(node.generators, lambda: found.append(self.value(node.elt)))
        self.budget.items(len(found))
        if unknown:
            self.skipped([node], unknown)
        return unknown or found

    def _generator(self, node: ast.GeneratorExp | ast.SetComp) -> object:
        """Return the items of a generator as a list. Like a function, it sees the file's names only in its first loop."""
        found: list[object] = []
        first = self.value(node.generators[0].iter)
        return (
            self._apart(lambda: self._looped(node.generators, lambda: found.append(self.value(node.elt)), first))
            or found
        )

    def _dict_comprehension(self, node: ast.DictComp) -> object:
        """Return a dictionary from a comprehension."""
        found: dict[object, object] = {}
        first = self.value(node.generators[0].iter)

        def add() -> None:
            found[self.value(node.key)] = self.value(node.value)

        return self._apart(lambda: self._looped(node.generators, add, first)) or found

    def _apart(self, action: Callable[[], Unknown | None]) -> Unknown | None:
        """Call *run* in a scope of its own."""
        before, self.scope = self.scope, self.scope.inner({})
        try:
            return action()
        finally:
            self.scope = before

    def _looped(
        self, loops: list[ast.comprehension], action: Callable[[], object], first: object = None
    ) -> Unknown | None:
        """Run something for each round of nested loops; return an unknown value that was met."""
        if not loops:
            action()
            return None
        over = self.value(loops[0].iter) if first is None else first
        if isinstance(over, Unknown):
            return over
        self.iterated(loops[0].iter, over)
        for member in members_of(over, self.budget):
            self.assign(loops[0].target, member)
            tests = [self.value(test) for test in loops[0].ifs]
            if unknown := first_unknown(*tests):
                return unknown
            if all(tests) and (unknown := self._looped(loops[1:], action)):
                return unknown
        return None

    def assign(self, target: ast.expr, value: object) -> None:
        """Assign a value to a name, to several names, or to a member of a list or a dictionary."""
        if isinstance(target, ast.Name):
            self.scope.names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(target.elts, value)
        elif isinstance(target, ast.Subscript):
            self._assign_member(target, value)

    def _unpack(self, targets: list[ast.expr], value: object) -> None:
        """Assign the members of a value to as many targets."""
        members = [value] * len(targets) if isinstance(value, Unknown) else members_of(value, self.budget)
        if len(members) != len(targets):
            raise ValueError("wrong number of values to unpack")
        for target, member in zip(targets, members, strict=True):
            self.assign(target, member)

    def _assign_member(self, target: ast.Subscript, value: object) -> None:
        """Change a member of a list or a dictionary."""
        if may_set_anything(target):
            self.sets_anything(target.lineno)
        holder, place = self.value(target.value), self._place(target.slice)
        # An unknown index may be any member, so none of the members is known any more.
        if isinstance(holder, list) and isinstance(place, Unknown):
            holder[:] = [place]
        elif isinstance(holder, list) and isinstance(place, slice):
            holder[place] = [value] if isinstance(value, Unknown) else members_of(value, self.budget)
            self.budget.items(len(holder))
        elif isinstance(holder, (list, dict)) and not first_unknown(place):
            self.budget.size(place)
            holder[place] = value  # type: ignore[call-overload]
        elif not isinstance(holder, (Unknown, dict)):
            raise TypeError("object does not support item assignment")

    def _call(self, node: ast.Call) -> object:
        if may_set_anything(node):
            self.sets_anything(node.lineno)
        method = node.func if isinstance(node.func, ast.Attribute) else None
        function = self.value(node.func if method is None else method.value)
        given, named = list(self._arguments(node)), {one.arg: self.value(one.value) for one in node.keywords if one.arg}
        if any(isinstance(one, ast.Starred) for one in node.args) or len(named) != len(node.keywords):
            return Unknown("a call with * or **", node.lineno)
        # The methods of these four types are read here; any other attribute is a member of a module.
        if method is not None and isinstance(function, (str, list, dict, XmVars)):
            return self._method(function, method.attr, given, named, node.lineno)
        if method is not None:
            function = self._attribute_of(function, method)
        return self.called(function, given, named, node.lineno)

    def _arguments(self, node: ast.Call) -> Iterator[object]:
        """Yield the positional arguments of a call."""
        return (self.value(one) for one in node.args if not isinstance(one, ast.Starred))

    def _method(self, holder: object, name: str, given: list[object], named: Names, line: int) -> object:
        """Call a method of a text, a list, a dictionary or xm_vars."""
        if isinstance(holder, XmVars):
            return self._declare(holder, name, given, named, line)
        if isinstance(holder, list):
            return self._list_method(holder, name, given, named, line)
        if isinstance(holder, dict) and name not in DICT_METHODS:
            return Unknown(f"the method {name}", line)
        if isinstance(holder, dict):
            unknown = first_unknown(*given[:1])
            return unknown or dict_method(holder, name, given, named, self.budget)
        unknown = self._anywhere_unknown([*given, *named.values()])
        try:
            return unknown or text_method(cast("str", holder), name, given, named, self.budget)
        except AttributeError:
            return Unknown(f"the method {name}", line)

    def _list_method(self, holder: list[object], name: str, given: list[object], named: Names, line: int) -> object:
        """Call a method of a list. If it depends on an unknown value, the whole list becomes unknown."""
        if name == "extend" and isinstance(given[0], Unknown):
            holder.append(given[0])
            return None
        unknown = (
            # append and insert keep the rest of the list known, even if the new member is unknown.
            first_unknown(*given, *named.values()) if name not in ("append", "insert") else first_unknown(*given[:-1])
        )
        if name not in LIST_METHODS or (
            name in ("sort", "remove", "index", "count") and (unknown or first_unknown(*holder))
        ):
            unknown = unknown or first_unknown(*holder) or Unknown(f"the method {name}", line)
        if unknown:
            holder[:] = [unknown]
            return unknown
        try:
            return list_method(holder, name, given, named, self.budget)
        except (TypeError, AttributeError):
            holder[:] = [Unknown(f"the method {name}", line)]
            return holder[0]

    def _anywhere_unknown(self, values: list[object]) -> Unknown | None:
        """Return the first unknown value among some values and their members."""
        members = [member for value in values if isinstance(value, list) for member in value]
        self.budget.spend(len(members))
        return first_unknown(*values, *members)

    def called(self, function: object, given: list[object], named: Names, line: int) -> object:
        """Call a function."""
        if isinstance(function, Defined):
            return self._call_defined(function, given, named, line)
        if isinstance(function, Module):
            return self._call_known(function.name, given, named, line)
        if not isinstance(function, Unknown):
            raise TypeError("object is not callable")
        self.unknown_calls += 1
        for value in given:
            # An unknown function may change every list that it gets.
            if isinstance(value, list):
                value[:] = [function]
        return function

    def _call_known(self, name: str, given: list[object], named: Names, line: int) -> object:
        """Call a function of Python."""
        if name in _HIGHER:
            return _HIGHER[name](self, given, line)
        if name in EXCEPTIONS:
            return Module(name)
        if name == "sys.exit":
            raise Raised("SystemExit", line)
        if name in ("os.uname", *_HOST_FUNCTIONS):
            return self._host(name, line)
        unknown = first_unknown(*given, *named.values())
        if name in BUILTINS or name in FUNCTIONS:
            deep = (
                None
                # These functions do not look into the members, so an unknown member does not matter.
                if name in ("len", "list", "tuple", "enumerate", "zip", "reversed")
                else self._anywhere_unknown(given)
            )
            function = BUILTINS.get(name) or FUNCTIONS[name]
            return unknown or deep or self._tried(lambda: function(self.budget, *given, **named), name, line)
        return Unknown(name, line)

    def _tried(self, action: Callable[[], object], name: str, line: int) -> object:
        """Return the result of a function. If it refuses its arguments here, Python 2 may accept them, so the result is unknown."""
        try:
            return action()
        except TypeError:
            if name in ("int", "len", "float"):
                raise
            return Unknown(f"{name}()", line)

    def _host(self, name: str, line: int) -> object:
        """Return the known value of a field of os.uname()."""
        if name == "os.uname":
            self.unknown_calls += not all(key in self.host for key in UNAME)
            return tuple(self.host.get(key) or Unknown(f"os.uname()[{place}]", line) for place, key in enumerate(UNAME))
        key = _HOST_FUNCTIONS[name]
        self.unknown_calls += key not in self.host
        return self.host.get(key) or Unknown(f"{name}()", line)

    def _call_defined(self, function: Defined, given: list[object], named: Names, line: int) -> object:
        """Call a function of the file."""
        if self.depth >= MOST_CALLS:
            raise TooMuch(f"calls its own functions more than {MOST_CALLS} deep")
        if function.yields:
            return Unknown("a function with yield", line)
        names = self._bound(function, given, named)
        # A function sees the names of the place of its definition, not those of the call.
        before, self.scope = self.scope, function.scope.inner(names)
        self.depth += 1
        try:
            if isinstance(function.node, ast.Lambda):
                return self.value(function.node.body)
            self.body(function.node.body)
        except Returned as returned:
            return returned.value
        # A break whose condition is unknown: how often the loop ran is unknown, too.
        except LoopEnded:
            return Unknown("a loop", line)
        finally:
            self.scope = before
            self.depth -= 1
        return None

    def _bound(self, function: Defined, given: list[object], named: Names) -> Names:
        """Return the arguments of a call by name. Raises TypeError."""
        arguments = function.node.args
        wanted = [argument.arg for argument in arguments.args]
        self.budget.spend(len(wanted))
        # Defaults belong to the last parameters.
        first_default = len(wanted) - len(function.defaults)
        names: Names = dict(zip(wanted[first_default:], function.defaults, strict=True))
        names.update(zip(wanted, given))
        if len(given) > len(wanted) and not arguments.vararg:
            raise TypeError("takes fewer arguments")
        if arguments.vararg:
            names[arguments.vararg.arg] = tuple(given[len(wanted) :])
        unexpected = {name: value for name, value in named.items() if name not in wanted}
        if unexpected and not arguments.kwarg:
            raise TypeError("got an unexpected keyword argument")
        names.update({name: value for name, value in named.items() if name in wanted})
        if arguments.kwarg:
            names[arguments.kwarg.arg] = unexpected
        if any(name not in names for name in wanted):
            raise TypeError("takes more arguments")
        return names

    def body(self, statements: list[ast.stmt]) -> None:
        """Run the statements of a function."""
        raise NotImplementedError

    def sets_anything(self, line: int) -> None:
        """Handle an expression that may set any name of the file."""
        raise NotImplementedError

    def skipped(self, nodes: Sequence[ast.AST], unknown: Unknown) -> None:
        """Handle expressions that may be evaluated, or not."""
        raise NotImplementedError

    def iterated(self, node: ast.expr, over: object) -> None:
        """Handle a value that is iterated over."""
        raise NotImplementedError

    def _declare(self, holder: XmVars, name: str, given: list[object], named: Names, line: int) -> object:
        """Handle a call of xm_vars, which declares a variable or checks them all."""
        if name == "var":
            check = named.get("check", given[2] if len(given) > 2 else None)
            holder.checks.append((str(given[0]), check))
        elif name == "check":
            for variable, check in holder.checks:
                text = self.variables.get(variable) or Unknown(
                    f"the variable {variable}, which xm takes from its command line", line
                )
                self.scope.names[variable] = text if check is None else self.called(check, [variable, text], {}, line)
        return None

    def _map(self, given: list[object], line: int) -> object:
        """Return map()."""
        if isinstance(given[1], Unknown) or len(given) != 2:
            return first_unknown(*given) or Unknown("map() of several lists", line)
        return [self.called(given[0], [member], {}, line) for member in members_of(given[1], self.budget)]

    def _filter(self, given: list[object], line: int) -> object:
        """Return filter()."""
        if unknown := first_unknown(*given):
            return unknown
        members = members_of(given[1], self.budget)
        kept = [member if given[0] is None else self.called(given[0], [member], {}, line) for member in members]
        if unknown := first_unknown(*kept):
            return unknown
        found = [member for member, keep in zip(members, kept, strict=True) if keep]
        return "".join(map(str, found)) if isinstance(given[1], str) else found

    def _reduce(self, given: list[object], line: int) -> object:
        """Return reduce()."""
        if unknown := first_unknown(*given[1:]):
            return unknown
        members = [*given[2:], *members_of(given[1], self.budget)]
        value = members[0]
        for member in members[1:]:
            value = self.called(given[0], [value, member], {}, line)
        return value

    _READERS: Mapping[type[ast.expr], Callable[..., object]] = {
        ast.Constant: _constant,
        ast.Name: _name,
        ast.List: _list,
        ast.Tuple: _tuple,
        ast.Dict: _dict,
        ast.BinOp: _binary,
        ast.UnaryOp: _unary,
        ast.BoolOp: _logical,
        ast.Compare: _compare,
        ast.IfExp: _choice,
        ast.Subscript: _subscript,
        ast.Attribute: _attribute,
        ast.Lambda: _lambda,
        ast.ListComp: _comprehension,
        ast.GeneratorExp: _generator,
        ast.DictComp: _dict_comprehension,
        ast.Call: _call,
    }


_HIGHER: Mapping[str, Callable[..., object]] = {
    "map": Expressions._map,  # noqa: SLF001 - of this file
    "filter": Expressions._filter,  # noqa: SLF001
    "reduce": Expressions._reduce,  # noqa: SLF001
}
"""The functions of Python that call functions of the file."""

_HOST_FUNCTIONS = {
    "platform.machine": "machine",
    "platform.node": "nodename",
    "platform.release": "release",
    "platform.system": "sysname",
    "socket.gethostname": "nodename",
}
"""Functions that return a part of os.uname()."""

_OPAQUE = frozenset(
    [
        "open",
        "file",
        "input",
        "raw_input",
        "eval",
        "compile",
        "execfile",
        "exec",
        "vars",
        "globals",
        "locals",
        "dir",
        "getattr",
        "setattr",
        "hasattr",
        "delattr",
        "id",
        "hash",
        "type",
        "isinstance",
        "issubclass",
        "callable",
        "object",
        "super",
        "set",
        "frozenset",
        "iter",
        "next",
        "any",
        "all",
        "cmp",
        "apply",
        "intern",
        "reload",
        "__import__",
        "buffer",
        "bytearray",
        "memoryview",
        "slice",
        "staticmethod",
        "classmethod",
        "property",
        "complex",
        "exit",
        "quit",
        "unichr",
        "basestring",
        "xm_file",
        "xm_help",
        "pow",
    ]
)
"""Names of Python and xm that are not evaluated."""
