"""How the emulator is run: its version, and the environment it is started with."""

from __future__ import annotations

import os
from pathlib import Path

MINISTACK_VERSION = "1.5.33"
"""The one version the shims were written against and tested with."""

REGION = "us-east-1"

ALLOWED_ORIGINS = "PHOTODROP_ALLOWED_ORIGINS"
"""Environment variable: the origins, separated by commas, whose pages may send requests."""

ALLOWED_HOSTS = "PHOTODROP_ALLOWED_HOSTS"
"""Environment variable: names, separated by commas, that requests may go to beside loopback's."""

CONTAINER_HOST = "host.docker.internal"
"""This machine, as containers call it: `make sam-local` reaches the emulator by it."""

WITHOUT_SHIMS = "PHOTODROP_WITHOUT_SHIMS"
"""Comma-separated names of shims to leave out: how the tests show that the gap is still there."""

FAULTS = "PHOTODROP_FAULTS"
"""Environment variable: the seed of the faults that functions meet, see local/emulator/faults."""

SAVE_SECONDS = "PHOTODROP_SAVE_SECONDS"
"""Environment variable: how long after a change the state is written. Tests that kill no emulator
write it seldom: each time takes as much of the processor as the requests of three seconds."""

RECORDING = "PHOTODROP_RECORDING"
"""Environment variable: the folder in which the tests have their run recorded, see recording.py."""

_FOR_TESTS = (SAVE_SECONDS, RECORDING)
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", *_FOR_TESTS)


def temporary_dir(state_dir: Path) -> Path:
    """Where workers unpack and functions put temporary files: ministack leaves all of it behind."""
    return state_dir / "tmp"


def environment(port: int, state_dir: Path) -> dict[str, str]:
    """Make the emulator's whole environment, which functions see beside their own variables.

    Built from nothing: functions inherit it, and a developer's AWS_PROFILE or PYTHONPATH must not
    change what a handler does. For the same reason it holds no key: the emulator reads its root key
    from the state folder.
    """
    return {
        **{name: os.environ[name] for name in _INHERITED if name in os.environ},
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        ALLOWED_HOSTS: CONTAINER_HOST,
        "AUTH": "true",
        # The emulator asks itself for the keys of tokens. On a busy machine that takes longer than
        # its five seconds, and a good token would be answered with 401.
        "MINISTACK_APIGW_JWKS_TIMEOUT_SECONDS": "60",
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
        "STATE_DIR": str(state_dir),
        "TMPDIR": str(temporary_dir(state_dir)),
        "S3_DATA_DIR": str(state_dir / "s3"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PYTHONUNBUFFERED": "1",
    }
