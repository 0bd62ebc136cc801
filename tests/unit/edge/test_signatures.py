"""Who may see what: signed URLs as the CloudFront developer guide describes them."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from tests.unit.edge.stand_ins import (
    KEY_ID,
    Answer,
    Api,
    Origins,
    RunningEdge,
    public_text,
)

PICTURE = "/i/uploads/ada/640"


@pytest.fixture(autouse=True)
def picture(origins: Origins) -> None:
    origins.answers["bucket:/uploads/ada/640"] = Answer(body=b"picture")
    origins.answers["bucket:/uploads/ada/640,fit=cover"] = Answer(body=b"picture")


def code(answer: httpx.Response) -> str | None:
    """The code of a refusal."""
    assert answer.status_code == 403
    assert answer.headers["x-cache"] == "Error from cloudfront"
    return ElementTree.fromstring(answer.text).findtext("Code")


def ends(seconds: float) -> dict[str, Any]:
    return {"DateLessThan": {"AWS:EpochTime": int(time.time() + seconds)}}


def begins(seconds: float) -> dict[str, Any]:
    return {"DateGreaterThan": {"AWS:EpochTime": int(time.time() + seconds)}}


@pytest.mark.parametrize(
    "resource", ["/*", "/i/uploads/ada/*", "/i/uploads/???/640", PICTURE, "/i/*/640", "*"]
)
def test_a_policy_admits_what_its_resource_fits(edge: RunningEdge, resource: str) -> None:
    answer = edge.viewer.get(edge.signed(PICTURE, resource))

    assert (answer.status_code, answer.content) == (200, b"picture")


@pytest.mark.parametrize(
    "resource",
    ["/i/uploads/grace/*", "/i/uploads/ada", "/i/uploads/ada/64", "/i/uploads/a?/*", "/I/*", ""],
)
def test_a_policy_over_another_prefix_is_refused(edge: RunningEdge, resource: str) -> None:
    assert code(edge.viewer.get(edge.signed(PICTURE, resource))) == "AccessDenied"


def test_a_policy_names_the_host_too(edge: RunningEdge) -> None:
    signed = edge.signed(PICTURE)
    elsewhere = signed.replace("http://localhost:", "http://127.0.0.1:")

    assert edge.viewer.get(signed).status_code == 200
    assert code(edge.viewer.get(elsewhere)) == "AccessDenied"


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (lambda: ends(60), 200),
        (lambda: ends(-1), 403),
        (lambda: ends(60) | begins(50), 403),
        (lambda: ends(60) | begins(-50), 200),
        (lambda: ends(60) | {"IpAddress": {"AWS:SourceIp": "192.0.2.0/24"}}, 403),
        (lambda: ends(60) | {"IpAddress": {"AWS:SourceIp": "127.0.0.0/8"}}, 200),
    ],
)
def test_a_policy_holds_for_its_time_and_its_addresses(
    edge: RunningEdge, condition: Callable[[], dict[str, Any]], status: int
) -> None:
    # Over IPv4, whatever this machine's localhost is.
    signed = edge.signed(PICTURE, **condition())
    answer = edge.viewer.get(
        signed.replace("//localhost", "//127.0.0.1"), headers={"Host": signed.split("/")[2]}
    )

    assert answer.status_code == status


def test_a_policy_without_an_end_is_refused(edge: RunningEdge) -> None:
    statement = {"Resource": "*", "Condition": {}}
    signed = edge.signed(PICTURE, policy=json.dumps({"Statement": [statement]}))

    assert code(edge.viewer.get(signed)) == "MalformedPolicy"


def test_a_policy_of_two_statements_is_refused(edge: RunningEdge) -> None:
    statement = {"Resource": "*", "Condition": ends(60)}
    signed = edge.signed(PICTURE, policy=json.dumps({"Statement": [statement, statement]}))

    assert code(edge.viewer.get(signed)) == "MalformedPolicy"


def test_a_url_without_a_signature_is_refused(edge: RunningEdge) -> None:
    assert code(edge.get(PICTURE)) == "MissingKey"


def test_a_signature_by_another_key_is_refused(edge: RunningEdge) -> None:
    another = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    assert code(edge.viewer.get(edge.signed(PICTURE, key=another))) == "AccessDenied"
    assert code(edge.viewer.get(edge.signed(PICTURE, key_id="KTHEIRS"))) == "InvalidKey"


def test_a_key_of_an_elliptic_curve_signs_as_well(
    api: Api, start_edge: Callable[..., RunningEdge]
) -> None:
    ours, another = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    api.public_key = public_text(ours)
    edge = start_edge()

    assert edge.viewer.get(edge.signed(PICTURE, key=ours)).status_code == 200
    assert code(edge.viewer.get(edge.signed(PICTURE, key=another))) == "AccessDenied"


@pytest.mark.parametrize(("named", "status"), [("SHA256", 200), ("SHA1", 403), ("MD5", 403)])
def test_a_signature_names_its_hash_algorithm(edge: RunningEdge, named: str, status: int) -> None:
    signed = edge.signed(PICTURE, hash_algorithm=SHA256())

    assert edge.viewer.get(f"{signed}&Hash-Algorithm={named}").status_code == status
    assert edge.viewer.get(signed).status_code == 403


def test_a_policy_that_was_changed_is_refused(edge: RunningEdge) -> None:
    url = httpx.URL(edge.signed(PICTURE, "/i/uploads/grace/*"))
    policy = base64.b64decode(url.params["Policy"].translate(str.maketrans("-_~", "+=/")))
    widened = base64.b64encode(policy.replace(b"grace", b"ada")).decode()
    tampered = url.copy_set_param("Policy", widened.translate(str.maketrans("+=/", "-_~")))

    assert code(edge.viewer.get(tampered)) == "AccessDenied"


@pytest.mark.parametrize(
    ("name", "value", "refusal"),
    [
        ("Signature", "AAAA", "AccessDenied"),
        ("Signature", "", "AccessDenied"),
        ("Signature", "é", "MalformedSignature"),
        ("Signature", "A", "MalformedSignature"),
        ("Policy", "A", "MalformedPolicy"),
        ("Policy", "AAAA", "AccessDenied"),
        ("Key-Pair-Id", "", "MissingKey"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(
    edge: RunningEdge, name: str, value: str, refusal: str
) -> None:
    url = httpx.URL(edge.signed(PICTURE)).copy_set_param(name, value)

    assert code(edge.viewer.get(url)) == refusal


def test_a_canned_policy_admits_its_url_alone_until_it_expires(
    edge: RunningEdge, key: RSAPrivateKey
) -> None:
    def canned(path: str, *, seconds: float, signed_path: str = PICTURE) -> str:
        expires = int(time.time() + seconds)
        policy = (
            f'{{"Statement":[{{"Resource":"{edge.server.url}{signed_path}","Condition":'
            f'{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}}}]}}'
        )
        signature = base64.b64encode(key.sign(policy.encode(), padding.PKCS1v15(), SHA1()))
        text = signature.decode().translate(str.maketrans("+=/", "-_~"))
        return f"{path}?Expires={expires}&Signature={text}&Key-Pair-Id={KEY_ID}"

    assert edge.get(canned(PICTURE, seconds=60)).status_code == 200
    assert code(edge.get(canned(PICTURE, seconds=-1))) == "AccessDenied"
    assert code(edge.get(canned(f"{PICTURE},fit=cover", seconds=60))) == "AccessDenied"


def test_a_query_string_is_part_of_what_is_signed(edge: RunningEdge) -> None:
    with_query = f"{PICTURE}?a=1&b=2"

    assert edge.viewer.get(edge.signed(with_query, PICTURE + "*")).status_code == 200
    assert edge.viewer.get(edge.signed(with_query, with_query)).status_code == 200
    assert code(edge.viewer.get(edge.signed(with_query, PICTURE))) == "AccessDenied"
    swapped = f"{PICTURE}?b=2&a=1"
    assert code(edge.viewer.get(edge.signed(swapped, with_query))) == "AccessDenied"


def test_the_signature_reaches_neither_function_nor_origin_nor_cache_key(
    edge: RunningEdge, origins: Origins
) -> None:
    first = edge.viewer.get(edge.signed(PICTURE, "/*"))
    second = edge.viewer.get(edge.signed(PICTURE, "/i/*"))

    assert first.headers["x-cache"] == "Miss from cloudfront"
    assert second.headers["x-cache"] == "Hit from cloudfront"
    assert origins.paths == ["bucket:/uploads/ada/640"]


def test_what_is_cached_for_one_is_not_served_to_whoever_has_no_signature(
    edge: RunningEdge,
) -> None:
    assert edge.viewer.get(edge.signed(PICTURE)).status_code == 200

    assert code(edge.get(PICTURE)) == "MissingKey"


def test_a_refusal_is_not_cached(edge: RunningEdge) -> None:
    assert code(edge.viewer.get(edge.signed(PICTURE, "/o/*"))) == "AccessDenied"

    assert edge.viewer.get(edge.signed(PICTURE)).status_code == 200
