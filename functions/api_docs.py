"""GET /openapi.json and GET /docs: the API's description and its Swagger page, for everyone."""

import json
from pathlib import Path

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi import swagger_ui

from photodrop import api

app = api.application()

DESCRIPTION = Path(__file__).with_name("openapi.json").read_text()
"""Made by `make openapi` from the code that validates requests."""


@app.get("/openapi.json")
@api.public
def get_openapi() -> Response[str]:
    """Return the OpenAPI description of this API."""
    return Response(status_code=200, content_type="application/json", body=DESCRIPTION)


@app.get("/docs")
@api.public
def get_docs() -> Response[str]:
    """Return a page to read the description on, and to try it out.

    It comes with its scripts and styles: nothing is loaded from elsewhere.
    """
    assets = Path(swagger_ui.__file__).parent
    page = swagger_ui.generate_swagger_html(
        spec=json.dumps(json.loads(DESCRIPTION)),
        swagger_js=(assets / "swagger-ui-bundle.min.js").read_text(),
        swagger_css=(assets / "swagger-ui.min.css").read_text(),
        swagger_base_url="",
        oauth2_config=None,
        persist_authorization=False,
    )
    # The page's link to the description is Powertools' own; ours lies beside the page.
    page = page.replace('currentUrl.pathname + "?format=json"', '"openapi.json"')
    return Response(status_code=200, content_type="text/html; charset=utf-8", body=page)


handler = api.handler(app)
