"""`template.yaml` as data: `{"Ref": ...}` and `{"Fn::...": ...}` where it has `!Ref` and so on."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


class _Loader(yaml.SafeLoader):
    pass


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _intrinsic)


@cache
def template() -> dict[str, Any]:
    return dict(yaml.load((ROOT / "template.yaml").read_text(), _Loader))


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
