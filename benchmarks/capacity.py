"""Counts the capacity of DynamoDB that calls consume, by the partition that it is consumed from.

moto does not say what an index consumes. So this looks at each item before and after a write, and
applies the rules of DynamoDB's developer guide:

- A write consumes a unit for each KB that is begun, of the larger of the item before and after; in
  a transaction twice as much.
- An index consumes a unit for each KB of its entry when the entry is put, changed or deleted. An
  entry whose keys change is deleted and put. An entry that stays the same consumes nothing.
- A read consumes half a unit for each 4 KB that is begun; a consistent one a whole unit. A Query
  adds up its items first; GetItem and BatchGetItem count each item for itself.
"""

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3

from benchmarks.in_process import REGION
from tests.support import template

Item = dict[str, Any]
Partition = tuple[str, str]
"""A table or an index, and the value of its partition key."""

_WRITES = {"PutItem", "UpdateItem", "DeleteItem"}


def item_bytes(item: Item) -> int:
    """Return the size of an item in DynamoDB's JSON."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Any) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return math.ceil(len(content.strip("-").replace(".", "")) / 2) + 1
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + _value_bytes(one) for one in content)
        case "M":
            return 3 + item_bytes(content) + len(content)
    raise ValueError(f"an attribute of the type {kind}")


def _write_units(size: int) -> int:
    return math.ceil(size / 1024)


def _read_units(size: int, *, consistent: bool) -> float:
    return math.ceil(max(size, 1) / 4096) * (1 if consistent else 0.5)


class Table:
    """A table as the template has it, with what is in it."""

    def __init__(self, logical_id: str, name: str, client: Any) -> None:
        schema = template.table_schema(logical_id)
        self.name, self._client = name, client
        self.keys = [key["AttributeName"] for key in schema["KeySchema"]]
        self.indexes = {
            index["IndexName"]: (
                [key["AttributeName"] for key in index["KeySchema"]],
                index["Projection"]["ProjectionType"] == "ALL",
            )
            for index in schema.get("GlobalSecondaryIndexes", [])
        }

    def key(self, item: Item) -> Item:
        return {name: item[name] for name in self.keys}

    def item(self, key: Item) -> Item:
        found = self._client.get_item(TableName=self.name, Key=key, ConsistentRead=True)
        return dict(found.get("Item", {}))

    def entry(self, index: str, item: Item) -> Item:
        """Return the entry of an item in an index, or nothing if it has none."""
        keys, holds_all = self.indexes[index]
        if not all(name in item for name in keys):
            return {}
        return item if holds_all else {name: item[name] for name in [*keys, *self.keys]}


class Capacity:
    """What was consumed: units by partition, and the calls by operation."""

    def __init__(self) -> None:
        self.written: Counter[Partition] = Counter()
        self.read: Counter[Partition] = Counter()
        self.calls: Counter[str] = Counter()

    def count_write(self, table: Table, before: Item, after: Item, *, factor: int) -> None:
        """Count one write of a table and what it changes in the table's indexes."""
        partition = (before or after)[table.keys[0]]["S"] if before or after else ""
        size = max(item_bytes(before), item_bytes(after), 1)
        self.written[table.name, partition] += _write_units(size) * factor
        for index, (keys, _) in table.indexes.items():
            old, new = table.entry(index, before), table.entry(index, after)
            if old == new:
                continue
            if old and new and all(old[name] == new[name] for name in keys):
                units = _write_units(max(item_bytes(old), item_bytes(new)))
                self.written[index, new[keys[0]]["S"]] += units
                continue
            for entry in filter(None, (old, new)):
                self.written[index, entry[keys[0]]["S"]] += _write_units(item_bytes(entry))


@contextmanager
def counted(tables: dict[str, str]) -> Iterator[Capacity]:
    """Count what the functions consume from these tables: names by logical id."""
    from photodrop.aws.tables.connection import CONNECTION  # noqa: PLC0415 - needs the settings

    observer = boto3.client("dynamodb", region_name=REGION)
    by_name = {name: Table(logical_id, name, observer) for logical_id, name in tables.items()}
    capacity, client = Capacity(), CONNECTION.client
    call = client._make_api_call

    def count(operation: str, arguments: dict[str, Any]) -> Any:
        capacity.calls[operation] += 1
        writes = _writes(by_name, operation, arguments)
        before = [table.item(key) for table, key in writes]
        answer = call(operation, arguments)
        factor = 2 if operation == "TransactWriteItems" else 1
        for (table, key), old in zip(writes, before, strict=True):
            capacity.count_write(table, old, table.item(key), factor=factor)
        _count_read(capacity, by_name, operation, arguments, answer)
        return answer

    client._make_api_call = count
    try:
        yield capacity
    finally:
        client._make_api_call = call


def _writes(tables: dict[str, Table], operation: str, arguments: Any) -> list[tuple[Table, Item]]:
    if operation == "TransactWriteItems":
        requests = [next(iter(one.items())) for one in arguments["TransactItems"]]
        requests = [one for one in requests if one[0] != "ConditionCheck"]
        found = [request for _, request in requests]
    elif operation in _WRITES:
        found = [arguments]
    elif operation == "BatchWriteItem":
        found = [
            {"TableName": name} | next(iter(request.values()))
            for name, requests in arguments["RequestItems"].items()
            for request in requests
        ]
    else:
        return []
    named = [(tables[one["TableName"]], one.get("Key") or one["Item"]) for one in found]
    return [(table, table.key(key)) for table, key in named]


def _count_read(
    capacity: Capacity, tables: dict[str, Table], operation: str, arguments: Any, answer: Any
) -> None:
    if operation == "GetItem":
        table = tables[arguments["TableName"]]
        size = item_bytes(answer.get("Item", {}))
        units = _read_units(size, consistent=arguments.get("ConsistentRead", False))
        capacity.read[table.name, arguments["Key"][table.keys[0]]["S"]] += units
    elif operation == "BatchGetItem":
        for name, request in arguments["RequestItems"].items():
            consistent = request.get("ConsistentRead", False)
            found = {str(tables[name].key(item)): item for item in answer["Responses"][name]}
            for key in request["Keys"]:
                size = item_bytes(found.get(str(tables[name].key(key)), {}))
                units = _read_units(size, consistent=consistent)
                capacity.read[name, key[tables[name].keys[0]]["S"]] += units
    elif operation == "Query":
        size = sum(map(item_bytes, answer["Items"]))
        where = arguments.get("IndexName", arguments["TableName"])
        partition = next(
            value["S"]
            for value in arguments["ExpressionAttributeValues"].values()
            if arguments["KeyConditionExpression"].startswith("#0 = :0")
        )
        consistent = arguments.get("ConsistentRead", False)
        capacity.read[where, partition] += _read_units(size, consistent=consistent)
