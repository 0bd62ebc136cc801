"""Pictures and originals through the edge, which does as the deployed template says."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from PIL import Image

from local.client import Client, Stack
from tests.support import pictures
from tests.support.patience import PATIENCE_SECONDS
from tests.support.running_stack import aws, logged, origin, resource, until, upload


@pytest.fixture(autouse=True)
def _has_edge(stack: Stack) -> None:
    if stack.delivery_url is None:
        pytest.skip("this stack was started with --no-edge")


@pytest.fixture
def viewer() -> Iterator[httpx.Client]:
    """Somebody who has links and nothing else."""
    with httpx.Client(timeout=PATIENCE_SECONDS, trust_env=False, verify=False) as client:
        yield client


@pytest.fixture
def photo(ada: Client) -> Any:
    """A photo that nobody has looked at yet."""
    return upload(ada, pictures.jpeg(800, 600))


def at(photo: Any, variant: str) -> str:
    """The address of the photo at another size, with the signature that came with the photo."""
    url = httpx.URL(photo["thumbnails"][0]["url"])
    return str(url.copy_with(path=f"{url.path.rpartition('/')[0]}/{variant}"))


def result(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.headers["x-cache"].split()[0]


def test_a_thumbnail_is_fetched_from_its_bucket_once(photo: Any, viewer: httpx.Client) -> None:
    first, second = (viewer.get(photo["thumbnails"][1]["url"]) for _ in range(2))

    assert [result(first), result(second)] == [(200, "Miss"), (200, "Hit")]
    assert first.content == second.content
    assert first.headers["content-type"] == "image/webp"
    assert "immutable" in first.headers["cache-control"]


def test_many_viewers_of_a_new_size_have_it_made_once(
    photo: Any, stack: Stack, viewer: httpx.Client
) -> None:
    url = at(photo, "320,format=jpeg")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: viewer.get(url), range(8)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert Image.open(io.BytesIO(answers[0].content)).size == (320, 240)
    made = [line for line in logged(stack, photo["photoId"]) if line["message"] == "Thumbnail made"]
    assert len(made) == 1


def test_each_viewer_gets_the_best_format_that_it_takes(photo: Any, viewer: httpx.Client) -> None:
    url = at(photo, "320,format=auto")

    for accept, kind in [
        ("image/avif,image/webp,*/*", "image/avif"),
        ("image/webp,*/*", "image/webp"),
        ("*/*", "image/jpeg"),
    ]:
        answers = [viewer.get(url, headers={"Accept": accept}) for _ in range(2)]
        assert [answer.headers["content-type"] for answer in answers] == [kind, kind]
        assert result(answers[1]) == (200, "Hit")


def test_an_original_is_sent_in_parts_and_by_its_name(
    ada: Client, photo: Any, viewer: httpx.Client
) -> None:
    link = ada.api.get(f"/photos/{photo['photoId']}/view-url", params={"disposition": "attachment"})

    part = viewer.get(link.json()["url"], headers={"Range": "bytes=2-5"})
    whole = viewer.get(link.json()["url"])

    assert part.status_code == 206
    assert part.content == whole.content[2:6]
    assert whole.headers["content-disposition"].startswith("attachment")
    assert len(whole.content) == photo["sizeBytes"]


def test_what_is_not_signed_or_signed_for_others_is_refused(
    ada: Client, grace: Client, photo: Any, viewer: httpx.Client
) -> None:
    hers = httpx.URL(upload(grace, pictures.jpeg())["thumbnails"][0]["url"])
    url = httpx.URL(photo["thumbnails"][0]["url"])
    assert viewer.get(url).status_code == 200

    for refused in (
        url.copy_with(query=None),
        url.copy_with(query=hers.query),
        url.copy_set_param("Signature", "AAAA"),
        url.copy_set_param("Key-Pair-Id", "KNOBODY"),
        url.copy_with(path=url.path.replace("/i/", "/o/")),
        url.copy_with(path="/anything"),
    ):
        assert result(viewer.get(refused)) == (403, "Error")


@pytest.mark.parametrize("variant", ["333", "320,format=bmp", "320,fit=tile", "x"])
def test_a_size_that_is_not_offered_is_a_bad_request(
    photo: Any, viewer: httpx.Client, variant: str
) -> None:
    answer = viewer.get(at(photo, variant))

    assert answer.status_code == 400
    assert answer.json()["code"] == "InvalidRequest"


def test_an_unknown_photo_is_not_found(ada: Client, photo: Any, viewer: httpx.Client) -> None:
    listed = ada.api.get("/photos").json()["items"][0]  # its link admits to all photos of Ada's
    unknown = at(listed, "320").replace(listed["photoId"], "00000000-0000-4000-8000-000000000000")

    assert listed["photoId"] == photo["photoId"]
    assert viewer.get(unknown).status_code == 404
    assert viewer.get(at(photo, "320").replace(photo["photoId"], "another")).status_code == 403


def test_only_the_stacks_page_may_read_pictures_by_script(
    stack: Stack, photo: Any, viewer: httpx.Client
) -> None:
    url = photo["thumbnails"][0]["url"]

    ours = viewer.get(url, headers={"Origin": origin(stack)})
    theirs = viewer.get(url, headers={"Origin": "http://evil.example"})

    assert ours.headers["access-control-allow-origin"] == origin(stack)
    assert "access-control-allow-origin" not in theirs.headers
    assert ours.headers["x-content-type-options"] == "nosniff"


def test_an_invalidation_makes_the_edge_forget(
    stack: Stack, photo: Any, viewer: httpx.Client
) -> None:
    url = photo["thumbnails"][0]["url"]
    viewer.get(url)
    assert result(viewer.get(url)) == (200, "Hit")
    path = httpx.URL(url).path.removeprefix("/i").rpartition("/")[0] + "/*"

    aws(stack, "cloudfront").create_invalidation(
        DistributionId=resource(stack, "DeliveryDistribution"),
        InvalidationBatch={
            "Paths": {"Quantity": 1, "Items": [path]},
            "CallerReference": photo["photoId"],
        },
    )

    until(lambda: result(viewer.get(url)) == (200, "Miss"))
