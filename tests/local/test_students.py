"""Students and their pictures over real HTTP, against the deployed local stack."""

import io
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from PIL import Image

from local.client import Client, Stack
from tests.support import pictures
from tests.support.forged_uploads import CHANGES, put_changed
from tests.support.running_stack import assert_is_error, aws, until

STUDENTS = "/v2/students"
TEXT = b"just some text, named .jpg"


def details(**changes: str) -> dict[str, str]:
    unique = f"student-{uuid.uuid4()}@example.com"
    return {"name": "Grace Hopper", "email": unique, "course": "Compilers"} | changes


def create(staff: Client, **changes: str) -> Any:
    answer = staff.api.post(STUDENTS, json=details(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def student(staff: Client) -> Iterator[Any]:
    """A new student; gone again after the test."""
    made = create(staff)
    yield made
    staff.api.delete(path_of(made))


def path_of(student: Any) -> str:
    return f"{STUDENTS}/{student['studentId']}"


def seen(client: Client, student: Any) -> Any:
    return client.api.get(path_of(student)).raise_for_status().json()


def ask(client: Client, student: Any, size: int | None = None) -> Any:
    parameters = {"sizeBytes": str(size)} if size else {}
    answer = client.api.get(f"{path_of(student)}/picture-upload-url", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def send(client: Client, student: Any, content: bytes, *, announced: bool = True) -> str:
    """Upload a picture; return its key."""
    grant = ask(client, student, len(content) if announced else None)
    client.send(grant["upload"], content).raise_for_status()
    return str(grant["pictureKey"])


def wait(client: Client, student: Any, key: str) -> Any:
    """Wait until the picture at `key` is shown, or failed; return the student."""

    def done() -> Any:
        now = seen(client, student)
        shown, replacement = now["picture"], (now["picture"] or {}).get("replacement")
        if now["pictureKey"] == key:
            return now if shown and shown["status"] in ("completed", "failed") else None
        return now if replacement and replacement["status"] == "failed" else None

    return until(done, 60)


def show(client: Client, student: Any, content: bytes, *, announced: bool = True) -> Any:
    now = wait(client, student, send(client, student, content, announced=announced))
    assert now["picture"]["status"] == "completed", now
    return now


def original(client: Client, student: Any) -> bytes:
    answer = client.api.get(f"{path_of(student)}/picture-view-url").raise_for_status()
    assert set(answer.json()) == {"url", "expiresAt"}
    return client.storage.get(answer.json()["url"]).raise_for_status().content


def objects(stack: Stack, student: Any) -> tuple[list[str], list[str]]:
    """Return all versions of the originals, and the thumbnails, that there are of a student."""
    s3, prefix = aws(stack, "s3"), f"students/{student['studentId']}"
    found = s3.list_object_versions(Bucket=stack.uploads_bucket, Prefix=prefix)
    made = s3.list_objects_v2(Bucket=stack.thumbnails_bucket, Prefix=prefix)
    return (
        [item["Key"] for item in found.get("Versions", []) + found.get("DeleteMarkers", [])],
        [item["Key"] for item in made.get("Contents", [])],
    )


def test_a_student_gets_a_picture_and_a_new_one_and_is_deleted(staff: Client, stack: Stack) -> None:
    student = create(staff)
    assert student["pictureKey"] == f"students/{student['studentId']}_1.jpg"
    assert student["picture"] is None
    no_picture = staff.api.get(f"{path_of(student)}/picture-view-url")
    assert_is_error(no_picture, 404, "PictureNotFound")

    first, second = pictures.jpeg(800, 600, orientation=6), pictures.jpeg(640, 480)
    grant = ask(staff, student, len(first))
    assert grant["pictureKey"] == student["pictureKey"]
    assert set(grant["upload"]) == {"method", "url", "headers", "expiresAt"}
    early = staff.api.get(f"{path_of(student)}/picture-view-url")
    assert_is_error(early, 409, "PictureNotReady")
    assert staff.send(grant["upload"], first).status_code == 200
    assert staff.send(grant["upload"], second[: len(first)]).status_code in (403, 412)
    now = wait(staff, student, grant["pictureKey"])
    assert now["picture"]["status"] == "completed"
    assert [thumbnail["size"] for thumbnail in now["picture"]["thumbnails"]] == [160, 640, 1600]
    for thumbnail in now["picture"]["thumbnails"]:
        answer = staff.storage.get(thumbnail["url"]).raise_for_status()
        picture = Image.open(io.BytesIO(answer.content))
        assert picture.size == (thumbnail["width"], thumbnail["height"])
        assert picture.height > picture.width, "upright"
        assert not picture.getexif()
    assert original(staff, student) == first

    key = show(staff, student, second, announced=False)["pictureKey"]
    assert key != grant["pictureKey"]
    assert original(staff, student) == second
    # The older one is erased after the swap.
    until(lambda: objects(stack, student)[0] == [key] and len(objects(stack, student)[1]) == 3)

    answer = staff.api.put(path_of(student), json=details(name="G. Hopper"))
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["pictureKey"]) == ("G. Hopper", key)

    assert staff.api.delete(path_of(student)).status_code == 204
    assert objects(stack, student) == ([], [])
    assert_is_error(staff.api.get(path_of(student)), 404, "StudentNotFound")
    assert_is_error(staff.api.delete(path_of(student)), 404, "StudentNotFound")
    create(staff, email=answer.json()["email"])


@pytest.mark.parametrize("change", CHANGES)
def test_a_put_that_is_not_what_was_granted_is_refused_by_s3(
    staff: Client, student: Any, change: str
) -> None:
    content = pictures.jpeg()
    upload = ask(staff, student, len(content))["upload"]
    answer = put_changed(staff, upload, content, change, other_key=("_1.jpg", "_2.jpg"))
    assert answer.status_code == 403


def test_an_email_address_is_of_one_student_only(staff: Client, student: Any) -> None:
    taken = details(email=student["email"].upper())
    assert_is_error(staff.api.post(STUDENTS, json=taken), 409, "EmailTaken")
    other = create(staff)
    assert_is_error(staff.api.put(path_of(other), json=taken), 409, "EmailTaken")
    assert seen(staff, other) == other


def test_many_at_once_with_one_address_are_one_student(staff: Client, stack: Stack) -> None:
    wish = details()

    def post(_: int) -> httpx.Response:
        return staff.api.post(STUDENTS, json=wish)

    with ThreadPoolExecutor(6) as pool:
        codes = sorted(answer.status_code for answer in pool.map(post, range(6)))
    assert codes == [201, 409, 409, 409, 409, 409]


def test_wrong_fields_are_named(staff: Client) -> None:
    answer = staff.api.post(STUDENTS, json={"name": "", "email": "nonsense"})
    assert_is_error(answer, 400, "InvalidRequest")
    named = {field["field"] for field in answer.json()["fields"]}
    assert named == {"name", "email", "course"}


def test_students_see_their_own_record_and_replace_their_own_picture(
    staff: Client, grace: Client, stack: Stack
) -> None:
    for item in staff.api.get(STUDENTS, params={"limit": "100"}).json()["items"]:
        if item["email"] == "grace@example.com":  # of an earlier run on the same stack
            staff.api.delete(path_of(item))
    student = create(staff, email="Grace@example.com")
    assert seen(grace, student) == student
    content = pictures.jpeg(300, 200)
    assert show(grace, student, content)["email"] == "grace@example.com"
    assert original(grace, student) == content
    assert_is_error(grace.api.put(path_of(student), json=details()), 403, "Forbidden")
    assert_is_error(grace.api.delete(path_of(student)), 403, "Forbidden")
    assert_is_error(grace.api.delete(f"{path_of(student)}/picture"), 403, "Forbidden")
    assert_is_error(grace.api.get(STUDENTS), 403, "Forbidden")
    assert staff.api.delete(path_of(student)).status_code == 204
    assert_is_error(grace.api.get(path_of(student)), 404, "StudentNotFound")


def test_outsiders_find_no_student(alan: Client, anonymous: Client, student: Any) -> None:
    path = path_of(student)
    for answer in (
        alan.api.get(path),
        alan.api.put(path, json=details()),
        alan.api.delete(path),
        alan.api.get(f"{path}/picture-upload-url"),
        alan.api.get(f"{path}/picture-view-url"),
        alan.api.delete(f"{path}/picture"),
    ):
        assert_is_error(answer, 404, "StudentNotFound")
    assert_is_error(alan.api.post(STUDENTS, json=details()), 403, "Forbidden")
    assert_is_error(alan.api.get(STUDENTS), 403, "Forbidden")
    assert_is_error(anonymous.api.get(path), 401, "Unauthorized")
    assert_is_error(anonymous.api.post(STUDENTS, json=details()), 401, "Unauthorized")


def test_a_text_named_jpg_leaves_the_old_picture_in_place(staff: Client, student: Any) -> None:
    content = pictures.jpeg(320, 240)
    before = show(staff, student, content)
    key = send(staff, student, TEXT)
    after = wait(staff, student, key)
    assert after["pictureKey"] == before["pictureKey"]
    assert after["picture"]["status"] == "completed"
    assert after["picture"]["replacement"]["pictureKey"] == key
    assert after["picture"]["replacement"]["failure"]["code"] == "UnsupportedContent"
    assert original(staff, student) == content
    for thumbnail in after["picture"]["thumbnails"]:
        staff.storage.get(thumbnail["url"]).raise_for_status()


def test_a_first_picture_that_is_text_fails_and_is_never_shown(staff: Client, student: Any) -> None:
    now = wait(staff, student, send(staff, student, TEXT, announced=False))
    assert now["picture"]["status"] == "failed"
    assert now["picture"]["failure"]["code"] == "UnsupportedContent"
    answer = staff.api.get(f"{path_of(student)}/picture-view-url")
    assert_is_error(answer, 409, "PictureNotReady")


def test_too_large_a_picture_is_refused_before_or_after(staff: Client, student: Any) -> None:
    too_large = 10 * 1024 * 1024 + 1
    parameters = {"sizeBytes": str(too_large)}
    answer = staff.api.get(f"{path_of(student)}/picture-upload-url", params=parameters)
    assert_is_error(answer, 413, "FileTooLarge")
    content = pictures.jpeg().ljust(too_large, b"\0")
    now = wait(staff, student, send(staff, student, content, announced=False))
    assert now["picture"]["failure"]["code"] == "FileTooLarge"


def test_of_two_quick_replacements_the_newer_one_stays(
    staff: Client, stack: Stack, student: Any
) -> None:
    show(staff, student, pictures.jpeg(320, 240))
    older, newer = ask(staff, student), ask(staff, student)
    contents = {key["pictureKey"]: pictures.jpeg(width, 200) for key, width in
                ((older, 500), (newer, 600))}  # fmt: skip
    for grant in (newer, older):  # the newer one even lands first
        staff.send(grant["upload"], contents[grant["pictureKey"]]).raise_for_status()

    def looks_right() -> Any:
        now = seen(staff, student)
        assert now["picture"]["status"] == "completed", "there is a picture all the time"
        assert len(now["picture"]["thumbnails"]) == 3
        left = objects(stack, student)
        is_newest = now["pictureKey"] == newer["pictureKey"]
        return is_newest and len(left[1]) == 3 and left[0]

    until(looks_right, 60)
    assert original(staff, student) == contents[newer["pictureKey"]]

    def is_settled() -> bool:
        s3 = aws(stack, "s3")
        current = s3.list_objects_v2(Bucket=stack.uploads_bucket, Prefix=older["pictureKey"])
        return not current.get("Contents")

    until(is_settled)
    assert seen(staff, student)["pictureKey"] == newer["pictureKey"]


def test_deleting_the_picture_clears_the_key_and_removes_the_objects(
    staff: Client, stack: Stack, student: Any
) -> None:
    show(staff, student, pictures.jpeg(320, 240))
    for _ in range(2):
        assert staff.api.delete(f"{path_of(student)}/picture").status_code == 204
        now = seen(staff, student)
        assert (now["pictureKey"], now["picture"]) == (None, None)
    assert objects(stack, student) == ([], [])
    answer = staff.api.get(f"{path_of(student)}/picture-view-url")
    assert_is_error(answer, 404, "PictureNotFound")
    again = pictures.jpeg(100, 100)
    show(staff, student, again)
    assert original(staff, student) == again


def test_the_list_is_newest_first_in_full_pages_and_knows_who_has_a_picture(
    staff: Client,
) -> None:
    made = [create(staff) for _ in range(5)]
    for student in made[::2]:
        show(staff, student, pictures.jpeg())

    def listed(**query: str) -> list[str]:
        found: list[str] = []
        cursor = None
        while True:
            parameters = {"limit": "2"} | query | ({"cursor": cursor} if cursor else {})
            page = staff.api.get(STUDENTS, params=parameters).raise_for_status().json()
            cursor = page["nextCursor"]
            assert len(page["items"]) == 2 or cursor is None
            found += [student["studentId"] for student in page["items"]]
            if cursor is None:
                break
        assert len(found) == len(set(found))
        return [student_id for student_id in found if student_id in ids]

    ids = [student["studentId"] for student in made]
    assert listed() == ids[::-1]
    assert listed(hasPicture="true") == ids[::2][::-1]
    assert listed(hasPicture="false") == ids[1::2][::-1]
    with_picture = staff.api.get(STUDENTS, params={"hasPicture": "true"}).json()["items"]
    url = with_picture[0]["picture"]["thumbnails"][0]["url"]
    assert staff.storage.get(url).status_code == 200
    for student in made:
        staff.api.delete(path_of(student))
    assert listed(hasPicture="true") == []
    refused = staff.api.get(STUDENTS, params={"limit": "0"})
    assert_is_error(refused, 400, "InvalidRequest")


def test_a_picture_is_no_photo_to_the_photos_routes(staff: Client, student: Any) -> None:
    key = show(staff, student, pictures.jpeg())["pictureKey"]
    photo_id = key.removeprefix("students/").removesuffix(".jpg")
    assert_is_error(staff.api.get(f"/photos/{photo_id}"), 404, "PhotoNotFound")
    assert_is_error(staff.api.get(f"/photos/{photo_id}/view-url"), 404, "PhotoNotFound")
    assert_is_error(staff.api.delete(f"/photos/{photo_id}"), 404, "PhotoNotFound")


def test_signed_urls_of_pictures_are_for_one_key_and_one_method(
    staff: Client, student: Any
) -> None:
    now = show(staff, student, pictures.jpeg())
    view = staff.api.get(f"{path_of(student)}/picture-view-url").json()["url"]
    for url in (view, now["picture"]["thumbnails"][0]["url"]):
        assert staff.storage.get(url).status_code == 200
        assert staff.storage.get(url.replace(student["studentId"], "another")).status_code == 403
        assert staff.storage.put(url, content=b"x").status_code == 403
