"""Gap: a function's credentials follow from its ARN, which is no secret, and so does their secret.

Here they follow from the state folder's root key too. They stay the same over a restart: URLs that
functions have signed stay good.
"""

from __future__ import annotations

import hmac
import os
import threading
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc, sts

from local.emulator import root_key

_lock = threading.Lock()  # workers start in threads


def apply() -> None:
    """Derive each credential anew, with a secret."""
    secret = root_key.of(Path(os.environ["STATE_DIR"])).secret_access_key.encode()
    original = lambda_runtime.execution_credentials

    def derive(value: str) -> str:
        return hmac.digest(secret, value.encode(), "sha256").hex()

    def execution_credentials(config: dict[str, Any]) -> dict[str, str]:
        with _lock:
            guessable = original(config)
            session = sts._sessions.pop(guessable["AWS_ACCESS_KEY_ID"])
            credentials = {
                "AWS_ACCESS_KEY_ID": f"ASIA{derive(guessable['AWS_ACCESS_KEY_ID'])[:16].upper()}",
                "AWS_SECRET_ACCESS_KEY": derive(guessable["AWS_SECRET_ACCESS_KEY"]),
                "AWS_SESSION_TOKEN": derive(guessable["AWS_SESSION_TOKEN"]),
            }
            session["SecretAccessKey"] = credentials["AWS_SECRET_ACCESS_KEY"]
            session["SessionToken"] = credentials["AWS_SESSION_TOKEN"]
            sts.register_session(credentials["AWS_ACCESS_KEY_ID"], session)
        return credentials

    lambda_runtime.execution_credentials = execution_credentials
    lambda_svc.execution_credentials = execution_credentials
