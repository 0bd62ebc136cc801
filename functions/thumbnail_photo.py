"""GET /photos/{photoId}/thumbnail: thumbnails of more sizes and formats, made on demand."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from photodrop import variants
from photodrop.clock import timestamp
from photodrop.domain import permissions, thumbnails_on_demand
from photodrop.errors import (
    PhotoArchivedError,
    PhotoNotFoundError,
    PhotoNotReadyError,
    ThumbnailFailedError,
)
from photodrop.http import api
from photodrop.http.fields import Resolution
from photodrop.http.schemas.photos import Thumbnail, ThumbnailInWork
from photodrop.variants import Fit, Gravity, RequestedFormat, Variant

app = api.application()

RETRY_AFTER_SECONDS = 2


@app.get("/photos/<photo_id>/thumbnail")
@api.answers({200: Thumbnail, 202: ThumbnailInWork})
@api.raises(PhotoNotFoundError, PhotoNotReadyError, PhotoArchivedError, ThumbnailFailedError)
def get_thumbnail(
    photo_id: str,
    resolution: Annotated[Resolution, Query(alias="res")],
    image_format: Annotated[RequestedFormat, Query(alias="format")] = "webp",
    fit: Annotated[Fit, Query()] = "contain",
    gravity: Annotated[Gravity, Query()] = "center",
) -> Response[Thumbnail | ThumbnailInWork]:
    """Return a signed URL to the thumbnail, or 202 and where to ask again.

    With `format=auto`, the request's `Accept` chooses: AVIF, WebP, or else JPEG.
    """
    if image_format == "auto":
        image_format = variants.best_format(app.current_event.headers.get("accept", ""))
    photo = permissions.find_photo(api.caller(app), photo_id)
    variant = Variant(resolution, image_format, fit, gravity)
    found = thumbnails_on_demand.find_or_make(photo, variant)
    if found is None:
        query = f"res={resolution}&format={image_format}"
        if fit == "cover":
            query += f"&fit={fit}&gravity={gravity}"
        path = f"/photos/{photo_id}/thumbnail?{query}"
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
