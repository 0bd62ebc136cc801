"""The browser app's server: what it answers, and how `make start` brings it along."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local import web
from local.client import Stack
from local.emulator.process import free_port
from local.emulator.root_key import RootKey
from local.users import DEMO_USERS
from tests.support.running_stack import origin

STACK = Stack(
    api_url="http://127.0.0.1:4566/api",
    web_url=None,
    endpoint_url="http://127.0.0.1:4566",
    region="us-east-1",
    user_pool_id="pool",
    user_pool_client_id="client",
    uploads_bucket="uploads",
    thumbnails_bucket="thumbnails",
    root_key=RootKey("AKIAROOT", "secret"),
    users=DEMO_USERS,
)
PARAMETERS = {
    "SelfSignUp": "true",
    "MaxImageBytes": "100",
    "MaxVideoBytes": "200",
    "ThumbnailResolutions": "160,64x48",
}


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """A server of a build with one page and one script."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>Photodrop</title>")
    (tmp_path / "assets" / "index-1a2b.js").write_text("run()")
    monkeypatch.setattr(web, "DIST", tmp_path)
    server = web.Server(web.DEFAULT_PORT)
    server.serve(STACK, PARAMETERS)
    with httpx.Client(base_url=server.origin, trust_env=False) as client:
        yield client
    server.close()


def test_the_app_is_served_by_this_machines_names_alone(app: httpx.Client) -> None:
    port = app.base_url.port

    for name in ("localhost", "127.0.0.1", "[::1]"):
        assert app.get("/config.json", headers={"Host": f"{name}:{port}"}).status_code == 200
    for host in ("evil.example", f"evil.example:{port}", "localhost", "localhost:1"):
        refused = app.get("/config.json", headers={"Host": host})
        assert refused.status_code == 403
        assert f"http://localhost:{port}" in refused.text


@pytest.mark.parametrize("path", ["/", "/photos", "/events/1f0a/photos/2b", "/students?x=1"])
def test_every_page_is_the_app_itself(app: httpx.Client, path: str) -> None:
    answer = app.get(path)

    assert answer.status_code == 200
    assert "<title>Photodrop</title>" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


def test_assets_may_be_kept_and_missing_ones_are_missing(app: httpx.Client) -> None:
    assert app.get("/assets/index-1a2b.js").headers["cache-control"] == web.FOR_GOOD
    assert app.get("/assets/index-9999.js").status_code == 404
    assert app.get("/../pyproject.toml").status_code == 404


def test_answers_carry_the_security_headers(app: httpx.Client) -> None:
    for path in ("/", "/config.json", "/assets/index-1a2b.js", "/nothing.png"):
        headers = app.get(path).headers
        assert (
            headers.items() >= {name.lower(): value for name, value in web.HEADERS.items()}.items()
        )
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert f"connect-src 'self' {STACK.endpoint_url};" in policy


def test_the_configuration_is_the_stack_s(app: httpx.Client) -> None:
    configuration = app.get("/config.json").json()

    assert configuration["apiUrl"] == STACK.api_url
    assert configuration["thumbnailResolutions"] == ["160", "64x48"]
    assert [user["email"] for user in configuration["demoUsers"]] == [
        user.email for user in DEMO_USERS
    ]


def test_a_taken_port_is_left_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        server = web.Server(port)

        assert server.port > port
        server.close()


@pytest.mark.parametrize(("error", "is_told"), [(BrokenPipeError, False), (ValueError, True)])
def test_a_browser_that_goes_away_is_no_error(
    error: type[Exception], is_told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    server = web.Server(free_port())
    try:
        raise error
    except error:
        for one in server._servers:
            one.handle_error(None, ("127.0.0.1", 1))
    finally:
        server.close()
    assert bool(capsys.readouterr().err) == is_told


def test_without_node_it_says_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    assert web.node_problem() == "it needs Node.js 18 or newer with npm"


def test_the_running_stack_allows_the_app_s_origin(stack: Stack) -> None:
    if stack.web_url is None:
        pytest.skip(f"no web app: {web.node_problem() or 'this stack was started without'}")
    with httpx.Client(trust_env=False) as client:
        page = client.get(f"{stack.web_url}/photos")
        configuration = client.get(f"{stack.web_url}/config.json").json()
        preflight = client.options(
            f"{configuration['apiUrl']}/photos",
            headers={"Origin": stack.web_url, "Access-Control-Request-Method": "GET"},
        )

    assert '<div id="root"></div>' in page.text
    assert configuration["userPoolClientId"] == stack.user_pool_client_id
    assert preflight.headers["access-control-allow-origin"] == origin(stack) == stack.web_url
