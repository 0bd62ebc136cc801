"""The faults that the local stack has on demand: which there are, and how they look to the SDK."""

import asyncio
import inspect
import json
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from ministack.services import sts

from local.emulator.faults import calls, worker_clock
from local.emulator.faults.calls import Answer, Call
from local.emulator.faults.plan import CALL, EVENT, WRITE, Fault, Plan


def day(seed: str, what: str, many: int = 2000) -> list[Fault | None]:
    plan = Plan(seed)
    return [plan.next(what, WRITE)[0] for _ in range(many)]


def test_a_seed_is_always_the_same_day_and_another_seed_another_day() -> None:
    assert day("7", "list_photos dynamodb Query") == day("7", "list_photos dynamodb Query")
    assert day("7", "list_photos dynamodb Query") != day("8", "list_photos dynamodb Query")
    assert day("7", "list_photos dynamodb Query") != day("7", "view_photo dynamodb GetItem")


def test_faults_are_about_as_often_as_they_should_be() -> None:
    many = 20_000
    met = Counter(day("7", "process_upload dynamodb UpdateItem", many))
    assert set(met) == {None, *WRITE}
    for fault, rate in WRITE.items():
        assert 0.5 * rate * many < met[fault] < 1.5 * rate * many + 10


def test_nothing_happens_for_certain() -> None:
    for rates in (CALL, WRITE, EVENT):
        assert sum(rates.values()) < 0.2


def said(service: str, operation: str, answer: Answer, **arguments: Any) -> dict[str, Any]:
    """Return the error that the SDK makes of this answer."""

    class Raw:
        def stream(self) -> Any:
            yield answer.body

    def answered(request: Any, **_: Any) -> AWSResponse:
        headers = {"content-type": answer.content_type}
        return AWSResponse(request.url, answer.status, headers, Raw())

    client = boto3.client(  # type: ignore[call-overload]
        service,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(retries={"max_attempts": 0}),
    )
    client.meta.events.register("before-send", answered)
    with pytest.raises(ClientError) as raised:
        getattr(client, operation)(**arguments)
    return dict(raised.value.response)


KEY = {"id": {"S": "1"}}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.THROTTLED, "ProvisionedThroughputExceededException"),
        (Fault.UNAVAILABLE, "InternalServerError"),
        (Fault.CONFLICT, "TransactionConflictException"),
    ],
)
def test_faults_of_tables_are_what_dynamodb_says(fault: Fault, code: str) -> None:
    answer = calls.error_of(Call("edit_photo", "dynamodb", "DeleteItem"), fault, b"")
    error = said("dynamodb", "delete_item", answer, TableName="photos", Key=KEY)
    assert error["Error"]["Code"] == code


def test_a_cancelled_transaction_has_a_reason_for_each_of_its_items() -> None:
    items = [{"Delete": {"TableName": "photos", "Key": KEY}}] * 3
    body = json.dumps({"TransactItems": items}).encode()
    call = Call("edit_photo", "dynamodb", "TransactWriteItems")
    answer = calls.error_of(call, Fault.CONFLICT, body)
    error = said("dynamodb", "transact_write_items", answer, TransactItems=items)
    assert error["Error"]["Code"] == "TransactionCanceledException"
    reasons = [reason["Code"] for reason in error["CancellationReasons"]]
    assert reasons == ["TransactionConflict", "None", "None"]


@pytest.mark.parametrize(
    ("fault", "code"), [(Fault.THROTTLED, "SlowDown"), (Fault.UNAVAILABLE, "InternalError")]
)
def test_faults_of_buckets_are_what_s3_says(fault: Fault, code: str) -> None:
    answer = calls.error_of(Call("process_upload", "s3", "GET"), fault, b"")
    assert said("s3", "get_object", answer, Bucket="b", Key="k")["Error"]["Code"] == code


def test_faults_of_queues_are_what_sqs_says() -> None:
    answer = calls.error_of(Call("process_upload", "sqs", "SendMessage"), Fault.THROTTLED, b"")
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/queue"
    error = said("sqs", "send_message", answer, QueueUrl=url, MessageBody="{}")
    assert error["Error"]["Code"] == "RequestThrottled"


def scope(authorization: str) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": "/",
        "headers": [
            (b"authorization", authorization.encode()),
            (b"x-amz-target", b"DynamoDB_20120810.PutItem"),
        ],
    }


SIGNED = "AWS4-HMAC-SHA256 Credential={}/20261121/us-east-1/dynamodb/aws4_request, Signature=1"


@pytest.fixture
def function_key(monkeypatch: pytest.MonkeyPatch) -> str:
    """The key of a function."""
    role = "arn:aws:sts::000000000000:assumed-role/role/photodrop-edit-photo"
    monkeypatch.setitem(sts._sessions, "ASIA1", {"Arn": role})
    return "ASIA1"


def test_only_calls_of_functions_meet_faults(function_key: str) -> None:
    call = calls.call_of(scope(SIGNED.format(function_key)))
    assert call == Call("photodrop-edit-photo", "dynamodb", "PutItem")
    assert calls.call_of(scope(SIGNED.format("AKIAROOT"))) is None
    assert calls.call_of(scope("eyJraWQiOiJ")) is None


def meet(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> tuple[int, list[dict[str, Any]]]:
    """Let a call meet a fault. Returns how often it had its effect, and what was answered."""
    effects: list[int] = []
    answers: list[dict[str, Any]] = []

    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        effects.append(1)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        answers.append(message)

    received = iter([{"type": "http.request", "body": b"{}"}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(received)

    plan = Plan("7")
    monkeypatch.setattr(plan, "next", lambda _what, _rates: (fault, 0.0))
    function = scope(SIGNED.format("ASIA1"))
    asyncio.run(calls.faulty(application, plan)(function, receive, send))
    return len(effects), answers


@pytest.mark.usefixtures("function_key")
@pytest.mark.parametrize(
    ("fault", "had_effect"), [(Fault.UNAVAILABLE, False), (Fault.ANSWER_LOST, True)]
)
def test_a_lost_answer_had_its_effect(
    monkeypatch: pytest.MonkeyPatch, fault: Fault, had_effect: bool
) -> None:
    effects, answers = meet(fault, monkeypatch)
    assert effects == had_effect
    assert [one["status"] for one in answers if "status" in one] == [500]


@pytest.mark.usefixtures("function_key")
@pytest.mark.parametrize(
    ("fault", "had_effect"), [(Fault.CUT_BEFORE, False), (Fault.CUT_AFTER, True)]
)
def test_a_connection_is_cut_in_the_middle_of_an_answer(
    monkeypatch: pytest.MonkeyPatch, fault: Fault, had_effect: bool
) -> None:
    effects, (start, body) = meet(fault, monkeypatch)
    assert effects == had_effect
    assert len(body["body"]) < int(dict(start["headers"])[b"content-length"])
    assert body["more_body"]


@pytest.mark.usefixtures("function_key")
@pytest.mark.parametrize(
    ("fault", "had_effect"), [(Fault.SILENT_BEFORE, False), (Fault.SILENT_AFTER, True)]
)
def test_a_silent_call_is_not_answered_until_its_function_has_gone(
    monkeypatch: pytest.MonkeyPatch, fault: Fault, had_effect: bool
) -> None:
    assert meet(fault, monkeypatch) == (had_effect, [])


def test_each_function_has_a_clock_that_is_always_wrong_by_the_same_time() -> None:
    skew = worker_clock.skew_of("7", "edit_photo", 60)
    assert skew == worker_clock.skew_of("7", "edit_photo", 60)
    assert skew != worker_clock.skew_of("8", "edit_photo", 60)
    assert skew != worker_clock.skew_of("7", "view_photo", 60)
    assert all(abs(worker_clock.skew_of("7", str(n), 60)) <= 60 for n in range(100))


ASK_THE_TIME = """
set_wrong(1000.0)
from datetime import UTC, datetime
plain = datetime.fromisoformat("2026-11-21T12:00:00+00:00")
assert isinstance(plain - (plain - plain), datetime)
print(time.time(), time.time_ns() / 1e9)
print(datetime.now(UTC).timestamp(), datetime.now().timestamp())
print(datetime.utcnow().replace(tzinfo=UTC).timestamp())
"""


def test_a_wrong_clock_is_wrong_wherever_python_asks_for_the_time() -> None:
    program = inspect.getsource(worker_clock) + ASK_THE_TIME
    before = time.time()
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    after = time.time()
    times = [float(text) for text in done.stdout.split()]
    assert len(times) == 5
    assert all(before + 999 < one < after + 1001 for one in times)
