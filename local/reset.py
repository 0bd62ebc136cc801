"""`make reset`: forget everything a local stack holds, and what was built for it."""

from __future__ import annotations

import shutil
import sys

from local.state import DEFAULT_STATE_DIR, SAM_DIR, InUseError, Places, held
from local.terminal import fail, say


def main() -> int:
    """Clear .local and .aws-sam. Returns 1, clearing nothing, while the stack runs."""
    places = Places(DEFAULT_STATE_DIR)
    try:
        with held(places, "make reset"):
            for folder in (places.root, SAM_DIR):
                shutil.rmtree(folder, ignore_errors=True)
    except InUseError as error:
        fail(f"{error}\nStop it first (Ctrl-C in its terminal); then `make reset` again.")
        return 1
    say("Cleared .local and .aws-sam: the next `make start` begins anew.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
