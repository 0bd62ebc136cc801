"""What the documents name exists, by that name: alarms, metrics, parameters, commands, figures."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.support.template import ROOT, resources, template

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
COSTS = (ROOT / "docs" / "costs.md").read_text()
CODE = "\n".join(path.read_text() for path in sorted((ROOT / "functions").rglob("*.py")))


def metrics_of_the_code() -> set[str]:
    """Return the names given to add_metric, by itself or by the helpers that choose one."""
    by_itself = re.findall(r'add_metric\(\s*name="(\w+)"', CODE)
    counted = re.findall(r'\b_count\(\s*"(\w+)"', CODE)
    outcomes = re.findall(r'"(Grants\w+|UploadsSpared)"', CODE)
    return {*by_itself, *counted, *outcomes}


def test_every_alarm_is_explained_and_every_alarm_that_is_explained_exists() -> None:
    assert set(re.findall(r"`(\w+Alarm)`", OPERATIONS)) == set(resources("AWS::CloudWatch::Alarm"))


def test_every_metric_is_explained_and_every_metric_that_is_explained_exists() -> None:
    section = OPERATIONS.split("## Metrics")[1].split("\n## ")[0]
    explained = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`", section))

    assert explained == metrics_of_the_code()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_parameter_that_a_command_sets_exists(path: Path) -> None:
    named = re.findall(r"PARAMETERS=\"?((?:[A-Z]\w+=[^\s\"`]*\s?)+)", path.read_text())
    names = {pair.partition("=")[0] for group in named for pair in group.split()}

    assert names - {"Name"} <= set(template()["Parameters"])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = path.read_text()
    named = re.findall(r"`make (?:-s )?([a-z-]+)", text)
    named += re.findall(r"^make (?:-s )?([a-z-]+)", text, re.MULTILINE)

    assert set(named) <= targets


def test_no_target_can_be_mistaken_for_a_file() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)

    assert phony
    assert set(phony[1].split()) == targets


def test_the_package_says_who_made_it_and_for_which_pythons() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["authors"] == [{"name": "The Photodrop authors"}]
    assert project["authors"][0]["name"] in (ROOT / "LICENSE").read_text()
    oldest = project["requires-python"].removeprefix(">=")
    assert f"Programming Language :: Python :: {oldest}" in project["classifiers"]


def test_the_costs_count_what_the_template_has() -> None:
    metrics = sum(
        len([one for one in alarm.get("Metrics", []) if "MetricStat" in one]) or 1
        for alarm in resources("AWS::CloudWatch::Alarm").values()
    )
    memory = resources("AWS::Serverless::Function")["ResizeThumbnailsFunction"]["MemorySize"]

    assert "Some 5 USD for the alarms (0.10" in COSTS
    assert metrics * 0.10 == pytest.approx(5, abs=1)
    assert "some 4 USD for the custom metrics" in COSTS
    assert len(metrics_of_the_code()) * 0.30 == pytest.approx(4, abs=1)
    assert f"ResizeThumbnails at {memory} MB" in COSTS


def test_what_a_deployer_must_be_allowed_to_do_covers_every_resource() -> None:
    rights = OPERATIONS.split("**Rights.**")[1].split("\n- **")[0]
    words = {
        "ApiGateway": "API Gateway",
        "CloudFront": "CloudFront",
        "CloudWatch": "CloudWatch",
        "Cognito": "Cognito",
        "DynamoDB": "DynamoDB",
        "IAM": "IAM",
        "Logs": "its Logs",
        "S3": "S3",
        "SQS": "SQS",
        "Serverless": "Lambda",
    }

    for resource in template()["Resources"].values():
        assert words[resource["Type"].split("::")[1]] in rights


def test_the_tables_that_can_be_restored_are_those_that_the_documents_count() -> None:
    tables = resources("AWS::DynamoDB::Table")
    recoverable = [one for one in tables.values() if "PointInTimeRecoverySpecification" in one]

    assert (len(tables), len(recoverable)) == (5, 4)
    assert "Four tables have point-in-time recovery" in OPERATIONS


def test_what_holds_data_stays_with_the_stack_gone_and_is_said_to() -> None:
    kept = {
        resource["Type"]
        for resource in template()["Resources"].values()
        if resource.get("DeletionPolicy") == "RetainExceptOnCreate"
    }

    assert kept == {
        "AWS::S3::Bucket",
        "AWS::DynamoDB::Table",
        "AWS::Cognito::UserPool",
        "AWS::Cognito::UserPoolGroup",
    }
    assert "Buckets, tables, the user pool and its groups stay" in OPERATIONS


def test_detailed_metrics_of_the_api_are_off_as_the_costs_say() -> None:
    (everything, *_) = resources("AWS::Serverless::Api")["Api"]["MethodSettings"]

    assert everything["MetricsEnabled"] is False


def test_a_burst_is_as_large_as_the_rate_as_its_description_says() -> None:
    (everything, *_) = resources("AWS::Serverless::Api")["Api"]["MethodSettings"]

    assert everything["ThrottlingBurstLimit"] == everything["ThrottlingRateLimit"]
    assert "a burst may be as many" in template()["Parameters"]["RequestsPerSecond"]["Description"]


def test_what_is_left_of_an_original_is_said_with_the_templates_days() -> None:
    days = template()["Parameters"]["NoncurrentDays"]["Default"]

    assert f"`NoncurrentDays` ({days})" in OPERATIONS


def test_the_invitation_says_where_to_sign_in_and_how_long_its_password_holds() -> None:
    pool = resources("AWS::Cognito::UserPool")["UserPool"]
    days = pool["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"]
    message = pool["AdminCreateUserConfig"]["InviteMessageTemplate"]["EmailMessage"]["Fn::Sub"]

    assert {"${AllowedOrigin}", "{username}", "{####}"} <= set(re.findall(r"\$?{[^}]+}", message))
    assert f"within {days} days" in message
    assert days == 7
    assert "holds for\nseven days" in OPERATIONS
