"""PUT /v2/students/{studentId}: replaces the details of a student."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from photodrop.domain import students
from photodrop.errors import EmailTakenError, ForbiddenError, StudentNotFoundError
from photodrop.http import api
from photodrop.http.presenters.students import present
from photodrop.http.schemas.students import StudentDetails, WriteStudent

app = api.application()


@app.put("/v2/students/<student_id>")
@api.raises(StudentNotFoundError, ForbiddenError, EmailTakenError)
def edit_student(student_id: str, body: Annotated[WriteStudent, Body()]) -> StudentDetails:
    """Replace name, e-mail address and course. The picture stays."""
    return present(students.edit(api.caller(app), student_id, **body.model_dump()))


handler = api.handler(app)
