"""Answers of DynamoDB are parsed as botocore does it, in less time."""

import json
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import JSONParser
from hypothesis import given
from hypothesis import strategies as st
from pynamodb.attributes import BinaryAttribute, BinarySetAttribute

from photodrop.aws import tables
from photodrop.aws.tables.connection import CONNECTION, ItemParser

SERVICE = ServiceModel(Loader().load_service_model("dynamodb", "service-2"))

values = st.recursive(
    st.fixed_dictionaries({"S": st.text()})
    | st.integers().map(lambda number: {"N": str(number)})
    | st.booleans().map(lambda answer: {"BOOL": answer})
    | st.just({"NULL": True})
    | st.lists(st.text(), min_size=1).map(lambda texts: {"SS": texts}),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: {"L": items})
        | st.dictionaries(st.text(), inner, max_size=3).map(lambda items: {"M": items})
    ),
    max_leaves=8,
)
items = st.dictionaries(st.text(min_size=1), values, max_size=5)


def parse(parser: JSONParser, operation: str, body: Any, status: int = 200) -> Any:
    answer = {"status_code": status, "headers": {}, "body": json.dumps(body).encode()}
    return parser.parse(answer, SERVICE.operation_model(operation).output_shape)


@given(st.lists(items, max_size=3))
def test_items_are_what_botocore_makes_of_them(found: list[Any]) -> None:
    for operation, body in (
        ("Query", {"Items": found, "Count": len(found), "ScannedCount": len(found)}),
        ("GetItem", {"Item": found[0]} if found else {}),
        ("BatchGetItem", {"Responses": {"photos": found}, "UnprocessedKeys": {}}),
    ):
        theirs = parse(JSONParser(), operation, body)
        assert parse(ItemParser(), operation, body) == theirs


def test_a_refused_transaction_is_what_botocore_makes_of_it() -> None:
    body = {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled",
        "CancellationReasons": [{"Code": "None"}, {"Code": "ConditionalCheckFailed"}],
    }
    theirs = parse(JSONParser(), "TransactWriteItems", body, 400)
    assert parse(ItemParser(), "TransactWriteItems", body, 400) == theirs
    assert theirs["Error"]["Code"] == "TransactionCanceledException"


def test_the_client_of_all_tables_uses_it() -> None:
    factory = CONNECTION.client._endpoint._response_parser_factory
    assert isinstance(factory.create_parser("json"), ItemParser)


@pytest.mark.parametrize("name", ["Photo", "Student", "Event", "Attendee", "Usage"])
def test_no_table_has_a_binary_value_which_would_have_to_be_decoded(name: str) -> None:
    attributes = getattr(tables, name).get_attributes().values()
    assert attributes
    assert not [one for one in attributes if isinstance(one, BinaryAttribute | BinarySetAttribute)]
