"""Gap: temporary credentials are forgotten at a restart, and with them every signed URL handed out.

With this, uploads under way and pages left open survive a restart of `make start`, as they would
survive anything we do on AWS.
"""

from __future__ import annotations

from typing import Any

from ministack import app
from ministack.services import sts

_KEY = "issuedSessions"
"""Not "sessions", as before: those of functions had secrets that anybody could work out."""


def apply() -> None:
    """Save and restore them with the rest of the state."""
    app._state_map["sts"] = "sts"
    sts.get_state = _state
    sts.load_persisted_state = _restore


def _state() -> dict[str, Any]:
    # The root key has a file of its own, and only that file says what it is.
    return {
        _KEY: {
            key: dict(session)
            for key, session in list(sts._sessions.items())
            if session.get("PrincipalType") != "Root"
        }
    }


def _restore(data: dict[str, Any]) -> None:
    sts._sessions.update(data.get(_KEY, {}))
