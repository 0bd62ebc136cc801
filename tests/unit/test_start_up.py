"""What each function loads when it starts, with the layer trimmed as it is deployed."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import Loader

from layers import trim
from tests.support.template import ROOT, resources

FUNCTIONS = ROOT / "functions"
HANDLERS = sorted(path.stem for path in FUNCTIONS.glob("*.py"))

HEAVY = {
    "routes": "aws_lambda_powertools.event_handler.api_gateway",
    "batches": "aws_lambda_powertools.utilities.batch",
    "pydantic": "pydantic",
    "DynamoDB": "photodrop.aws.tables.connection",
    "S3": "photodrop.aws.storage",
    "SQS": "photodrop.aws.messages",
    "imaging": "photodrop.imaging.images",
}
"""What takes 5 ms or more to load, by the module that stands for it. Those of `aws` make their
client while they are loaded."""

API = {"routes", "pydantic"}
QUEUE = {"batches", "DynamoDB", "S3", "SQS"}

LOADED: dict[str, set[str]] = {
    "api_docs": API,
    "begin_upload": API | {"DynamoDB", "S3"},
    "cancel_upload": API | {"DynamoDB", "S3"},
    "complete_upload": API | {"DynamoDB", "S3"},
    "create_student": API | {"DynamoDB"},
    "create_upload_token": API | {"DynamoDB"},
    "delete_event": API | {"DynamoDB", "SQS"},
    "delete_photo": API | {"DynamoDB", "S3"},
    "delete_student": API | {"DynamoDB", "S3"},
    "deliver_image": {"DynamoDB", "S3", "SQS", "imaging"},
    "edit_photo": API | {"DynamoDB"},
    "edit_student": API | {"DynamoDB"},
    "expire_uploads": {"DynamoDB", "S3", "SQS"},
    "initiate_event_upload": API | {"DynamoDB"},
    "initiate_picture_upload": API | {"DynamoDB"},
    "initiate_upload": API | {"DynamoDB"},
    "list_attendees": API | {"DynamoDB"},
    "list_event_photos": API | {"DynamoDB"},
    "list_events": API | {"DynamoDB"},
    "list_parts": API | {"DynamoDB", "S3"},
    "list_photos": API | {"DynamoDB"},
    "list_students": API | {"DynamoDB"},
    "list_uploads": API | {"DynamoDB", "S3"},
    "manage_attendees": API | {"DynamoDB"},
    "manage_events": API | {"DynamoDB"},
    "process_upload": QUEUE,
    "process_video": QUEUE | {"imaging"},
    "purge_event": QUEUE,
    "report_status": API | {"DynamoDB", "S3", "SQS"},
    "resize_thumbnails": QUEUE | {"imaging"},
    "restore_photo": API | {"DynamoDB"},
    "retry_photos": API | {"DynamoDB", "S3", "SQS"},
    "sign_parts": API | {"DynamoDB"},
    "sign_request": API | {"DynamoDB", "S3"},
    "thumbnail_photo": API | {"DynamoDB", "S3", "SQS", "imaging"},
    "view_event": API | {"DynamoDB"},
    "view_photo": API | {"DynamoDB"},
    "view_student": API | {"DynamoDB"},
}
"""What each function loads of HEAVY. A new entry costs every cold start, so look at it twice."""

NEVER = {"boto3", "s3transfer", "PIL", "pillow_heif", "av", "aws_xray_sdk", "numpy", "cryptography"}
"""What no function loads itself. Decoders are loaded by the child that decodes, and what signs
links for CloudFront with the first of them."""

PACKAGES = ("aws_lambda_powertools", "boto3", "botocore")


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages that are trimmed, trimmed."""
    folder = tmp_path_factory.mktemp("layer")
    for package in PACKAGES:
        shutil.copytree(source(package), folder / package, ignore=unused_models)
    trim.main(folder)
    return folder


def source(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def unused_models(folder: str, names: list[str]) -> set[str]:
    """Leave out what would take long to copy: the models of hundreds of services but two."""
    if not folder.endswith("botocore/data"):
        return {"__pycache__"}
    kept = {*trim.OPERATIONS, "sts"}
    return {name for name in names if "." not in name and name not in kept}


def in_fresh_process(layer: Path, code: str) -> Any:
    """Run code that prints JSON, with the layer in front of what is installed here."""
    paths = os.pathsep.join(map(str, [layer, FUNCTIONS]))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def modules(layer: Path) -> dict[str, set[str]]:
    """The modules that each function has loaded when it has started."""
    return {
        name: set(
            in_fresh_process(
                layer, f"import json, sys, {name}; print(json.dumps(list(sys.modules)))"
            )
        )
        for name in HANDLERS
    }


def test_each_function_loads_what_the_table_says(modules: dict[str, set[str]]) -> None:
    loaded = {
        name: {heavy for heavy, module in HEAVY.items() if module in modules[name]}
        for name in HANDLERS
    }
    assert loaded == LOADED


def test_no_function_loads_what_it_can_do_without(modules: dict[str, set[str]]) -> None:
    assert not {name: found for name in HANDLERS if (found := modules[name] & NEVER)}


def test_no_function_of_the_api_loads_asyncio(modules: dict[str, set[str]]) -> None:
    """It comes with the resolvers of other services, which a trimmed layer does not load."""
    assert not [
        name for name in HANDLERS if "routes" in LOADED[name] and "asyncio" in modules[name]
    ]


@pytest.mark.parametrize("name", HANDLERS)
def test_a_client_is_made_only_where_the_role_allows_a_call(name: str) -> None:
    """A function that only signs URLs of S3 needs the permission, but no client."""
    granted = json.loads((Path(__file__).parent / "permissions.json").read_text())[name]
    services = {permission.partition(":")[0] for permission in granted}
    clients = {heavy for heavy in LOADED[name] if heavy in {"DynamoDB", "S3", "SQS"}}
    assert {client.lower() for client in clients} <= services


def called(receiver: str, service: str) -> set[str]:
    """Return the operations of a service that `photodrop.aws` calls by its client."""
    service_model = Loader().load_service_model(service, "service-2")
    operations = {xform_name(name): name for name in service_model["operations"]}
    found: set[str] = set()
    for path in (FUNCTIONS / "photodrop" / "aws").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(value=client, attr=method), args=arguments):
                    name = ast.unparse(client).removesuffix("()")
                    if name == receiver and method == "get_paginator":
                        found.add(ast.literal_eval(arguments[0]))
                    elif name == receiver:
                        found.add(method)
    return {operations[name] for name in found}


@pytest.mark.parametrize(
    ("service", "client"), [("s3", "_s3"), ("sqs", "_sqs"), ("ssm", "clients.ssm")]
)
def test_the_layer_has_exactly_the_operations_that_are_called(service: str, client: str) -> None:
    by_botocore = {"HeadBucket"} if service == "s3" else set()
    assert called(client, service) == trim.OPERATIONS[service] - by_botocore


def test_the_layer_has_exactly_the_operations_of_tables_that_roles_allow() -> None:
    granted = {
        action.partition(":")[2]
        for role in resources("AWS::IAM::Role").values()
        for policy in role.get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        for action in re.findall(r"dynamodb:\w+", json.dumps(statement.get("Action")))
    }
    # A transaction needs the permissions of its parts, and none of its own.
    assert granted | {"TransactWriteItems"} == trim.OPERATIONS["dynamodb"]


COMPARE = """
import json, botocore.session
session = botocore.session.get_session()
hosts, operations = {}, {}
for service in %r:
    for region in ("us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1"):
        client = session.create_client(service, region_name=region)
        hosts[f"{service} {region}"] = client.meta.endpoint_url
    operations[service] = client.meta.service_model.operation_names
print(json.dumps([hosts, operations]))
"""


def test_a_trimmed_layer_has_the_same_endpoints_and_fewer_operations(layer: Path) -> None:
    services = list(trim.OPERATIONS)
    hosts, operations = in_fresh_process(layer, COMPARE % services)
    whole_hosts, whole_operations = in_fresh_process(Path("/nowhere"), COMPARE % services)
    assert hosts == whole_hosts
    for service, names in trim.OPERATIONS.items():
        assert set(operations[service]) == names
        assert names < set(whole_operations[service])


def test_an_operation_keeps_all_shapes_of_its_request_and_its_answer(layer: Path) -> None:
    for service, names in trim.OPERATIONS.items():
        model = Loader(
            extra_search_paths=[str(layer / "botocore" / "data")],
            include_default_search_paths=False,
        ).load_service_model(service, "service-2")
        whole = Loader().load_service_model(service, "service-2")
        assert set(model["operations"]) == names
        for shape in model["shapes"].values():
            members = [*shape.get("members", {}).values()]
            members += [shape[part] for part in ("member", "key", "value") if part in shape]
            assert {member["shape"] for member in members} <= set(model["shapes"])
        assert set(model["shapes"]) < set(whole["shapes"])


def test_an_operation_that_the_service_does_not_have_is_refused() -> None:
    with pytest.raises(KeyError, match="PutObjekt"):
        trim.trim_model({"operations": {}, "shapes": {}}, {"PutObjekt"})


def test_a_package_that_does_more_than_importing_is_not_made_lazy(tmp_path: Path) -> None:
    (tmp_path / "busy").mkdir()
    (tmp_path / "busy" / "__init__.py").write_text("from busy.work import begin\nbegin()\n")
    with pytest.raises(ValueError, match="line 2"):
        trim.make_lazy(tmp_path, "busy")


def test_a_lazy_package_gives_every_name_that_it_gave_before(layer: Path) -> None:
    for package in trim.LAZY_PACKAGES:
        dotted = package.replace("/", ".")
        written = (source("aws_lambda_powertools").parent / package / "__init__.py").read_text()
        (names,) = [
            ast.literal_eval(node.value)
            for node in ast.parse(written).body
            if isinstance(node, ast.Assign)
        ]
        found = in_fresh_process(
            layer,
            f"import importlib, json; package = importlib.import_module({dotted!r}); "
            f"print(json.dumps([name for name in {names!r} if not hasattr(package, name)]))",
        )
        assert found == []
