"""What names, tags and other texts may be, and how they are kept."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from photodrop.http import fields
from photodrop.http.schemas.multipart import UploadMetadata
from photodrop.http.schemas.photos import EditPhoto
from photodrop.http.schemas.uploads import InitiateUpload
from tests.support import events, gateway

TEXTS = {
    "Title": fields.Title,
    "Description": fields.Description,
    "Reason": fields.Reason,
    "Name": fields.Name,
    "Tag": fields.Tag,
    "FileName": fields.FileName,
}
growing = st.sampled_from(["ß", "ŉ", "ﬃ", "ΐ", "İ", "\ufb2c", "\U0001d160", "\u0301", "\u0345"])
exotic = st.sampled_from(["\u202e", "\u200f", "\u2066", "\x9b", "\u200b", "\ufeff", "\u2028", " "])
texts = st.text(st.characters(codec="utf-8") | growing | exotic, min_size=1, max_size=60) | (
    st.builds(lambda text, times: text * times, growing, st.integers(1, 260))
)


def read(kind: Any, text: str) -> str:
    return str(TypeAdapter(kind).validate_python(text))


@pytest.mark.parametrize("kind", TEXTS.values(), ids=TEXTS)
@given(text=texts)
def test_what_is_kept_of_a_text_can_be_sent_back_as_it_is(kind: Any, text: str) -> None:
    try:
        kept = read(kind, text)
    except ValidationError:
        return
    assert read(kind, kept) == kept


@pytest.mark.parametrize("tag", ["ß" * 50, "ŉ" * 26, "ﬃ" * 17])
def test_a_tags_limit_counts_what_is_kept_of_it(tag: str) -> None:
    with pytest.raises(ValidationError, match="would be kept as"):
        EditPhoto.model_validate({"tags": [tag]})
    assert EditPhoto.model_validate({"tags": [tag[:16]]}).tags == [tag[:16].casefold()]


INVISIBLE = [
    "\u200b", "\u2060\ufeff", "\u00ad", "\u202e\u202c", "\u3164", "\u2800", "\u115f\u1160",
    "\u0301", "\ufe0f", "\U000e0020", "\u2029", "\u00a0\u3000",
]  # fmt: skip


@pytest.mark.parametrize("text", INVISIBLE, ids=ascii)
@pytest.mark.parametrize("kind", ["Name", "Tag", "FileName"])
def test_a_name_with_nothing_to_be_seen_is_refused(kind: str, text: str) -> None:
    with pytest.raises(ValidationError):
        read(TEXTS[kind], text)


@pytest.mark.parametrize("text", INVISIBLE, ids=ascii)
def test_a_title_with_nothing_to_be_seen_is_empty(text: str) -> None:
    assert read(fields.Title, text) == ""


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("sunset\u202egpj.exe", "sunsetgpj.exe"),
        ("\u2067\u200f\u05ea\u05de.jpg\u2069", "\u05ea\u05de.jpg"),
        ("a\x9bb\u0085.jpg", "ab.jpg"),
        ("line\u2028break.jpg", "line break.jpg"),
        ("IMG\u202f1.jpg", "IMG\u202f1.jpg"),
        ("\u0645\u06cc\u200c\u062e.jpg", "\u0645\u06cc\u200c\u062e.jpg"),
        ("👩\u200d🚀❤️.heic", "👩\u200d🚀❤️.heic"),
        ("\uf8ff.png", "\uf8ff.png"),
        ("\U0001faea.png", "\U0001faea.png"),
    ],
)
def test_file_names_lose_what_could_deceive_and_nothing_else(name: str, kept: str) -> None:
    wish = {"fileName": name, "contentType": "image/jpeg", "sizeBytes": 1}
    assert InitiateUpload.model_validate(wish).file_name == kept


CLAIMS = {"sub": events.USER, "email": "ada@example.com", "email_verified": "true"} | {
    "cognito:groups": "staff,organizers"
}


def send(method: str, path: str, body: Any = None, **parts: Any) -> Any:
    text = None if body is None else json.dumps(body)
    answer = gateway.call(method, path, body=text, claims=CLAIMS, **parts)
    assert answer.status in {200, 201}, answer.text
    return answer.body


@pytest.mark.usefixtures("aws")
def test_no_way_in_lets_a_name_through_that_turns_the_direction() -> None:
    """Uppy's paths, a PATCH, events and students."""
    turned = "a\u202eb"
    name, metadata = "\u202ea.jpg", {"title": turned}
    ids = [
        send("get", "/s3/params", query={"filename": name, "metadata[title]": turned}),
        send("post", "/s3/multipart", {"filename": name, "metadata": metadata}),
        send("post", "/s3/sign", {"method": "PUT", "key": f"x/{name}", "metadata": metadata}),
    ]
    for photo_id in (found["photoId"] for found in ids):
        photo = send("get", "/photos/{photoId}", parameters={"photoId": photo_id})
        assert (photo["fileName"], photo["title"]) == ("a.jpg", "ab")
        edited = send(
            "patch", "/photos/{photoId}", {"tags": [turned]}, parameters={"photoId": photo_id}
        )
        assert edited["tags"] == ["ab"]
    assert send("post", "/events", {"name": turned})["name"] == "ab"
    student = {"name": turned, "email": "a@example.com", "course": turned}
    made = send("post", "/v2/students", student)
    assert (made["name"], made["course"]) == ("ab", "ab")


@pytest.mark.parametrize("tags", ["[" * 10_000, f"[{'9' * 5000}]", '["a"', "[NaN]", '["\\ud800"]'])
def test_tags_in_a_text_that_is_no_json_are_refused(tags: str) -> None:
    with pytest.raises(ValidationError):
        UploadMetadata.model_validate({"tags": tags})


def test_fields_are_known_by_their_described_names_alone() -> None:
    with pytest.raises(ValidationError, match="file_name"):
        InitiateUpload.model_validate(
            {"file_name": "a.jpg", "contentType": "image/jpeg", "sizeBytes": 1}
        )
