"""GET /v2/students: all students, newest first, or those with or without a picture."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from photodrop.domain import students
from photodrop.errors import ForbiddenError
from photodrop.http import api
from photodrop.http.parameters import DEFAULT_LIMIT, Limit, PageCursor
from photodrop.http.presenters.students import present_page
from photodrop.http.schemas.students import StudentPage

app = api.application()


@app.get("/v2/students")
@api.raises(ForbiddenError)
def list_students(
    has_picture: Annotated[bool | None, Query(alias="hasPicture")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: PageCursor = None,
) -> StudentPage:
    """Return one page of the students, each with the thumbnails of their picture signed."""
    page = students.list_students(
        api.caller(app), has_picture=has_picture, limit=limit, cursor=cursor
    )
    return present_page(page)


handler = api.handler(app)
