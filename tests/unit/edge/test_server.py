"""The edge over HTTP: the function, headers, methods, connections."""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from local.edge.cache import Cache
from local.edge.reading import ConfigurationError
from local.edge.server import Server
from tests.support.patience import PATIENCE_SECONDS
from tests.unit.edge.stand_ins import Answer, Api, Origins, RunningEdge


def test_the_function_may_answer_by_itself(edge: RunningEdge, origins: Origins) -> None:
    answer = edge.viewer.get(edge.signed("/i/wrong"))

    assert (answer.status_code, answer.text) == (400, "no such size")
    assert answer.headers["x-cache"] == "FunctionGeneratedResponse from cloudfront"
    assert origins.asked == []


def test_a_function_that_fails_is_service_unavailable(edge: RunningEdge) -> None:
    answer = edge.viewer.get(edge.signed("/i/fails"))

    assert answer.status_code == 503
    assert "on purpose" in answer.text


def test_a_function_that_hangs_is_ended(api: Api, start_edge: Callable[..., RunningEdge]) -> None:
    api.function_code = "function handler(event) { while (true) {} }"
    edge = start_edge()

    assert edge.viewer.get(edge.signed("/i/a")).status_code == 503


def test_the_function_sees_the_request_and_may_change_all_of_it(
    api: Api, start_edge: Callable[..., RunningEdge], origins: Origins
) -> None:
    api.function_code = """
    async function handler(event) {
      const request = event.request;
      const seen = [event.context.eventType, request.method, request.headers.accept.value,
        request.querystring.a.multiValue.map((one) => one.value).join('')];
      request.uri = '/' + seen.join('/').replace('*/*', 'any');
      request.headers['x-format'] = {value: 'webp'};
      request.querystring = {'response-content-disposition': {value: 'inline'}};
      return request;
    }
    """
    edge = start_edge()

    edge.viewer.get(edge.signed("/i/x?a=1&a=2"))

    _, path, headers = origins.asked[0]
    assert path == "bucket:/viewer-request/GET/any/12?response-content-disposition=inline"
    assert headers["x-format"] == "webp"


def test_headers_are_added_and_removed_as_the_policy_says(
    edge: RunningEdge, origins: Origins
) -> None:
    origins.answers["bucket:/a"] = Answer(
        headers={"X-Amz-Version-Id": "7", "X-Robots-Tag": "all", "ETag": '"1"'}
    )

    answer = edge.viewer.get(edge.signed("/i/a"), headers={"Origin": "http://localhost:5173"})

    assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert answer.headers["access-control-expose-headers"] == "ETag"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-robots-tag"] == "all"
    assert "x-amz-version-id" not in answer.headers


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:51730", "null"])
def test_pages_of_other_origins_may_not_read_the_answer(edge: RunningEdge, origin: str) -> None:
    answer = edge.viewer.get(edge.signed("/i/a"), headers={"Origin": origin})

    assert "access-control-allow-origin" not in answer.headers


def test_one_page_is_not_given_what_was_kept_for_another(
    api: Api, start_edge: Callable[..., RunningEdge], origins: Origins
) -> None:
    allowed = ["http://localhost:5173", "https://photos.example.com"]
    api.headers_policy["CorsConfig"]["AccessControlAllowOrigins"]["Items"] = allowed
    origins.answers["bucket:/a"] = Answer()
    edge = start_edge()

    answers = [edge.viewer.get(edge.signed("/i/a"), headers={"Origin": one}) for one in allowed]

    assert [answer.headers["access-control-allow-origin"] for answer in answers] == allowed
    assert answers[1].headers["x-cache"] == "Hit from cloudfront"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_methods_that_are_not_allowed_are_refused(
    edge: RunningEdge, origins: Origins, method: str
) -> None:
    assert edge.viewer.request(method, "/a").status_code == 403
    assert origins.asked == []


def test_a_body_is_refused_and_ends_the_connection(edge: RunningEdge) -> None:
    answer = edge.viewer.request("GET", "/a", content=b"GET /b HTTP/1.1\r\n\r\n")

    assert answer.status_code == 403
    assert answer.headers["connection"] == "close"


def test_head_is_answered_without_a_body(edge: RunningEdge, origins: Origins) -> None:
    origins.answers["bucket:/a"] = Answer(body=b"0123456789")

    from_origin = edge.viewer.head("/a")
    edge.get("/a")
    from_cache = edge.viewer.head("/a")

    for answer in (from_origin, from_cache):
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-length"] == "10"
    assert [method for method, _, _ in origins.asked] == ["HEAD", "GET"]


def test_the_edge_is_served_by_this_machines_names_alone(edge: RunningEdge) -> None:
    port = edge.server.port

    assert edge.get("/a", host=f"localhost:{port}").status_code == 404
    for host in ("evil.example", f"evil.example:{port}", f"localhost:{port + 1}"):
        refused = edge.get("/a", host=host)
        assert refused.status_code == 403
        assert "HostNotAllowed" in refused.text


def test_the_next_free_port_is_used_where_one_is_taken(edge: RunningEdge) -> None:
    other = Server(edge.server.port)

    assert other.port > edge.server.port
    assert other.url == f"http://localhost:{other.port}"
    other.close()


def test_one_connection_takes_many_requests(edge: RunningEdge, origins: Origins) -> None:
    origins.answers["bucket:/a"] = Answer(body=b"0123456789")
    request = f"GET /a HTTP/1.1\r\nHost: localhost:{edge.server.port}\r\n\r\n".encode()

    with socket.create_connection(("127.0.0.1", edge.server.port)) as connection:
        connection.settimeout(PATIENCE_SECONDS)
        for _ in range(3):
            connection.sendall(request)
            received = b""
            while not received.endswith(b"0123456789"):
                received += connection.recv(4096)
            assert received.startswith(b"HTTP/1.1 200 ")


def test_a_gallery_asks_for_sixty_pictures_at_once(edge: RunningEdge, origins: Origins) -> None:
    paths = [f"/{number}" for number in range(60)]
    for path in paths:
        origins.answers[f"bucket:{path}"] = Answer(body=path.encode())

    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(lambda path: edge.get(path).text, paths * 2))

    assert answers == paths * 2
    assert sorted(origins.paths) == sorted(f"bucket:{path}" for path in paths)


def test_a_large_file_is_passed_on_while_it_comes_in(
    start_edge: Callable[..., RunningEdge], origins: Origins
) -> None:
    viewer_has_half = threading.Event()
    waited: list[bool] = []
    body = bytes(range(256)) * 1024
    origins.answers["bucket:/a"] = Answer(
        body=body, halfway=lambda: waited.append(viewer_has_half.wait(PATIENCE_SECONDS))
    )
    edge = start_edge(Cache(max_entry_bytes=1000))

    received = b""
    with edge.viewer.stream("GET", "/a") as answer:
        for chunk in answer.iter_raw():
            received += chunk
            if len(received) >= len(body) // 2:
                viewer_has_half.set()

    assert received == body
    assert waited == [True]


def test_a_large_file_that_breaks_off_does_not_look_whole(
    start_edge: Callable[..., RunningEdge], origins: Origins
) -> None:
    origins.answers["bucket:/a"] = Answer(body=bytes(100_000), breaks_off=True)
    edge = start_edge(Cache(max_entry_bytes=1000))

    with pytest.raises(httpx.RemoteProtocolError):
        edge.get("/a")


def test_a_viewer_that_goes_away_leaves_the_edge_serving(
    edge: RunningEdge, origins: Origins, capsys: pytest.CaptureFixture[str]
) -> None:
    reached, may_answer = threading.Event(), threading.Event()

    def before() -> None:
        reached.set()
        may_answer.wait(PATIENCE_SECONDS)

    origins.answers["bucket:/a"] = Answer(body=bytes(100_000), before=before)
    with socket.create_connection(("127.0.0.1", edge.server.port)) as connection:
        request = f"GET /a HTTP/1.1\r\nHost: localhost:{edge.server.port}\r\n\r\n"
        connection.sendall(request.encode())
        assert reached.wait(PATIENCE_SECONDS)
    may_answer.set()

    assert edge.get("/a").content == bytes(100_000)
    assert len(origins.asked) == 1
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"WebACLId": "acl"}, "WebACLId"),
        ({"DefaultRootObject": "index.html"}, "DefaultRootObject"),
        ({"Restrictions": {"GeoRestriction": {"RestrictionType": "whitelist"}}}, "Restrictions"),
        (
            {"CustomErrorResponses": {"Items": [{"ErrorCode": 404, "ResponsePagePath": "/404"}]}},
            "ResponsePagePath",
        ),
        (
            {"DefaultCacheBehavior": {"TargetOriginId": "pictures", "MinTTL": 5}},
            "MinTTL",
        ),
        (
            {"DefaultCacheBehavior": {"TargetOriginId": "pictures", "Compress": True}},
            "Compress",
        ),
    ],
)
def test_a_setting_that_the_edge_does_not_know_is_named_at_start(
    api: Api, start_edge: Callable[..., RunningEdge], change: dict[str, object], named: str
) -> None:
    api.config |= change

    with pytest.raises(ConfigurationError, match=named):
        start_edge()


def test_a_setting_that_is_off_needs_not_be_known(
    api: Api, start_edge: Callable[..., RunningEdge]
) -> None:
    api.config |= {
        "WebACLId": "",
        "Staging": False,
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    }

    assert start_edge().get("/a").status_code == 404


def test_a_function_that_does_not_load_is_said_at_start(
    api: Api, start_edge: Callable[..., RunningEdge]
) -> None:
    api.function_code = "const x = require('fs');"

    with pytest.raises(ConfigurationError, match="require"):
        start_edge()
