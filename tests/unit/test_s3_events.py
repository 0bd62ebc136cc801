"""S3's events as they come from S3 itself, through SNS, and through EventBridge."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

import process_upload
from photodrop.aws import s3_events
from photodrop.aws.s3_events import Kind
from photodrop.errors import UnknownMessageError
from tests.support import events, landing, pictures

CONTENT = pictures.jpeg(40, 30)


def plain(item: dict[str, Any]) -> dict[str, Any]:
    """Return what S3 sends to a queue, and SNS with raw message delivery."""
    return dict(json.loads(events.landed(item)["Records"][0]["body"]))


def through_sns(item: dict[str, Any]) -> dict[str, Any]:
    """Return what SNS sends to a queue without raw message delivery."""
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
        "Subject": "Amazon S3 Notification",
        "Message": json.dumps(plain(item)),
        "Timestamp": "2026-05-02T00:54:06.655Z",
        "SignatureVersion": "1",
        "Signature": "EXAMPLEw6JRN...",
        "SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem",
        "UnsubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe",
    }


def through_eventbridge(item: dict[str, Any]) -> dict[str, Any]:
    """Return what EventBridge sends to a queue."""
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "111122223333",
        "time": "2026-11-12T00:00:00Z",
        "region": "ca-central-1",
        "resources": ["arn:aws:s3:::amzn-s3-demo-bucket1"],
        "detail": {
            "version": "0",
            "bucket": {"name": "amzn-s3-demo-bucket1"},
            "object": {
                "key": unquote_plus(item["key"]),
                "size": item["size"],
                "etag": item["eTag"],
                "version-id": item["versionId"],
                "sequencer": "617f08299329d189",
            },
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "source-ip-address": "1.2.3.4",
            "reason": "PutObject",
        },
    }


def process(*bodies: Any) -> list[str]:
    """Deliver messages with these bodies; return those that are to come again."""
    (template,) = events.load("process_upload")["Records"]
    records = [
        template | {"messageId": f"message-{number}", "body": body}
        for number, body in enumerate(bodies)
    ]
    answer = process_upload.handler({"Records": records}, events.CONTEXT)
    return [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("wrap", [plain, through_sns, through_eventbridge])
def test_a_photo_is_verified_whichever_way_its_event_comes(
    wrap: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    photo = landing.make_pending(CONTENT)
    landed = landing.put(photo.key, CONTENT)
    assert process(json.dumps(wrap(landed))) == []
    assert landing.reload(photo).status == "processing"
    assert landing.reload(photo).version_id == landed["versionId"]


@pytest.mark.parametrize("wrap", [plain, through_sns, through_eventbridge])
@given(key=st.text(st.characters(codec="utf-8"), min_size=1))
def test_any_key_is_read_as_it_is(wrap: Any, key: str) -> None:
    item = {"key": quote_plus(key), "size": 5, "eTag": "e", "versionId": "v"}
    ((kind, read),) = s3_events.read(wrap(item))
    assert (kind, read.key) == (Kind.CREATED, key)
    assert (read.version_id, read.etag, read.size_bytes) == ("v", "e", 5)


TEST_EVENT = {
    "Service": "Amazon S3",
    "Event": "s3:TestEvent",
    "Time": "2026-10-13T15:57:02.089Z",
    "Bucket": "amzn-s3-demo-bucket",
    "RequestId": "5582815E1AEA5ADF",
    "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE",
}


@pytest.mark.parametrize(
    "message", [TEST_EVENT, through_sns({}) | {"Message": json.dumps(TEST_EVENT)}]
)
def test_s3s_test_event_is_of_no_object(message: dict[str, Any]) -> None:
    assert s3_events.read(message) == []


@pytest.mark.parametrize(
    ("detail_type", "kind"),
    [
        ("Object Deleted", Kind.EXPIRED),
        ("Object Storage Class Changed", Kind.MOVED),
        ("Object Restore Completed", Kind.MOVED),
    ],
)
def test_eventbridge_tells_of_expiry_and_archive_too(detail_type: str, kind: Kind) -> None:
    item = {"key": "uploads/a", "size": 1, "eTag": "e", "versionId": "v"}
    event = through_eventbridge(item) | {"detail-type": detail_type}
    assert [one for one, _ in s3_events.read(event)] == [kind]


@pytest.mark.parametrize(
    "message",
    [
        {}, [], None, "text", 5, {"Records": None}, {"Records": [{}]}, {"Records": [{"s3": {}}]},
        {"Type": "Notification", "TopicArn": "x", "Message": "no JSON"},
        {"Type": "SubscriptionConfirmation", "TopicArn": "x", "Message": "You have chosen..."},
        {"source": "aws.s3", "detail-type": "Object Tags Added", "detail": {"object": {}}},
        {"source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification"},
        {"Event": "s3:AnotherEvent"},
        {"Records": [{"eventName": "ObjectTagging:Put", "s3": {"object": {"key": "a"}}}]},
    ],
)  # fmt: skip
def test_what_is_no_event_of_ours_fails_visibly(message: Any) -> None:
    with pytest.raises(UnknownMessageError):
        s3_events.read(message)


@pytest.mark.usefixtures("aws")
def test_such_a_message_comes_again_until_it_is_in_the_dead_letter_queue() -> None:
    photo = landing.make_pending(CONTENT)
    good = json.dumps(plain(landing.put(photo.key, CONTENT)))
    assert process("{}", good, "no JSON") == ["message-0", "message-2"]
    assert landing.reload(photo).status == "processing"
