"""The key of a local stack's operator: random in each state folder, for its owner alone to read."""

from __future__ import annotations

import json
import os
import secrets
import string
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_LETTERS = string.ascii_uppercase + "234567"
"""Those of AWS's own access key ids."""


@dataclass(frozen=True)
class RootKey:
    """An access key that may do everything in one local stack."""

    access_key_id: str
    secret_access_key: str

    def client_options(self) -> dict[str, str]:
        """Return the key as boto3's clients take it."""
        return {
            "aws_access_key_id": self.access_key_id,
            "aws_secret_access_key": self.secret_access_key,
        }


def of(state_dir: Path) -> RootKey:
    """Return the key of the stack whose state is in this folder. The first call makes it."""
    file = state_dir / "root-key.json"
    if not file.exists():
        _create(file)
    content = json.loads(file.read_text())
    return RootKey(content["accessKeyId"], content["secretAccessKey"])


def _create(file: Path) -> None:
    """Write a new key, unless another process was faster: a key is never replaced."""
    file.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp's files are readable by their owner alone.
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    try:
        with os.fdopen(handle, "w") as opened:
            json.dump(
                {
                    "accessKeyId": "AKIA" + "".join(secrets.choice(_LETTERS) for _ in range(16)),
                    "secretAccessKey": secrets.token_urlsafe(30),
                },
                opened,
            )
        with suppress(FileExistsError):
            os.link(temporary, file)
    finally:
        Path(temporary).unlink()
