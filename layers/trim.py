"""Trims the dependencies layer to what the functions use: less is read when a function starts.

    python trim.py FOLDER    # where the layer's packages are installed; layers/Makefile does it

Two things take long, and neither can be switched off:

- botocore parses a service's whole model before the first request. Here the models lose the
  operations that are not called, and the list of endpoints loses the other services.
- Some packages import all of their modules at once. Here their `__init__.py` imports a module when
  something of it is asked for.

tests/unit/test_start_up.py compares OPERATIONS with what the code calls, and starts each function
with a trimmed layer.
"""

import ast
import gzip
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OPERATIONS = {
    "dynamodb": {
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "TransactWriteItems",
        "UpdateItem",
    },
    "s3": {
        "AbortMultipartUpload",
        "CompleteMultipartUpload",
        "CreateMultipartUpload",
        "DeleteObject",
        "GetObject",
        "HeadBucket",  # botocore calls it where S3 answers with a redirect
        "HeadObject",
        "ListMultipartUploads",
        "ListObjectVersions",
        "ListObjectsV2",
        "ListParts",
        "PutObject",
        "RestoreObject",
    },
    "sqs": {"SendMessage"},
    "ssm": {"GetParameter"},
}
"""The operations that the functions call, by service. Clients have no others."""

LAZY_PACKAGES = (
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/event_handler/openapi",
    "aws_lambda_powertools/utilities/data_classes",
)
"""Packages whose `__init__.py` only imports names, for others to import from there."""

LAZY_INIT = '''\
"""Made by layers/trim.py: imports a module of this package when a name of it is asked for."""

from importlib import import_module

_MODULES = {modules}


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
    found = globals()[name] = getattr(import_module(_MODULES[name]), name)
    return found
'''


def main(folder: Path) -> None:
    """Trim the packages in `folder`."""
    trim_botocore(folder / "botocore" / "data")
    shutil.rmtree(folder / "boto3" / "data")
    shutil.rmtree(folder / "boto3" / "examples")
    for package in LAZY_PACKAGES:
        make_lazy(folder, package)


def trim_botocore(data: Path) -> None:
    """Keep of botocore's data what the calls of OPERATIONS need."""
    for service in data.iterdir():
        if service.is_dir() and service.name not in OPERATIONS:
            shutil.rmtree(service)
    for service_name, operations in OPERATIONS.items():
        for compressed in (data / service_name).glob("*/service-2.json.gz"):
            model = trim_model(json.loads(gzip.decompress(compressed.read_bytes())), operations)
            compressed.with_suffix("").write_text(json.dumps(model))
            compressed.unlink()
        for examples in (data / service_name).glob("*/examples-1.json*"):
            examples.unlink()
    endpoints = json.loads((data / "endpoints.json").read_text())
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in OPERATIONS if name in services}
    (data / "endpoints.json").write_text(json.dumps(endpoints))


def trim_model(model: dict[str, Any], operations: set[str]) -> dict[str, Any]:
    """Return a service's model with these operations, and the shapes that they use.

    Raises KeyError for an operation that the service does not have.
    """
    kept = {name: model["operations"][name] for name in sorted(operations)}
    needed: set[str] = set()
    waiting = list(_shapes_of(kept))
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += _shapes_of(model["shapes"][name])
    shapes = {name: _undocumented(model["shapes"][name]) for name in sorted(needed)}
    return model | {"operations": _undocumented(kept), "shapes": shapes}


def _shapes_of(node: Any) -> Iterator[str]:
    """Return the names of all shapes that a part of a model refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("shape"), str):
            yield node["shape"]
        for inner in node.values():
            yield from _shapes_of(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _shapes_of(inner)


def _undocumented(node: Any) -> Any:
    """Return a part of a model without the texts that describe it."""
    if isinstance(node, dict):
        return {
            name: _undocumented(inner)
            for name, inner in node.items()
            if not (name == "documentation" and isinstance(inner, str))
        }
    return [_undocumented(inner) for inner in node] if isinstance(node, list) else node


def make_lazy(folder: Path, package: str) -> None:
    """Let the `__init__.py` of a package import its modules when they are needed.

    Raises ValueError if it does anything else than importing names.
    """
    path = folder / package / "__init__.py"
    modules: dict[str, str] = {}
    for node in ast.parse(path.read_text()).body:
        match node:
            case ast.ImportFrom(module=str(module), names=names):
                source = f"{package.replace('/', '.')}.{module}" if node.level else module
                modules |= {alias.asname or alias.name: source for alias in names}
            case ast.Expr(value=ast.Constant()) | ast.Assign(targets=[ast.Name(id="__all__")]):
                pass
            case _:
                raise ValueError(f"{path}, line {node.lineno}: more than an import")
    path.write_text(LAZY_INIT.format(modules=json.dumps(modules, indent=4)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
