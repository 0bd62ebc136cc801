"""Clients that are generated from the API's description: they compile, and they work."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from local import tools
from local.client import Client
from local.openapi import DESCRIPTION
from tests.support import programs
from tests.support.browser import npm_packages

CLIENTS = Path(__file__).parent / "clients"
EXPECTED = {"status": "pending", "tags": ["sea"], "code": "PhotoNotFound"}


@pytest.fixture
def token(grace: Client) -> str:
    return str(grace.api.headers["Authorization"])


def output_of(*command: str | Path, cwd: Path) -> str:
    done = programs.run(command, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_generated_python_client_compiles_and_calls(
    grace: Client, token: str, tmp_path: Path
) -> None:
    (tmp_path / "configuration.yml").write_text("post_hooks: []\n")
    output_of(
        *(tools.program("openapi-python-client"), "generate", "--path", DESCRIPTION),
        *("--config", "configuration.yml", "--meta", "none", "--output-path", "photodrop_client"),
        "--fail-on-warning",
        cwd=tmp_path,
    )
    output_of(sys.executable, "-m", "compileall", "-q", "photodrop_client", cwd=tmp_path)
    example = shutil.copy(CLIENTS / "example.py", tmp_path)
    found = output_of(sys.executable, example, grace.stack.api_url, token, cwd=tmp_path)
    assert json.loads(found) == EXPECTED


def test_a_generated_typescript_client_compiles_and_calls(
    grace: Client, token: str, tmp_path: Path
) -> None:
    modules = npm_packages(CLIENTS)
    for name in ("example.ts", "package.json", "tsconfig.json"):
        shutil.copy(CLIENTS / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(modules)
    output_of(
        *(modules / ".bin" / "openapi-typescript", DESCRIPTION, "--output", "schema.ts"),
        "--default-non-nullable=false",  # a field with a default may be left out of a request
        cwd=tmp_path,
    )
    output_of(modules / ".bin" / "tsc", cwd=tmp_path)
    found = output_of("node", "example.js", grace.stack.api_url, token, cwd=tmp_path)
    assert json.loads(found) == EXPECTED
