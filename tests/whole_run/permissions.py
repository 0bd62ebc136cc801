"""Every permission that the template grants a function, and the test that uses it.

The second table of docs/permissions.md names one test for each. A run of that test must use the
permission, in a way that no other statement of the same role allows. So whoever takes a statement
away sees its role refused something, and that fails the run too.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.permission_table import DOCUMENT
from tests.support.template import resources

Line = Mapping[str, Any]
"""One line of a recording."""

_BEGIN, _END = "<!-- made by make permissions -->\n", "<!-- end -->"


@dataclass(frozen=True, order=True)
class Permission:
    """What one action of one statement allows with one of its resources."""

    function: str
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.function}: {self.action} {self.resource}"


@dataclass(frozen=True)
class Ran:
    """A test that ran, without its parameters, and the port of the stack that it went to."""

    test: str
    port: int | None
    start: float
    stop: float


def granted() -> Counter[Permission]:
    """Return what the template grants, and by how many statements each."""
    return Counter(
        Permission(role.removesuffix("Role"), action, _name(resource))
        for role, properties in resources("AWS::IAM::Role").items()
        for policy in properties.get("Policies", [])
        for statement in map(_if_so, policy["PolicyDocument"]["Statement"])
        for resource in _listed(statement["Resource"])
        for action in _listed(statement["Action"])
    )


def granted_twice() -> list[Permission]:
    """Return what two statements of a role grant alike: either could go unnoticed."""
    return sorted(permission for permission, number in granted().items() if number > 1)


def used(lines: Iterable[Line]) -> Iterator[tuple[Permission, Line]]:
    """Return each use of a permission without which it would have been refused."""
    known, functions = granted(), _functions()
    for line in lines:
        if line["kind"] != "use" or len(line["allowed_by"]) != 1:
            continue
        function = _function_of(line["role"], functions)
        permission = Permission(function, line["action"], _name_of(line["allowed_by"][0]))
        if permission in known:
            yield permission, line


def refused(lines: Iterable[Line]) -> list[str]:
    """Return what functions asked for in vain. What others ask by a signed URL is their affair."""
    functions = _functions()
    return sorted(
        {
            f"{function} may not {line['action']} {line['resource']}"
            for line in lines
            if line["kind"] == "refused" and not line["by_link"]
            if (function := _function_of(line["role"], functions))
        }
    )


def unused(table: Mapping[Permission, str], lines: Iterable[Line], ran: Iterable[Ran]) -> list[str]:
    """Return the permissions whose test ran without anything using them."""
    tests = {one.test for one in ran}
    seen = {permission for permission, _ in used(lines)}
    return [
        f"{permission} was not used, although {test} ran"
        for permission, test in sorted(table.items())
        if test in tests and permission not in seen
    ]


def users(lines: Sequence[Line], ran: Sequence[Ran]) -> dict[Permission, str]:
    """Return a test for each permission that was used.

    Of those that ran on that stack at that time, it is one that ran there alone, if there is one,
    and kept the function the busiest: messages that come late are handled during other tests.
    """
    alone: dict[Permission, set[str]] = defaultdict(set)
    beside_others: dict[Permission, set[str]] = defaultdict(set)
    uses: Counter[tuple[str, str]] = Counter()
    by_port: dict[int | None, list[Ran]] = defaultdict(list)
    for one in ran:
        by_port[one.port].append(one)
    for permission, line in used(lines):
        tests = {
            one.test
            for one in by_port.get(line["port"], [])
            if one.start <= line["time"] <= one.stop
        }
        found = alone if len(tests) == 1 else beside_others
        found[permission] |= tests
        uses.update((test, permission.function) for test in tests)
    return {
        permission: min(
            alone.get(permission) or beside_others[permission],
            key=lambda test: (-uses[test, permission.function], test),
        )
        for permission in {*alone, *beside_others}
        if alone.get(permission) or beside_others[permission]
    }


def read() -> dict[Permission, str]:
    """Return the table of docs/permissions.md: the test of each permission, or why it has none."""
    rows = re.findall(r"^\| (\w+) \| `(\w+:\w+)` \| `(\S+)` \| (.+) \|$", _parts()[1], re.MULTILINE)
    return {Permission(*names): test.strip("`") for *names, test in rows}


def is_test(text: str) -> bool:
    """Tell whether the last cell of a row names a test, and does not say why there is none."""
    return "::" in text


def write(found: Mapping[Permission, str]) -> list[Permission]:
    """Write the table anew with the tests that were `found`, and return those without any.

    A test that the table names already stays.
    """
    before = read()
    rows, missing = [], []
    for permission in sorted(granted()):
        known = before.get(permission, "")
        text = known if is_test(known) else found.get(permission, known)
        if not text:
            missing.append(permission)
            continue
        cell = f"`{text}`" if is_test(text) else text
        function, action, resource = permission.function, permission.action, permission.resource
        rows.append(f"| {function} | `{action}` | `{resource}` | {cell} |\n")
    heading = "\n| Function | Action | Resource | Test |\n|---|---|---|---|\n"
    before_it, _, after_it = _parts()
    DOCUMENT.write_text(before_it + heading + "".join(rows) + "\n" + after_it)
    return missing


def _parts() -> tuple[str, str, str]:
    """Return the document in three parts: what comes before the table, the table, and the rest."""
    before, begin, rest = DOCUMENT.read_text().partition(_BEGIN)
    table, end, after = rest.partition(_END)
    return before + begin, table, end + after


def _functions() -> set[str]:
    return {role.removesuffix("Role") for role in resources("AWS::IAM::Role")}


def _function_of(role: str, functions: set[str]) -> str:
    """Return whose role this is, by the name that it is deployed with. "" for other stacks'."""
    parts = (part.removesuffix("Role") for part in role.split("-"))
    return next((part for part in parts if part in functions), "")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _if_so(statement: Any) -> Any:
    """Return a statement, if its condition is met."""
    return statement["Fn::If"][1] if "Fn::If" in statement else statement


def _name(resource: Any) -> str:
    """Write a resource of the template as short as it can be said: `PhotosTable/index/byDue`."""
    match resource:
        case {"Fn::GetAtt": str(name)}:
            return name.removesuffix(".Arn")
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\${(\w+)\.Arn}", r"\1", text)
        case {"Fn::Sub": [str(text), _]}:
            return _VARIABLE.sub("*", text.rpartition(":")[2])
    raise ValueError(f"no name for {resource}")


_VARIABLE = re.compile(r"\${\w+}")
_TABLE_OR_QUEUE = re.compile(r"[\w-]+?-(\w+(?:Table|Queue))-[0-9A-Za-z]+")
_BUCKET = re.compile(r"[\w-]+?-(uploads|thumbnails)-\d{12}-[\w-]+")
_DELIVERY_KEY = re.compile(r"(parameter/photodrop/delivery/).+")


def _name_of(arn: str) -> str:
    """Write a resource of a deployed policy as `_name` writes it."""
    name = arn.split(":", 5)[-1].removeprefix("table/")
    name = _TABLE_OR_QUEUE.sub(r"\1", name, count=1)
    name = _BUCKET.sub(lambda found: f"{found[1].title()}Bucket", name, count=1)
    return _DELIVERY_KEY.sub(r"\1*", name)
