"""An edge between stand-ins, over real HTTP on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pytest_socket import enable_socket

from local.edge.cache import Cache
from tests.unit.edge.stand_ins import Api, Origins, RunningEdge, public_text


@pytest.fixture(autouse=True)
def no_sockets() -> None:
    """Unlike other unit tests, these are about HTTP: they use loopback."""
    enable_socket()


@pytest.fixture(scope="session")
def key() -> RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def api(key: RSAPrivateKey) -> Api:
    return Api(public_text(key))


@pytest.fixture
def origins() -> Iterator[Origins]:
    running = Origins()
    yield running
    running.close()


@pytest.fixture
def start_edge(
    api: Api, origins: Origins, key: RSAPrivateKey
) -> Iterator[Callable[..., RunningEdge]]:
    """Start an edge after `api` has been changed."""
    started: list[RunningEdge] = []

    def start(cache: Cache | None = None) -> RunningEdge:
        started.append(RunningEdge(api, origins, key, cache or Cache()))
        return started[-1]

    yield start
    for edge in started:
        edge.close()


@pytest.fixture
def edge(start_edge: Callable[..., RunningEdge]) -> RunningEdge:
    return start_edge()
