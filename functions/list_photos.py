"""GET /photos: a user's photos, newest first, all or of one tag or status."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from photodrop.domain import permissions, photos
from photodrop.domain.records import user_scope
from photodrop.errors import ForbiddenError
from photodrop.http import api
from photodrop.http.fields import Tag
from photodrop.http.parameters import DEFAULT_LIMIT, Limit, PageCursor
from photodrop.http.presenters.photos import present_page
from photodrop.http.schemas.photos import PhotoPage
from photodrop.status import Status

app = api.application()


@app.get("/photos")
@api.raises(ForbiddenError)
def list_photos(
    user_id: Annotated[str | None, Query(alias="userId", min_length=1, max_length=128)] = None,
    tag: Annotated[Tag | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: PageCursor = None,
) -> PhotoPage:
    """Return one page of the caller's photos, each with its thumbnails signed.

    `userId` other than one's own is for staff.
    """
    caller = api.caller(app)
    listed_id = user_id or caller.user_id
    permissions.require_listing_allowed(caller, listed_id)
    scope = user_scope(listed_id)
    page = photos.list_photos(scope, tag=tag, status=status, limit=limit, cursor=cursor)
    return present_page(page, scope)


handler = api.handler(app)
