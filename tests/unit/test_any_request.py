"""No request whatsoever makes a route answer 5xx: bad input is always the client's error."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local import openapi
from photodrop.aws.tables.connection import CONNECTION
from photodrop.domain import paging, upload_tokens
from photodrop.domain.callers import Caller
from tests.support import gateway

pytestmark = pytest.mark.usefixtures("aws")

PATHS = json.loads(openapi.DESCRIPTION.read_text())["paths"]
OPERATIONS = [(method, path) for path, item in PATHS.items() for method in item]
WITH_BODY = [(method, path) for method, path in OPERATIONS if "requestBody" in PATHS[path][method]]
CLAIMS = {
    "sub": "5f0c6a52-1b7e-4a53-9a3e-2f7d0d9c4f11",
    "email": "grace@example.com",
    "email_verified": "true",
    "cognito:groups": "staff,organizers",
}
DIGITS = "9" * 5000
DEEP = "[" * 10_000
SURROGATE = "\ud800"

nasty_texts = st.sampled_from(
    [
        "", " ", "\0", ".", "..", "%", "%00", "%FF", "%ud800", "NaN", "Infinity", "-1", "0",
        "1e400", "null", "undefined", "[]", '["a"]', '{"a": ' * 5000, DEEP, DIGITS, f"[{DIGITS}]",
        SURROGATE, f"a{SURROGATE}@example.com", "\u202e", "\u200b", "ß" * 50, "x" * 2049,
        "x" * 40_000, "é" * 1025, "a@b.c", str(uuid.UUID(int=0)), "2026-05-01T18:00:00+02:00",
        "uploads/user_x/y.jpg", f"uploads/user_x/{uuid.UUID(int=0)}.jpg", "image/jpeg", "1,2", ",",
        "IyMj", "_" * 200, paging.encode(f"2026-11-20T00:00:00.000Z#{uuid.UUID(int=0)}"),
    ]
)  # fmt: skip
texts = nasty_texts | st.text(st.characters(codec=None), max_size=60)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.just(10**400),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(texts.map(lambda t: t[:60]), inner, max_size=4)
    ),
    max_leaves=8,
)
BODIES = [
        DEEP, "[" * 10_000 + "]" * 10_000, '{"a":' * 10_000, DIGITS, f'{{"sizeBytes": {DIGITS}}}',
        f'{{"metadata": {{"sizeBytes": {DIGITS}}}}}', '{"name": "\\ud800"}', '{"\\ud800": 1}',
        '{"name": "\ud800"}', '{"name": "\\u0000"}', "NaN", '{"sizeBytes": NaN}',
        '{"sizeBytes": -Infinity}', '{"sizeBytes": 1e400}', "", " ", "nul", '"', "\0", "\ufeff{}",
        json.dumps({f"field{n}": n for n in range(20_000)}),
        json.dumps({"x" * 1_000_000: 1}),
]  # fmt: skip

GOOD = {
    "InitiateUpload": {"fileName": "a.jpg", "contentType": "image/jpeg", "sizeBytes": 1},
    "CreateMultipartUpload": {"filename": "a.jpg", "type": "image/jpeg", "metadata": {}},
    "CompleteMultipartUpload": {"parts": [{"PartNumber": 1, "ETag": "x"}]},
    "SignRequest": {"method": "PUT", "key": "a.jpg", "metadata": {}},
    "CreateEvent": {"name": "Party"},
    "WriteStudent": {"name": "Grace", "email": "grace@example.com", "course": "Maths"},
    "RestorePhoto": {"tier": "Bulk", "days": 1},
    "ReportStatus": {"status": "failed"},
    "EditPhoto": {"title": "A"},
    "EditEvent": {"name": "A"},
}  # fmt: skip
"""Bodies that are taken, by their shapes."""


@pytest.fixture(autouse=True)
def dynamodb_refuses_keys() -> Iterator[None]:
    """DynamoDB takes 1 to 2,048 bytes as a partition key. moto takes anything."""

    def refuse(params: dict[str, Any], **_: Any) -> None:
        batches = [batch["Keys"] for batch in params.get("RequestItems", {}).values()]
        for key in [params.get("Key", {}), *(key for keys in batches for key in keys)]:
            if not all(1 <= len(value["S"].encode()) <= 2048 for value in key.values()):
                error = {"Code": "ValidationException", "Message": "Size of hashkey"}
                raise ClientError({"Error": error}, "GetItem")

    calls = CONNECTION.client.meta.events
    calls.register("before-parameter-build.dynamodb", refuse)
    yield
    calls.unregister("before-parameter-build.dynamodb", refuse)


@pytest.fixture
def known(aws: None) -> dict[str, str]:
    """Parameters that name what there is: a good value for each name."""

    def make(method: str, path: str, body: str, **parameters: str) -> Any:
        answer = gateway.call(
            method, path, parameters=parameters, body=json.dumps(GOOD[body]), claims=CLAIMS
        )
        assert answer.status in {200, 201}, answer.text
        return answer.body

    photo = make("post", "/photos/initiate-upload", "InitiateUpload")
    upload = make("post", "/s3/multipart", "CreateMultipartUpload")
    return {
        "photoId": photo["photoId"],
        "eventId": make("post", "/events", "CreateEvent")["eventId"],
        "studentId": make("post", "/v2/students", "WriteStudent")["studentId"],
        "uploadId": upload["uploadId"],
        "key": upload["key"],
        "token": upload_tokens.create(Caller(CLAIMS["sub"], CLAIMS["email"], frozenset()))[0],
        "email": "ada@example.com",
        "partNumber": "1",
        "partNumbers": "1,2",
        "filename": "a.jpg",
        "type": "image/jpeg",
        "res": "640",
    }


def schema_of(operation: Any) -> str:
    content = operation["requestBody"]["content"]["application/json"]
    return str(content["schema"]["$ref"]).rpartition("/")[2]


def fields_of(name: str) -> list[str]:
    document = json.loads(openapi.DESCRIPTION.read_text())
    return list(document["components"]["schemas"][name]["properties"])


@st.composite
def bodies(draw: st.DrawFn, name: str) -> str:
    """Text of all kinds, and a good body with some fields gone wrong."""
    if draw(st.booleans()):
        return draw(st.sampled_from(BODIES) | texts)
    body = dict(GOOD.get(name, {}))
    fields = st.sampled_from(fields_of(name)) | texts.map(lambda text: text[:60])
    body |= draw(st.dictionaries(fields, values, max_size=3))
    if "metadata" in body and draw(st.booleans()):
        inner = st.sampled_from(fields_of("UploadMetadata"))
        body["metadata"] = draw(st.dictionaries(inner, values, max_size=3))
    return json.dumps(body)


@st.composite
def requests(draw: st.DrawFn, operation: Any, known: dict[str, str]) -> dict[str, Any]:
    parts: dict[str, dict[str, str]] = {"path": {}, "query": {}, "header": {}}
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path" or draw(st.integers(0, 2)):
            good = known.get(parameter["name"])
            value = good if good and draw(st.integers(0, 2)) else draw(texts)
            parts[parameter["in"]][parameter["name"]] = value
    parts["query"] |= draw(st.dictionaries(texts, texts, max_size=1))
    body = None
    if "requestBody" in operation:
        body = draw(bodies(schema_of(operation)))
        types = ["application/json", "application/JSON; charset=utf-8", "text/html", SURROGATE, ""]
        parts["header"]["Content-Type"] = draw(st.sampled_from(types))
    return {
        "parameters": parts["path"],
        "query": parts["query"],
        "headers": parts["header"],
        "body": body,
    }


def assert_is_no_fault_of_ours(answer: gateway.Answer) -> None:
    assert answer.status < 500, answer.text
    if answer.status >= 400:
        assert set(answer.body) >= {"code", "message", "requestId"}
        assert len(answer.text) < 10_000


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_request_makes_a_route_fail(method: str, path: str, known: dict[str, str]) -> None:
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(requests(PATHS[path][method], known), st.sampled_from([CLAIMS, CLAIMS, None]))
    def run(request: dict[str, Any], claims: dict[str, str] | None) -> None:
        assert_is_no_fault_of_ours(gateway.call(method, path, claims=claims, **request))

    run()


def test_a_body_that_is_no_json_is_the_clients_error(known: dict[str, str]) -> None:
    for method, path in WITH_BODY:
        for body in BODIES:
            answer = gateway.call(
                method, path, parameters=known, query=known, body=body, claims=CLAIMS
            )
            assert answer.status == 400, (method, path, body[:40])
            assert_is_no_fault_of_ours(answer)


@pytest.mark.parametrize("name", openapi.IDS)
def test_an_id_that_cannot_be_is_not_found(name: str, known: dict[str, str]) -> None:
    for method, path in OPERATIONS:
        body = GOOD[schema_of(PATHS[path][method])] if (method, path) in WITH_BODY else None
        for wrong in ("x" * 2049, "é" * 1025, "\0", " ", "x", "\u202e", str(uuid.UUID(int=0))):
            if f"{{{name}}}" not in path:
                continue
            answer = gateway.call(
                method,
                path,
                parameters=known | {name: wrong},
                query=known,
                body=json.dumps(body) if body else None,
                claims=CLAIMS,
            )
            assert answer.status == 404, (method, path, wrong[:40], answer.text)
