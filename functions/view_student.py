"""GET /v2/students/{studentId} and GET /v2/students/{studentId}/picture-view-url."""

from photodrop import api, students
from photodrop.errors import PictureNotFoundError, PictureNotReadyError, StudentNotFoundError
from photodrop.schemas import StudentDetails, ViewUrl

app = api.application()


@app.get("/v2/students/<student_id>")
@api.raises(StudentNotFoundError)
def get_student(student_id: str) -> StudentDetails:
    """Return one student, with the thumbnails of their picture signed."""
    return students.describe(students.find(api.caller(app), student_id))


@app.get("/v2/students/<student_id>/picture-view-url")
@api.raises(StudentNotFoundError, PictureNotFoundError, PictureNotReadyError)
def get_picture_view_url(student_id: str) -> ViewUrl:
    """Return a signed URL to the picture that is shown."""
    return students.view_url(students.find(api.caller(app), student_id))


handler = api.handler(app)
