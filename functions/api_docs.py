"""GET /openapi.json, /docs and /docs/{asset}: the API's description and its Swagger page.

They are public, so they must be cheap: they are small, cached and compressed by the gateway, have
a throttle of their own (`template.yaml`), and answer 404 where the parameter `Docs` is "false".
"""

import hashlib
from functools import cache
from pathlib import Path

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi import swagger_ui

from photodrop.config import settings
from photodrop.http import api

app = api.application()

DESCRIPTION = Path(__file__).with_name("openapi.json").read_text()
"""The description, which `make openapi` makes from the code that validates requests."""

# The address of each asset holds a hash of its content, so a browser loads it only once.
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Photodrop API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css?v={swagger-ui.css}">
</head>
<body>
<div id="swagger-ui">Loading…</div>
<script src="docs/swagger-ui.js?v={swagger-ui.js}"></script>
<script src="docs/page.js?v={page.js}"></script>
</body>
</html>
"""
SCRIPT = """\
SwaggerUIBundle({
  dom_id: "#swagger-ui",
  url: "openapi.json",
  docExpansion: "list",
  persistAuthorization: false,
  validatorUrl: null,
});
"""
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Swagger UI sets styles on its elements. Everything else must come from this API."""

CACHE_BRIEFLY = "public, max-age=300"
CACHE_FOREVER = "public, max-age=31536000, immutable"
"""For how long a browser keeps an answer before it asks again."""


@app.get("/openapi.json")
@api.public
@api.answers_text("application/json")
def get_openapi() -> Response[str]:
    """Return the OpenAPI description of this API."""
    return _cached_response("application/json", DESCRIPTION, CACHE_BRIEFLY)


@app.get("/docs")
@api.public
@api.answers_text("text/html")
def get_docs() -> Response[str]:
    """Return a page to read the description on, and to try it out.

    It comes with its scripts and styles: nothing is loaded from elsewhere.
    """
    page = PAGE
    for name, (_, content) in _assets().items():
        page = page.replace(f"{{{name}}}", _digest(content))
    return _cached_response(
        "text/html; charset=utf-8",
        page,
        CACHE_BRIEFLY,
        {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Referrer-Policy": "no-referrer"},
    )


@app.get("/docs/<asset>")
@api.public
@api.answers_text("text/javascript", "text/css")
def get_docs_asset(asset: str) -> Response[str]:
    """Return a script or the styles of the page."""
    found = _assets().get(asset)
    if found is None:
        raise NotFoundError
    return _cached_response(*found, CACHE_FOREVER)


def _cached_response(
    content_type: str, content: str, cache_control: str, headers: dict[str, str] | None = None
) -> Response[str]:
    """Answer with a text that caches may keep, or with 304 if the client has this very text."""
    if not settings().has_docs:
        raise NotFoundError
    etag = f'"{_digest(content)}"'
    headers = {"Cache-Control": cache_control, "ETag": etag} | (headers or {})
    # Where the gateway has compressed the answer, it has made the ETag weak: W/"...".
    if etag in app.current_event.headers.get("If-None-Match", ""):
        return Response(status_code=304, body="", headers=dict(headers))
    return Response(status_code=200, content_type=content_type, body=content, headers=dict(headers))


@cache
def _assets() -> dict[str, tuple[str, str]]:
    """Return the content type and the content of each file that the page loads, by name."""
    folder = Path(swagger_ui.__file__).parent
    return {
        "swagger-ui.js": ("text/javascript", (folder / "swagger-ui-bundle.min.js").read_text()),
        "swagger-ui.css": ("text/css", (folder / "swagger-ui.min.css").read_text()),
        "page.js": ("text/javascript", SCRIPT),
    }


@cache
def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:16]


handler = api.handler(app)
