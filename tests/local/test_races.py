"""One upload completed, cancelled and deleted at the same moment, over real HTTP.

Which of them wins is chance. In the end what is stored is what photos show, and what is charged.
"""

import random
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from local.client import FINAL, Client, Stack, User
from tests.conftest import checked
from tests.local.test_multipart import Upload, big_jpeg
from tests.support.running_stack import aws, initiate, resource, until

ROUNDS = 60
AT_ONCE = 4
LONGEST_DELAY_SECONDS = 0.03


@pytest.fixture
def racer(stack: Stack) -> Iterator[Client]:
    """Somebody new, who holds nothing."""
    user = User(f"racer-{uuid.uuid4()}@example.com", "Photodrop-2026!", ())
    cognito = aws(stack, "cognito-idp")
    who = {"UserPoolId": stack.user_pool_id, "Username": user.email}
    attributes = [
        {"Name": "email", "Value": user.email},
        {"Name": "email_verified", "Value": "true"},
    ]
    cognito.admin_create_user(**who, UserAttributes=attributes, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**who, Password=user.password, Permanent=True)
    with checked(Client(stack, user)) as client:
        yield client


def together(
    first: Callable[[], httpx.Response], second: Callable[[], httpx.Response]
) -> tuple[int, int]:
    """Send two requests, the second a moment after the first; return the answers' statuses."""
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(first)
        time.sleep(random.uniform(0, LONGEST_DELAY_SECONDS))
        return second().status_code, answer.result().status_code


def race(client: Client, number: int) -> str:
    """Let one upload arrive and end at the same moment; return the photo's id."""
    content = big_jpeg(5000)
    if number % 2:
        upload = Upload(client, sizeBytes=len(content))
        parts = upload.send_all([content])
        photo_id, arrive = upload.photo_id, lambda: upload.complete(parts)
        cancel: Callable[[], httpx.Response] = upload.cancel
    else:
        grant = initiate(client, content)
        photo_id, arrive = grant["photoId"], lambda: client.send(grant["upload"], content)
        cancel = lambda: client.api.put(  # noqa: E731
            f"/photos/{photo_id}/status", json={"status": "failed"}
        )
    if number % 6 < 2:
        ended, arrived = together(arrive, lambda: client.api.delete(f"/photos/{photo_id}"))
        assert ended == 204
        assert arrived in (200, 404, 409)
    else:
        ended, arrived = together(arrive, cancel)
        assert ended in (200, 409)
        assert arrived in (200, 404, 409)
        # A PUT goes to S3, which knows of no cancelling: the file is removed after it has landed.
        assert number % 2 == 0 or not ended == arrived == 200
    return str(photo_id)


def test_of_many_races_nothing_is_left_that_nobody_sees_or_pays_for(
    racer: Client, stack: Stack
) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        photo_ids = list(threads.map(lambda number: race(racer, number), range(ROUNDS)))
    dynamodb, s3 = aws(stack, "dynamodb"), aws(stack, "s3")
    photos_table, usage_table = resource(stack, "PhotosTable"), resource(stack, "UsageTable")

    def rows() -> list[Any]:
        found = [
            dynamodb.get_item(
                TableName=photos_table,
                Key={"photoId": {"S": photo_id}, "row": {"S": "photo"}},
                ConsistentRead=True,
            )
            for photo_id in photo_ids
        ]
        return [answer["Item"] for answer in found if "Item" in answer]

    until(lambda: all(row["status"]["S"] in FINAL for row in rows()))
    kept = [row for row in rows() if row["status"]["S"] == "completed"]
    owner = initiate(racer, b"x")["key"].split("/")[1]  # this one stays pending
    usage = dynamodb.get_item(
        TableName=usage_table, Key={"userId": {"S": owner.removeprefix("user_")}}
    )["Item"]
    assert int(usage["heldPhotos"]["N"]) == len(kept) + 1
    assert int(usage["heldBytes"]["N"]) == sum(int(row["sizeBytes"]["N"]) for row in kept) + 1

    def stored() -> list[str]:
        found = s3.list_objects_v2(Bucket=stack.uploads_bucket, Prefix=f"uploads/{owner}/")
        return sorted(item["Key"] for item in found.get("Contents", []))

    keys = sorted(row["key"]["S"] for row in kept)
    until(lambda: stored() == keys)
    thumbnails = s3.list_objects_v2(Bucket=stack.thumbnails_bucket, Prefix=f"uploads/{owner}/")
    assert len(thumbnails.get("Contents", [])) == 3 * len(kept)
    open_uploads = s3.list_multipart_uploads(Bucket=stack.uploads_bucket)
    assert not [one for one in open_uploads.get("Uploads", []) if owner in one["Key"]]
