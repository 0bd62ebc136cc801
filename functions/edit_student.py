"""PUT /v2/students/{studentId}: what is written of a student."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from photodrop import api, students
from photodrop.errors import EmailTakenError, ForbiddenError, StudentNotFoundError
from photodrop.schemas import StudentDetails, WriteStudent

app = api.application()


@app.put("/v2/students/<student_id>")
@api.raises(StudentNotFoundError, ForbiddenError, EmailTakenError)
def edit_student(student_id: str, wish: Annotated[WriteStudent, Body()]) -> StudentDetails:
    """Replace name, e-mail address and course. The picture stays."""
    return students.describe(students.edit(api.caller(app), student_id, wish))


handler = api.handler(app)
