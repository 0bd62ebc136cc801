"""DELETE /v2/students/{studentId} and DELETE /v2/students/{studentId}/picture."""

from aws_lambda_powertools.event_handler import Response

from photodrop.domain import permissions, student_pictures
from photodrop.domain.permissions import Action
from photodrop.errors import ForbiddenError, StudentNotFoundError
from photodrop.http import api

app = api.application()


@app.delete("/v2/students/<student_id>", status_code=204)
@api.raises(StudentNotFoundError, ForbiddenError)
def delete_student(student_id: str) -> Response[None]:
    """Delete a student. One whose deletion was cut off can be deleted again."""
    student = permissions.find_student(
        api.caller(app), student_id, Action.CHANGE_STUDENT, include_deleted=True
    )
    student_pictures.delete_student(student)
    return Response(status_code=204, body=None)


@app.delete("/v2/students/<student_id>/picture", status_code=204)
@api.raises(StudentNotFoundError, ForbiddenError)
def delete_student_picture(student_id: str) -> Response[None]:
    """Delete a student's picture. Deleting it again is answered in the same way."""
    student = permissions.find_student(api.caller(app), student_id, Action.CHANGE_STUDENT)
    student_pictures.delete(student)
    return Response(status_code=204, body=None)


handler = api.handler(app)
