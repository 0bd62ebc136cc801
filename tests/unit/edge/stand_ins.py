"""Stand-ins for what the edge talks to: the CloudFront API, buckets and a function's URL."""

from __future__ import annotations

import copy
import io
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local import loopback
from local.edge.cache import Cache
from local.edge.edge import Edge
from local.edge.server import Server
from local.emulator.root_key import RootKey
from tests.support.patience import PATIENCE_SECONDS

KEY_ID = "KOURS"
REWRITE = """
function handler(event) {
  const request = event.request;
  if (request.uri.endsWith('/wrong')) return {statusCode: 400, body: 'no such size'};
  if (request.uri.endsWith('/fails')) throw new Error('on purpose');
  request.uri = request.uri.slice(2);
  return request;
}
"""

_FUNCTION_HOST = "abc.lambda-url.us-east-1"

CONFIG: dict[str, Any] = {
    "Enabled": True,
    "Origins": {
        "Items": [
            {
                "Id": "pictures",
                "DomainName": "pictures.s3.us-east-1.amazonaws.com",
                "S3OriginConfig": {"OriginAccessIdentity": ""},
                "OriginAccessControlId": "bucket",
            },
            {
                "Id": "make",
                "DomainName": f"{_FUNCTION_HOST}.on.aws",
                "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"},
                "OriginAccessControlId": "function",
            },
        ]
    },
    "OriginGroups": {
        "Items": [
            {
                "Id": "pictures-or-make",
                "FailoverCriteria": {"StatusCodes": {"Items": [403, 404, 503]}},
                "Members": {"Items": [{"OriginId": "pictures"}, {"OriginId": "make"}]},
            }
        ]
    },
    "CacheBehaviors": {
        "Items": [
            {
                "PathPattern": "/i/*",
                "TargetOriginId": "pictures-or-make",
                "ViewerProtocolPolicy": "redirect-to-https",
                "CachePolicyId": "cache",
                "ResponseHeadersPolicyId": "headers",
                "TrustedKeyGroups": {"Items": ["group"]},
                "FunctionAssociations": {
                    "Items": [
                        {"EventType": "viewer-request", "FunctionARN": "arn:function/rewrite"}
                    ]
                },
            }
        ]
    },
    "DefaultCacheBehavior": {"TargetOriginId": "pictures", "CachePolicyId": "cache"},
    "CustomErrorResponses": {"Items": [{"ErrorCode": 404, "ErrorCachingMinTTL": 5}]},
}
"""Everything below /i/ is signed; everything else is not, so that most tests need no signature."""

CACHE_POLICY: dict[str, Any] = {
    "Name": "cache",
    "MinTTL": 0,
    "DefaultTTL": 60,
    "MaxTTL": 600,
    "ParametersInCacheKeyAndForwardedToOrigin": {
        "EnableAcceptEncodingGzip": False,
        "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": {"Items": ["X-Format"]}},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {
            "QueryStringBehavior": "whitelist",
            "QueryStrings": {"Items": ["response-content-disposition"]},
        },
    },
}

HEADERS_POLICY: dict[str, Any] = {
    "Name": "headers",
    "CorsConfig": {
        "AccessControlAllowOrigins": {"Items": ["http://localhost:5173"]},
        "AccessControlAllowHeaders": {"Items": ["*"]},
        "AccessControlAllowMethods": {"Items": ["GET", "HEAD"]},
        "AccessControlExposeHeaders": {"Items": ["ETag"]},
        "AccessControlAllowCredentials": False,
        "OriginOverride": True,
    },
    "SecurityHeadersConfig": {"ContentTypeOptions": {"Override": True}},
    "CustomHeadersConfig": {
        "Items": [{"Header": "X-Robots-Tag", "Value": "noindex", "Override": False}]
    },
    "RemoveHeadersConfig": {"Items": [{"Header": "X-Amz-Version-Id"}]},
}


OBJECTS = "arn:aws:s3:::pictures/*"
BUCKET = "arn:aws:s3:::pictures"


def _policy(*statements: tuple[str, str, str]) -> dict[str, str]:
    """Make a policy of these actions, resources and ARNs of distributions."""
    listed = [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": action,
            "Resource": resource,
            "Condition": {"StringEquals": {"AWS:SourceArn": arn}},
        }
        for action, resource, arn in statements
    ]
    return {"Policy": json.dumps({"Statement": listed})}


class Api:
    """The calls of CloudFront, S3 and Lambda that the edge makes at start and for invalidations."""

    def __init__(self, public_key: str) -> None:
        self.config = copy.deepcopy(CONFIG)
        self.cache_policy = copy.deepcopy(CACHE_POLICY)
        self.headers_policy = copy.deepcopy(HEADERS_POLICY)
        self.function_code = REWRITE
        self.of_bucket = [
            ("s3:GetObject", OBJECTS, "arn:ours"),
            ("s3:ListBucket", BUCKET, "arn:ours"),
        ]
        self.of_function = [
            ("lambda:InvokeFunctionUrl", "arn:make", "arn:ours"),
            ("lambda:InvokeFunction", "arn:make", "arn:ours"),
        ]
        self.invalidations: dict[str, list[str]] = {}
        self.public_key = public_key

    def get_distribution(self, **_: str) -> Any:
        return {
            "Distribution": {
                "ARN": "arn:ours",
                "DomainName": "d1.cloudfront.net",
                "DistributionConfig": self.config,
            }
        }

    def get_cache_policy(self, **_: str) -> Any:
        return {"CachePolicy": {"CachePolicyConfig": self.cache_policy}}

    def get_response_headers_policy(self, **_: str) -> Any:
        return {"ResponseHeadersPolicy": {"ResponseHeadersPolicyConfig": self.headers_policy}}

    def get_origin_access_control(self, **named: str) -> Any:
        kind = "s3" if named["Id"] == "bucket" else "lambda"
        config = {
            "OriginAccessControlOriginType": kind,
            "SigningBehavior": "always",
            "SigningProtocol": "sigv4",
        }
        return {"OriginAccessControl": {"OriginAccessControlConfig": config}}

    def get_key_group(self, **_: str) -> Any:
        return {"KeyGroup": {"KeyGroupConfig": {"Items": [KEY_ID]}}}

    def get_public_key(self, **_: str) -> Any:
        return {"PublicKey": {"PublicKeyConfig": {"EncodedKey": self.public_key}}}

    def describe_function(self, **_: str) -> Any:
        return {"FunctionSummary": {"FunctionConfig": {"Runtime": "cloudfront-js-2.0"}}}

    def get_function(self, **_: str) -> Any:
        return {"FunctionCode": io.BytesIO(self.function_code.encode())}

    def get_bucket_policy(self, **_: str) -> Any:
        return _policy(*self.of_bucket)

    def get_function_url_config(self, **_: str) -> Any:
        return {"FunctionUrl": f"https://{_FUNCTION_HOST}.on.aws/"}

    def get_policy(self, **_: str) -> Any:
        return _policy(*self.of_function)

    def get_invalidation(self, **named: str) -> Any:
        paths = {"Items": self.invalidations[named["Id"]]}
        return {"Invalidation": {"InvalidationBatch": {"Paths": paths}}}

    def get_paginator(self, operation: str) -> Any:
        pages = {
            "list_invalidations": lambda: {
                "InvalidationList": {"Items": [{"Id": name} for name in self.invalidations]}
            },
            "list_functions": lambda: {"Functions": [{"FunctionName": "make"}]},
        }

        class Paginator:
            def paginate(self, **_: str) -> Any:
                return [pages[operation]()]

        return Paginator()


@dataclass
class Answer:
    """What an origin answers. `before` runs first, `halfway` in the middle of the body.

    An answer that breaks off announces one byte more than it has.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    before: Callable[[], object] | None = None
    halfway: Callable[[], object] | None = None
    breaks_off: bool = False


class Origins:
    """One server for bucket and function, as the emulator is; it notes what it is asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        """Method, `bucket:/path?query` or `function:/path?query`, headers."""
        self._server = loopback.Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.port}"
        threading.Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def paths(self) -> list[str]:
        return [path for _, path, _ in self.asked]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        origins = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                is_function = self.headers["Host"].startswith(_FUNCTION_HOST)
                path = self.path if is_function else self.path.removeprefix("/pictures")
                name = f"{'function' if is_function else 'bucket'}:{path}"
                headers = {key.lower(): value for key, value in self.headers.items()}
                origins.asked.append((self.command, name, headers))
                answer = origins.answers.get(name, Answer(404, b"nothing here"))
                if answer.before:
                    answer.before()
                if answer.breaks_off and not answer.body:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for key, value in answer.headers.items():
                    self.send_header(key, value)
                length = len(answer.body) + (1 if answer.breaks_off else 0)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                if self.command != "HEAD":
                    half = len(answer.body) // 2
                    self.wfile.write(answer.body[:half])
                    if answer.halfway:
                        answer.halfway()
                    self.wfile.write(answer.body[half:])
                self.close_connection = self.close_connection or answer.breaks_off

            do_HEAD = do_GET  # noqa: N815

            def log_message(self, *_: Any) -> None: ...

        return Handler


class RunningEdge:
    """The edge on loopback, with a viewer that signs as Photodrop's functions do."""

    def __init__(self, api: Api, origins: Origins, key: RSAPrivateKey, cache: Cache) -> None:
        root = RootKey("AKIAROOT", "secret")
        self._edge = Edge(origins.url, root, lambda _service: api, "EOURS", cache)
        self.server = Server(0)
        self.server.serve(self._edge)
        self.viewer = httpx.Client(
            base_url=self.server.url, timeout=PATIENCE_SECONDS, trust_env=False, verify=False
        )
        self._key = key

    def close(self) -> None:
        self.viewer.close()
        # It takes half a second, which no test needs to wait for.
        threading.Thread(target=self.server.close).start()

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask for a path that needs no signature; underscores in names stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.viewer.get(path, headers=named)

    def signed(
        self,
        path: str,
        resource: str = "/*",
        *,
        key_id: str = KEY_ID,
        key: RSAPrivateKey | EllipticCurvePrivateKey | None = None,
        hash_algorithm: HashAlgorithm | None = None,
        policy: str | None = None,
        **condition: Any,
    ) -> str:
        """Sign a URL by a policy over `resource`, which ends in a minute unless told otherwise."""
        condition = {"DateLessThan": {"AWS:EpochTime": int(time.time()) + 60}, **condition}
        statement = {"Resource": self.server.url + resource, "Condition": condition}
        algorithm = hash_algorithm or SHA1()
        used = key or self._key

        def sign(text: bytes) -> bytes:
            if isinstance(used, EllipticCurvePrivateKey):
                return used.sign(text, ECDSA(algorithm))
            return used.sign(text, padding.PKCS1v15(), algorithm)

        signer = CloudFrontSigner(key_id, sign)
        return str(
            signer.generate_presigned_url(
                self.server.url + path, policy=policy or json.dumps({"Statement": [statement]})
            )
        )


def public_text(key: RSAPrivateKey | EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
