"""What the documents name exists, by that name: alarms, metrics, parameters, commands, figures."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from photodrop.domain.lifecycle import MAY_FOLLOW
from tests.support import permission_table
from tests.support.permission_table import Caller
from tests.support.template import ROOT, resources, template

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
COSTS = (ROOT / "docs" / "costs.md").read_text()
API = (ROOT / "docs" / "api.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
DESCRIPTION = json.loads((ROOT / "functions" / "openapi.json").read_text())
CODE = "\n".join(path.read_text() for path in sorted((ROOT / "functions").rglob("*.py")))


def metrics_of_the_code() -> set[str]:
    """Return the names given to add_metric, by itself or by the helpers that choose one."""
    by_itself = re.findall(r'add_metric\(\s*name="(\w+)"', CODE)
    counted = re.findall(r'\b_count(?:_refused)?\(\s*"(\w+)"', CODE)
    timed = re.findall(r'duration_metric="(\w+)"', CODE)
    chosen = re.findall(r'_erase_refused\(\s*"(\w+)"', CODE)
    return {*by_itself, *counted, *timed, *chosen}


def test_every_alarm_is_explained_and_every_alarm_that_is_explained_exists() -> None:
    functions = resources("AWS::Serverless::Function")
    of_functions = {f"{name.removesuffix('Function')}ErrorsAlarm" for name in functions}
    assert "`<Function>ErrorsAlarm`" in OPERATIONS

    explained = set(re.findall(r"`(\w+Alarm)`", OPERATIONS))
    assert explained | of_functions == set(resources("AWS::CloudWatch::Alarm"))


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


def test_what_make_test_unit_leaves_out_exists() -> None:
    text = (ROOT / "Makefile").read_text()
    left_out = re.search(r"^TRY_EVERYTHING := (.*)$", text, re.MULTILINE)

    assert left_out
    assert all((ROOT / "tests" / "unit" / name).is_file() for name in left_out[1].split())


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
    alarms = resources("AWS::CloudWatch::Alarm")
    memory = resources("AWS::Serverless::Function")["ResizeThumbnailsFunction"]["MemorySize"]

    assert "Some 5 USD for the alarms (0.10" in COSTS
    assert len(alarms) * 0.10 == pytest.approx(5, abs=1)
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
        "Lambda": "Lambda",
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


def anchors(path: Path) -> set[str]:
    """Return the names that GitHub gives to the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", without_blocks(path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def without_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_link_leads_to_a_file_and_heading_that_exists(path: Path) -> None:
    text = without_blocks(path.read_text())
    links = [*re.findall(r"\]\(([^)\s]+)\)", text), *re.findall(r'src="([^"]+)"', text)]

    for link in links:
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_readme_is_read_in_a_few_minutes() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_the_api_page_lists_every_request_once_and_no_other() -> None:
    table = API.split("## All requests")[1].split("\n## ")[0]
    listed = re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`]*)`", table)
    described = [
        (method.upper(), path)
        for path, methods in DESCRIPTION["paths"].items()
        for method in methods
        if not path.startswith("/u/{token}/")  # one row stands for them
    ]

    assert sorted(listed) == sorted(described)
    assert "`/u/{token}/s3/...`" in table


def test_the_permissions_name_every_route_and_no_other() -> None:
    named = {permission_table.route_of(request) for request in permission_table.read()}
    described = {
        f"{method.upper()} {path}"
        for path, methods in DESCRIPTION["paths"].items()
        for method in methods
    }

    assert named == described


def test_the_permissions_have_a_row_for_each_request_that_somebody_may_send() -> None:
    for request, statuses in permission_table.read().items():
        assert set(statuses) == set(Caller), request
        assert any(status < 300 for status in statuses.values()), request


def test_the_permissions_describe_every_caller() -> None:
    section = section_of(permission_table.DOCUMENT.read_text(), "## Callers")

    assert [row[0] for row in rows_of(section)[1:]] == list(Caller)


def test_the_api_page_explains_every_code_that_a_photo_may_fail_with() -> None:
    section = API.split("## The status of a photo")[1].split("\n## ")[0]
    rows = "\n".join(line.split("|")[1] for line in section.splitlines() if line.startswith("|"))
    prose = section.split("`thumbnailsMissing` says why:")[1]

    def codes(text: str) -> set[str]:
        return set(re.findall(r"`([A-Z]\w+)`", text))

    def described(name: str) -> set[str]:
        return set(DESCRIPTION["components"]["schemas"][name]["properties"]["code"]["enum"])

    assert codes(rows) == described("FailureReason")
    assert codes(prose) == described("ThumbnailsMissing")


def test_every_decision_stands_in_a_listed_group_with_its_context_choice_and_consequence() -> None:
    text = (ROOT / "docs" / "decisions.md").read_text()
    introduction, *groups = re.split(r"^## ", text, flags=re.MULTILINE)
    titles = [group.partition("\n")[0] for group in groups]

    assert re.findall(r"^- \[(.*)\]\(#.*\)$", introduction, re.MULTILINE) == titles
    for group in groups:
        _, *entries = re.split(r"^### ", group, flags=re.MULTILINE)
        assert entries, f"The group {group.partition(chr(10))[0]} is empty."
        for entry in entries:
            title, _, body = entry.partition("\n")
            assert re.match(r"\n\*\d{4}-\d\d-\d\d", body), f"{title} has no date."
            parts = re.findall(r"^\*\*(Context|Choice|Consequence)\.\*\* ", body, re.MULTILINE)
            assert parts == ["Context", "Choice", "Consequence"], title


def section_of(text: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one of its level or a higher one."""
    level = heading.partition(" ")[0]
    below = text.split(f"\n{heading}\n")[1]
    return re.split(rf"^#{{1,{len(level)}}} ", below, flags=re.MULTILINE)[0]


def rows_of(section: str) -> list[list[str]]:
    """Return the cells of all rows of a section's tables."""
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_access_patterns_name_every_table_and_index_with_its_key() -> None:
    section = section_of(ARCHITECTURE, "## Tables and access patterns")
    tables = resources("AWS::DynamoDB::Table")

    assert set(re.findall(r"^### (\w+)$", section, re.MULTILINE)) == set(tables)
    for name, table in tables.items():
        text = section_of(section, f"### {name}")
        indexes = {
            index["IndexName"]: index["KeySchema"]
            for index in table.get("GlobalSecondaryIndexes", [])
        }
        keys = [table["KeySchema"], *indexes.values()]

        assert set(re.findall(r"`(by[A-Z]\w+)`", text)) == set(indexes)
        for key in keys:
            assert f"`{key[0]['AttributeName']}`" in text
        time_to_live = table.get("TimeToLiveSpecification")
        if time_to_live:
            assert f"Time to live: `{time_to_live['AttributeName']}`" in text


def messages_of_the_code() -> set[str]:
    text = (ROOT / "functions" / "photodrop" / "aws" / "messages.py").read_text()
    return set(re.findall(r"^class (\w+)", text, re.MULTILINE))


def test_the_messages_of_every_queue_are_described() -> None:
    section = section_of(ARCHITECTURE, "## Queues and messages")
    queues = {name for name in resources("AWS::SQS::Queue") if "DeadLetter" not in name}

    assert {row[0] for row in rows_of(section)} - {"Queue"} == queues
    assert messages_of_the_code() == set(re.findall(r"`(\w+)` `{", section))


def test_every_function_that_the_architecture_names_exists() -> None:
    rows = [
        *rows_of(section_of(ARCHITECTURE, "## The life of a photo")),
        *rows_of(section_of(ARCHITECTURE, "## Queues and messages")),
    ]
    named = {
        name for row in rows for name in re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b", str(row))
    }
    others = {"DynamoDB", *resources("AWS::SQS::Queue"), *messages_of_the_code()}
    codes = set(DESCRIPTION["components"]["schemas"]["FailureReason"]["properties"]["code"]["enum"])

    functions = {name.removesuffix("Function") for name in resources("AWS::Serverless::Function")}
    assert named - others - codes <= functions
    assert len(named & functions) > 15


def test_the_state_diagram_shows_the_transitions_of_the_code() -> None:
    section = section_of(ARCHITECTURE, "## The life of a photo")
    drawn = set(re.findall(r"^ +(\S+) --> (\S+?):", section, re.MULTILINE))
    allowed = {
        (before.value, status.value) for status, all_ in MAY_FOLLOW.items() for before in all_
    }
    ends = {("[*]", "pending"), ("completed", "[*]"), ("failed", "[*]")}
    retried = {("failed", "uploaded"), ("failed", "processing")}

    assert drawn == allowed | retried | ends


def test_the_module_map_names_every_module_and_no_other() -> None:
    section = section_of(ARCHITECTURE, "### Every module")
    package = ROOT / "functions" / "photodrop"
    named, folder = [], ""
    for first, *others in rows_of(section):
        if group := re.fullmatch(r"\*\*(?:`(\w+/)`|for every level)\*\*", first):
            folder = group[1] or ""
            continue
        inner = (re.findall(r"`(\w+/)`", first) or [""])[0]
        cells = first if not inner else " ".join(others)
        named += [f"{folder}{inner}{name}" for name in re.findall(r"`(\w+\.py)`", cells)]
    modules = [str(path.relative_to(package)) for path in package.rglob("*.py")]

    assert sorted(named) == sorted(name for name in modules if not name.endswith("__init__.py"))


def test_every_module_that_the_architecture_names_exists() -> None:
    text = section_of(ARCHITECTURE, "## The levels of the code")
    named = set(re.findall(r"`((?:http|domain|aws|imaging)/[\w/]*(?:\.py)?)`", text))

    assert len(named) > 15
    assert not [name for name in named if not (ROOT / "functions" / "photodrop" / name).exists()]
