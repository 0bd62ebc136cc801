"""Listing and editing photos."""

from collections.abc import Mapping
from typing import Any

from photodrop.aws.tables import Photo, list_keys
from photodrop.domain import paging
from photodrop.domain.paging import Page
from photodrop.errors import PhotoNotFoundError
from photodrop.status import Status

_LISTS = {
    ("user", False): Photo.by_owner,
    ("user", True): Photo.by_owner_status,
    ("event", False): Photo.by_event,
    ("event", True): Photo.by_event_status,
}
"""The index, by the kind of scope and whether the list is of one status."""


def list_photos(
    scope: str,
    *,
    tag: str | None = None,
    status: Status | None = None,
    limit: int,
    cursor: str | None,
) -> Page[Photo]:
    """Return one page of the photos of a scope, newest first.

    `scope` is made by `user_scope` or `event_scope`. One Query on the list for this filter, which
    reads only what it returns; for an event, one for each of its shards. Raises InvalidRequestError
    for a cursor that no list returned.
    """
    return paging.query_newest(
        _LISTS[scope.partition("_")[0], status is not None],
        list_keys(scope, tag=tag, status=status),
        Photo.list_order,
        limit=limit,
        cursor=cursor,
    )


def edit(photo: Photo, changes: Mapping[str, Any]) -> None:
    """Set `title`, `description` and `tags` of a photo, or some of them.

    Raises PhotoNotFoundError when the photo is deleted in the meantime.
    """
    try:
        while not photo.change(**changes):
            pass  # somebody else changed the photo in the meantime: change what they wrote
    except Photo.DoesNotExist:
        raise PhotoNotFoundError from None
