"""`template.yaml` as data, its loops expanded: `{"Ref": ...}` and `{"Fn::...": ...}` as in JSON.

`expand` does what `AWS::LanguageExtensions` does with the template's `Fn::ForEach`. A test holds
it against the transform of the emulator.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The one in C, where PyYAML has it: it needs a tenth of the time for the template."""


def _intrinsic(loader: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _intrinsic)


def as_written() -> dict[str, Any]:
    """Return the template with its loops."""
    return dict(yaml.load((ROOT / "template.yaml").read_text(), _Loader))


@cache
def template() -> dict[str, Any]:
    written = as_written()
    return dict(expand(written, written["Mappings"], {}))


def expand(node: Any, mappings: Mapping[str, Any], names: Mapping[str, str]) -> Any:
    """Return `node` with its loops expanded, and what the loops' `names` stand for put in."""
    if isinstance(node, list):
        return [expand(item, mappings, names) for item in node]
    if not isinstance(node, dict):
        return node
    expanded: dict[str, Any] = {}
    for key, value in node.items():
        if key.startswith("Fn::ForEach::"):
            name, items, body = value
            for item in items:
                expanded |= {
                    _put_in(each, {name: item}): expand(content, mappings, {**names, name: item})
                    for each, content in body.items()
                }
        else:
            expanded[key] = expand(value, mappings, names)
    return _resolved(expanded, mappings, names) if names else expanded


def _resolved(node: dict[str, Any], mappings: Mapping[str, Any], names: Mapping[str, str]) -> Any:
    """Return what a function inside of a loop stands for, as far as the loop's names decide it."""
    match list(node.items()):
        case [("Ref", str(name))]:
            return names.get(name, node)
        case [("Fn::Sub", str(text))]:
            text = _put_in(text, names)
            return {"Fn::Sub": text} if "${" in text else text
        case [("Fn::FindInMap", [mapping, first, second])]:
            return mappings[mapping][first][second]
        case [("Fn::GetAtt", [resource, attribute])]:
            return {"Fn::GetAtt": f"{resource}.{attribute}"}
    return node


def _put_in(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of all resources of one type, by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template()["Resources"].items()
        if resource["Type"] == kind
    }


def table_schema(logical_id: str) -> dict[str, Any]:
    """Return what `create_table` needs to make a table as the template has it."""
    properties = resources("AWS::DynamoDB::Table")[logical_id]
    wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    return {name: properties[name] for name in wanted if name in properties}
