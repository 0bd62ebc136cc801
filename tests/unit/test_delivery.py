"""Links to what CloudFront delivers: what they admit to, how long, and what makes a picture."""

import base64
import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from PIL import Image

import deliver_image
import list_photos
import view_photo
from local import delivery_key
from photodrop.aws import cdn_signing, storage
from photodrop.aws.tables import Photo
from photodrop.domain import thumbnails_on_demand
from tests.support import events, pictures
from tests.unit.test_thumbnail_photo import make_stored, queued
from tests.unit.test_view_and_list_photos import make_photo

pytestmark = pytest.mark.usefixtures("aws")

EDGE = "https://photos.example.com"


@pytest.fixture
def key(aws: None, settings: Any) -> Iterator[EllipticCurvePublicKey]:
    """The public key of a deployment whose pictures CloudFront delivers."""
    cloudfront = boto3.client("cloudfront")
    key_id = delivery_key.ensure(cloudfront, boto3.client("ssm"))
    settings(DELIVERY_URL=EDGE, DELIVERY_KEY_ID=key_id, DELIVERY_TTL_SECONDS=3600)
    cdn_signing._signer.cache_clear()
    cdn_signing._grant.cache_clear()
    encoded = cloudfront.get_public_key(Id=key_id)["PublicKey"]["PublicKeyConfig"]["EncodedKey"]
    public = load_pem_public_key(encoded.encode())
    assert isinstance(public, EllipticCurvePublicKey)
    yield public
    cdn_signing._signer.cache_clear()
    cdn_signing._grant.cache_clear()


def decoded(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "=").replace("~", "/"))


def admitted(url: str, key: EllipticCurvePublicKey) -> tuple[str, int]:
    """Return what a link admits to and when it ends. Fails if its signature is wrong."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    policy = decoded(query["Policy"])
    key.verify(decoded(query["Signature"]), policy, ECDSA(SHA1()))
    (statement,) = json.loads(policy)["Statement"]
    return statement["Resource"], statement["Condition"]["DateLessThan"]["AWS:EpochTime"]


def shown(handler: Any, name: str, **parts: Any) -> Any:
    response = handler(events.request(name, **parts), events.CONTEXT)
    assert response["statusCode"] == 200, response["body"]
    return json.loads(response["body"])


def test_a_page_of_ones_photos_has_one_signature_for_all_of_them(
    key: EllipticCurvePublicKey,
) -> None:
    for number in range(3):
        make_photo(number)
    items = shown(list_photos.handler, "list_photos")["items"]
    urls = [one["url"] for item in items for one in item["thumbnails"]]
    assert len(urls) == 3
    assert len({urlsplit(url).query for url in urls}) == 1
    assert len({urlsplit(url).path for url in urls}) == 3
    resource, _ = admitted(urls[0], key)
    assert resource == f"{EDGE}/i/uploads/user_{events.USER}/*"


def test_a_link_to_any_size_is_part_of_each_photo(key: EllipticCurvePublicKey) -> None:
    photo = make_photo()
    (item,) = shown(list_photos.handler, "list_photos")["items"]
    template = urlsplit(item["imageUrl"])
    assert template.path == f"/i/uploads/user_{events.USER}/{photo.photo_id}/{{variant}}"
    assert template.query == urlsplit(item["thumbnails"][0]["url"]).query
    assert item["thumbnails"][0]["url"] == item["imageUrl"].replace("{variant}", "160")


def test_a_photo_of_an_event_in_ones_own_list_admits_to_itself_alone(
    key: EllipticCurvePublicKey,
) -> None:
    event_id = "10000000-0000-4000-8000-000000000000"
    photo_key = f"uploads/event_{event_id}/00000000-0000-4000-8000-000000000001.jpg"
    make_photo(1, event_id=event_id, key=photo_key)
    (item,) = shown(list_photos.handler, "list_photos")["items"]
    resource, _ = admitted(item["thumbnails"][0]["url"], key)
    assert resource == f"{EDGE}/i/{photo_key.removesuffix('.jpg')}/*"


def test_a_single_photo_admits_to_itself_alone(key: EllipticCurvePublicKey) -> None:
    photo = make_photo()
    parts = {"path": f"/photos/{photo.photo_id}"}
    item = shown(view_photo.handler, "view_photo", **parts)
    resource, _ = admitted(item["thumbnails"][0]["url"], key)
    assert resource == f"{EDGE}/i/{photo.key.removesuffix('.jpg')}/*"


def test_an_original_admits_to_its_version_and_headers_alone(key: EllipticCurvePublicKey) -> None:
    photo = make_photo(file_name="süß *.jpg")
    parts = {"path": f"/photos/{photo.photo_id}/view-url", "query": {"disposition": "attachment"}}
    url = shown(view_photo.handler, "view_photo", **parts)["url"]
    resource, _ = admitted(url, key)
    assert url.startswith(f"{resource}&Policy=")
    assert urlsplit(resource).path == f"/o/{photo.key}"
    assert "*" not in resource
    query = parse_qs(urlsplit(resource).query)
    assert query["versionId"] == ["version-1"]
    assert "attachment" in query["response-content-disposition"][0]


@pytest.mark.parametrize("now", [1_800_000_000, 1_800_000_001, 1_800_001_799])
def test_the_same_link_comes_back_and_ends_when_it_says(
    now: int, key: EllipticCurvePublicKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cdn_signing, "epoch_seconds", lambda: now)
    make_photo()
    (item,) = shown(list_photos.handler, "list_photos")["items"]
    (one,) = item["thumbnails"]
    _, ends = admitted(one["url"], key)
    assert ends == 1_800_003_600
    assert datetime.fromisoformat(one["expiresAt"]).timestamp() == ends


def test_a_new_process_signs_the_same_link(key: EllipticCurvePublicKey) -> None:
    first = cdn_signing.sign_below("/i/a/", "/i/a/b/640").url
    cdn_signing._signer.cache_clear()
    cdn_signing._grant.cache_clear()
    assert cdn_signing.sign_below("/i/a/", "/i/a/b/640").url == first


def test_the_key_is_read_once(key: EllipticCurvePublicKey, monkeypatch: pytest.MonkeyPatch) -> None:
    cdn_signing.sign("/o/a")
    monkeypatch.setattr("photodrop.aws.clients.ssm", None)
    assert "Signature=" in cdn_signing.sign("/o/b").url


def test_without_delivery_links_are_those_of_s3() -> None:
    make_photo()
    (item,) = shown(list_photos.handler, "list_photos")["items"]
    assert item["imageUrl"] is None
    assert "X-Amz-Signature" in item["thumbnails"][0]["url"]


def deliver(path: str) -> tuple[int, dict[str, str], bytes]:
    event = events.load("deliver_image") | {"rawPath": path}
    response = deliver_image.handler(event, events.CONTEXT)
    body = response["body"]
    content = base64.b64decode(body) if response.get("isBase64Encoded") else body.encode()
    return response["statusCode"], response["headers"], content


def address(photo: Photo, name: str) -> str:
    return f"/{photo.key.removesuffix('.jpg')}/{name}"


def test_a_missing_picture_is_made_stored_and_kept_for_good() -> None:
    photo = make_stored()
    status, headers, content = deliver(address(photo, "320-cover.webp"))
    assert (status, headers["Content-Type"]) == (200, "image/webp")
    assert headers["Cache-Control"] == storage.CACHE_THUMBNAILS
    assert Image.open(io.BytesIO(content)).size == (320, 320)
    assert storage.read_thumbnail(address(photo, "320-cover.webp")[1:]) == content


def test_while_the_queue_makes_it_the_nearest_picture_stands_in_for_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = make_stored(thumbnails=[])
    for size in (160, 640):
        storage.put_thumbnail(address(photo, f"{size}.webp")[1:], pictures.jpeg(size, 80), "x/y")
    made = [{"size": 160, "width": 160, "height": 80}, {"size": 640, "width": 640, "height": 320}]
    photo.change(thumbnails=made, content_type="image/png", width=9000, height=9000)
    status, headers, content = deliver(address(photo, "2048.webp"))
    assert (status, headers["Cache-Control"]) == (200, "public, max-age=2")
    assert content == pictures.jpeg(640, 80)
    assert queued() == [{"photoId": photo.photo_id, "variant": "2048.webp"}]


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("641.webp", 400, "InvalidRequest"),
        ("640.png", 404, "PhotoNotFound"),
        ("", 404, "PhotoNotFound"),
        ("../640.webp", 404, "PhotoNotFound"),
    ],
)
def test_what_is_no_picture_is_refused_and_not_kept(name: str, status: int, code: str) -> None:
    answered, headers, body = deliver(address(make_stored(), name))
    assert (answered, json.loads(body)["code"]) == (status, code)
    assert headers["Cache-Control"] == "no-store"


def test_a_photo_below_anothers_prefix_is_not_found() -> None:
    photo = make_stored()
    status, _, _ = deliver(f"/uploads/user_somebody/{photo.photo_id}/320.webp")
    assert status == 404


def test_a_failure_of_ours_is_no_secret_and_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(thumbnails_on_demand, "ensure", fail)
    status, headers, body = deliver(address(make_stored(), "320.webp"))
    assert (status, headers["Cache-Control"]) == (500, "no-store")
    assert json.loads(body)["code"] == "InternalError"
    assert b"secret" not in body
