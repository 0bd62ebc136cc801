"""GET /uploads: the caller's unfinished uploads, which any device can continue."""

from photodrop.domain import pending_uploads
from photodrop.http import api
from photodrop.http.parameters import DEFAULT_LIMIT, Limit, PageCursor
from photodrop.http.presenters.pending_uploads import present_page
from photodrop.http.schemas.uploads import UploadPage

app = api.application()


@app.get("/uploads")
def list_uploads(
    limit: Limit = DEFAULT_LIMIT,
    cursor: PageCursor = None,
) -> UploadPage:
    """Return one page of them, newest first, each with how much of it S3 has."""
    page = pending_uploads.list_uploads(api.caller(app), limit=limit, cursor=cursor)
    return present_page(page)


handler = api.handler(app)
