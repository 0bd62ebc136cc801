"""Whatever changes a photo, in whatever order: its rows stay one, and its lists are right."""

from typing import Any

import boto3
from hypothesis import given, settings
from hypothesis import strategies as st

from photodrop.aws.tables import Photo, Tombstone
from photodrop.domain import lifecycle
from photodrop.status import Status
from tests.support import fake_aws
from tests.unit.test_photos import library_page
from tests.unit.test_view_and_list_photos import make_photo

TAGS = st.lists(st.sampled_from(["a", "b", "c", "d#tag#a"]), max_size=3, unique=True)
CHANGE = st.one_of(
    st.tuples(st.just("edit"), TAGS),
    st.tuples(st.just("advance"), st.sampled_from(list(Status))),
    st.tuples(st.just("stale edit"), TAGS),
    st.tuples(st.just("erase"), st.none()),
)


@settings(max_examples=25)
@given(tags=TAGS, changes=st.lists(CHANGE, max_size=6))
def test_all_rows_of_a_photo_are_always_the_same(
    tags: list[str], changes: list[tuple[str, Any]]
) -> None:
    with fake_aws.stack():
        photo: Photo | None = make_photo(1, tags=tags, status="pending")
        assert photo
        stale = Photo.get(photo.photo_id, "photo")
        for kind, value in changes:
            if photo is None:
                break
            if kind == "edit":
                photo.reload()
                assert photo.change(tags=value)
            elif kind == "advance":
                photo.reload()
                lifecycle.advance(photo, value)
            elif kind == "stale edit" and photo:
                stale.change(tags=value)
            elif kind == "erase":
                photo.delete_rows()
                photo = None
        rows = boto3.client("dynamodb").scan(TableName="photos")["Items"]
        if photo is None:
            assert [row["row"]["S"] for row in rows] == [Tombstone.row.default]
            return
        photo.reload()
        expected = {"photo", *(f"tag#{tag}" for tag in photo.tags)}
        assert {row["row"]["S"] for row in rows} == expected
        own = {"row", "ownerList", "ownerStatusList", "dueList", "dueAt", "checksumList"}
        contents = [{k: v for k, v in row.items() if k not in own} for row in rows]
        assert all(content == contents[0] for content in contents)
        for tag in (None, "a", "b", "c", "d#tag#a"):
            for status in (None, Status(photo.status)):
                page = library_page(tag=tag, status=status)
                assert len(page.items) == (tag is None or tag in photo.tags)
