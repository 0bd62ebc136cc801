"""Granted uploads: how to send a file."""

from photodrop.clock import timestamp
from photodrop.domain import uploads
from photodrop.domain.records import Photo, SignedPost, SignedUrl
from photodrop.http.schemas.uploads import InitiatedUpload, Upload
from photodrop.status import Status


def present_granted(photo: Photo) -> InitiatedUpload:
    """Return how to send the file of a photo. `upload` is null if it is not pending any more."""
    return InitiatedUpload(
        photo_id=photo.photo_id,
        key=photo.key,
        status=Status(photo.status),
        upload=_upload(uploads.grant(photo)),
    )


def _upload(grant: SignedUrl | SignedPost | None) -> Upload | None:
    if grant is None:
        return None
    expires_at = timestamp(grant.expires_at)
    if isinstance(grant, SignedPost):
        return Upload(
            method="POST", url=grant.url, headers={}, fields=grant.fields, expires_at=expires_at
        )
    return Upload(
        method="PUT",
        url=grant.url,
        headers=grant.headers_to_set,
        fields={},
        expires_at=expires_at,
    )
