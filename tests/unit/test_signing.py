import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

from photodrop import config
from photodrop.aws import signing

KEYS = st.from_regex(
    r"uploads/(user|event)_[a-zA-Z0-9._~-]{1,20}/[ -~]{1,30}\.[a-z]{3,4}", fullmatch=True
)
TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=40
)


@pytest.fixture(scope="module", autouse=True)
def same_moment() -> Iterator[None]:
    """Both sides sign at the same second: botocore's clock and ours are the same one here."""
    moment = datetime(2026, 5, 1, 10, 0, 0, 123456, tzinfo=UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Clock":
            return cls.fromtimestamp(moment.timestamp(), tz)

    config.credentials.cache_clear()  # tests before may have signed with moto's
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signing, "datetime", Clock)
        patch.setattr(
            "botocore.auth.get_current_datetime",
            lambda remove_tzinfo=True: moment.replace(tzinfo=None),
        )
        patch.setattr("botocore.signers.get_current_datetime", lambda: moment.replace(tzinfo=None))
        yield
    config.credentials.cache_clear()


@pytest.fixture(scope="module")
def botocore_s3() -> Any:
    return boto3.client(
        "s3",
        region_name="eu-west-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret-example",
        aws_session_token="session-example",
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "virtual"},
            request_checksum_calculation="when_required",
        ),
    )


def same_request(ours: str, theirs: str) -> None:
    """Assert that two URLs are one request: same place, same parameters, same signature."""
    assert urlsplit(ours)[:3] == urlsplit(theirs)[:3]
    assert dict(parse_qsl(urlsplit(ours).query)) == dict(parse_qsl(urlsplit(theirs).query))


@given(key=KEYS, name=TEXT, ttl=st.integers(1, 604800))
def test_signs_a_get_as_botocore_does(botocore_s3: Any, key: str, name: str, ttl: int) -> None:
    disposition = f"inline; filename*=UTF-8''{name}"
    theirs = botocore_s3.generate_presigned_url(
        "get_object",
        Params={
            "Bucket": "photodrop-uploads",
            "Key": key,
            "VersionId": "3HL4kqtJlcpXroDTDmjVBH40Nrjfkd",
            "ResponseContentDisposition": disposition,
        },
        ExpiresIn=ttl,
    )
    ours = signing.presign_url(
        "GET",
        "photodrop-uploads",
        key,
        ttl_seconds=ttl,
        query={
            "versionId": "3HL4kqtJlcpXroDTDmjVBH40Nrjfkd",
            "response-content-disposition": disposition,
        },
    )
    same_request(ours.url, theirs)


@given(key=KEYS, size=st.integers(1, 10**12))
def test_signs_a_put_as_botocore_does(botocore_s3: Any, key: str, size: int) -> None:
    theirs = botocore_s3.generate_presigned_url(
        "put_object",
        Params={
            "Bucket": "photodrop-uploads",
            "Key": key,
            "ContentType": "image/jpeg",
            "ContentLength": size,
            "IfNoneMatch": "*",
            "ChecksumSHA256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        },
        ExpiresIn=900,
    )
    ours = signing.presign_url(
        "PUT",
        "photodrop-uploads",
        key,
        ttl_seconds=900,
        headers={
            "Content-Type": "image/jpeg",
            "Content-Length": str(size),
            "If-None-Match": "*",
            "x-amz-checksum-sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        },
    )
    same_request(ours.url, theirs)


def test_signs_a_form_as_botocore_does(botocore_s3: Any) -> None:
    fields = {"Content-Type": "image/jpeg"}
    theirs = botocore_s3.generate_presigned_post(
        "photodrop-uploads",
        "uploads/user_1/photo.jpg",
        Fields=dict(fields),
        Conditions=[["content-length-range", 5, 5], {"Content-Type": "image/jpeg"}],
        ExpiresIn=900,
    )
    ours = signing.presign_post(
        "photodrop-uploads",
        "uploads/user_1/photo.jpg",
        ttl_seconds=900,
        fields=fields,
        length_range=(5, 5),
    )
    assert ours.url == theirs["url"]
    # The policies say the same in another order, so only they and their signatures differ.
    unordered = {"policy", "x-amz-signature"}
    assert {k: v for k, v in ours.fields.items() if k not in unordered} == {
        k: v for k, v in theirs["fields"].items() if k not in unordered
    }
    ours_policy, theirs_policy = (
        json.loads(base64.b64decode(made["policy"])) for made in (ours.fields, theirs["fields"])
    )
    assert ours_policy["expiration"] == theirs_policy["expiration"]
    by_text = {json.dumps(condition) for condition in ours_policy["conditions"]}
    assert by_text == {json.dumps(condition) for condition in theirs_policy["conditions"]}


def test_life_ends_with_the_credentials(settings: Callable[..., None]) -> None:
    settings(AWS_CREDENTIAL_EXPIRATION="2026-05-01T10:02:00Z")
    signed = signing.presign_url("GET", "photodrop-uploads", "uploads/a.jpg", ttl_seconds=900)
    assert signed.expires_at == datetime(2026, 5, 1, 10, 2, tzinfo=UTC)
    assert dict(parse_qsl(urlsplit(signed.url).query))["X-Amz-Expires"] == "120"


def test_life_is_as_asked_when_the_credentials_outlive_it() -> None:
    signed = signing.presign_url("GET", "photodrop-uploads", "uploads/a.jpg", ttl_seconds=900)
    assert signed.expires_at == datetime(2026, 5, 1, 10, tzinfo=UTC) + timedelta(minutes=15)


def test_uses_the_regional_host_and_sigv4() -> None:
    url = signing.presign_url("GET", "photodrop-uploads", "uploads/a.jpg", ttl_seconds=9).url
    assert url.startswith("https://photodrop-uploads.s3.eu-west-1.amazonaws.com/uploads/a.jpg?")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url


def test_asks_for_no_checksum_that_the_client_did_not_give() -> None:
    url = signing.presign_url("PUT", "photodrop-uploads", "uploads/a.jpg", ttl_seconds=9).url
    assert "checksum" not in url.lower()


def test_local_endpoint_gets_path_style(settings: Callable[..., None]) -> None:
    settings(AWS_ENDPOINT_URL="http://127.0.0.1:4566")
    url = signing.presign_url("GET", "photodrop-uploads", "uploads/a.jpg", ttl_seconds=9).url
    assert url.startswith("http://127.0.0.1:4566/photodrop-uploads/uploads/a.jpg?")
