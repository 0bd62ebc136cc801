"""The checks of a whole run, on recordings that are made up: see tests/whole_run."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from local.emulator.recording import private_texts
from tests.support.template import ROOT, resources
from tests.whole_run import logs, permissions
from tests.whole_run.permissions import Permission, Ran

READ = Permission("ViewEvent", "dynamodb:BatchGetItem", "EventsTable")
TEST = "tests/local/test_events.py::test_one"


def test_every_permission_of_the_template_has_a_test_and_there_are_no_others() -> None:
    """`make permissions` writes the table anew."""
    table, granted = set(permissions.read()), set(permissions.granted())
    assert sorted(map(str, granted - table)) == []
    assert sorted(map(str, table - granted)) == []


def test_the_page_of_reliability_counts_what_there_is() -> None:
    roles = resources("AWS::IAM::Role").values()
    policies = [policy for role in roles for policy in role.get("Policies", [])]
    statements = sum(len(policy["PolicyDocument"]["Statement"]) for policy in policies)
    functions = len(resources("AWS::Serverless::Function"))
    counted = f"{statements} statements with {len(permissions.granted())} permissions"
    text = " ".join((ROOT / "docs" / "reliability.md").read_text().split())
    assert counted in text
    with_any = {permission.function for permission in permissions.granted()}
    assert f"{len(with_any)} functions have {counted}" in text
    assert functions == len(with_any) + 1, "ApiDocs may do nothing but write its log"


def test_no_role_grants_the_same_twice() -> None:
    assert permissions.granted_twice() == []


def test_every_test_that_the_table_names_exists() -> None:
    for test in filter(permissions.is_test, set(permissions.read().values())):
        file, _, name = test.partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(), re.MULTILINE), test


def arn(resource: str) -> str:
    """Return what the resource of a template is called when it is deployed."""
    name, slash, rest = resource.partition("/")
    if name.endswith("Bucket"):
        bucket = name.removesuffix("Bucket").lower()
        return f"arn:aws:s3:::photodrop-{bucket}-000000000000-us-east-1{slash}{rest}"
    if name.endswith("Queue"):
        return f"arn:aws:sqs:us-east-1:000000000000:photodrop-{name}-1A2B3C4D"
    if name.endswith("Table"):
        table = f"table/photodrop-{name}-1A2B3C4D{slash}{rest}"
        return f"arn:aws:dynamodb:us-east-1:000000000000:{table}"
    return f"arn:aws:ssm:us-east-1:000000000000:{resource.replace('*', 'K1')}"


def use(permission: Permission, *also_allowed_by: Permission, **other: Any) -> dict[str, Any]:
    return {
        "kind": "use",
        "time": 5.0,
        "port": 1,
        "role": f"photodrop-{permission.function}Role-1A2B3C",
        "action": permission.action,
        "allowed_by": [arn(one.resource) for one in (permission, *also_allowed_by)],
        "by_link": False,
    } | other


def ran(test: str = TEST, *, port: int | None = 1, start: float = 0, stop: float = 10) -> Ran:
    return Ran(test, port, start, stop)


def test_a_permission_that_its_test_uses_is_fine() -> None:
    assert permissions.unused({READ: TEST}, [use(READ)], [ran()]) == []


def test_a_permission_that_its_test_does_not_use_fails_the_run() -> None:
    assert permissions.unused({READ: TEST}, [], [ran()]) == [
        f"ViewEvent: dynamodb:BatchGetItem EventsTable was not used, although {TEST} ran"
    ]


def test_of_a_test_that_did_not_run_nothing_is_expected() -> None:
    assert permissions.unused({READ: TEST}, [], []) == []


def test_every_permission_is_known_again_when_it_is_deployed() -> None:
    for permission in permissions.granted():
        assert [found for found, _ in permissions.used([use(permission)])] == [permission]


def test_a_use_that_two_statements_allow_is_no_use_of_either() -> None:
    """Either of them could be taken away, and nobody would notice."""
    first, second = (
        Permission("ListPhotos", "dynamodb:Query", f"PhotosTable/index/{index}")
        for index in ("byOwner", "byOwnerStatus")
    )
    assert [found for found, _ in permissions.used([use(first)])] == [first]
    assert list(permissions.used([use(first, second)])) == []


def test_roles_of_other_stacks_are_left_out() -> None:
    assert list(permissions.used([use(READ, role="small-UploaderRole-1A2B3C")])) == []


def test_a_function_that_is_refused_something_fails_the_run() -> None:
    """As ProcessUpload was, whose role could not read the usage table."""
    line = use(READ, kind="refused", resource="arn:aws:dynamodb:::table/Events")
    assert permissions.refused([line]) == [
        "ViewEvent may not dynamodb:BatchGetItem arn:aws:dynamodb:::table/Events"
    ]


def test_what_a_role_of_another_stack_is_refused_is_that_stacks_affair() -> None:
    line = use(READ, kind="refused", resource="arn", role="small-WorkFunctionRole-1A2B3C")
    assert permissions.refused([line]) == []


def test_a_client_may_be_refused_what_it_asks_by_a_signed_url() -> None:
    line = use(READ, kind="refused", resource="arn:aws:s3:::bucket/key", by_link=True)
    assert permissions.refused([line]) == []


def test_the_test_that_ran_at_that_time_on_that_stack_used_it() -> None:
    others = [ran("elsewhere", port=2), ran("before", stop=4), ran("after", start=6)]
    assert permissions.users([use(READ)], [*others, ran()]) == {READ: TEST}


def test_a_test_that_had_the_stack_to_itself_is_named_before_one_that_had_not() -> None:
    beside = [ran("a"), ran("b")]
    later = ran("alone", start=20, stop=30)
    lines = [use(READ), use(READ, time=25.0)]
    assert permissions.users(lines, [*beside, later]) == {READ: "alone"}
    assert permissions.users(lines[:1], beside) == {READ: "a"}


def test_of_several_tests_the_one_that_keeps_the_function_busiest_is_named() -> None:
    """Another one may only have been there when a late message was handled."""
    lines = [use(READ), use(READ, time=25.0), use(READ, time=26.0)]
    assert permissions.users(lines, [ran("a"), ran("b", start=20, stop=30)]) == {READ: "b"}


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "permissions.md"
    path.write_text("before\n<!-- made by make permissions -->\n<!-- end -->\nafter\n")
    monkeypatch.setattr(permissions, "DOCUMENT", path)
    return path


def test_the_table_that_is_written_is_the_one_that_is_read(document: Path) -> None:
    missing = permissions.write({READ: TEST})
    assert permissions.read() == {READ: TEST}
    assert len(missing) == len(set(permissions.granted())) - 1
    assert document.read_text().startswith("before\n")
    assert document.read_text().endswith("<!-- end -->\nafter\n")


def test_a_test_that_the_table_names_already_stays(document: Path) -> None:
    permissions.write({READ: TEST})
    permissions.write({READ: "tests/local/test_events.py::test_another"})
    assert permissions.read() == {READ: TEST}


def log(line: Any) -> dict[str, Any]:
    text = line if isinstance(line, str) else json.dumps(line)
    return {"kind": "log", "function": "photodrop-EditPhoto", "line": text}


def private(*texts: str) -> dict[str, Any]:
    return {"kind": "private", "texts": list(texts)}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ({"url": "https://b.s3.amazonaws.com/k?X-Amz-Signature=0f"}, "a signature"),
        ({"message": "x-amz-security-token: abc"}, "a signature"),
        ("POST form with X-Amz-Credential", "a signature"),
        ({"event": {"headers": {"Authorization": "x"}}}, "an Authorization header"),
        ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln", "a JSON web token"),
        ({"key": "ASIAABCDEFGHIJKLMNOP"}, "an access key"),
        ({"message": "registered ada@example.com"}, "an e-mail address"),
        ('Traceback: TypeError: "Sunset at sea" is wrong', "what a request said"),
        ({"exception": 'title="Zoë \\"&\\" Noor"'}, "what a request said"),
        ({"deep": [{"file": "IMG_2041.jpg"}]}, "what a request said"),
        ({"IMG_2041.jpg": 1}, "what a request said"),
    ],
)
def test_a_line_that_says_too_much_fails_the_run(line: Any, kind: str) -> None:
    texts = private("Sunset at sea", 'Zoë \\"&\\" Noor', "IMG_2041.jpg")
    (found, *_) = logs.leaks([texts, log(line)])
    assert found.startswith(f"photodrop-EditPhoto logged {kind}")


def test_lines_without_anything_private_are_fine() -> None:
    texts = private("Sunset at sea", "a.jpg", "failed", "Photo", "UnsupportedContent", "x")
    lines = [
        {"message": "Photo failed", "failure_code": "UnsupportedContent"},
        {"sunset": "Sunset at seaside"},
        {"message": "Object refused", "key": "uploads/user_1/0b8a.jpg", "photo_id": "1"},
        "START",
    ]
    assert logs.leaks([texts, *map(log, lines)]) == []


def api_request(path: str, query: str = "", body: Any = None) -> set[str]:
    scope = {"path": f"/_aws/execute-api/abc/dev{path}", "query_string": query.encode()}
    return set(private_texts(scope, b"" if body is None else json.dumps(body).encode()))


def test_everything_that_a_request_says_of_people_and_photos_is_looked_for() -> None:
    photo = {"fileName": "a.jpg", "contentType": "image/jpeg", "title": "T", "tags": ["one", "two"]}
    assert api_request("/photos/initiate-upload", body=photo) == {"a.jpg", "T", "one", "two"}
    uppy = {"filename": "b.jpg", "metadata": {"description": "D", "eventId": "1"}}
    assert api_request("/s3/multipart", body=uppy) == {"b.jpg", "D"}
    assert api_request("/u/secret/s3/params", "filename=c+d.jpg&metadata%5Btitle%5D=T") == {
        "secret",
        "c d.jpg",
        "T",
    }
    assert api_request("/events/1/attendees/ada%40example.com") == {"ada@example.com"}
    student = {"name": "Grace Hopper", "email": "g@example.com", "course": "Compilers"}
    assert api_request("/v2/students", body=student) == set(student.values())
    assert api_request("/s3/sign", body={"method": "PUT", "key": "e.jpg"}) == {"e.jpg"}
    part = {"method": "PUT", "key": "uploads/user_1/2.jpg", "uploadId": "3"}
    assert api_request("/s3/sign", body=part) == set()
    assert api_request("/photos", "tag=dogs") == {"dogs"}
