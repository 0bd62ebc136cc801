"""What the browser app is served with, here and on AWS."""

from __future__ import annotations

import json

from local import web
from tests.support.template import ROOT, resources, template


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
    assert all(package.get("integrity") for name, package in lock["packages"].items() if name)


def test_cloudfront_and_the_local_server_send_the_same_headers() -> None:
    config = resources("AWS::CloudFront::ResponseHeadersPolicy")["WebHeaders"]
    security = config["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    custom = config["ResponseHeadersPolicyConfig"]["CustomHeadersConfig"]["Items"]

    text, origins = security["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]

    assert set(origins) == {"ApiOrigin", "SignIn", "Originals", "Thumbnails"}
    assert text == web.content_security_policy(
        "${ApiOrigin}", "${SignIn}", "${Originals}", "${Thumbnails}"
    )
    assert {item["Header"]: item["Value"] for item in custom} | {
        "Referrer-Policy": security["ReferrerPolicy"]["ReferrerPolicy"],
        "X-Content-Type-Options": "nosniff" if security["ContentTypeOptions"]["Override"] else "",
        "X-Frame-Options": security["FrameOptions"]["FrameOption"],
    } == web.HEADERS


def test_the_web_bucket_is_private_and_read_by_the_distribution_alone() -> None:
    assert set(
        resources("AWS::S3::Bucket")["WebBucket"]["PublicAccessBlockConfiguration"].values()
    ) == {True}
    policy = resources("AWS::S3::BucketPolicy")["WebBucketPolicy"]["PolicyDocument"]
    condition, allowed, otherwise = policy["Statement"][0]["Fn::If"]
    assert (condition, otherwise) == ("HasWebApp", {"Ref": "AWS::NoValue"})
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert "${WebDistribution}" in json.dumps(allowed["Condition"])
    behaviour = resources("AWS::CloudFront::Distribution")["WebDistribution"]["DistributionConfig"][
        "DefaultCacheBehavior"
    ]
    assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"


def test_everything_of_the_web_app_but_its_bucket_is_behind_its_parameter() -> None:
    """The bucket's name would be taken when the app is switched on for the second time."""
    for name, resource in (template()["Resources"] | template()["Outputs"]).items():
        if name.startswith("Web"):
            is_bucket = name.startswith("WebBucket")
            assert resource.get("Condition") == (None if is_bucket else "HasWebApp"), name


def test_the_page_says_the_password_rules_of_the_user_pool() -> None:
    policy = resources("AWS::Cognito::UserPool")["UserPool"]["Policies"]["PasswordPolicy"]
    said = (ROOT / "web" / "src" / "auth" / "auth.ts").read_text()

    assert f"At least {policy['MinimumLength']} characters" in said
    assert "with upper and lower case letters and a number." in said
    required = {name: value for name, value in policy.items() if name.startswith("Require")}
    assert required == {
        "RequireLowercase": True,
        "RequireUppercase": True,
        "RequireNumbers": True,
        "RequireSymbols": False,
    }
