"""What the documentation prints works as printed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local.client import Stack
from local.state import ROOT, write_json
from tests.support.patience import PATIENCE_SECONDS


@pytest.fixture
def environment(stack: Stack, tmp_path: Path) -> dict[str, str]:
    write_json(tmp_path / "stack.json", stack.to_json())
    return {**os.environ, "PHOTODROP_STACK": str(tmp_path / "stack.json")}


def run(script: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def test_every_call_of_the_api_page_works_as_printed(environment: dict[str, str]) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs" / "api.md").read_text(), re.S | re.M)
    assert len(blocks) > 5
    run("\n".join(blocks), environment)


def test_the_readmes_upload_works_as_printed(environment: dict[str, str], tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.S | re.M)
    (upload,) = [block for block in blocks if "initiate-upload" in block]
    stack_file = environment["PHOTODROP_STACK"]
    # Only where the stack is described, and where the answer is kept, differ from a newcomer's.
    script = upload.replace(".local/stack.json", stack_file)
    run(script.replace("grant.json", str(tmp_path / "grant.json")), environment)


def test_the_readmes_command_line_works_as_printed(environment: dict[str, str]) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.S | re.M)
    (commands,) = [block for block in blocks if "photodrop upload" in block]
    bin_folder = Path(sys.executable).parent
    # Only the environment, and where the answer goes, may differ from a newcomer's.
    run(commands.replace(".venv/bin", str(bin_folder)).replace("> uploads.json", ""), environment)
