"""GET /photos: a user's photos, newest first, all or of one tag or status."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from photodrop import api, library
from photodrop.errors import ForbiddenError
from photodrop.fields import Cursor, Tag
from photodrop.models import user_place
from photodrop.schemas import PhotoPage
from photodrop.status import Status

app = api.application()


@app.get("/photos")
@api.raises(ForbiddenError)
def list_photos(
    user_id: Annotated[str | None, Query(alias="userId", min_length=1, max_length=128)] = None,
    tag: Annotated[Tag | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> PhotoPage:
    """Return one page of the caller's photos, each with its thumbnails signed.

    `userId` other than one's own is for staff.
    """
    caller = api.caller(app)
    if user_id not in (None, caller.user_id) and not caller.is_staff:
        raise ForbiddenError("Only staff may list other users' photos.")
    return library.list_photos(
        user_place(user_id or caller.user_id),
        tag=tag,
        status=status,
        limit=limit,
        cursor=cursor,
    )


handler = api.handler(app)
