"""How the edge asks buckets and functions, and what it makes of their answers."""

from collections.abc import Callable

import pytest

from local.edge.cache import Cache
from tests.unit.edge.stand_ins import OBJECTS, Answer, Api, Origins, RunningEdge

PICTURE = "/i/uploads/ada/640"


def test_the_second_origin_answers_for_what_the_first_does_not_have(
    edge: RunningEdge, origins: Origins
) -> None:
    origins.answers["function:/uploads/ada/640"] = Answer(
        body=b"made", headers={"Cache-Control": "max-age=60"}
    )
    url = edge.signed(PICTURE)

    first, second = edge.viewer.get(url), edge.viewer.get(url)

    assert [first.content, second.content] == [b"made", b"made"]
    assert second.headers["x-cache"] == "Hit from cloudfront"
    assert origins.paths == ["bucket:/uploads/ada/640", "function:/uploads/ada/640"]


@pytest.mark.parametrize(("status", "asks_second"), [(403, True), (503, True), (500, False)])
def test_the_second_origin_is_asked_for_the_listed_statuses_alone(
    edge: RunningEdge, origins: Origins, status: int, *, asks_second: bool
) -> None:
    origins.answers["bucket:/uploads/ada/640"] = Answer(status)
    origins.answers["function:/uploads/ada/640"] = Answer(body=b"made")

    answer = edge.viewer.get(edge.signed(PICTURE))

    assert answer.status_code == (200 if asks_second else status)
    assert len(origins.asked) == (2 if asks_second else 1)


def test_the_second_origin_is_asked_when_the_first_does_not_answer(
    edge: RunningEdge, origins: Origins
) -> None:
    origins.answers["bucket:/uploads/ada/640"] = Answer(breaks_off=True)
    origins.answers["function:/uploads/ada/640"] = Answer(body=b"made")

    assert edge.viewer.get(edge.signed(PICTURE)).content == b"made"


def test_no_origin_that_answers_is_a_bad_gateway(edge: RunningEdge, origins: Origins) -> None:
    origins.answers["bucket:/a"] = Answer(breaks_off=True)

    answer = edge.get("/a")

    assert answer.status_code == 502
    assert answer.headers["x-cache"] == "Error from cloudfront"
    assert "<Code>OriginUnreachable</Code>" in answer.text


def test_an_answer_that_breaks_off_is_not_kept(edge: RunningEdge, origins: Origins) -> None:
    origins.answers["bucket:/a"] = Answer(body=b"half", breaks_off=True)
    assert edge.get("/a").status_code == 502
    origins.answers["bucket:/a"] = Answer(body=b"whole")

    assert edge.get("/a").content == b"whole"


def test_requests_are_signed_for_the_service_that_they_go_to(
    edge: RunningEdge, origins: Origins
) -> None:
    edge.viewer.get(edge.signed(PICTURE))

    bucket, function = (headers for _, _, headers in origins.asked)
    assert "/us-east-1/s3/aws4_request" in bucket["authorization"]
    assert "/us-east-1/lambda/aws4_request" in function["authorization"]
    assert function["host"].startswith("abc.lambda-url.us-east-1.localhost:")


def test_origins_get_what_the_policies_name_and_nothing_else(
    edge: RunningEdge, origins: Origins
) -> None:
    edge.get(
        "/a?b=2&response-content-disposition=attachment%3B+x",
        x_format="webp",
        cookie="session=1",
        authorization="Bearer token",
        accept="image/webp",
    )

    ((_, path, headers),) = origins.asked
    assert path == "bucket:/a?response-content-disposition=attachment%3B%20x"
    assert headers["x-format"] == "webp"
    assert headers["user-agent"] == "Amazon CloudFront"
    assert "Bearer" not in headers["authorization"]
    assert not {"cookie", "accept"} & headers.keys()


def test_the_origins_own_headers_are_sent_along(
    api: Api, start_edge: Callable[..., RunningEdge], origins: Origins
) -> None:
    api.config["Origins"]["Items"][0] |= {
        "OriginPath": "/below",
        "CustomHeaders": {"Items": [{"HeaderName": "X-Secret", "HeaderValue": "1"}]},
    }

    start_edge().get("/a")

    ((_, path, headers),) = origins.asked
    assert (path, headers["x-secret"]) == ("bucket:/below/a", "1")


@pytest.mark.parametrize(
    "statement",
    [
        ("s3:GetObject", OBJECTS, "arn:another-distribution"),
        ("s3:GetObject", "arn:aws:s3:::pictures/b*", "arn:ours"),
        ("s3:GetObjectVersion", OBJECTS, "arn:ours"),
    ],
)
def test_a_bucket_that_grants_something_else_is_not_read(
    api: Api,
    start_edge: Callable[..., RunningEdge],
    origins: Origins,
    statement: tuple[str, str, str],
) -> None:
    origins.answers["bucket:/a"] = Answer()
    api.of_bucket = [statement]

    assert start_edge().get("/a").status_code == 403
    assert origins.asked == []


def test_a_named_version_takes_a_grant_of_its_own(
    api: Api, start_edge: Callable[..., RunningEdge], origins: Origins
) -> None:
    key = api.cache_policy["ParametersInCacheKeyAndForwardedToOrigin"]
    key["QueryStringsConfig"]["QueryStrings"]["Items"] = ["versionId"]
    origins.answers["bucket:/a?versionId=1"] = Answer()

    assert start_edge().get("/a?versionId=1").status_code == 403
    api.of_bucket = [("s3:GetObjectVersion", OBJECTS, "arn:ours")]

    assert start_edge().get("/a?versionId=1").status_code == 200


@pytest.mark.parametrize("missing", [0, 1])
def test_a_function_that_grants_too_little_is_not_invoked(
    api: Api, start_edge: Callable[..., RunningEdge], origins: Origins, missing: int
) -> None:
    origins.answers["function:/uploads/ada/640"] = Answer()
    del api.of_function[missing]
    edge = start_edge()

    assert edge.viewer.get(edge.signed(PICTURE)).status_code == 403
    assert origins.paths == ["bucket:/uploads/ada/640"]


def test_a_bucket_that_may_not_be_listed_does_not_say_what_is_missing(
    api: Api, start_edge: Callable[..., RunningEdge]
) -> None:
    assert start_edge().get("/a").status_code == 404
    del api.of_bucket[1]

    assert start_edge().get("/a").status_code == 403


@pytest.mark.parametrize(
    ("wanted", "status", "content", "content_range"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=-20", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=5-50", 206, b"56789", "bytes 5-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-0", 416, b"", "bytes */10"),
        ("bytes=4-2", 200, b"0123456789", None),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("items=0-1", 200, b"0123456789", None),
    ],
)
def test_a_part_of_what_is_kept_is_served_from_it(
    edge: RunningEdge,
    origins: Origins,
    *,
    wanted: str,
    status: int,
    content: bytes,
    content_range: str | None,
) -> None:
    origins.answers["bucket:/a"] = Answer(body=b"0123456789", headers={"ETag": '"1"'})
    edge.get("/a")

    part = edge.get("/a", range=wanted)

    assert (part.status_code, part.content) == (status, content)
    assert part.headers.get("content-range") == content_range
    assert len(origins.asked) == 1


def test_a_part_of_another_version_is_the_whole_file(edge: RunningEdge, origins: Origins) -> None:
    origins.answers["bucket:/a"] = Answer(body=b"0123456789", headers={"ETag": '"2"'})
    edge.get("/a")

    assert edge.get("/a", range="bytes=1-2", if_range='"2"').content == b"12"
    assert edge.get("/a", range="bytes=1-2", if_range='"1"').content == b"0123456789"


def test_a_part_of_what_is_not_kept_comes_from_the_origin(
    edge: RunningEdge, origins: Origins
) -> None:
    origins.answers["bucket:/a"] = Answer(
        206, b"234", {"Content-Range": "bytes 2-4/10", "Cache-Control": "max-age=60"}
    )

    part = edge.get("/a", range="bytes=2-4")

    assert (part.status_code, part.content) == (206, b"234")
    assert origins.asked[0][2]["range"] == "bytes=2-4"
    origins.answers["bucket:/a"] = Answer(body=b"0123456789")
    assert edge.get("/a").content == b"0123456789"


@pytest.mark.parametrize(
    "condition",
    [
        {"if_none_match": '"1"'},
        {"if_none_match": 'W/"0", W/"1"'},
        {"if_none_match": "*"},
        {"if_modified_since": "Sat, 21 Nov 2026 12:00:00 GMT"},
    ],
)
@pytest.mark.parametrize("is_kept", [True, False])
def test_what_the_viewer_has_is_not_sent_again(
    start_edge: Callable[..., RunningEdge],
    origins: Origins,
    condition: dict[str, str],
    *,
    is_kept: bool,
) -> None:
    edge = start_edge(Cache(max_entry_bytes=100 if is_kept else 1))
    headers = {"ETag": '"1"', "Last-Modified": "Sat, 21 Nov 2026 11:00:00 GMT"}
    origins.answers["bucket:/a"] = Answer(body=b"0123456789", headers=headers)

    for _ in range(2):
        answer = edge.get("/a", **condition)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == '"1"'
    assert edge.get("/a", if_none_match='"2"').content == b"0123456789"
