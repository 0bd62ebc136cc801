"""An emulator with only tests/local/emulator/template.yaml, for tests of the emulator itself."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local.emulator import settings
from local.emulator.process import Emulator, free_port
from local.emulator.root_key import RootKey
from tests.support.patience import PATIENCE_SECONDS

TEMPLATE = Path(__file__).parent / "emulator" / "template.yaml"
STACK_NAME = "small"
ORIGIN = "http://localhost:5173"
PASSWORD = "Photodrop-2026!"
SIGNATURE_V4 = Config(signature_version="s3v4", s3={"addressing_style": "path"})
"""As our own code signs; left alone, boto3 presigns with version 2 for endpoints not AWS's."""


class DeployError(Exception):
    """The small stack could not be deployed: then no test has shown anything, not even a gap."""


@dataclass(frozen=True)
class Response:
    """An HTTP answer of any status; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class SmallStack:
    """A running emulator with the small template deployed."""

    emulator: Emulator
    outputs: dict[str, str]

    @property
    def patience(self) -> float:
        """How many seconds to wait for what must come; without shims it may never come."""
        return 15 if self.emulator.without_shims else PATIENCE_SECONDS

    @property
    def api_url(self) -> str:
        return f"{self.emulator.endpoint_url}/_aws/execute-api/{self.outputs['ApiId']}/v1"

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client of this emulator, root's unless `options` carry other credentials."""
        key = self.emulator.root_key
        if "verified_callers" in self.emulator.without_shims:
            key = RootKey("test", "test")  # ministack's own, which needs no signature
        return boto3.client(  # type: ignore[call-overload]  # the service's name is not a literal here
            service,
            endpoint_url=self.emulator.endpoint_url,
            region_name=settings.REGION,
            **{**key.client_options(), **options},
        )

    def uploader_credentials(self) -> dict[str, str]:
        """Credentials of the role that may put and get below uploads/, as client options."""
        answer = self.client("sts").assume_role(
            RoleArn=self.outputs["UploaderRole"], RoleSessionName="test"
        )
        return {
            "aws_access_key_id": answer["Credentials"]["AccessKeyId"],
            "aws_secret_access_key": answer["Credentials"]["SecretAccessKey"],
            "aws_session_token": answer["Credentials"]["SessionToken"],
        }

    def uploader_s3(self) -> Any:
        """S3 with the credentials of the role that may put and get below uploads/."""
        return self.client("s3", config=SIGNATURE_V4, **self.uploader_credentials())

    def call(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Call the small API."""
        data = None if body is None else json.dumps(body).encode()
        content_type = {} if body is None else {"Content-Type": "application/json"}
        return send(method, self.api_url + path, data, {**content_type, **(headers or {})})

    def id_token(self, email: str = "ada@example.com") -> str:
        """Sign `email` in and return the ID token."""
        return self.tokens(email)["IdToken"]

    def tokens(self, email: str = "ada@example.com") -> dict[str, str]:
        """Sign `email` in, creating the user the first time."""
        cognito = self.client("cognito-idp")
        pool = self.outputs["UserPoolId"]
        with suppress(cognito.exceptions.UsernameExistsException):
            cognito.admin_create_user(UserPoolId=pool, Username=email, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(
            UserPoolId=pool, Username=email, Password=PASSWORD, Permanent=True
        )
        answer = cognito.initiate_auth(
            ClientId=self.outputs["UserPoolClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
        )
        tokens: dict[str, str] = answer["AuthenticationResult"]
        return tokens

    def deploy(self, **parameters: str) -> None:
        """Create or update the stack and read its outputs. Raises DeployError with the events."""
        cloudformation = self.client("cloudformation")
        exists = bool(self.outputs) or any(
            stack["StackName"] == STACK_NAME for stack in cloudformation.describe_stacks()["Stacks"]
        )
        operation = cloudformation.update_stack if exists else cloudformation.create_stack
        operation(
            StackName=STACK_NAME,
            TemplateBody=TEMPLATE.read_text(),
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
        )
        stack = self._settled(cloudformation)
        if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            raise DeployError(
                cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
            )
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    @staticmethod
    def _settled(cloudformation: Any) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            stack = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return stack
            if time.monotonic() > deadline:
                raise DeployError(f"{STACK_NAME} is still {stack['StackStatus']}")
            time.sleep(0.05)


def send(
    method: str, url: str, data: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Send one request; an error status is an answer like any other."""
    request = urllib.request.Request(url, data=data, method=method, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
            return Response(response.status, _lower(response.headers), response.read())
    except urllib.error.HTTPError as error:
        return Response(error.code, _lower(error.headers), error.read())


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def eventually(condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """Wait for a true value of `condition` and return it. Raises AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"Nothing came within {seconds:.0f} s")


def worked_off(stack: SmallStack) -> list[str]:
    """Bodies of the messages that WorkFunction has worked off."""
    items = stack.client("dynamodb").scan(TableName=stack.outputs["Table"])["Items"]
    return [item["body"]["S"] for item in items]


@contextmanager
def running(state_dir: Path, without_shims: tuple[str, ...] = ()) -> Iterator[SmallStack]:
    """Run an emulator on a free port with the small stack deployed; its state is kept."""
    emulator = Emulator(
        free_port(),
        state_dir / "state",
        state_dir / "emulator.log",
        allowed_origins=(ORIGIN,),
        without_shims=without_shims,
    )
    emulator.start()
    try:
        stack = SmallStack(emulator, {})
        stack.deploy()
        yield stack
    finally:
        emulator.stop()
