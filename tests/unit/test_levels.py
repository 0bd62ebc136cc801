"""Each level of the code knows only the levels below it. docs/architecture.md draws them."""

import ast
from pathlib import Path

import pytest

from tests.support.imports import import_statements
from tests.support.template import ROOT

FUNCTIONS = ROOT / "functions"
PACKAGE = FUNCTIONS / "photodrop"
HANDLERS = sorted(FUNCTIONS.glob("*.py"))
MODULES = sorted(PACKAGE.rglob("*.py"))

MAY_IMPORT = {
    "handlers": {"http", "domain", "shared"},
    "http": {"http", "domain", "shared"},
    "domain": {"domain", "aws", "imaging", "shared"},
    "aws": {"aws", "shared"},
    "imaging": {"imaging", "shared"},
    "shared": {"shared"},
}
"""The levels. "shared" are the modules beside the folders, like `config` and `errors`."""

MESSAGES = {"photodrop.aws.messages", "photodrop.aws.s3_events"}
"""A function that a queue calls also names the message that it takes."""


def imported(path: Path) -> set[str]:
    """Return the modules of ours that a module imports, anywhere in it."""
    found: set[str] = set()
    for module, names in import_statements(path):
        submodules = {name for name in names if is_module(name)}
        found |= submodules or {module}
    return {name for name in found if name.split(".")[0] == "photodrop"}


def is_module(name: str) -> bool:
    path = FUNCTIONS / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").exists()


def level_of(name: str) -> str:
    """Return the level of a dotted name like photodrop.domain.uploads."""
    folder = name.split(".")[1] if "." in name else ""
    return folder if folder in MAY_IMPORT else "shared"


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(FUNCTIONS).with_suffix("").parts)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_its_own_level_and_those_below(path: Path) -> None:
    level = level_of(name_of(path))
    above = {name for name in imported(path) if level_of(name) not in MAY_IMPORT[level]}
    assert not above


@pytest.mark.parametrize("path", HANDLERS, ids=name_of)
def test_a_function_module_imports_http_and_the_domain(path: Path) -> None:
    others = {name for name in imported(path) if level_of(name) not in MAY_IMPORT["handlers"]}
    assert others <= MESSAGES
    assert not others or "queue_handler" in path.read_text()


def test_every_level_has_modules() -> None:
    assert {level_of(name_of(path)) for path in MODULES} == set(MAY_IMPORT) - {"handlers"}


@pytest.mark.parametrize("path", [*HANDLERS, *MODULES], ids=name_of)
def test_no_import_is_hidden(path: Path) -> None:
    """Only decoders, which take long to load, are imported where they are called."""
    assert "TYPE_CHECKING" not in path.read_text()
    if level_of(name_of(path)) == "imaging":
        return
    tree = ast.parse(path.read_text())
    top = {id(node) for node in tree.body}
    imports = [one for one in ast.walk(tree) if isinstance(one, ast.Import | ast.ImportFrom)]
    assert all(id(node) in top for node in imports)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_http_level_knows_pydantic_and_routes(path: Path) -> None:
    text = path.read_text()
    knows = "pydantic" in text.replace("nothing of pydantic", "") or "event_handler" in text
    assert not knows or level_of(name_of(path)) == "http"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_aws_level_knows_botocore(path: Path) -> None:
    assert "botocore" not in path.read_text() or level_of(name_of(path)) == "aws"
