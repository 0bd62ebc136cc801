"""The walks of docs/uses.md work as printed, and print what is printed below them."""

import os
import re
import sys
from pathlib import Path

import pytest

from local.client import Stack
from local.state import ROOT, write_json
from tests.support.programs import run_script

Block = tuple[str, str]
"""A block of shell, and what it prints."""

TITLES = ["Event photos", "An image library", "Thumbnails", "Big files", "Student pictures"]


def sections() -> dict[str, str]:
    """Return the text below each heading; what comes before the first one has the name ""."""
    text = (ROOT / "docs" / "uses.md").read_text()
    name, *others = re.split(r"^## (.*)$", "\n" + text, flags=re.MULTILINE)
    return {"": name, **dict(zip(others[::2], others[1::2], strict=True))}


def blocks(section: str) -> list[Block]:
    """Return each shell block, with the output that is printed between it and the next one."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    found: list[Block] = []
    for language, text in fences:
        if language == "sh":
            found.append((text, ""))
        else:
            assert language == "", "Nothing but shell and what it prints stands in this document."
            code, printed = found.pop()
            assert not printed, "Two blocks of output follow one another."
            found.append((code, text))
    return found


def as_pattern(printed: str) -> str:
    """Return what matches output in which … stands for anything, several lines included."""
    return ".*".join(re.escape(part) for part in printed.strip().split("…"))


def test_the_document_has_the_five_uses() -> None:
    assert list(sections()) == ["", *TITLES]


@pytest.mark.parametrize("title", TITLES)
def test_a_walk_prints_what_is_printed(title: str, stack: Stack, tmp_path: Path) -> None:
    stack_file = tmp_path / "stack.json"
    write_json(stack_file, stack.to_json())
    ((preparation, nothing),) = blocks(sections()[""])
    assert not nothing
    walk = blocks(sections()[title])
    ends = [f"end of block {number}" for number in range(len(walk))]
    script = preparation + "".join(
        f"\n{code}\necho '{end}'\n" for (code, _), end in zip(walk, ends, strict=True)
    )
    # Only where the stack is described and which environment is used differ from a newcomer's.
    script = script.replace(".local/stack.json", str(stack_file))
    script = script.replace(".venv/bin", str(Path(sys.executable).parent))

    env = {**os.environ, "PHOTODROP_STACK": str(stack_file), "TMPDIR": str(tmp_path)}
    rest = run_script(script, env)
    for (code, printed), end in zip(walk, ends, strict=True):
        output, found, rest = rest.partition(f"{end}\n")
        assert found
        assert re.fullmatch(as_pattern(printed), output.strip(), re.DOTALL), (code, output)
