"""GET /v2/students: all students, newest first, or those with or without a picture."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from photodrop import api, students
from photodrop.errors import ForbiddenError
from photodrop.fields import Cursor
from photodrop.schemas import StudentPage

app = api.application()


@app.get("/v2/students")
@api.raises(ForbiddenError)
def list_students(
    has_picture: Annotated[bool | None, Query(alias="hasPicture")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> StudentPage:
    """Return one page of the students, each with the thumbnails of their picture signed."""
    return students.list_students(
        api.caller(app), has_picture=has_picture, limit=limit, cursor=cursor
    )


handler = api.handler(app)
