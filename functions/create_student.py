"""POST /v2/students: a new student."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from photodrop import api, students
from photodrop.errors import EmailTakenError, ForbiddenError
from photodrop.schemas import StudentDetails, WriteStudent

app = api.application()


@app.post("/v2/students", status_code=201)
@api.raises(ForbiddenError, EmailTakenError)
def create_student(wish: Annotated[WriteStudent, Body()]) -> StudentDetails:
    """Record a student. The key of the first picture is known at once."""
    return students.describe(students.create(api.caller(app), wish))


handler = api.handler(app)
