"""What the documentation prints works as printed."""

import os
import re
import sys
from pathlib import Path

import pytest

from local.client import Stack
from local.state import ROOT, write_json
from tests.support.programs import run_script


@pytest.fixture
def environment(stack: Stack, tmp_path: Path) -> dict[str, str]:
    write_json(tmp_path / "stack.json", stack.to_json())
    return {**os.environ, "PHOTODROP_STACK": str(tmp_path / "stack.json")}


def shell_blocks(name: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / name).read_text(), re.DOTALL | re.MULTILINE)


def test_every_call_of_the_api_page_works_as_printed(environment: dict[str, str]) -> None:
    blocks = shell_blocks("docs/api.md")
    assert len(blocks) > 5
    run_script("\n".join(blocks), environment)


@pytest.mark.parametrize("name", ["README.md", "docs/integrate.md"])
def test_the_command_line_works_as_printed(name: str, environment: dict[str, str]) -> None:
    (commands,) = [block for block in shell_blocks(name) if "photodrop upload" in block]
    bin_folder = Path(sys.executable).parent
    # Only the environment, and where the answer goes, may differ from a newcomer's.
    run_script(
        commands.replace(".venv/bin", str(bin_folder)).replace("> uploads.json", ""), environment
    )
