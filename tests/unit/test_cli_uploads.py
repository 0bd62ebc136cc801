"""Sending files with the command-line client, over a network and to a service that may fail."""

import asyncio
import hashlib
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photodrop_cli import transport, uploads
from photodrop_cli.accounts import Cognito, Session, Tokens
from photodrop_cli.api import Api, Details, Storage
from photodrop_cli.display import Display
from photodrop_cli.errors import FileError, SignInError
from photodrop_cli.files import find
from photodrop_cli.targets import Target
from photodrop_cli.uploads import Options, Outcome, Uploader
from tests.support.fake_service import (
    API,
    COGNITO,
    PART_BYTES,
    S3,
    FakePhoto,
    FakeService,
    Fault,
    error,
    s3_error,
)

SMALL = 100
"""In these tests, files above so many bytes go in parts of PART_BYTES."""


@pytest.fixture(autouse=True)
def small_and_impatient() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uploads, "SMALL_BYTES", SMALL)
        patch.setattr(uploads, "PART_BYTES", PART_BYTES)
        patch.setattr(uploads, "FIRST_LOOK_SECONDS", 0)
        patch.setattr(uploads, "NUDGE_SECONDS", 0)
        patch.setattr(transport, "FIRST_WAIT_SECONDS", 0)
        yield


@pytest.fixture
def fake() -> FakeService:
    return FakeService()


def write(path: Path, size: int, seed: str = "") -> Path:
    stream = b"".join(
        hashlib.sha256(f"{path.name}{seed}{number}".encode()).digest()
        for number in range(size // 32 + 1)
    )
    path.write_bytes((b"\xff\xd8\xff" + stream)[:size])
    return path


async def sending(fake: FakeService, *paths: Path, **options: Any) -> list[Outcome]:
    files = [(file, Outcome(str(file.path))) for file in find(paths, recursive=False).files]
    target = Target(API, "client", COGNITO)

    def silent(_seconds: float, _why: str) -> None:
        pass

    async with fake.client() as http:
        cognito = Cognito(http, target, silent)
        tokens = await cognito.by_password("ada@example.com", "right")
        assert isinstance(tokens, Tokens)
        session = Session(cognito, tokens)
        display = Display(to_stderr=True, quiet=True)
        api = Api(http, API, session, silent)
        with display.running(files=len(files), size_bytes=0):
            await Uploader(api, Storage(http), display, Options(**options)).run(files)
    return [outcome for _, outcome in files]


def send(fake: FakeService, *paths: Path, **options: Any) -> list[Outcome]:
    return asyncio.run(sending(fake, *paths, **options))


class Killed(BaseException):
    """The process ends here and now, as far as the client's own code can tell."""


def killed_or_done(fake: FakeService, *paths: Path, **options: Any) -> list[Outcome] | None:
    """Send, perhaps until a fault kills the client. Returns None when one did."""
    try:
        return send(fake, *paths, **options)
    except BaseExceptionGroup:
        return None


def stored(fake: FakeService, outcome: Outcome) -> bytes:
    return fake.objects[str(outcome.photo_id)]


def once(matches: Callable[[httpx.Request], bool], answer: Any) -> Callable[[httpx.Request], Any]:
    """Answer, or fail, the first request that matches."""
    left = [answer]

    def fault(request: httpx.Request) -> httpx.Response | None:
        if not left or not matches(request):
            return None
        found = left.pop()
        if isinstance(found, Exception):
            raise found
        return found  # type: ignore[no-any-return]

    return fault


def is_put(request: httpx.Request) -> bool:
    return str(request.url).startswith(S3)


def before_each_put(act: Callable[[], None]) -> Fault:
    """Return a fault that does something before the storage gets a PUT."""

    def fault(request: httpx.Request) -> None:
        if is_put(request):
            act()

    return fault


def test_many_files_are_sent_once_and_skipped_the_second_time(
    fake: FakeService, tmp_path: Path
) -> None:
    paths = [write(tmp_path / f"{number} é+.jpg", 20 * number + 10) for number in range(15)]
    first = send(fake, *paths, details=Details("T", "D", ("a", "b")))
    assert [outcome.status for outcome in first] == ["uploaded"] * 15
    assert [stored(fake, outcome) for outcome in first] == [path.read_bytes() for path in paths]
    for photo in fake.photos.values():
        assert {"title": "T", "description": "D", "tags": ["a", "b"]}.items() <= photo.wish.items()
    assert set(fake.sent.values()) == {1}

    second = send(fake, *paths)
    assert [outcome.status for outcome in second] == ["skipped"] * 15
    assert [outcome.photo_id for outcome in second] == [outcome.photo_id for outcome in first]
    assert set(fake.sent.values()) == {1}


@pytest.mark.parametrize("size", [50, 500])
@pytest.mark.parametrize("jobs", [1, 3])
def test_copies_of_a_file_are_sent_once(
    fake: FakeService, tmp_path: Path, size: int, jobs: int
) -> None:
    first = write(tmp_path / "a.jpg", size)
    copies = [tmp_path / "b.jpg", tmp_path / "c.jpg"]
    for copy in copies:
        copy.write_bytes(first.read_bytes())
    sent = send(fake, first, *copies, jobs=jobs)
    assert sorted(str(outcome.status) for outcome in sent) == ["skipped", "skipped", "uploaded"]
    assert len({outcome.photo_id for outcome in sent}) == 1
    assert set(fake.sent.values()) == {1}


@pytest.mark.parametrize("size", [50, 500])
@pytest.mark.parametrize("jobs", [1, 2, 3])
@pytest.mark.parametrize("fails", ["sent", "processed"])
def test_a_copy_is_sent_when_the_first_one_fails(
    fake: FakeService, tmp_path: Path, *, size: int, jobs: int, fails: str
) -> None:
    first = write(tmp_path / "a.jpg", size)
    copies = [tmp_path / "b.jpg", tmp_path / "c.jpg"]
    for copy in copies:
        copy.write_bytes(first.read_bytes())
    if fails == "sent":
        fake.fault = once(is_put, s3_error(400, "InvalidRequest"))
    else:

        def refuse_once(request: httpx.Request) -> httpx.Response | None:
            if request.method == "GET" and "/photos/" in request.url.path:
                fake.fault = lambda _request: None
                (photo,) = fake.photos.values()
                photo.status, photo.failure = "failed", {"code": "ProcessingFailed", "message": "m"}
            return None

        fake.fault = refuse_once
    sent = send(fake, first, *copies, jobs=jobs)
    statuses = sorted(str(outcome.status) for outcome in sent)
    assert statuses == ["failed", "skipped", "uploaded"]
    kept = {outcome.photo_id for outcome in sent if outcome.status != "failed"}
    assert [fake.objects[str(photo_id)] for photo_id in kept] == [first.read_bytes()]


def test_copies_of_what_is_refused_all_fail(fake: FakeService, tmp_path: Path) -> None:
    first = write(tmp_path / "a.jpg", 50)
    copies = [tmp_path / "b.jpg", tmp_path / "c.jpg"]
    for copy in copies:
        copy.write_bytes(first.read_bytes())
    fake.refuses_content = first.read_bytes()
    sent = send(fake, first, *copies)
    assert [outcome.status for outcome in sent] == ["failed"] * 3


def test_what_goes_to_an_event_is_another_photo(fake: FakeService, tmp_path: Path) -> None:
    small, large = write(tmp_path / "s.jpg", 50), write(tmp_path / "l.jpg", 500)
    own = send(fake, small, large)
    at_event = send(fake, small, large, event_id="garden")
    assert [outcome.status for outcome in own + at_event] == ["uploaded"] * 4
    assert [photo.event_id for photo in fake.photos.values()] == [None, None, "garden", "garden"]


def test_a_copy_under_another_name_is_sent_once(fake: FakeService, tmp_path: Path) -> None:
    one = write(tmp_path / "one.jpg", 50)
    other = tmp_path / "other.jpg"
    other.write_bytes(one.read_bytes())
    assert sorted(outcome.status or "" for outcome in send(fake, one, other)) == [
        "skipped",
        "uploaded",
    ]
    assert len(fake.photos) == 1


def test_one_bad_file_does_not_stop_the_others(fake: FakeService, tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{number}.jpg", 50) for number in range(6)]
    fake.refuses_content = paths[2].read_bytes()
    outcomes = send(fake, *paths, jobs=2)
    assert [outcome.status for outcome in outcomes].count("uploaded") == 5
    assert str(outcomes[2].failure) == "It is no photo."
    assert outcomes[2].failure.code == "UnsupportedContent"  # type: ignore[union-attr]


def test_a_final_refusal_is_told_and_not_repeated(fake: FakeService, tmp_path: Path) -> None:
    def fault(request: httpx.Request) -> httpx.Response | None:
        return error(413, "FileTooLarge") if "initiate" in request.url.path else None

    fake.fault = fault
    (outcome,) = send(fake, write(tmp_path / "a.jpg", 50))
    assert outcome.failure
    assert (outcome.failure.code, outcome.failure.message) == (
        "FileTooLarge",
        "This is FileTooLarge.",
    )
    assert sum("initiate" in path for _, path in fake.requests) == 1


@pytest.mark.parametrize("size", [50, 500])
@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
        s3_error(500, "InternalError"),
        s3_error(503, "SlowDown"),
        s3_error(400, "RequestTimeout"),
        s3_error(400, "BadDigest"),
        s3_error(403, "AccessDenied", "Request has expired"),
    ],
    ids=lambda trouble: type(trouble).__name__,
)
def test_what_may_pass_is_tried_again(
    fake: FakeService, tmp_path: Path, trouble: Any, size: int
) -> None:
    path = write(tmp_path / "a.jpg", size)
    fake.fault = once(is_put, trouble)
    (outcome,) = send(fake, path)
    assert outcome.status == "uploaded"
    assert stored(fake, outcome) == path.read_bytes()


@pytest.mark.parametrize("size", [50, 500])
def test_a_lost_answer_of_s3_is_no_second_photo(
    fake: FakeService, tmp_path: Path, size: int
) -> None:
    path, lost = write(tmp_path / "a.jpg", size), []

    def fault(request: httpx.Request) -> httpx.Response | None:
        if is_put(request) and not lost:
            lost.append(fake.take(request))
            raise httpx.ReadError("cut")
        return None

    fake.fault = fault
    fake.notices_uploads = False
    (outcome,) = send(fake, path)
    assert outcome.status == "uploaded"
    assert len(fake.photos) == 1
    assert stored(fake, outcome) == path.read_bytes()


@pytest.mark.parametrize("call", ["initiate-upload", "multipart", "complete", "uploads", "photos/"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_call_of_the_api_that_is_cut_off_is_made_again(
    fake: FakeService, tmp_path: Path, call: str, after: bool
) -> None:
    paths = [write(tmp_path / "small.jpg", 50), write(tmp_path / "large.jpg", 500)]
    cut = []

    def fault(request: httpx.Request) -> httpx.Response | None:
        if str(request.url).startswith(API) and call in request.url.path and not cut:
            cut.append(request)
            if after:  # it was done, and the answer was lost
                fake.take(request)
            raise httpx.ReadError("cut")
        return None

    fake.fault = fault
    outcomes = send(fake, *paths)
    assert cut
    assert [outcome.status for outcome in outcomes] == ["uploaded"] * 2
    assert len(fake.photos) == 2


def test_a_small_file_whose_run_was_killed_is_the_same_photo(
    fake: FakeService, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.jpg", 50)

    def end() -> None:
        raise Killed

    fake.fault = before_each_put(end)
    assert killed_or_done(fake, path) is None
    fake.fault = lambda _request: None
    (outcome,) = send(fake, path)
    assert outcome.status == "uploaded"
    assert list(fake.photos) == [outcome.photo_id]


def test_a_photo_that_failed_long_ago_is_begun_anew(fake: FakeService, tmp_path: Path) -> None:
    path = write(tmp_path / "a.jpg", 50)
    fake.refuses_content = path.read_bytes()
    (refused,) = send(fake, path)
    fake.refuses_content = None
    (outcome,) = send(fake, path)
    assert (refused.status, outcome.status) == ("failed", "uploaded")
    assert outcome.photo_id != refused.photo_id


def test_a_key_that_the_service_takes_for_another_wish_now_is_not_used(
    fake: FakeService, tmp_path: Path
) -> None:
    reused = error(409, "IdempotencyKeyReused")
    fake.fault = once(lambda request: "initiate" in request.url.path, reused)
    (outcome,) = send(fake, write(tmp_path / "a.jpg", 50))
    assert outcome.status == "uploaded"


def test_a_file_that_is_not_noticed_is_looked_for(fake: FakeService, tmp_path: Path) -> None:
    fake.notices_uploads = False
    outcomes = send(fake, write(tmp_path / "s.jpg", 50), write(tmp_path / "l.jpg", 500))
    assert [outcome.status for outcome in outcomes] == ["uploaded"] * 2
    assert sum(method == "PUT" and path.endswith("/status") for method, path in fake.requests) == 2


def test_what_is_not_waited_for_is_not_looked_at(fake: FakeService, tmp_path: Path) -> None:
    (outcome,) = send(fake, write(tmp_path / "s.jpg", 50), waits=False)
    assert outcome.status == "uploaded"
    assert fake.photos[str(outcome.photo_id)].looks == 0


def test_what_stays_in_work_is_said_to_be(
    fake: FakeService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "SETTLE_SECONDS", 0)
    monkeypatch.setattr(uploads, "NUDGE_SECONDS", 100)
    fake.notices_uploads = False
    (outcome,) = send(fake, write(tmp_path / "s.jpg", 50))
    assert outcome.failure
    assert outcome.failure.code == "StillProcessing"


def test_when_the_network_is_gone_the_rest_is_not_tried(fake: FakeService, tmp_path: Path) -> None:
    def fail() -> None:
        raise httpx.ConnectError("no route to host")

    fake.fault = before_each_put(fail)
    outcomes = send(fake, *(write(tmp_path / f"{n}.jpg", 50) for n in range(20)), jobs=1)
    codes = [outcome.failure.code for outcome in outcomes if outcome.failure]
    assert codes == ["Unreachable"] + ["NotTried"] * 19
    assert sum(url.startswith(S3) for _, url in fake.requests) == transport.ATTEMPTS


# --- parts


def test_a_large_file_goes_in_parts_each_once(fake: FakeService, tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", 10 * PART_BYTES + 7)
    (outcome,) = send(fake, path, details=Details("T", None, ("a, b",)))
    assert stored(fake, outcome) == path.read_bytes()
    assert fake.photos[str(outcome.photo_id)].wish["tags"] == ["a, b"]
    assert (outcome.sent_parts, outcome.sent_bytes) == (11, path.stat().st_size)
    assert set(fake.sent.values()) == {1}
    (again,) = send(fake, path)
    assert (again.status, again.photo_id, again.sent_bytes) == ("skipped", outcome.photo_id, 0)


def test_parts_go_as_many_at_once_as_told(fake: FakeService, tmp_path: Path) -> None:
    now, most = [0], [0]
    answer = fake.answer

    async def slow(request: httpx.Request) -> httpx.Response:
        if not is_put(request):
            return await answer(request)
        now[0] += 1
        most[0] = max(most[0], now[0])
        for _ in range(20):
            await asyncio.sleep(0)
        now[0] -= 1
        return await answer(request)

    fake.answer = slow  # type: ignore[method-assign]
    send(fake, *(write(tmp_path / f"{n}.mp4", 1000) for n in range(5)), jobs=2, parts=3)
    assert most[0] == 6


def test_a_killed_upload_goes_on_with_what_is_missing(fake: FakeService, tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", 40 * PART_BYTES)

    def fault(request: httpx.Request) -> httpx.Response | None:
        if is_put(request) and sum(fake.sent.values()) == 17:
            raise Killed
        return None

    fake.fault = fault
    assert killed_or_done(fake, path) is None
    before = dict(fake.sent)
    fake.fault = lambda _request: None
    (outcome,) = send(fake, path)
    assert stored(fake, outcome) == path.read_bytes()
    assert outcome.kept_parts == len(before) == 17
    assert set(fake.sent.values()) == {1}
    assert len(fake.photos) == 1


def test_an_upload_taken_up_again_gets_the_details_of_the_last_wish(
    fake: FakeService, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.mp4", 500)
    fake.begin_upload(photo_of(path, {"title": "Old"}))
    (outcome,) = send(fake, path, details=Details("New", None, ("t",)))
    wish = fake.photos[str(outcome.photo_id)].wish
    assert (wish["title"], wish["tags"]) == ("New", ["t"])
    assert len(fake.photos) == 1


def photo_of(path: Path, details: dict[str, Any] | None = None) -> FakePhoto:
    content = path.read_bytes()
    checksum = hashlib.sha256(content).hexdigest()
    wish = {"sizeBytes": str(len(content)), "checksumSha256": checksum, **(details or {})}
    return FakePhoto(path.name, wish, None)


def test_an_upload_that_is_gone_is_begun_anew(fake: FakeService, tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", 500)
    upload = fake.begin_upload(photo_of(path))

    def fault(request: httpx.Request) -> httpx.Response | None:
        fake.uploads.pop(upload.upload_id, None) if "/multipart/" in request.url.path else None
        return None

    fake.fault = fault
    (outcome,) = send(fake, path)
    assert outcome.status == "uploaded"
    assert outcome.photo_id != upload.photo.photo_id


def test_an_upload_that_is_cancelled_elsewhere_is_not_begun_anew(
    fake: FakeService, tmp_path: Path
) -> None:
    def cancel() -> None:
        (photo,) = fake.photos.values()
        photo.status = "failed"
        photo.failure = {"code": "UploadCancelled", "message": "Cancelled."}

    fake.fault = before_each_put(cancel)
    (outcome,) = send(fake, write(tmp_path / "a.mp4", 500))
    assert outcome.failure
    assert outcome.failure.code == "UploadCancelled"
    assert len(fake.photos) == 1


@pytest.mark.parametrize("parts", [{}, {1: b"x" * PART_BYTES}], ids=["empty", "with a part"])
def test_an_upload_of_a_client_without_checksums_is_left_to_it(
    fake: FakeService, tmp_path: Path, parts: dict[int, bytes]
) -> None:
    path = write(tmp_path / "a.mp4", 500)
    others = fake.begin_upload(photo_of(path))
    others.has_checksums, others.parts = False, parts
    (outcome,) = send(fake, path)
    assert outcome.status == "uploaded"
    assert stored(fake, outcome) == path.read_bytes()
    assert outcome.photo_id != others.photo.photo_id
    assert others.photo.status == "pending"


def test_an_upload_that_another_client_completes_is_seen_through(
    fake: FakeService, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.mp4", 500)

    def complete() -> None:
        (photo,) = fake.photos.values()
        photo.status = "completed"

    fake.fault = before_each_put(complete)
    (outcome,) = send(fake, path, parts=1)
    assert outcome.status == "uploaded"
    assert len(fake.photos) == 1


def test_a_service_with_another_plan_gets_parts_of_its_size(tmp_path: Path) -> None:
    fake = FakeService(part_bytes=PART_BYTES * 3 + 1)
    path = write(tmp_path / "a.mp4", 1000)
    (outcome,) = send(fake, path)
    assert stored(fake, outcome) == path.read_bytes()
    (upload,) = fake.uploads.values()
    assert {len(content) for content in upload.parts.values()} == {193, 1000 - 5 * 193}


def test_a_file_that_changes_on_its_way_is_noticed_and_given_up(
    fake: FakeService, tmp_path: Path
) -> None:
    for size, name in ((50, "s.jpg"), (500, "l.jpg")):
        path = write(tmp_path / name, size)

        def fault(request: httpx.Request, path: Path = path) -> httpx.Response | None:
            if "multipart" in request.url.path or "initiate" in request.url.path:
                write(path, path.stat().st_size, seed="other")
                os.utime(path, ns=(1, 1))
            return None

        fake.fault = fault
        (outcome,) = send(fake, path)
        assert outcome.failure
        assert outcome.failure.code == "FileChanged"
    assert not fake.objects
    assert [upload.photo.status for upload in fake.uploads.values()] == ["failed"]


def test_a_file_that_shrinks_on_its_way_is_noticed(fake: FakeService, tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", 500)

    def fault(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/multipart"):
            path.write_bytes(b"x")
        return None

    fake.fault = fault
    (outcome,) = send(fake, path)
    assert outcome.failure
    assert outcome.failure.code == "FileChanged"


TROUBLE = st.sampled_from(
    ["connection", "timeout", "500", "503", "429", "expired", "damaged", "answer lost", "killed"]
)


@st.composite
def parts_before(draw: st.DrawFn, content: bytes) -> dict[int, bytes]:
    """Return parts as some other client may have left them, by number."""
    parts = {}
    whole = range(0, len(content), PART_BYTES)
    for number, start in enumerate(whole, 1):
        part = content[start : start + PART_BYTES]
        found = draw(st.sampled_from([part, part[::-1], part[:-1], None]))
        if found is not None:
            parts[number] = found
    if draw(st.booleans()):
        parts[len(whole) + 1] = b"more than the file has"
    return parts


def troubled(fake: FakeService, troubles: dict[int, str]) -> Callable[[httpx.Request], Any]:
    """Have the requests of these numbers fail, each in its way."""
    asked = itertools.count(1)

    def fault(request: httpx.Request) -> httpx.Response | None:
        if not str(request.url).startswith((API, S3)):
            return None
        kind = troubles.pop(next(asked), None)
        if kind in {"expired", "damaged", "answer lost"} and not is_put(request):
            kind = "500"
        match kind:
            case "killed":
                raise Killed
            case "connection":
                raise httpx.ConnectError("refused")
            case "timeout":
                raise httpx.WriteTimeout("slow")
            case "answer lost":
                fake.take(request)
                raise httpx.ReadError("cut")
        answers = {
            "500": error(500, "Internal"),
            "503": s3_error(503, "SlowDown"),
            "429": httpx.Response(429, headers={"Retry-After": "0"}),
            "expired": s3_error(403, "AccessDenied", "Request has expired"),
            "damaged": s3_error(400, "BadDigest"),
        }
        return answers.get(str(kind))

    return fault


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_happens_the_file_arrives_whole_and_good_parts_once(
    tmp_path: Path, data: st.DataObject
) -> None:
    """With parts there before, right or wrong, in runs that meet trouble and may be killed."""
    fake = FakeService()
    size = data.draw(st.integers(SMALL + 1, 12 * PART_BYTES), "size")
    path = write(tmp_path / "a.mp4", size)
    content = path.read_bytes()
    if data.draw(st.booleans(), "begun before"):
        fake.begin_upload(photo_of(path)).parts |= data.draw(parts_before(content), "parts there")
    troubles = data.draw(st.dictionaries(st.integers(1, 60), TROUBLE, max_size=8), "troubles")
    fake.fault = troubled(fake, troubles)
    parts = data.draw(st.integers(1, 5), "parts at once")
    outcomes = None
    while outcomes is None:
        kept = {
            (upload.photo.photo_id, number)
            for upload in fake.uploads.values()
            for number, part in upload.parts.items()
            if part == content[(number - 1) * PART_BYTES : number * PART_BYTES]
        }
        before = fake.sent.copy()
        outcomes = killed_or_done(fake, path, parts=parts)
        assert all(fake.sent[part] == before[part] for part in kept)
    (outcome,) = outcomes
    assert outcome.status in {"uploaded", "skipped"}
    assert stored(fake, outcome) == content
    assert len(fake.photos) == 1


def test_a_sign_in_that_ends_stops_everything(fake: FakeService, tmp_path: Path) -> None:
    def end_session() -> None:
        fake.tokens.clear()
        fake.refresh_tokens.clear()

    fake.fault = before_each_put(end_session)
    with pytest.raises(SignInError):
        send(fake, *(write(tmp_path / f"{n}.jpg", 50) for n in range(8)))


def test_tokens_are_renewed_while_files_are_sent(fake: FakeService, tmp_path: Path) -> None:
    fake.token_seconds = 1  # so they always end too soon
    outcomes = send(fake, *(write(tmp_path / f"{n}.jpg", 50) for n in range(3)))
    assert [outcome.status for outcome in outcomes] == ["uploaded"] * 3
    assert len(fake.tokens) > 3


def test_a_renewal_that_meets_a_dead_network_waits_as_long_as_any_other_request(
    fake: FakeService, tmp_path: Path
) -> None:
    fake.token_seconds = 1
    cut = []

    def fault(request: httpx.Request) -> httpx.Response | None:
        if b"REFRESH_TOKEN_AUTH" in request.content and len(cut) < transport.ATTEMPTS - 1:
            cut.append(request)
            raise httpx.ConnectError("no route to host")
        return None

    fake.fault = fault
    (outcome,) = send(fake, write(tmp_path / "a.jpg", 50))
    assert cut
    assert outcome.status == "uploaded"


def test_a_token_that_is_refused_is_renewed_once(fake: FakeService, tmp_path: Path) -> None:
    fake.fault = once(lambda request: "initiate" in request.url.path, error(401, "Unauthorized"))
    (outcome,) = send(fake, write(tmp_path / "a.jpg", 50))
    assert outcome.status == "uploaded"
    assert len(fake.tokens) == 2


def test_an_answer_that_makes_no_sense_fails_the_file_alone(
    fake: FakeService, tmp_path: Path
) -> None:
    portal = httpx.Response(200, html="<h1>Welcome to the hotel</h1>")
    fake.fault = once(lambda request: "initiate" in request.url.path, portal)
    paths = [write(tmp_path / "a.jpg", 50), write(tmp_path / "b.jpg", 50)]
    failed, fine = send(fake, *paths, jobs=1)
    assert isinstance(failed.failure, FileError)
    assert failed.failure.code == "UnexpectedAnswer"
    assert fine.status == "uploaded"
