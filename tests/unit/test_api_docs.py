"""The API's description: up to date, complete, and the same as the template's routes."""

import json
import re
from collections.abc import Callable

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from local import openapi
from photodrop import errors
from tests.support import gateway
from tests.support.template import resources

DESCRIPTION = json.loads(openapi.DESCRIPTION.read_text())
ROUTES = {
    (event["Properties"]["Path"], event["Properties"]["Method"])
    for function in resources("AWS::Serverless::Function").values()
    for event in function.get("Events", {}).values()
    if event["Type"] == "Api" and event["Properties"]["Method"] != "any"
}


def get(path: str, **headers: str) -> gateway.Answer:
    known = {name.replace("_", "-"): value for name, value in headers.items()}
    if path.startswith("/docs/"):
        asset = path.partition("?")[0].removeprefix("/docs/")
        return gateway.call("get", "/docs/{asset}", parameters={"asset": asset}, headers=known)
    return gateway.call("get", path, headers=known)


def test_it_is_up_to_date() -> None:
    """When this fails: `make openapi`."""
    assert openapi.DESCRIPTION.read_text() == openapi.render()


def test_it_is_a_valid_description() -> None:
    validate(DESCRIPTION)


def test_it_describes_the_routes_of_the_template_and_no_others() -> None:
    described = {(path, method) for path, item in DESCRIPTION["paths"].items() for method in item}
    assert described == ROUTES


def test_it_lists_every_error_code() -> None:
    text = json.dumps(DESCRIPTION["paths"])
    listed = set(re.findall(r"`(\w+)`", text))
    kinds = [errors.RequestError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    codes = {kind.code for kind in kinds if hasattr(kind, "code")}
    gateway = json.dumps(resources("AWS::Serverless::Api")["Api"]["GatewayResponses"])
    codes |= set(re.findall(r'\\"code\\": \\"(\w+)\\"', gateway))
    # These are said of requests that reach no route.
    assert codes - {"BadRequest", "Forbidden"} <= listed
    assert (
        "TooManyPixels"
        in DESCRIPTION["components"]["schemas"]["FailureReason"]["properties"]["code"]["enum"]
    )


def test_every_operation_has_a_name_and_a_summary() -> None:
    operations = [
        operation for item in DESCRIPTION["paths"].values() for operation in item.values()
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert all(operation["summary"] for operation in operations)


def test_it_is_served_to_everyone() -> None:
    answer = get("/openapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.body == DESCRIPTION


def test_it_describes_itself() -> None:
    answer = DESCRIPTION["paths"]["/openapi.json"]["get"]["responses"]["200"]
    Draft202012Validator(answer["content"]["application/json"]["schema"]).validate(DESCRIPTION)


def test_the_page_is_small_and_what_it_loads_is_kept_for_good() -> None:
    page = get("/docs")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert len(page.text) < 2_000
    addresses = re.findall(r'(?:src|href)="(docs[^"]+)"', page.text)
    assert len(addresses) == 3
    for address in addresses:
        assert re.fullmatch(r"docs/[a-z.-]+\?v=[0-9a-f]{16}", address)
        asset = get(f"/{address}")
        assert asset.status == 200
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert asset.headers["etag"] == f'"{address.partition("=")[2]}"'
        assert len(asset.text) < 5_000_000, "Lambda's answers may have 6 MB"


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs/page.js"])
def test_who_has_it_is_told_that_it_is_the_same(path: str) -> None:
    first = get(path)
    assert first.headers["cache-control"].startswith("public, max-age=")
    etag = first.headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}'):
        again = get(path, If_None_Match=known)
        assert (again.status, again.text, again.headers["etag"]) == (304, "", etag)
    assert get(path, If_None_Match='"other"').status == 200


def test_the_page_may_load_and_call_nothing_elsewhere() -> None:
    headers = get("/docs").headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs/page.js"])
def test_a_deployment_may_have_no_docs(path: str, settings: Callable[..., None]) -> None:
    settings(DOCS="false")
    answer = get(path)
    assert (answer.status, answer.body["code"]) == (404, "RouteNotFound")


@pytest.mark.parametrize("asset", ["x", "..", "swagger-ui-bundle.min.js", "%2e%2e"])
def test_nothing_else_lies_below_the_page(asset: str) -> None:
    answer = get(f"/docs/{asset}")
    assert (answer.status, answer.body["code"]) == (404, "RouteNotFound")


def test_routes_that_strangers_may_call_are_throttled_apart() -> None:
    settings = resources("AWS::Serverless::Api")["Api"]["MethodSettings"]
    throttled = {
        (one["ResourcePath"].removeprefix("/").replace("~1", "/"), one["HttpMethod"].lower())
        for one in settings
        if one["ThrottlingRateLimit"]["Ref"] != "RequestsPerSecond"
        and one["ThrottlingBurstLimit"] == one["ThrottlingRateLimit"]
    }
    unsigned = {
        (path, method)
        for path, item in DESCRIPTION["paths"].items()
        for method, operation in item.items()
        if operation.get("security") == []
    }
    assert throttled == unsigned


def test_what_a_path_does_not_match_is_described() -> None:
    for path, item in DESCRIPTION["paths"].items():
        for operation in item.values():
            described = operation["responses"].get("404", {}).get("description", "")
            may_be_missing = "{" in path.removeprefix("/u/{token}") or operation["tags"] == ["Docs"]
            assert ("`RouteNotFound`" in described) == may_be_missing, path


def test_every_route_with_a_body_may_say_that_it_is_too_large() -> None:
    for item in DESCRIPTION["paths"].values():
        for operation in item.values():
            has_body = "requestBody" in operation
            described = operation["responses"].get("413", {}).get("description", "")
            assert ("`RequestTooLarge`" in described) == has_body


def test_what_fields_may_hold_is_described() -> None:
    schemas = DESCRIPTION["components"]["schemas"]
    upload = schemas["InitiateUpload"]["properties"]
    assert (upload["fileName"]["minLength"], upload["fileName"]["maxLength"]) == (1, 255)
    assert upload["fileName"]["pattern"]
    tags = upload["tags"]
    assert (tags["maxItems"], tags["items"]["minLength"], tags["items"]["maxLength"]) == (20, 1, 50)
    assert "[0-9A-Fa-f]{64}" in upload["checksumSha256"]["anyOf"][0]["pattern"]
    email = schemas["WriteStudent"]["properties"]["email"]
    assert (email["format"], email["maxLength"]) == ("idn-email", 254)
    found = {
        parameter["name"]: parameter["schema"]
        for item in DESCRIPTION["paths"].values()
        for operation in item.values()
        for parameter in operation.get("parameters", [])
    }
    assert found["res"]["pattern"] == "^[1-9][0-9]*(x[1-9][0-9]*)?$"
    assert found["cursor"]["anyOf"][0]["pattern"] == "^[A-Za-z0-9_-]*$"
    assert {found[name]["format"] for name in openapi.IDS} == {"uuid"}


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    "content_type",
    ["application/JSON", "Application/Json; charset=UTF-8", " application/json ", ""],
)
def test_json_is_json_however_it_is_written(content_type: str) -> None:
    claims = {"sub": "5f0c6a52-1b7e-4a53-9a3e-2f7d0d9c4f11"}
    body = '{"fileName": "a.jpg", "contentType": "image/jpeg", "sizeBytes": 1}'
    answer = gateway.call(
        "post",
        "/photos/initiate-upload",
        headers={"content-type": content_type},
        body=body,
        claims=claims,
    )
    assert answer.status == 201
    answer = gateway.call(
        "post", "/photos/initiate-upload", headers={"Content-Type": "text/json"}, body=body
    )
    assert answer.status == 415
