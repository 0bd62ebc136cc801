"""Events that come twice, late, in any order, or are cut off at any call to AWS.

Whatever happens on the way, once everything has been delivered the photo is where it belongs, its
owner is charged for exactly what is held, and only the file that landed first is there.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from hypothesis import given, settings
from hypothesis import strategies as st

import resize_thumbnails
from photodrop.aws.tables import Photo, Usage
from tests.support import events, fake_aws, landing, pictures

GOOD = pictures.jpeg(40, 30)
BAD = b"not a picture, " * 40
CUT = pictures.jpeg(640, 480)[:3000]

# A step is a queue's delivery, and where it is cut off: before or after its n-th call to AWS.
STEP = st.tuples(
    st.sampled_from(["upload event", "second file's event", "thumbnail message"]),
    st.none() | st.tuples(st.integers(1, 8), st.booleans()),
)


class CutOffError(BaseException):
    """The function is gone, as when Lambda ends it: nothing in it can catch this."""


@contextmanager
def cut_off(where: tuple[int, bool] | None) -> Iterator[None]:
    call = BaseClient._make_api_call
    count = 0

    def counting(self: Any, operation: str, arguments: Any) -> Any:
        nonlocal count
        count += 1
        if where == (count, False):
            raise CutOffError
        answer = call(self, operation, arguments)
        if where == (count, True):
            raise CutOffError
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", counting)
        with suppress(CutOffError):
            yield


def resize(photo: Photo) -> list[str]:
    answer = resize_thumbnails.handler(events.verified(photo.photo_id), events.CONTEXT)
    return [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]


@pytest.mark.parametrize(
    ("content", "end"),
    [(GOOD, "completed"), (BAD, "failed"), (CUT, "failed")],
    ids=["good", "not a picture", "cut off"],
)
@settings(max_examples=15)
@given(steps=st.lists(STEP, max_size=6))
def test_every_way_leads_to_the_same_end(
    content: bytes, end: str, steps: list[tuple[str, tuple[int, bool] | None]]
) -> None:
    with fake_aws.stack():
        photo = landing.make_pending(content)
        other = landing.make_pending(GOOD)
        landed = landing.put(photo.key, content)
        second = None
        for name, where in steps:
            if name == "second file's event" and second is None:
                if not landing.reload(photo).version_id:
                    continue  # until the first is known, either may be taken for it
                second = landing.put(photo.key, content[::-1])
            with cut_off(where):
                if name == "upload event":
                    landing.deliver(landed)
                elif name == "thumbnail message":
                    resize(photo)
                else:
                    assert second
                    landing.deliver(second)

        # What SQS does in the end: deliver until it is done.
        for item in (landed, second):
            if item:
                assert landing.deliver(item) == []
        for photo_id in landing.asked_for_thumbnails():
            assert photo_id == photo.photo_id
            assert resize(photo) == []

        photo = landing.reload(photo)
        assert photo.status == end
        assert (photo.failure is None) == (end == "completed")
        assert landing.is_there(photo.key) == (end == "completed")
        if end == "completed":
            current = boto3.client("s3").get_object(Bucket="photodrop-uploads", Key=photo.key)
            assert current["VersionId"] == photo.version_id == landed["versionId"]
            assert len(photo.thumbnails) == 3
        held = [other, photo] if end == "completed" else [other]
        usage = Usage.get("ada")
        assert usage.held_photos == len(held)
        assert usage.held_bytes == sum(each.size_bytes for each in held)
