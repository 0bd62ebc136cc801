"""Who may use the emulator: this stack's own pages, and callers whose signature is right.

Each test runs with the shims and without them: see tests/local/gaps.py.
"""

from __future__ import annotations

import hashlib
import json
import stat
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from botocore import UNSIGNED
from botocore.auth import HmacV1PostAuth, HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from local.emulator import root_key
from local.emulator.process import Emulator, free_port
from tests.local.gaps import shimmed, stack, stock
from tests.local.small_stack import ORIGIN, SIGNATURE_V4, Response, SmallStack, send

__all__ = ["shimmed", "stack", "stock"]

FOREIGN = "http://evil.example"
LIST_TABLES = {
    "X-Amz-Target": "DynamoDB_20120810.ListTables",
    "Content-Type": "application/x-amz-json-1.0",
}
SIGN_IN = {
    "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
    "Content-Type": "application/x-amz-json-1.1",
}


def object_url(stack: SmallStack, key: str = "uploads/gate.txt") -> str:
    """Store an object and return a signed URL to view it."""
    s3 = stack.client("s3", config=SIGNATURE_V4)
    where = {"Bucket": stack.outputs["Bucket"], "Key": key}
    s3.put_object(**where, Body=b"seen")
    return str(s3.generate_presigned_url("get_object", where))


def paths(stack: SmallStack) -> list[str]:
    """One path of each kind that is served."""
    endpoint = stack.emulator.endpoint_url
    return [
        f"{endpoint}/",
        f"{endpoint}/_ministack/health",
        f"{endpoint}/{stack.outputs['Bucket']}/uploads/x",
        f"{stack.api_url}/public",
    ]


# ------------------------------------------------------------------ the request gate


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_request_gate_refuses_a_foreign_origin_on_every_path(
    stack: SmallStack, method: str
) -> None:
    for url in paths(stack):
        for origin in (FOREIGN, "null", f"{ORIGIN}.evil.example"):
            answer = send(method, url, headers={"Origin": origin})

            assert answer.status == 403, url
            assert answer.json()["code"] == "OriginNotAllowed"
            assert ORIGIN in answer.json()["message"]
            assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "127.0.0.1:1"]
)
def test_request_gate_refuses_a_foreign_host_on_every_path(stack: SmallStack, host: str) -> None:
    host = host.format(port=stack.emulator.port)
    for url in paths(stack):
        answer = send("GET", url, headers={"Host": host})

        assert answer.status == 403, url
        assert answer.json()["code"] == "HostNotAllowed"
        assert str(stack.emulator.port) in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/_ministack/lambda-code/EchoFunction"),
        ("GET", "/_aws/sqs/messages"),
        ("GET", "/_localstack/info"),
    ],
)
def test_request_gate_does_not_serve_what_asks_for_no_signature(
    shimmed: SmallStack, method: str, path: str
) -> None:
    answer = send(method, shimmed.emulator.endpoint_url + path, b"")

    assert (answer.status, answer.json()["code"]) == (403, "NotServed")


def test_request_gate_keeps_a_page_from_wiping_everything(stack: SmallStack) -> None:
    # A table of its own kind of request; the emulator without the gate would forget all of it.
    config = b'{"lambda_svc.LAMBDA_EXECUTOR": "local"}'
    answer = send("POST", f"{stack.emulator.endpoint_url}/_ministack/config", config)

    assert answer.status == 403


def test_request_gate_takes_the_stacks_own_pages(shimmed: SmallStack) -> None:
    endpoint = shimmed.emulator.endpoint_url
    body = json.dumps({"ClientId": shimmed.outputs["UserPoolClientId"]}).encode()
    for origin in (ORIGIN, endpoint):
        api = send("GET", f"{shimmed.api_url}/public", headers={"Origin": origin})
        sign_in = send("POST", endpoint, body, {**SIGN_IN, "Origin": origin})
        preflight = send(
            "OPTIONS", endpoint, headers={"Origin": origin, "Access-Control-Request-Method": "POST"}
        )

        assert api.status == 200
        assert sign_in.status == 400  # what is missing is said by Cognito
        assert sign_in.headers["access-control-allow-origin"] == origin
        assert preflight.headers["access-control-allow-origin"] == origin


def test_request_gate_names_no_origin_to_callers_without_one(stack: SmallStack) -> None:
    answer = send("POST", stack.emulator.endpoint_url, b"{}", SIGN_IN)

    assert "access-control-allow-origin" not in answer.headers


def test_request_gate_takes_signed_urls_from_wherever_they_are_followed(
    shimmed: SmallStack,
) -> None:
    url = object_url(shimmed)
    for site in ("cross-site", "same-site", "same-origin", "none"):
        assert send("GET", url, headers={"Sec-Fetch-Site": site}).body == b"seen"

    health = f"{shimmed.emulator.endpoint_url}/_ministack/health"
    assert send("GET", health, headers={"Sec-Fetch-Site": "none"}).status == 200
    assert send("GET", health, headers={"Sec-Fetch-Site": "cross-site"}).status == 403


@pytest.mark.parametrize("name", ["localhost", "bucket.localhost", "LOCALHOST"])
def test_request_gate_takes_the_names_of_loopback(shimmed: SmallStack, name: str) -> None:
    host = f"{name}:{shimmed.emulator.port}"

    answer = send("GET", f"{shimmed.api_url}/public", headers={"Host": host})

    assert answer.status != 403


def test_request_gate_takes_containers_by_their_name_for_this_machine(shimmed: SmallStack) -> None:
    # `make sam-local` relays another port to this one.
    answer = send("GET", f"{shimmed.api_url}/public", headers={"Host": "host.docker.internal:9"})

    assert answer.status == 200


# ------------------------------------------------------------------ signatures


def signed_headers(**credential: str) -> Mapping[str, str]:
    """Headers of a request that names a key and is not signed with its secret."""
    day = time.strftime("%Y%m%d", time.gmtime())
    scope = f"{credential['key']}/{day}/us-east-1/{credential['service']}/aws4_request"
    return {
        "X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
        "X-Amz-Content-Sha256": hashlib.sha256(b"{}").hexdigest(),
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, "
        f"Signature={'0' * 64}",
    }


def list_tables(stack: SmallStack, query: str = "", **headers: str) -> Response:
    return send("POST", f"{stack.emulator.endpoint_url}/{query}", b"{}", LIST_TABLES | headers)


@pytest.mark.parametrize("key", ["test", "000000000000"])
def test_verified_callers_refuses_a_signature_by_another_secret(
    stack: SmallStack, key: str
) -> None:
    table = list_tables(stack, **signed_headers(key=key, service="dynamodb"))
    bucket = send(
        "GET",
        f"{stack.emulator.endpoint_url}/{stack.outputs['Bucket']}?list-type=2",
        headers=signed_headers(key=key, service="s3"),
    )

    assert table.status in (400, 403)
    assert b"TableNames" not in table.body
    assert bucket.status == 403


def test_verified_callers_takes_the_right_signature_of_every_kind_of_service(
    shimmed: SmallStack,
) -> None:
    arn = shimmed.client("sts").get_caller_identity()["Arn"]

    assert arn.endswith(":root")
    assert shimmed.client("dynamodb").list_tables()["TableNames"]
    assert shimmed.client("s3").list_buckets()["Buckets"]
    assert shimmed.client("iam").list_roles()["Roles"]
    wrong = {**shimmed.emulator.root_key.client_options(), "aws_secret_access_key": "wrong"}
    for service, operation in [
        ("dynamodb", "list_tables"), ("s3", "list_buckets"), ("iam", "list_roles"),
        ("sqs", "list_queues"), ("lambda", "list_functions"), ("sts", "get_caller_identity"),
        ("cloudformation", "describe_stacks"), ("apigateway", "get_rest_apis"),
    ]:  # fmt: skip
        with pytest.raises(ClientError):
            getattr(shimmed.client(service, **wrong), operation)()


def test_verified_callers_refuses_who_names_no_key(stack: SmallStack) -> None:
    endpoint = stack.emulator.endpoint_url

    assert list_tables(stack, Authorization="Bearer anything").status in (400, 403)
    assert send("GET", endpoint).status == 403
    assert send("PUT", f"{endpoint}/a-new-bucket").status == 403
    assert send("GET", f"{endpoint}/{stack.outputs['Bucket']}?list-type=2").status == 403


def test_verified_callers_refuses_a_key_named_where_nothing_checks_it(stack: SmallStack) -> None:
    day = time.strftime("%Y%m%d", time.gmtime())
    key = stack.uploader_credentials()["aws_access_key_id"]
    for owner in (key, stack.emulator.root_key.access_key_id, "test"):
        query = (
            "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0&X-Amz-SignedHeaders=host"
            f"&X-Amz-Credential={owner}/{day}/us-east-1/s3/aws4_request"
        )

        assert list_tables(stack, query, Authorization="anything").status in (400, 403)


def test_verified_callers_leaves_open_what_aws_answers_without_a_key(shimmed: SmallStack) -> None:
    assert shimmed.tokens()["IdToken"]
    assert send("GET", f"{shimmed.api_url}/public").status == 200
    assert send("GET", f"{shimmed.api_url}/nowhere").status == 404
    unsigned = shimmed.client("sts", config=Config(signature_version=UNSIGNED))
    with pytest.raises(ClientError, match="MissingAuthenticationToken"):
        unsigned.get_caller_identity()


def v2_url(stack: SmallStack, credentials: Credentials) -> str:
    request = AWSRequest("GET", f"{stack.emulator.endpoint_url}/{stack.outputs['Bucket']}")
    HmacV1QueryAuth(credentials, expires=60).add_auth(request)
    return str(request.url)


def test_signature_v4_only_refuses_version_2_even_where_it_is_right(stack: SmallStack) -> None:
    own = stack.uploader_credentials()
    credentials = Credentials(
        own["aws_access_key_id"], own["aws_secret_access_key"], own["aws_session_token"]
    )
    request = AWSRequest("POST", "")
    request.context = {
        "s3-presign-post-fields": {"key": "uploads/v2.txt"},
        "s3-presign-post-policy": {
            "expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60)),
            "conditions": [{"key": "uploads/v2.txt"}],
        },
    }
    HmacV1PostAuth(credentials).add_auth(request)
    bucket = f"{stack.emulator.endpoint_url}/{stack.outputs['Bucket']}"
    form = httpx.post(
        bucket, data=request.context["s3-presign-post-fields"], files={"file": ("x", b"x")}
    )
    url = v2_url(stack, credentials).replace("?", "/uploads/v2.txt?", 1)

    assert (form.status_code, "AWS4-HMAC-SHA256" in form.text) == (400, True)
    assert b"AWS4-HMAC-SHA256" in send("GET", url).body


def test_signature_version_2_does_not_list_a_bucket(stack: SmallStack) -> None:
    url = f"{stack.emulator.endpoint_url}/{stack.outputs['Bucket']}?list-type=2"

    answer = send("GET", f"{url}&AWSAccessKeyId=test&Signature=x&Expires=1999999999")

    assert answer.status == 403


def test_function_credentials_cannot_be_worked_out(stack: SmallStack) -> None:
    given = stack.call("GET", "/public?environment=1").json()
    function = stack.client("lambda").get_function_configuration(
        FunctionName=given["AWS_LAMBDA_FUNCTION_NAME"]
    )
    digest = hashlib.sha256(f"{function['FunctionArn']}:{function['Role']}".encode()).hexdigest()

    assert given["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert given["AWS_SECRET_ACCESS_KEY"] != hashlib.sha256(f"secret:{digest}".encode()).hexdigest()


def test_functions_are_not_told_the_root_key(shimmed: SmallStack) -> None:
    given = shimmed.call("GET", "/public?environment=1").body.decode()
    key = shimmed.emulator.root_key

    assert key.access_key_id not in given
    assert key.secret_access_key not in given


# ------------------------------------------------------------------ the root key


def test_root_key_is_random_kept_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"

    key = root_key.of(one)

    assert root_key.of(one) == key
    assert root_key.of(other) != key
    assert stat.S_IMODE((one / "root-key.json").stat().st_mode) == 0o600
    assert [file.name for file in one.iterdir()] == ["root-key.json"]


def test_state_folder_is_its_owners_alone(tmp_path: Path) -> None:
    emulator = Emulator(free_port(), tmp_path / "state", tmp_path / "log")

    assert stat.S_IMODE(emulator.state_dir.stat().st_mode) == 0o700
