"""POST /v2/students: a new student."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from photodrop.domain import students
from photodrop.errors import EmailTakenError, ForbiddenError
from photodrop.http import api
from photodrop.http.presenters.students import present
from photodrop.http.schemas.students import StudentDetails, WriteStudent

app = api.application()


@app.post("/v2/students", status_code=201)
@api.raises(ForbiddenError, EmailTakenError)
def create_student(body: Annotated[WriteStudent, Body()]) -> StudentDetails:
    """Record a student. The key of the first picture is known at once."""
    return present(students.create(api.caller(app), **body.model_dump()))


handler = api.handler(app)
