"""Requests that the API's description allows, and some that it does not: `make fuzz` sends more."""

from pathlib import Path

from local.client import Stack
from tests.description.run import run


def test_no_answer_contradicts_the_description(stack: Stack, tmp_path: Path) -> None:
    result = run(stack, tmp_path, examples=2, phases="fuzzing", seed=1)
    assert result.exit_code == 0, result.output
    assert result.statuses.total() > 80
    assert {200, 201, 400, 404} <= result.statuses.keys()
