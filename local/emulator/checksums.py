"""S3's checksums, taken while the bytes come in."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterable
from typing import Protocol

from ministack.services import s3


class Checksum(Protocol):
    """What hashlib's digests are, too."""

    def update(self, chunk: bytes, /) -> None:
        """Take in some more bytes."""

    def digest(self) -> bytes:
        """Return the checksum of all bytes so far."""


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, chunk: bytes, /) -> None:
        self._value = zlib.crc32(chunk, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


class _TableCrc:
    """One of the two that only ministack's tables know."""

    def __init__(self, table: tuple[int, ...], size: int) -> None:
        self._table = table
        self._size = size
        self._all_ones = self._value = (1 << 8 * size) - 1

    def update(self, chunk: bytes, /) -> None:
        table, value = self._table, self._value
        for byte in chunk:
            value = table[(value ^ byte) & 0xFF] ^ (value >> 8)
        self._value = value

    def digest(self) -> bytes:
        return (self._value ^ self._all_ones).to_bytes(self._size, "big")


def start(algorithm: str) -> Checksum | None:
    """Begin a checksum by S3's name for it, None when there is no such algorithm."""
    match algorithm.upper().replace("_", ""):
        case "SHA256":
            return hashlib.sha256()
        case "SHA1":
            return hashlib.sha1(usedforsecurity=False)
        case "CRC32":
            return _Crc32()
        case "CRC32C":
            return _TableCrc(s3._CRC32C_TABLE, 4)
        case "CRC64NVME":
            return _TableCrc(s3._CRC64NVME_TABLE, 8)
    return None


def of(algorithm: str, chunks: Iterable[bytes]) -> str | None:
    """Return the checksum of `chunks` as S3 spells it, None when there is no such algorithm."""
    checksum = start(algorithm)
    if checksum is None:
        return None
    for chunk in chunks:
        checksum.update(chunk)
    return spelled(checksum)


def spelled(checksum: Checksum) -> str:
    """Return the checksum in base64."""
    return base64.b64encode(checksum.digest()).decode()
