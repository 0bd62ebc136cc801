"""GET /v2/students/{studentId} and GET /v2/students/{studentId}/picture-view-url."""

from photodrop.domain import permissions, students
from photodrop.errors import PictureNotFoundError, PictureNotReadyError, StudentNotFoundError
from photodrop.http import api
from photodrop.http.presenters.photos import present_url
from photodrop.http.presenters.students import present
from photodrop.http.schemas.photos import ViewUrl
from photodrop.http.schemas.students import StudentDetails

app = api.application()


@app.get("/v2/students/<student_id>")
@api.raises(StudentNotFoundError)
def get_student(student_id: str) -> StudentDetails:
    """Return one student, with the thumbnails of their picture signed."""
    return present(permissions.find_student(api.caller(app), student_id))


@app.get("/v2/students/<student_id>/picture-view-url")
@api.raises(StudentNotFoundError, PictureNotFoundError, PictureNotReadyError)
def get_picture_view_url(student_id: str) -> ViewUrl:
    """Return a signed URL to the picture that is shown."""
    return present_url(students.sign_picture(permissions.find_student(api.caller(app), student_id)))


handler = api.handler(app)
