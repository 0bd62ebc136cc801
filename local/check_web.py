"""`make check` of web/: format, lint, types, unit tests, and whether the API's types are new."""

from __future__ import annotations

import subprocess
import sys

from local import web
from local.state import DEFAULT_STATE_DIR, Places
from local.terminal import fail, say


def main() -> int:
    """Run `npm run check`. Without Node.js it says so, and that is no failure."""
    if problem := web.node_problem():
        say(f"web/ is not checked: {problem}.")
        return 0
    try:
        web.Build(Places(DEFAULT_STATE_DIR).web_log, with_tools=True).result()
    except web.WebError as error:
        fail(str(error))
        return 1
    return subprocess.run(["npm", "run", "--silent", "check"], cwd=web.WEB, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
