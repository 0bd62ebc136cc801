"""One test per shim, run with the shims and without them: see tests/local/gaps.py."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local.emulator.process import free_port
from tests.local.gaps import shimmed, stack, stock
from tests.local.small_stack import (
    ORIGIN,
    PASSWORD,
    SIGNATURE_V4,
    TEMPLATE,
    SmallStack,
    eventually,
    send,
    worked_off,
)

__all__ = ["shimmed", "stack", "stock"]


def test_api_any_method_serves_every_verb_behind_the_default_authorizer(stack: SmallStack) -> None:
    token = {"Authorization": stack.id_token()}

    answers = [stack.call(method, "/any", headers=token) for method in ("GET", "PUT", "DELETE")]

    assert [answer.status for answer in answers] == [200, 200, 200]
    assert [answer.json()["method"] for answer in answers] == ["GET", "PUT", "DELETE"]
    assert stack.call("GET", "/any").status == 401


def test_api_cors_answers_the_preflight_as_the_template_says(stack: SmallStack) -> None:
    answer = stack.call(
        "OPTIONS", "/private", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    )

    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "GET" in answer.headers["access-control-allow-methods"]
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert answer.headers["access-control-max-age"] == "600"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", "/private", {}, 401, "UNAUTHORIZED"),
        ("GET", "/private", {"Authorization": "a.b.c"}, 401, "UNAUTHORIZED"),
        ("GET", "/nowhere", {}, 404, "MISSING_AUTHENTICATION_TOKEN"),
        ("PATCH", "/public", {}, 404, "MISSING_AUTHENTICATION_TOKEN"),
        ("GET", "/throttled", {}, 429, "THROTTLED"),
    ],
)
def test_api_gateway_responses_carry_our_body_and_cors_headers(
    stack: SmallStack, *, method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    answer = stack.call(method, path, headers=headers)

    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.json()["code"] == code
    assert answer.json()["requestId"] == answer.headers["x-amzn-requestid"]


def test_api_id_token_only_refuses_an_access_token(stack: SmallStack) -> None:
    tokens = stack.tokens()

    id_token = stack.call("GET", "/private", headers={"Authorization": tokens["IdToken"]})
    access_token = stack.call("GET", "/private", headers={"Authorization": tokens["AccessToken"]})

    assert (id_token.status, access_token.status) == (200, 401)


def test_api_request_validation_refuses_a_body_that_does_not_fit_its_model(
    stack: SmallStack,
) -> None:
    assert stack.call("POST", "/validated", {"name": "Ada"}).status == 200
    assert stack.call("POST", "/validated", {"nome": "Ada"}).status == 400


@pytest.mark.parametrize("query", ["raise=1", "malformed=1"])
def test_api_bad_gateway_answers_for_a_function_that_fails(stack: SmallStack, query: str) -> None:
    answer = stack.call("GET", f"/public?{query}")

    assert answer.status == 502
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.json()["message"] == "Internal server error"


def test_api_stable_id_survives_a_changed_api(
    stack: SmallStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = stack.outputs["ApiId"]
    changed = tmp_path / "template.yaml"
    changed.write_text(TEMPLATE.read_text().replace("Path: /any,", "Path: /every,"))
    with monkeypatch.context() as patch:
        patch.setattr("tests.local.small_stack.TEMPLATE", changed)
        stack.deploy()
    try:
        assert stack.call("GET", "/every").status == 401
        assert stack.call("GET", "/any").status in (403, 404)
        assert stack.outputs["ApiId"] == before
    finally:
        stack.deploy()  # as the other tests expect it


def test_bucket_lifecycle_is_kept(stack: SmallStack) -> None:
    stored = _stored(
        stack, "s3", "get_bucket_lifecycle_configuration", Bucket=stack.outputs["Bucket"]
    )

    rules = {rule["ID"]: rule for rule in stored["Rules"]}
    assert list(rules) == ["cold", "old", "parts"]
    assert rules["cold"]["Filter"] == {"Prefix": "uploads/"}
    assert rules["cold"]["Transitions"] == [{"Days": 30, "StorageClass": "STANDARD_IA"}]
    assert rules["old"]["Expiration"] == {"ExpiredObjectDeleteMarker": True}
    assert rules["old"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7}
    assert rules["parts"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 3}


def test_bucket_encryption_is_kept(stack: SmallStack) -> None:
    encryption = _stored(stack, "s3", "get_bucket_encryption", Bucket=stack.outputs["Bucket"])

    rule = encryption["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert rule["BucketKeyEnabled"] is True


def test_cognito_closed_sign_up_refuses_whoever_signs_up(stack: SmallStack) -> None:
    cognito = stack.client("cognito-idp")

    try:
        cognito.sign_up(
            ClientId=stack.outputs["ClosedPoolClientId"],
            Username="stranger",
            Password="Photodrop-2026!",
        )
        code = ""
    except cognito.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]

    assert code == "NotAuthorizedException"


def test_queue_concurrency_is_a_number(stack: SmallStack) -> None:
    client = stack.client("lambda")
    answers: list[bytes] = []
    # As it was sent: boto3 makes a number of text.
    client.meta.events.register(
        "before-parse.lambda.ListEventSourceMappings",
        lambda response_dict, **_: answers.append(response_dict["body"]),
    )

    client.list_event_source_mappings()

    sources = json.loads(answers[0])["EventSourceMappings"]
    given = [source["ScalingConfig"] for source in sources if "ScalingConfig" in source]
    assert given == [{"MaximumConcurrency": 2}]


def test_table_recovery_and_time_to_live_are_kept(stack: SmallStack) -> None:
    table = stack.outputs["Table"]
    time_to_live = _stored(stack, "dynamodb", "describe_time_to_live", TableName=table)[
        "TimeToLiveDescription"
    ]
    backups = _stored(stack, "dynamodb", "describe_continuous_backups", TableName=table)

    assert time_to_live == {"TimeToLiveStatus": "ENABLED", "AttributeName": "removeAt"}
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"


def test_s3_signed_headers_refuses_others_on_a_presigned_url(stack: SmallStack) -> None:
    url = _root_s3(stack).generate_presigned_url(
        "put_object", {"Bucket": stack.outputs["Bucket"], "Key": "uploads/x"}
    )

    answer = send("PUT", url, b"bytes", {"x-amz-storage-class": "GLACIER"})

    assert answer.status == 403
    assert b"not signed" in answer.body


def test_s3_missing_objects_are_a_secret_to_whoever_may_not_list_the_bucket(
    stack: SmallStack,
) -> None:
    where = {"Bucket": stack.outputs["Bucket"], "Key": "uploads/never-was"}
    versioned = {**where, "VersionId": "00000000-0000-0000-0000-000000000000"}

    def status(client: Any, operation: str, request: dict[str, str]) -> int:
        url = client.generate_presigned_url(operation, request)
        return send("HEAD" if operation == "head_object" else "GET", url).status

    root, bucket = _root_s3(stack), {"Bucket": stack.outputs["Bucket"]}
    policy = root.get_bucket_policy(**bucket)["Policy"]
    root.delete_bucket_policy(**bucket)  # it asks for TLS, and would refuse the uploader anyway
    try:
        for operation in ("get_object", "head_object"):
            for request in (where, versioned):
                assert status(stack.uploader_s3(), operation, request) == 403
                assert status(root, operation, request) == 404
    finally:
        root.put_bucket_policy(**bucket, Policy=policy)


def test_s3_versioned_get_honours_file_name_and_range(stack: SmallStack) -> None:
    s3 = _root_s3(stack)
    where = {"Bucket": stack.outputs["Bucket"], "Key": "uploads/versions.jpg"}
    first = s3.put_object(**where, Body=b"first")["VersionId"]
    s3.put_object(**where, Body=b"second")
    disposition = "attachment; filename*=UTF-8''d%C3%A9j%C3%A0.jpg"
    overrides = {"ResponseContentDisposition": disposition, "ResponseContentType": "image/jpeg"}
    url = s3.generate_presigned_url("get_object", {**where, **overrides, "VersionId": first})

    whole, part = send("GET", url), send("GET", url, headers={"Range": "bytes=1-2"})

    assert (whole.status, whole.body) == (200, b"first")
    assert whole.headers["content-disposition"] == disposition
    assert whole.headers["content-type"] == "image/jpeg"
    assert send("GET", url.replace("attachment", "inline")).status == 403
    assert (part.status, part.body, part.headers["content-range"]) == (206, b"ir", "bytes 1-2/5")


def test_s3_versioned_restore_is_told_of_by_head(stack: SmallStack) -> None:
    s3 = _root_s3(stack)
    where = {"Bucket": stack.outputs["Bucket"], "Key": "uploads/archived.jpg"}
    version = s3.put_object(**where, Body=b"x", StorageClass="DEEP_ARCHIVE")["VersionId"]
    s3.restore_object(**where, RestoreRequest={"Days": 1})

    told = s3.head_object(**where, VersionId=version)

    assert told["StorageClass"] == "DEEP_ARCHIVE"
    assert told["Restore"] == 'ongoing-request="true"'


def test_sessions_persist_so_that_signed_urls_survive_a_restart(stack: SmallStack) -> None:
    s3 = stack.uploader_s3()
    url = s3.generate_presigned_url(
        "get_object", {"Bucket": stack.outputs["Bucket"], "Key": "uploads/none"}
    )
    before = send("GET", url)

    stack.emulator.stop()
    stack.emulator.start()

    assert b"InvalidAccessKeyId" not in before.body
    assert b"InvalidAccessKeyId" not in send("GET", url).body


def test_queue_urls_follow_the_port(stack: SmallStack) -> None:
    sqs = stack.client("sqs")
    before = sqs.get_queue_url(QueueName=stack.outputs["DeadLetterQueue"].rsplit("/", 1)[-1])[
        "QueueUrl"
    ]
    old = stack.emulator.port
    stack.emulator.stop()
    stack.emulator.port = free_port()
    stack.emulator.start()
    try:
        queue = stack.outputs["Queue"]  # with the old port, as a function's environment has it
        stack.client("sqs").send_message(QueueUrl=queue, MessageBody="after the move")

        assert stack.client("sqs").get_queue_url(QueueName=before.rsplit("/", 1)[-1])[
            "QueueUrl"
        ] == before.replace(str(old), str(stack.emulator.port))
        eventually(lambda: "after the move" in worked_off(stack), seconds=stack.patience)
    finally:
        stack.emulator.stop()
        stack.emulator.port = old
        stack.emulator.start()


def test_queue_reader_role_keeps_a_queue_from_a_function_that_may_not_delete_messages(
    stack: SmallStack,
) -> None:
    iam, sqs = stack.client("iam"), stack.client("sqs")
    function = stack.client("lambda").get_function_configuration(
        FunctionName=stack.outputs["WorkFunction"]
    )
    role = function["Role"].rpartition("/")[2]
    (reading,) = [
        policy["PolicyArn"]
        for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        if "SQS" in policy["PolicyName"]
    ]
    iam.detach_role_policy(RoleName=role, PolicyArn=reading)
    try:
        sqs.send_message(QueueUrl=stack.outputs["Queue"], MessageBody="for nobody")

        def dead() -> list[str]:
            answer = sqs.receive_message(
                QueueUrl=stack.outputs["DeadLetterQueue"],
                MaxNumberOfMessages=10,
                VisibilityTimeout=0,
            )
            return [message["Body"] for message in answer.get("Messages", [])]

        eventually(lambda: "for nobody" in dead(), seconds=stack.patience)
        assert "for nobody" not in worked_off(stack)
    finally:
        iam.attach_role_policy(RoleName=role, PolicyArn=reading)
    sqs.send_message(QueueUrl=stack.outputs["Queue"], MessageBody="for the function")
    eventually(lambda: "for the function" in worked_off(stack), seconds=stack.patience)


def test_plain_http_satisfies_a_policy_that_asks_for_tls(stack: SmallStack) -> None:
    url = stack.uploader_s3().generate_presigned_url(
        "put_object", {"Bucket": stack.outputs["Bucket"], "Key": "uploads/tls"}
    )

    assert send("PUT", url, b"bytes").status == 200


def test_function_environment_is_all_text(stack: SmallStack) -> None:
    answer = stack.client("lambda").invoke(FunctionName=stack.outputs["NumberFunction"])

    assert json.loads(answer["Payload"].read()) == ["1073741824", "true"]


def test_layer_cache_unpacks_the_code_once(stack: SmallStack) -> None:
    first = Path(stack.call("GET", "/public").json()["file"]).resolve()
    stack.call("GET", "/public?raise=1")  # kills the worker: the next one starts from the same copy
    second = Path(stack.call("GET", "/public").json()["file"]).resolve()

    assert first.is_relative_to(stack.emulator.state_dir / "unpacked")
    assert second == first


def test_workers_finish_what_they_have_begun(stack: SmallStack, tmp_path: Path) -> None:
    begun, until = tmp_path / "begun", tmp_path / "until"
    function = stack.outputs["EchoFunction"]
    functions = stack.client("lambda")
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(stack.call, "GET", f"/public?begun={begun}&until={until}")
        try:
            eventually(begun.exists)
            functions.update_function_configuration(
                FunctionName=function, Environment={"Variables": {"GREETING": "good evening"}}
            )
            after = stack.call("GET", "/public").json()["greeting"]
        finally:
            until.touch()
            functions.update_function_configuration(
                FunctionName=function, Environment={"Variables": {"GREETING": "hello"}}
            )

    assert (answer.result().status, answer.result().json()["greeting"]) == (200, "hello")
    assert after == "good evening"
    assert stack.call("GET", "/public").json()["greeting"] == "hello"


def test_browser_faults_can_be_read_by_a_page(stack: SmallStack) -> None:
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "Origin": ORIGIN,
        "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
    }

    answer = send("POST", stack.emulator.endpoint_url, b'{"ClientId": []}', headers)

    assert answer.status == 500
    assert answer.headers["access-control-allow-origin"] == ORIGIN


def test_temporary_passwords_are_replaced_by_whoever_was_asked_alone(stack: SmallStack) -> None:
    email, temporary = "noor@example.com", "Temporary-Password-1"
    cognito = stack.client("cognito-idp")
    client = stack.outputs["UserPoolClientId"]
    cognito.admin_create_user(
        UserPoolId=stack.outputs["UserPoolId"],
        Username=email,
        TemporaryPassword=temporary,
        MessageAction="SUPPRESS",
    )

    def answer(session: str, password: str) -> str:
        """Return the code of the refusal; of none the user's tokens."""
        try:
            given = cognito.respond_to_auth_challenge(
                ClientId=client,
                ChallengeName="NEW_PASSWORD_REQUIRED",
                Session=session,
                ChallengeResponses={"USERNAME": email, "NEW_PASSWORD": password},
            )
        except cognito.exceptions.ClientError as error:
            return str(error.response["Error"]["Code"])
        return ", ".join(sorted(given["AuthenticationResult"]))

    asked = cognito.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": temporary},
    )
    session = asked["Session"]

    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert answer("made-up-by-somebody-else", PASSWORD) == "NotAuthorizedException"
    assert answer(session, "short") == "InvalidPasswordException"
    with pytest.raises(cognito.exceptions.NotAuthorizedException, match="current state"):
        cognito.forgot_password(ClientId=client, Username=email)
    assert "IdToken" in answer(session, PASSWORD)
    assert answer(session, PASSWORD) == "NotAuthorizedException"


def test_cloudfront_key_groups_are_made_changed_and_deleted_with_their_stack(
    stack: SmallStack,
) -> None:
    cloudfront, cloudformation = stack.client("cloudfront"), stack.client("cloudformation")
    first, second = (_public_key(cloudfront, name) for name in ("first", "second"))

    def deployed(*key_ids: str) -> list[str]:
        """Deploy a group of these keys. Returns the keys that the service then names."""
        group = {
            "Type": "AWS::CloudFront::KeyGroup",
            "Properties": {"KeyGroupConfig": {"Name": "signers", "Items": key_ids}},
        }
        output = {"Group": {"Value": {"Ref": "Group"}}}
        body = json.dumps({"Resources": {"Group": group}, "Outputs": output})
        exists = any(
            one["StackName"] == "keys" for one in cloudformation.describe_stacks()["Stacks"]
        )
        change = cloudformation.update_stack if exists else cloudformation.create_stack
        try:
            change(StackName="keys", TemplateBody=body)
        except cloudformation.exceptions.ClientError as error:
            raise AssertionError(str(error)) from error
        found = eventually(lambda: _finished(cloudformation, "keys"))
        assert found["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
        group_id = found["Outputs"][0]["OutputValue"]
        answer = cloudfront.get_key_group(Id=group_id)["KeyGroup"]["KeyGroupConfig"]
        return list(answer["Items"])

    assert deployed(first) == [first]
    assert deployed(first, second) == [first, second]
    cloudformation.delete_stack(StackName="keys")
    eventually(lambda: cloudfront.list_key_groups()["KeyGroupList"]["Quantity"] == 0)


def _public_key(cloudfront: Any, name: str) -> str:
    """Create a public key and return its id."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    config = {"CallerReference": name, "Name": name, "EncodedKey": pem}
    return str(cloudfront.create_public_key(PublicKeyConfig=config)["PublicKey"]["Id"])


def _finished(cloudformation: Any, name: str) -> Any:
    """Return the stack once nothing of it changes any more, until then None."""
    found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    return None if found["StackStatus"].endswith("_IN_PROGRESS") else found


def test_runtime_isolation_hides_the_packages_of_this_checkout(stack: SmallStack) -> None:
    found = {
        name: stack.call("GET", f"/public?import={name}").json()["found"]
        for name in ("json", "boto3", "pytest")
    }

    assert found == {"json": True, "boto3": True, "pytest": False}


def _root_s3(stack: SmallStack) -> Any:
    """S3 as root, so that the bucket's TLS-only policy plays no part."""
    return stack.client("s3", config=SIGNATURE_V4)


def _stored(stack: SmallStack, service: str, operation: str, **arguments: Any) -> Any:
    """What the emulator holds; a refusal ("no such configuration") is a failure like any other."""
    client = stack.client(service)
    try:
        return getattr(client, operation)(**arguments)
    except client.exceptions.ClientError as error:
        raise AssertionError(str(error)) from error
