"""What a reader may rely on everywhere in the project."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.support.events import EVENTS
from tests.support.imports import import_statements
from tests.support.template import ROOT, as_written, resources, template

FUNCTIONS = ROOT / "functions"
MODULES = sorted(path.stem for path in FUNCTIONS.glob("*.py"))
DOMAIN = sorted((FUNCTIONS / "photodrop").rglob("*.py"))


def logical_id(module: str) -> str:
    return "".join(word.capitalize() for word in module.split("_")) + "Function"


def imports(path: Path) -> set[str]:
    """Return the dotted names of everything that a module imports."""
    return {name for module, names in import_statements(path) for name in (module, *names)}


def statements(role: str) -> list[dict[str, Any]]:
    policies = resources("AWS::IAM::Role")[role].get("Policies", [])
    found = [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]
    # What a parameter switches on and off is {"Fn::If": [condition, statement, nothing]}.
    return [one["Fn::If"][1] if "Fn::If" in one else one for one in found]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_every_function_module_is_a_function_and_the_other_way_round() -> None:
    functions = resources("AWS::Serverless::Function")
    assert sorted(functions) == sorted(map(logical_id, MODULES))
    for module in MODULES:
        assert functions[logical_id(module)]["Handler"] == f"{module}.handler"


@pytest.mark.parametrize("module", MODULES)
def test_every_function_has_an_event_file(module: str) -> None:
    assert json.loads((EVENTS / f"{module}.json").read_text())


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: path.stem)
def test_the_domain_imports_no_handler(path: Path) -> None:
    assert not imports(path) & set(MODULES)


@pytest.mark.parametrize("path", sorted((ROOT / "cli").rglob("*.py")), ids=lambda path: path.stem)
def test_the_command_line_client_imports_nothing_of_the_service(path: Path) -> None:
    """It is installed without the rest."""
    service = {"photodrop", "local", *MODULES}
    assert not {name.split(".")[0] for name in imports(path)} & service


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: path.stem)
def test_only_the_imaging_modules_import_decoders(path: Path) -> None:
    decoders = {"PIL", "pillow_heif", "_libvips", "av"}
    assert not {name.split(".")[0] for name in imports(path)} & decoders or (
        path.parent.name == "imaging"
    )


def test_only_config_reads_the_environment() -> None:
    readers = {
        path.name
        for path in [*DOMAIN, *FUNCTIONS.glob("*.py")]
        if re.search(r"\benviron\b|\bgetenv\b", path.read_text())
    }
    assert readers == {"config.py"}


def test_the_template_sets_every_variable_that_config_reads() -> None:
    source = (FUNCTIONS / "photodrop" / "config.py").read_text()
    read = set(re.findall(r'env\["([A-Z_0-9]+)"\]', source))
    given = set(template()["Globals"]["Function"]["Environment"]["Variables"])
    from_lambda = {"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert read - from_lambda <= given
    assert read, "the pattern finds the variables"


def test_what_sam_local_alone_sets_is_not_in_the_template() -> None:
    assert "AWS_SAM_LOCAL" not in (ROOT / "template.yaml").read_text()


def test_every_function_has_a_role_of_its_own() -> None:
    functions = resources("AWS::Serverless::Function")
    for module in MODULES:
        role = logical_id(module).removesuffix("Function") + "Role"
        assert functions[logical_id(module)]["Role"] == {"Fn::GetAtt": f"{role}.Arn"}
        assert role in resources("AWS::IAM::Role")


@pytest.mark.parametrize("module", MODULES)
def test_no_role_has_a_wildcard(module: str) -> None:
    role = logical_id(module).removesuffix("Function") + "Role"
    for statement in statements(role):
        for action in as_list(statement["Action"]):
            assert "*" not in action
        for resource in as_list(statement["Resource"]):
            text = json.dumps(resource)
            assert resource != "*"
            assert any(name in text for name in ("Table", "Bucket", "Queue", "DeliveryKey")), text


def name_of(resource: Any) -> str:
    found = re.search("[A-Z][A-Za-z]+(Table|Bucket|Queue|Key)", json.dumps(resource))
    assert found
    return found[0]


def test_who_may_do_what_is_counted() -> None:
    """A new permission shows up here, to be looked at twice."""
    granted = {
        module: sorted(
            f"{action} {name_of(resource)}"
            for statement in statements(logical_id(module).removesuffix("Function") + "Role")
            for action in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
        )
        for module in MODULES
    }
    assert granted == json.loads((Path(__file__).parent / "permissions.json").read_text())


def methods(module: str) -> set[str]:
    """Return the HTTP methods of all routes of a function."""
    events = resources("AWS::Serverless::Function")[logical_id(module)].get("Events", {}).values()
    return {event["Properties"]["Method"] for event in events if event["Type"] == "Api"}


def test_no_function_has_both_a_route_that_reads_and_one_that_changes_something() -> None:
    mixed = {module for module in MODULES if "get" in methods(module) and len(methods(module)) > 1}
    # Uppy's Companion begins the upload of a file in one piece with a GET.
    assert mixed == {"begin_upload"}


def test_a_function_whose_routes_only_read_can_change_nothing() -> None:
    def may_change(module: str) -> bool:
        return any(
            not re.match(r"dynamodb:(Get|BatchGet|Query)|s3:(Get|List)|ssm:Get", action)
            for statement in statements(logical_id(module).removesuffix("Function") + "Role")
            for action in as_list(statement["Action"])
        )

    only_get = [module for module in MODULES if methods(module) == {"get"}]
    # One makes the thumbnail that is asked for. The others sign uploads, so their role allows them.
    makes_or_signs = {"thumbnail_photo", "sign_parts", "initiate_picture_upload"}
    assert {module for module in only_get if may_change(module)} == makes_or_signs
    assert {"view_event", "list_attendees"} <= set(only_get)


def test_a_grant_for_a_photo_of_ones_own_cannot_write_into_an_event() -> None:
    def may_write(module: str) -> list[Any]:
        return [
            statement["Resource"]
            for statement in statements(logical_id(module).removesuffix("Function") + "Role")
            if "s3:PutObject" in as_list(statement["Action"])
        ]

    assert may_write("initiate_upload") == [{"Fn::Sub": "${UploadsBucket.Arn}/uploads/user_*"}]
    assert may_write("initiate_event_upload") == [
        {"Fn::Sub": "${UploadsBucket.Arn}/uploads/event_*"}
    ]


def test_a_thumbnail_can_never_trigger_a_thumbnail() -> None:
    buckets = resources("AWS::S3::Bucket")
    assert "NotificationConfiguration" in buckets["UploadsBucket"]
    assert "NotificationConfiguration" not in buckets["ThumbnailsBucket"]
    for module in ("process_upload", "resize_thumbnails", "thumbnail_photo"):
        for statement in statements(logical_id(module).removesuffix("Function") + "Role"):
            if "s3:PutObject" in as_list(statement["Action"]):
                assert "UploadsBucket" not in json.dumps(statement["Resource"])


@pytest.mark.parametrize("bucket", ["UploadsBucket", "ThumbnailsBucket"])
def test_buckets_are_private_encrypted_and_tls_only(bucket: str) -> None:
    properties = resources("AWS::S3::Bucket")[bucket]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert "BucketEncryption" in properties
    (rule,) = properties["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == [{"Ref": "AllowedOrigin"}]
    assert "ETag" in rule["ExposedHeaders"]
    policy = resources("AWS::S3::BucketPolicy")[f"{bucket}Policy"]["PolicyDocument"]
    assert policy["Statement"][-1]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    rules = properties["LifecycleConfiguration"]["Rules"]
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)


def test_every_error_of_the_gateway_is_in_our_shape_with_cors() -> None:
    answers = resources("AWS::Serverless::Api")["Api"]["GatewayResponses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "UNAUTHORIZED", "ACCESS_DENIED", "THROTTLED"} <= set(
        answers
    )
    for name, answer in answers.items():
        headers = answer["ResponseParameters"]["Headers"]
        assert headers["Access-Control-Allow-Origin"] == {"Fn::Sub": "'${AllowedOrigin}'"}, name
        body = answer["ResponseTemplates"]["application/json"]
        body = body.replace("$context.error.messageString", '"words"')
        assert set(json.loads(body)) == {"code", "message", "requestId"}, name
    assert "Retry-After" in answers["THROTTLED"]["ResponseParameters"]["Headers"]


def test_every_queue_has_a_dead_letter_queue_with_an_alarm_and_waits_long_enough() -> None:
    queues = resources("AWS::SQS::Queue")
    functions = resources("AWS::Serverless::Function")
    alarms = json.dumps(resources("AWS::CloudWatch::Alarm"))
    sources = [
        (function["Timeout"], source["Properties"])
        for function in functions.values()
        for source in function.get("Events", {}).values()
        if source["Type"] == "SQS"
    ]
    assert len(sources) >= 3
    for timeout, source in sources:
        queue = source["Queue"]["Fn::GetAtt"].removesuffix(".Arn")
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert queues[queue]["VisibilityTimeout"] >= 6 * timeout
        dead = queues[queue]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"]
        assert f"{dead.removesuffix('.Arn')}.QueueName" in alarms
        assert f"{queue}.QueueName" in alarms, "the age of its oldest message"


def test_errors_of_every_function_raise_an_alarm_of_its_own() -> None:
    alarms = resources("AWS::CloudWatch::Alarm")
    for name in resources("AWS::Serverless::Function"):
        alarm = alarms[name.removesuffix("Function") + "ErrorsAlarm"]
        assert alarm["MetricName"] == "Errors"
        assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": name}}]


def test_the_loops_of_the_template_are_expanded_as_the_emulator_expands_them() -> None:
    """Or the other tests would read something else than what is deployed."""
    from ministack.services.cloudformation import language_extensions

    deployed = language_extensions.apply(as_written(), {})["Resources"]

    assert plain(deployed) == plain(template()["Resources"])
    assert "Fn::ForEach::Queues" in as_written()["Resources"]
    assert "UploadsDeadLetterQueue" in deployed


def test_sam_expands_the_loops_in_every_environment() -> None:
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text())
    environments = [value for value in settings.values() if isinstance(value, dict)]

    assert len(environments) == 2
    for one in environments:
        assert one["global"]["parameters"]["language_extensions"] is True
        assert "CAPABILITY_AUTO_EXPAND" in one["deploy"]["parameters"]["capabilities"]


def plain(node: Any) -> Any:
    """Write what has two forms in one: Fn::GetAtt, and Fn::Sub of a text without variables."""
    match node:
        case {"Fn::GetAtt": [resource, attribute]}:
            return {"Fn::GetAtt": f"{resource}.{attribute}"}
        case {"Fn::Sub": str(text)} if "${" not in text:
            return text
        case dict():
            return {key: plain(value) for key, value in node.items()}
        case list():
            return [plain(item) for item in node]
    return node


def test_pictures_of_students_never_go_beyond_infrequent_access_and_never_expire() -> None:
    rules = resources("AWS::S3::Bucket")["UploadsBucket"]["LifecycleConfiguration"]["Rules"]
    # A rule that a parameter switches on and off is {"Fn::If": [condition, rule, nothing]}.
    rules = [rule["Fn::If"][1] if "Fn::If" in rule else rule for rule in rules]
    assert {"infrequent-access", "archive", "expiry"} <= {rule["Id"] for rule in rules}
    for rule in rules:
        classes = {transition["StorageClass"] for transition in rule.get("Transitions", [])}
        if rule.get("Prefix") != "uploads/":
            assert classes <= {"STANDARD_IA"}, rule["Id"]
            assert "ExpirationInDays" not in rule, rule["Id"]


def test_nothing_is_archived_or_expires_unless_it_is_asked_for() -> None:
    parameters = template()["Parameters"]
    assert parameters["ArchiveAfterDays"]["Default"] == 0
    assert parameters["ExpireAfterDays"]["Default"] == 0
    assert parameters["InfrequentAccessDays"]["Default"] == 30


def test_log_groups_have_a_retention() -> None:
    for name, group in resources("AWS::Logs::LogGroup").items():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name
