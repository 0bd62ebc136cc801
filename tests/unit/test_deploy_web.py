"""`make deploy-web`: what ends up in the bucket, and how long it may be kept."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest

from local import deploy_web, template, web
from local.aws_stack import AwsStack

OUTPUTS = {
    "ApiUrl": "https://a1.execute-api.eu-west-1.amazonaws.com/prod",
    "UserPoolId": "eu-west-1_Pool",
    "UserPoolClientId": "client",
    "WebUrl": "https://d1.cloudfront.net",
}


@pytest.mark.usefixtures("aws")
def test_the_page_is_published_last_and_only_named_assets_are_kept_for_good(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index-1a2b.js").write_text("run()")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / "index.html").write_text("<title>Photodrop</title>")
    s3 = boto3.client("s3")
    s3.create_bucket(
        Bucket="web", CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name}
    )
    order: list[str] = []
    s3.meta.events.register(
        "provide-client-params.s3.PutObject", lambda params, **_: order.append(params["Key"])
    )

    count = deploy_web.publish(s3, "web", tmp_path, {"apiUrl": "https://api.example.com"})

    assert count == 4
    assert order[-1] == "index.html"
    found = {key: s3.get_object(Bucket="web", Key=key) for key in order}
    assert {key: one["CacheControl"] for key, one in found.items()} == {
        "assets/index-1a2b.js": web.FOR_GOOD,
        "favicon.svg": "no-cache",
        "config.json": "no-cache",
        "index.html": "no-cache",
    }
    assert found["index.html"]["ContentType"] == "text/html"
    assert found["assets/index-1a2b.js"]["ContentType"].endswith("/javascript")
    assert json.load(found["config.json"]["Body"]) == {"apiUrl": "https://api.example.com"}


def test_on_aws_the_configuration_names_no_users_and_no_other_cognito() -> None:
    stack = AwsStack("photodrop", template.defaults(), OUTPUTS, template.defaults())

    configuration = deploy_web.configuration_of(stack, "eu-west-1")

    assert configuration["apiUrl"] == OUTPUTS["ApiUrl"]
    assert configuration["cognitoEndpoint"] is None
    assert configuration["selfSignUp"] is True
    assert not {"demoUsers", "codes"} & set(configuration)
