"""DELETE /v2/students/{studentId} and DELETE /v2/students/{studentId}/picture."""

from aws_lambda_powertools.event_handler import Response

from photodrop import api, pictures, students
from photodrop.errors import ForbiddenError, StudentNotFoundError

app = api.application()


@app.delete("/v2/students/<student_id>", status_code=204)
@api.raises(StudentNotFoundError, ForbiddenError)
def delete_student(student_id: str) -> Response[None]:
    """Delete a student. One whose deletion was cut off can be deleted again."""
    pictures.remove_student(students.find_to_delete(api.caller(app), student_id))
    return Response(status_code=204, body=None)


@app.delete("/v2/students/<student_id>/picture", status_code=204)
@api.raises(StudentNotFoundError, ForbiddenError)
def delete_student_picture(student_id: str) -> Response[None]:
    """Delete a student's picture. Deleting it again is answered in the same way."""
    pictures.remove(students.find_for_staff(api.caller(app), student_id))
    return Response(status_code=204, body=None)


handler = api.handler(app)
