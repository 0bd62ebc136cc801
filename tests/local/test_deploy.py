"""`make deploy` as a deployer uses it: what nobody asked for stays, and deploying again works.

A stack of its own on an emulator of its own, by real runs of `sam deploy`. The tests follow one
deployment through its life, in order.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from local import aws_stack, deploy_web, sam
from local.aws_stack import AwsStack
from local.emulator import settings
from local.emulator.process import Emulator, free_port
from local.state import ROOT, Places
from tests.support.template import template

NAME = f"{sam.STACK_NAME}-test"
ORIGIN = "https://photos.example.com"

Deploy = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[boto3.Session]:
    """A session of the emulator that all of this goes to."""
    folder = tmp_path_factory.mktemp("deploy")
    emulator = Emulator(free_port(), folder / "state", folder / "emulator.log")
    emulator.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            environment = sam.environment(emulator.endpoint_url, emulator.root_key)
            for name in [name for name in os.environ if name.startswith("AWS_")]:
                patch.delenv(name)  # of other tests in this process
            for name, value in environment.items():
                patch.setenv(name, value)
            yield boto3.Session(region_name=settings.REGION)
    finally:
        emulator.stop()


@pytest.fixture(scope="module")
def packaged(session: boto3.Session, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built template, with its code uploaded once for all deployments."""
    folder = tmp_path_factory.mktemp("packaged")
    with sam.build_folder():
        sam.Deployment(Places(folder), dict(os.environ), {}, session.client).build()
        run(
            *(str(sam.SAM), "package", "--resolve-s3", "--no-progressbar"),
            *("--config-file", str(ROOT / "samconfig.toml")),  # sam looks beside the template
            *("--template-file", str(sam.BUILD_DIR / "template.yaml")),
            *("--output-template-file", str(folder / "template.yaml")),
        ).check_returncode()
    return folder / "template.yaml"


@pytest.fixture
def deploy(packaged: Path) -> Deploy:
    """Run `make deploy`'s program with these parameters, and more arguments of `sam deploy`."""

    def deploy(*parameters: str, more: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        return run(
            *(sys.executable, "-m", "local.deploy", "--environment", "test"),
            *("--template-file", str(packaged), "--no-confirm-changeset", *more),
            *(("--parameter-overrides", *parameters) if parameters else ()),
        )

    return deploy


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)


def deployed(session: boto3.Session) -> AwsStack:
    stack = aws_stack.read(session.client("cloudformation"), NAME)
    assert stack is not None
    return stack


def succeeded(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_repeating_a_deployment_keeps_every_parameter(
    session: boto3.Session, deploy: Deploy
) -> None:
    succeeded(deploy(f"AllowedOrigin={ORIGIN}", "WebApp=true", "Stage=prod", "BucketSuffix=-1"))
    before = deployed(session)

    said = succeeded(deploy())

    after = deployed(session)
    assert "All parameters stay" in said
    assert after.parameters == before.parameters
    assert after.parameters["AllowedOrigin"] == ORIGIN
    assert after.parameters["WebApp"] == "true"
    assert after.outputs == before.outputs
    assert after.outputs["ApiUrl"].endswith("/prod")


def test_no_queue_may_take_all_functions_of_a_new_account(session: boto3.Session) -> None:
    sources = session.client("lambda").list_event_source_mappings()["EventSourceMappings"]

    most = [source["ScalingConfig"]["MaximumConcurrency"] for source in sources]

    assert len(most) == len(sources) == 4
    assert min(most) >= 2, "SQS takes no less"
    assert sum(most) < 10


def test_the_web_app_can_be_switched_off_and_on_again(
    session: boto3.Session, deploy: Deploy, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text("<title>Photodrop</title>")
    s3, bucket = session.client("s3"), deployed(session).outputs["WebBucket"]
    deploy_web.publish(s3, bucket, tmp_path, {"apiUrl": "https://old.example.com"})

    succeeded(deploy("WebApp=false", "SelfSignUp=false"))
    assert "WebUrl" not in deployed(session).outputs
    succeeded(deploy("WebApp=true", "MaxImageBytes=5000000"))

    stack = deployed(session)
    assert stack.parameters["AllowedOrigin"] == ORIGIN
    s3.head_object(Bucket=stack.outputs["WebBucket"], Key="index.html")
    # The page's configuration follows the parameters without another `make deploy-web`.
    configuration = json.load(s3.get_object(Bucket=bucket, Key="config.json")["Body"])
    assert configuration["apiUrl"] == stack.outputs["ApiUrl"]
    assert configuration["selfSignUp"] is False
    assert configuration["maxImageBytes"] == 5_000_000


def test_nobody_signs_up_where_that_is_closed(session: boto3.Session) -> None:
    cognito = session.client("cognito-idp")

    with pytest.raises(cognito.exceptions.NotAuthorizedException, match="not permitted"):
        cognito.sign_up(
            ClientId=deployed(session).outputs["UserPoolClientId"],
            Username="stranger@example.com",
            Password="Photodrop-2026!",
        )


@pytest.mark.parametrize(
    ("parameters", "more", "reason"),
    [
        (("WebAp=true",), (), "no parameter WebAp"),
        (("WebApp",), (), "Name=Value"),
        (("BucketSuffix=-3",), (), "BucketSuffix cannot change"),
        ((), ("--guided",), "Name what you want to change"),
    ],
)
def test_what_would_change_more_than_was_asked_for_is_refused(
    deploy: Deploy, parameters: tuple[str, ...], more: tuple[str, ...], reason: str
) -> None:
    refused = deploy(*parameters, more=more)

    assert refused.returncode == 1
    assert reason in refused.stderr


def test_what_a_deleted_stack_has_left_can_be_left_or_taken_into_a_new_one(
    session: boto3.Session, deploy: Deploy
) -> None:
    old = deployed(session)
    s3, cloudformation = session.client("s3"), session.client("cloudformation")
    cognito = session.client("cognito-idp")
    user = {"UserPoolId": old.outputs["UserPoolId"], "Username": "ada@example.com"}
    s3.put_object(Bucket=old.outputs["ThumbnailsBucket"], Key="uploads/left.webp", Body=b"left")
    cognito.admin_create_user(**user, MessageAction="SUPPRESS")
    cognito.admin_add_user_to_group(**user, GroupName="organizers")
    stack_id = cloudformation.describe_stacks(StackName=NAME)["Stacks"][0]["StackId"]
    cloudformation.delete_stack(StackName=NAME)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=stack_id, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )

    refused = deploy("BucketSuffix=-1")
    assert refused.returncode == 1
    assert old.outputs["UploadsBucket"] in refused.stderr
    assert "BucketSuffix=-2" in refused.stderr

    succeeded(run(sys.executable, "-m", "local.recover_stack", stack_id))
    succeeded(deploy())

    new = deployed(session)
    assert new.parameters == old.parameters
    for kept in ("UploadsBucket", "ThumbnailsBucket", "PhotosTable", "UserPoolId"):
        assert new.outputs[kept] == old.outputs[kept]
    s3.head_object(Bucket=new.outputs["ThumbnailsBucket"], Key="uploads/left.webp")
    queues = s3.get_bucket_notification_configuration(Bucket=new.outputs["UploadsBucket"])
    assert queues["QueueConfigurations"]
    groups = cognito.admin_list_groups_for_user(**user)["Groups"]
    assert [group["GroupName"] for group in groups] == ["organizers"]


def test_tracked_settings_pin_no_parameter() -> None:
    settings_of = (ROOT / "samconfig.toml").read_text()

    assert "parameter_overrides" not in settings_of
    assert template()["Parameters"]["BucketSuffix"]["Default"] == "", "today's names stay"
