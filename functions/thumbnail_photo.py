"""GET /photos/{photoId}/thumbnail: thumbnails of more sizes and formats, made on demand."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from photodrop.clock import timestamp
from photodrop.domain import permissions, thumbnails_on_demand
from photodrop.domain.thumbnails_on_demand import Variant
from photodrop.errors import (
    PhotoArchivedError,
    PhotoNotFoundError,
    PhotoNotReadyError,
    ThumbnailFailedError,
)
from photodrop.file_types import ThumbnailFormat
from photodrop.http import api
from photodrop.http.fields import Resolution
from photodrop.http.schemas.photos import Thumbnail, ThumbnailInWork

app = api.application()

RETRY_AFTER_SECONDS = 2


@app.get("/photos/<photo_id>/thumbnail")
@api.answers({200: Thumbnail, 202: ThumbnailInWork})
@api.raises(PhotoNotFoundError, PhotoNotReadyError, PhotoArchivedError, ThumbnailFailedError)
def get_thumbnail(
    photo_id: str,
    resolution: Annotated[Resolution, Query(alias="res")],
    image_format: Annotated[ThumbnailFormat, Query(alias="format")] = "webp",
) -> Response[Thumbnail | ThumbnailInWork]:
    """Return a signed URL to the thumbnail, or 202 and where to ask again."""
    photo = permissions.find_photo(api.caller(app), photo_id)
    variant = Variant(resolution, image_format)
    found = thumbnails_on_demand.find_or_make(photo, variant)
    if found is None:
        path = f"/photos/{photo_id}/thumbnail?res={resolution}&format={image_format}"
        in_progress = ThumbnailInWork(retry_after_seconds=RETRY_AFTER_SECONDS, location=path)
        return api.respond(202, in_progress, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
    thumbnail = Thumbnail(
        url=found.signed.url,
        width=found.width,
        height=found.height,
        content_type=variant.content_type,
        expires_at=timestamp(found.signed.expires_at),
    )
    return api.respond(200, thumbnail)


handler = api.handler(app)
