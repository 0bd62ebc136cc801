"""The API's description: up to date, complete, and the same as the template's routes."""

import json
import re

from openapi_spec_validator import validate

import api_docs
from local import openapi
from photodrop import errors
from tests.support import events
from tests.support.template import resources

DESCRIPTION = json.loads(openapi.DESCRIPTION.read_text())
ROUTES = {
    (event["Properties"]["Path"], event["Properties"]["Method"])
    for function in resources("AWS::Serverless::Function").values()
    for event in function["Events"].values()
    if event["Type"] == "Api" and event["Properties"]["Method"] != "any"
}


def get(path: str) -> tuple[int, str, str]:
    event = events.load("api_docs") | {"path": path}
    response = api_docs.handler(event, events.CONTEXT)
    headers = response["multiValueHeaders"]
    return response["statusCode"], headers["Content-Type"][0], response["body"]


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
    assert codes - {"RouteNotFound", "RequestTooLarge", "BadRequest", "Forbidden"} <= listed
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
    status, content_type, body = get("/openapi.json")
    assert (status, content_type) == (200, "application/json")
    assert json.loads(body) == DESCRIPTION


def test_the_page_loads_nothing_from_elsewhere() -> None:
    status, content_type, body = get("/docs")
    assert status == 200
    assert content_type.startswith("text/html")
    assert len(body) < 5_000_000, "Lambda's answers may have 6 MB"
    assert "?format=json" not in body
    assert 'updateUrl("openapi.json")' in body
    head = re.sub(r"<script>.*?</script>|<style>.*?</style>", "", body, flags=re.S)
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", head)
