"""Replacing a picture while events come twice, late, in any order, or are cut off anywhere.

At every moment what is shown is whole. Once everything has been delivered the newest good picture
is shown, and nothing is left of the older ones.
"""

import boto3
from hypothesis import given, settings
from hypothesis import strategies as st

from photodrop import keys
from photodrop.aws.tables import PHOTO_ROW, Photo, Student
from tests.support import fake_aws, landing, pictures
from tests.unit.test_resize_thumbnails import thumbnails
from tests.unit.test_student_pictures import grant, remove, versions
from tests.unit.test_students import create, delete
from tests.unit.test_uploads_any_order import CUT, GOOD, cut_off, resize

CONTENTS = [GOOD, b"not a picture, " * 40, pictures.jpeg(30, 40), CUT]
NEWEST_GOOD = 3

# A step is a delivery for one version, or a deletion, and where it is cut off.
CUT_OFF = st.none() | st.tuples(st.integers(1, 14), st.booleans())
STEP = st.tuples(
    st.sampled_from(["upload event", "thumbnail message"]),
    st.integers(1, len(CONTENTS)),
    CUT_OFF,
)
ENDS = st.none() | st.tuples(st.sampled_from(["picture", "student"]), st.integers(0, 8), CUT_OFF)


def shown(student_id: str) -> int | None:
    """Return the version that is shown, having made sure that it is whole."""
    try:
        student = Student.get(student_id, consistent_read=True)
    except Student.DoesNotExist:
        return None
    if student.picture is None:
        return None
    version = int(student.settled_version)
    key = keys.picture(student_id, version)
    boto3.client("s3").head_object(
        Bucket="photodrop-uploads", Key=key, VersionId=student.picture.object_version_id
    )
    sizes = [int(thumbnail.size) for thumbnail in student.picture.thumbnails]
    assert sizes == [160, 640, 1600]
    assert {keys.thumbnail(key, size) for size in sizes} <= set(thumbnails())
    return version


def send(name: str, photo: Photo, landed: dict[str, object]) -> list[str]:
    return landing.deliver(landed) if name == "upload event" else resize(photo)


@settings(max_examples=40)
@given(steps=st.lists(STEP, max_size=8), end=ENDS)
def test_the_newest_good_picture_is_shown_whole(
    steps: list[tuple[str, int, tuple[int, bool] | None]],
    end: tuple[str, int, tuple[int, bool] | None] | None,
) -> None:
    with fake_aws.stack():
        student_id = create()["studentId"]
        granted = [grant(student_id) for _ in CONTENTS]
        photos = [Photo.get(str(keys.photo_id(key)), PHOTO_ROW) for key in granted]
        landed = [landing.put(key, content) for key, content in zip(granted, CONTENTS, strict=True)]
        ending = {"picture": remove, "student": delete}[end[0]] if end else None

        before = 0
        for number, (name, version, where) in enumerate(steps):
            if end and ending and number == end[1]:
                with cut_off(end[2]):
                    ending(student_id)
            with cut_off(where):
                send(name, photos[version - 1], landed[version - 1])
            now = shown(student_id)
            assert now is None or now >= before, "never an older one than before"
            before = now or before
        if ending:
            assert ending(student_id)[0] in (204, 404)

        # What SQS does in the end: deliver until it is done.
        for name in ("upload event", "thumbnail message"):
            for photo, item in zip(photos, landed, strict=True):
                assert send(name, photo, item) == []

        there = [version for version, key in enumerate(granted, 1) if landing.is_there(key)]
        if ending:
            assert shown(student_id) is None
            assert there == []
            assert thumbnails() == {}
        else:
            assert shown(student_id) == NEWEST_GOOD
            assert there == [NEWEST_GOOD]
            assert set(thumbnails()) == {
                keys.thumbnail(granted[NEWEST_GOOD - 1], size) for size in (160, 640, 1600)
            }
            assert versions() == {granted[NEWEST_GOOD - 1]}, (
                "a refused one is erased, with all its versions"
            )
