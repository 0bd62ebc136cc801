"""The deployed distribution as the edge uses it, read from the CloudFront API.

Whatever a distribution uses and this module does not name is a ConfigurationError: it would work on
AWS and be missing here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from local.edge.policies import CachePolicy, OriginRequestPolicy, ResponseHeadersPolicy
from local.edge.reading import ConfigurationError, chosen, items, refuse_unknown
from local.edge.signatures import Keys, PublicKey
from local.edge.wildcards import matches

CloudFront = Any
"""boto3's client of the service."""


@dataclass(frozen=True)
class Origin:
    """Where answers come from: a bucket, or the URL of a function."""

    name: str
    domain_name: str
    path: str
    headers: Mapping[str, str]
    is_bucket: bool
    is_signed: bool
    timeout_seconds: float

    @property
    def bucket(self) -> str:
        """The name of the bucket that this is."""
        return self.domain_name.partition(".s3.")[0]


@dataclass(frozen=True)
class Target:
    """The origins that a behaviour asks, in this order: the second one after these statuses."""

    origins: tuple[Origin, ...]
    failover_statuses: frozenset[int]


@dataclass(frozen=True)
class Behaviour:
    """What is done for the paths of one pattern."""

    pattern: str
    target: Target
    methods: frozenset[str]
    keys: Keys | None
    function_code: str | None
    cache: CachePolicy
    to_origin: OriginRequestPolicy
    response_headers: ResponseHeadersPolicy


@dataclass(frozen=True)
class Distribution:
    """A whole distribution. The last behaviour is the default one."""

    distribution_id: str
    arn: str
    domain_name: str
    behaviours: tuple[Behaviour, ...]
    error_seconds: Mapping[int, int]

    def behaviour(self, path: str) -> Behaviour:
        """Return the first behaviour whose pattern fits the path."""
        return next(one for one in self.behaviours if matches(one.pattern, path))


def read(cloudfront: CloudFront, distribution_id: str) -> Distribution:
    """Read the distribution and all that it names. Raises ConfigurationError."""
    found = cloudfront.get_distribution(Id=distribution_id)["Distribution"]
    config = found["DistributionConfig"]
    known = ("Origins", "OriginGroups", "DefaultCacheBehavior", "CacheBehaviors", "Enabled")
    elsewhere = (
        "CallerReference", "Comment", "Aliases", "CustomErrorResponses", "PriceClass", "Logging",
        "ViewerCertificate", "HttpVersion", "IsIPV6Enabled",
    )  # fmt: skip
    refuse_unknown("DistributionConfig", config, (*known, *elsewhere))
    if not config["Enabled"]:
        raise ConfigurationError(f"The distribution {distribution_id} is not enabled.")
    targets = _targets(cloudfront, config)
    listed = [*items(config.get("CacheBehaviors")), config["DefaultCacheBehavior"]]
    return Distribution(
        distribution_id,
        found["ARN"],
        found["DomainName"],
        tuple(_behaviour(cloudfront, one, targets) for one in listed),
        _error_seconds(config),
    )


def _error_seconds(config: Mapping[str, Any]) -> dict[int, int]:
    seconds = {}
    for error in items(config.get("CustomErrorResponses")):
        code = int(error["ErrorCode"])
        refuse_unknown(f"CustomErrorResponse {code}", error, ("ErrorCode", "ErrorCachingMinTTL"))
        seconds[code] = int(error.get("ErrorCachingMinTTL", 10))
    return seconds


# ------------------------------------------------------------------------------ origins


def _targets(cloudfront: CloudFront, config: Mapping[str, Any]) -> dict[str, Target]:
    """Return origins and groups of origins by the ids that behaviours name."""
    origins = {one["Id"]: _origin(cloudfront, one) for one in items(config["Origins"])}
    targets = {name: Target((origin,), frozenset()) for name, origin in origins.items()}
    for group in items(config.get("OriginGroups")):
        where = f"OriginGroup {group['Id']}"
        refuse_unknown(where, group, ("Id", "FailoverCriteria", "Members", "SelectionCriteria"))
        chosen(where, group, "SelectionCriteria", ("default",), "default")
        members = tuple(origins[member["OriginId"]] for member in items(group["Members"]))
        statuses = frozenset(int(code) for code in items(group["FailoverCriteria"]["StatusCodes"]))
        targets[group["Id"]] = Target(members, statuses)
    return targets


def _origin(cloudfront: CloudFront, config: Mapping[str, Any]) -> Origin:
    where = f"Origin {config['Id']}"
    known = (
        "Id", "DomainName", "OriginPath", "CustomHeaders", "OriginAccessControlId",
        "S3OriginConfig", "CustomOriginConfig", "ConnectionAttempts", "ConnectionTimeout",
    )  # fmt: skip
    refuse_unknown(where, config, known)
    domain_name = config["DomainName"]
    is_bucket = ".s3." in domain_name
    if not is_bucket and ".lambda-url." not in domain_name:
        raise ConfigurationError(f"{where}: {domain_name} is neither a bucket nor a function's URL")
    s3, custom = config.get("S3OriginConfig") or {}, config.get("CustomOriginConfig") or {}
    refuse_unknown(f"{where}.S3OriginConfig", s3, ("OriginReadTimeout",))
    elsewhere = ("HTTPPort", "HTTPSPort", "OriginSslProtocols", "OriginKeepaliveTimeout")
    taken = ("OriginProtocolPolicy", "OriginReadTimeout", *elsewhere)
    refuse_unknown(f"{where}.CustomOriginConfig", custom, taken)
    chosen(where, custom, "OriginProtocolPolicy", ("https-only",), "https-only")
    headers = items(config.get("CustomHeaders"))
    return Origin(
        config["Id"],
        domain_name,
        config.get("OriginPath") or "",
        {header["HeaderName"].lower(): header["HeaderValue"] for header in headers},
        is_bucket,
        _is_signed(cloudfront, where, config.get("OriginAccessControlId")),
        float((s3 or custom).get("OriginReadTimeout") or 30),
    )


def _is_signed(cloudfront: CloudFront, where: str, control_id: str | None) -> bool:
    """Whether requests to the origin are signed as CloudFront's own."""
    if not control_id:
        return False
    answer = cloudfront.get_origin_access_control(Id=control_id)["OriginAccessControl"]
    config = answer["OriginAccessControlConfig"]
    chosen(where, config, "OriginAccessControlOriginType", ("s3", "lambda"))
    chosen(where, config, "SigningProtocol", ("sigv4",))
    return chosen(where, config, "SigningBehavior", ("always", "never")) == "always"


# --------------------------------------------------------------------------- behaviours


def _behaviour(
    cloudfront: CloudFront, config: Mapping[str, Any], targets: Mapping[str, Target]
) -> Behaviour:
    pattern = config.get("PathPattern", "*")
    where = f"CacheBehavior {pattern}"
    known = (
        "PathPattern", "TargetOriginId", "TrustedKeyGroups", "AllowedMethods",
        "FunctionAssociations", "CachePolicyId", "OriginRequestPolicyId",
        "ResponseHeadersPolicyId", "ViewerProtocolPolicy",
    )  # fmt: skip
    refuse_unknown(where, config, known)
    policy_id = config.get("CachePolicyId")
    if not policy_id:
        raise ConfigurationError(f"{where} has no CachePolicyId.")
    methods = frozenset(items(config.get("AllowedMethods")) or ("GET", "HEAD"))
    if unknown := methods - {"GET", "HEAD", "OPTIONS"}:
        raise ConfigurationError(f"{where} allows {', '.join(sorted(unknown))}.")
    return Behaviour(
        # "/i/*" and "i/*" are the same pattern.
        pattern if pattern.startswith(("/", "*")) else f"/{pattern}",
        targets[config["TargetOriginId"]],
        methods,
        _keys(cloudfront, where, items(config.get("TrustedKeyGroups"))),
        _function_code(cloudfront, where, items(config.get("FunctionAssociations"))),
        CachePolicy.read(cloudfront, policy_id),
        OriginRequestPolicy.read(cloudfront, config.get("OriginRequestPolicyId")),
        ResponseHeadersPolicy.read(cloudfront, config.get("ResponseHeadersPolicyId")),
    )


def _keys(cloudfront: CloudFront, where: str, group_ids: Collection[str]) -> Keys | None:
    """Return the keys that may sign; None where nothing needs to be signed."""
    if not group_ids:
        return None
    keys: dict[str, PublicKey] = {}
    for group_id in group_ids:
        group = cloudfront.get_key_group(Id=group_id)["KeyGroup"]["KeyGroupConfig"]
        for key_id in group["Items"]:
            answer = cloudfront.get_public_key(Id=key_id)["PublicKey"]["PublicKeyConfig"]
            key = load_pem_public_key(answer["EncodedKey"].encode())
            if not isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
                raise ConfigurationError(f"{where}: {key_id} is no key of CloudFront's kinds.")
            keys[key_id] = key
    return keys


def _function_code(
    cloudfront: CloudFront, where: str, associations: Collection[Mapping[str, str]]
) -> str | None:
    """Return the published code of the viewer-request function, if the behaviour has one."""
    code = None
    for association in associations:
        chosen(where, association, "EventType", ("viewer-request",))
        name = association["FunctionARN"].rpartition("/")[2]
        stage = {"Name": name, "Stage": "LIVE"}
        summary = cloudfront.describe_function(**stage)["FunctionSummary"]
        chosen(f"Function {name}", summary["FunctionConfig"], "Runtime", ("cloudfront-js-2.0",))
        code = cloudfront.get_function(**stage)["FunctionCode"].read().decode()
    return code
