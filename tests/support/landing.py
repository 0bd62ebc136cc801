"""Files that land in the uploads bucket, and what becomes of their photos."""

import json
from typing import Any
from urllib.parse import quote_plus

import boto3
from botocore.exceptions import ClientError

import process_upload
from photodrop.aws.tables import Photo, Usage
from photodrop.domain.callers import Caller
from photodrop.domain.uploads import UploadRequest, begin
from tests.support import events

ADA = Caller("ada", None, frozenset())


def make_pending(
    content: bytes, content_type: str = "image/jpeg", size: int | None = None
) -> Photo:
    wish = UploadRequest("photo.jpg", content_type, size or len(content), "PUT")
    return begin(ADA, wish, idempotency_key=None, correlation_id="grant-1")


def put(key: str, content: bytes, **headers: str) -> dict[str, Any]:
    """Put an object; return it as S3's event would tell of it."""
    stored = boto3.client("s3").put_object(
        Bucket="photodrop-uploads", Key=key, Body=content, **headers
    )
    etag, version = stored["ETag"].strip('"'), stored["VersionId"]
    return {"key": quote_plus(key), "size": len(content), "eTag": etag, "versionId": version}


def deliver(*objects: dict[str, Any]) -> list[str]:
    """Deliver S3's events; return the messages that are to come again."""
    answer = process_upload.handler(events.landed(*objects), events.CONTEXT)
    return [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]


def asked_for_thumbnails() -> list[str]:
    """Take everything from the thumbnails queue; return the photo ids."""
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="thumbnails")["QueueUrl"]
    found: list[str] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(message["Body"])["photoId"] for message in messages]
    return found


def is_there(key: str) -> bool:
    try:
        boto3.client("s3").head_object(Bucket="photodrop-uploads", Key=key)
    except ClientError:
        return False
    return True


def delete_version(photo: Photo, version_id: str) -> None:
    """Delete a version of a photo's original, as if somebody had done it in the bucket."""
    boto3.client("s3").delete_object(
        Bucket="photodrop-uploads", Key=photo.key, VersionId=version_id
    )


def reload(photo: Photo) -> Photo:
    return Photo.get(photo.photo_id, "photo", consistent_read=True)


def failure_code(photo: Photo) -> str | None:
    """Return why a photo failed, or None if it did not, as its record says now."""
    failure = reload(photo).failure
    return failure and failure.code


def assert_refused(photo: Photo, code: str) -> None:
    """Check that the photo failed for this reason, its file is gone, and Ada holds nothing."""
    photo = reload(photo)
    assert photo.status == "failed"
    assert photo.failure is not None
    assert photo.failure.code == code
    assert photo.failure.message
    assert not is_there(photo.key)
    usage = Usage.get("ada")
    assert (usage.held_bytes, usage.held_photos) == (0, 0)
