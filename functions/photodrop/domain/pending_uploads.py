"""A user's pending uploads, and the parts that S3 has of each."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from photodrop.aws import storage
from photodrop.aws.storage import Part
from photodrop.aws.tables import Photo, user_scope
from photodrop.domain import photos
from photodrop.domain.callers import Caller
from photodrop.domain.paging import Page
from photodrop.status import Status

THREADS = 16
"""How many uploads are looked up at once. Each takes two requests to S3, of some 20 ms."""


@dataclass(frozen=True, slots=True)
class PendingUpload:
    """A pending photo. `upload_id` is None if S3 has no multipart upload for it."""

    photo: Photo
    upload_id: str | None
    parts: list[Part]


def list_uploads(caller: Caller, *, limit: int, cursor: str | None) -> Page[PendingUpload]:
    """Return one page of the caller's pending uploads, newest first.

    Raises InvalidRequestError for a cursor that no list returned.
    """
    page = photos.list_photos(
        user_scope(caller.user_id), status=Status.PENDING, limit=limit, cursor=cursor
    )
    with ThreadPoolExecutor(THREADS) as threads:
        return Page(list(threads.map(_find, page.items)), page.next_cursor)


def _find(photo: Photo) -> PendingUpload:
    """Find the multipart upload with the most parts.

    There can be several: a client that did not get an answer may have begun another one.
    """
    furthest = PendingUpload(photo, None, [])
    if photo.upload_method != "MULTIPART":
        return furthest
    for upload_id in storage.list_multiparts(photo.key):
        try:
            parts = storage.list_parts(photo.key, upload_id)
        except storage.UploadGoneError:  # it ended in the meantime
            continue
        if furthest.upload_id is None or len(parts) >= len(furthest.parts):
            furthest = PendingUpload(photo, upload_id, parts)
    return furthest
