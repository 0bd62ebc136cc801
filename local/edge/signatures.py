"""Signed URLs: "Create a signed URL using a custom policy" of the CloudFront developer guide.

A canned policy (`Expires`) is a custom one whose text follows from the URL.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from local.edge.messages import RefusedError, Request
from local.edge.wildcards import matches

PARAMETERS = ("Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm")
"""What CloudFront takes out of the query string before anything else sees the request."""

_FROM_URL = bytes.maketrans(b"-_~", b"+=/")
"""CloudFront's own alphabet, which is not that of the standard's URL-safe Base64."""

_ALGORITHMS: dict[str, type[HashAlgorithm]] = {"SHA1": SHA1, "SHA256": SHA256}

PublicKey = RSAPublicKey | EllipticCurvePublicKey

Keys = Mapping[str, PublicKey]
"""The public keys of the trusted key groups, by their ids."""


def verified(request: Request, keys: Keys) -> Request:
    """Return the request without its signature. Raises RefusedError unless that holds."""
    given = {name: value for name, value in request.query if name in PARAMETERS}
    unsigned = replace(
        request, query=tuple(pair for pair in request.query if pair[0] not in PARAMETERS)
    )
    if not given.get("Key-Pair-Id"):
        raise _refused("MissingKey", "Missing Key-Pair-Id query parameter or cookie value")
    key = keys.get(given["Key-Pair-Id"])
    if key is None:
        raise _refused("InvalidKey", "Unknown Key")
    policy = _policy(given, unsigned.url)
    signature = _decoded(given.get("Signature", ""), "MalformedSignature")
    algorithm = _ALGORITHMS.get(given.get("Hash-Algorithm", "SHA1"))
    if algorithm is None or not _is_signed(key, signature, policy, algorithm()):
        raise _denied()
    _check(_statement(policy), unsigned)
    return unsigned


def _is_signed(key: PublicKey, signature: bytes, policy: bytes, algorithm: HashAlgorithm) -> bool:
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(signature, policy, PKCS1v15(), algorithm)
        else:
            key.verify(signature, policy, ECDSA(algorithm))
    except InvalidSignature:
        return False
    return True


def _policy(given: Mapping[str, str], url: str) -> bytes:
    """Return the text that was signed."""
    if "Policy" in given:
        return _decoded(given["Policy"], "MalformedPolicy")
    expires = given.get("Expires", "")
    if not (expires.isascii() and expires.isdigit()):
        raise _denied()
    condition = f'{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}'
    return f'{{"Statement":[{{"Resource":"{url}","Condition":{condition}}}]}}'.encode()


def _decoded(text: str, code: str) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii").translate(_FROM_URL), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise _refused(code, "The value could not be decoded") from None


def _statement(policy: bytes) -> dict[str, Any]:
    """Return the policy's one statement."""
    try:
        (statement,) = json.loads(policy)["Statement"]
        if not isinstance(statement["Condition"], dict):
            raise TypeError
    except (ValueError, TypeError, KeyError):
        raise _refused("MalformedPolicy", "Malformed Policy") from None
    return dict(statement)


def _check(statement: Mapping[str, Any], request: Request) -> None:
    """Raise RefusedError unless the statement admits the request, here and now."""
    condition = statement["Condition"]
    try:
        ends = int(condition["DateLessThan"]["AWS:EpochTime"])
        begins = int(condition.get("DateGreaterThan", {}).get("AWS:EpochTime", 0))
        network = condition.get("IpAddress", {}).get("AWS:SourceIp")
        admits = network is None or ipaddress.ip_address(request.viewer_ip) in ipaddress.ip_network(
            network, strict=False
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _refused("MalformedPolicy", "Malformed Policy") from None
    # A policy without a Resource admits every file that its key may open.
    resource = statement.get("Resource", "*")
    if not (admits and begins < time.time() < ends and matches(resource, request.url)):
        raise _denied()


def _denied() -> RefusedError:
    return _refused("AccessDenied", "Access denied")


def _refused(code: str, message: str) -> RefusedError:
    return RefusedError(HTTPStatus.FORBIDDEN, code, message)
