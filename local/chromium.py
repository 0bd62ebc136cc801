"""The Chromium or Chrome of this machine, and how it is started to reach this machine only."""

from __future__ import annotations

import os
import shutil

NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
"""Best first: Debian's chromium-headless-shell, a build without windows, needs a third of the
processor's time for the same pages."""


def find() -> str | None:
    """Return its path: `CHROMIUM`, or what PATH has, or None."""
    if given := os.environ.get("CHROMIUM"):
        return given
    return next(filter(None, map(shutil.which, NAMES)), None)


def flags(sites: dict[str, int]) -> list[str]:
    """How Chromium is started: it reaches this machine only.

    `sites` maps names to loopback ports: `{"localhost:5173": 41234}` opens http://localhost:5173
    from port 41234, so that a page has the origin that the service allows, whoever has that port.
    Playwright's routes will not do: with one set, Playwright answers CORS preflights itself.
    """
    rules = [f"MAP {name} 127.0.0.1:{port}" for name, port in sites.items()]
    rules += ["MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1"]
    if not sites:
        rules.append("EXCLUDE localhost")
    return [
        f"--host-resolver-rules={', '.join(rules)}",
        "--no-proxy-server",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-dev-shm-usage",
    ]
