"""`make deploy`: what it says before it deploys, and what it refuses."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import boto3
import pytest

from local import deploy, template
from local.aws_stack import AwsStack

OPTIONS = argparse.Namespace(environment="", show=False)
ACCOUNT = "123456789012"


def stack(
    parameters: dict[str, str] | None = None, defaults: dict[str, str] | None = None
) -> AwsStack:
    """A deployed stack with these parameters, from a template that had these defaults."""
    before = template.defaults() | (defaults or {})
    return AwsStack("photodrop", before | (parameters or {}), {}, before)


def test_it_says_what_changes_and_that_nothing_does(capsys: pytest.CaptureFixture[str]) -> None:
    deploy.say_what_changes(stack(), {"WebApp": "true"})
    deploy.say_what_changes(stack(), {})

    changed, unchanged = capsys.readouterr().out.splitlines()
    assert changed == "  WebApp: false → true"
    assert "All parameters stay" in unchanged


def test_it_names_a_changed_default_which_the_stack_does_not_get_by_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = {"UploadsPerMinute": "7000", "MaxPhotosPerUser": "8000"}

    deploy.say_what_changes(stack({"MaxPhotosPerUser": "5"}, old), {})

    said = capsys.readouterr().out
    assert f"PARAMETERS=UploadsPerMinute={template.defaults()['UploadsPerMinute']}" in said
    assert "MaxPhotosPerUser" not in said, "somebody chose that value"


def test_parameters_pinned_in_samconfig_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deploy.check_arguments(OPTIONS, [])
    pinned = tmp_path / "samconfig.toml"
    pinned.write_text(
        deploy.SAMCONFIG.read_text().replace(
            "[default.deploy.parameters]",
            '[default.deploy.parameters]\nparameter_overrides = "WebApp=false"',
        )
    )
    monkeypatch.setattr(deploy, "SAMCONFIG", pinned)

    with pytest.raises(deploy.RefusedError, match="would send again"):
        deploy.check_arguments(OPTIONS, [])


@pytest.mark.usefixtures("aws")
def test_the_bucket_of_a_web_app_that_was_switched_off_is_named_with_the_way_out() -> None:
    session = boto3.Session(region_name="eu-west-1")
    bucket = f"photodrop-web-{ACCOUNT}-eu-west-1"
    topic = {"Type": "AWS::SNS::Topic"}  # a stack cannot be empty
    web = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": bucket}}

    def deployed(**resources: object) -> None:
        session.client("cloudformation").create_stack(
            StackName="photodrop", TemplateBody=json.dumps({"Resources": resources})
        )

    deployed(Topic=topic)
    deploy.check_buckets(session, "photodrop", stack(), {})
    session.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    with pytest.raises(deploy.RefusedError, match=f"aws s3 rb --force s3://{bucket}"):
        deploy.check_buckets(session, "photodrop", stack(), {})

    session.client("s3").delete_bucket(Bucket=bucket)
    session.client("cloudformation").delete_stack(StackName="photodrop")
    deployed(Topic=topic, WebBucket=web)
    deploy.check_buckets(session, "photodrop", stack(), {})
