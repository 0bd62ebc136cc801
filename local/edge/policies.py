"""The three kinds of policy that a behaviour may name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.edge.freshness import TimesToLive
from local.edge.messages import Query, Request
from local.edge.reading import chosen, items, refuse_unknown
from local.edge.wildcards import matches


@dataclass(frozen=True)
class Selection:
    """Which names of headers or of query parameters are taken."""

    kind: str
    names: frozenset[str] = frozenset()

    @classmethod
    def read(cls, where: str, block: Mapping[str, Any], setting: str, listed: str) -> Selection:
        """Read a block such as QueryStringsConfig: its behaviour, and the names it lists."""
        known = ("none", "whitelist", "allExcept", "all", "allViewer")
        kind = chosen(where, block, setting, known)
        return cls(kind, frozenset(items(block.get(listed))))

    def takes(self, name: str) -> bool:
        """Whether this name is among those taken."""
        if self.kind == "whitelist":
            return name in self.names
        if self.kind == "allExcept":
            return name not in self.names
        return self.kind in ("all", "allViewer")


@dataclass(frozen=True)
class CachePolicy:
    """What is in the cache key, and how long answers are kept."""

    times: TimesToLive
    headers: Selection
    query: Selection

    @classmethod
    def read(cls, cloudfront: Any, policy_id: str) -> CachePolicy:
        """Read the policy of this id. Raises ConfigurationError."""
        config = cloudfront.get_cache_policy(Id=policy_id)["CachePolicy"]["CachePolicyConfig"]
        where = f"CachePolicy {config['Name']}"
        known = (
            "Name", "Comment", "MinTTL", "DefaultTTL", "MaxTTL",
            "ParametersInCacheKeyAndForwardedToOrigin",
        )  # fmt: skip
        refuse_unknown(where, config, known)
        times = TimesToLive(
            int(config["MinTTL"]),
            int(config.get("DefaultTTL", 86_400)),
            int(config.get("MaxTTL", 31_536_000)),
        )
        key = config.get("ParametersInCacheKeyAndForwardedToOrigin") or {}
        # Compression would add the normalised Accept-Encoding to the key.
        refuse_unknown(where, key, ("HeadersConfig", "QueryStringsConfig", "CookiesConfig"))
        return cls(times, *_selections(where, key))

    def key(self, request: Request) -> tuple[str, ...]:
        """Return what an answer is kept under. Neither behaviour nor origin is part of it."""
        taken = (f"{name}={value}" for name, value in self.taken_query(request))
        headers = (
            f"{name}: {request.headers[name]}"
            for name in sorted(request.headers)
            if self.headers.takes(name)
        )
        query = "&".join(taken)
        return (f"{request.path}?{query}" if query else request.path, *headers)

    def taken_query(self, request: Request) -> Query:
        """Return the parameters that are in the key."""
        return tuple(pair for pair in request.query if self.query.takes(pair[0]))


@dataclass(frozen=True)
class OriginRequestPolicy:
    """What origins get beside that which is in the cache key."""

    headers: Selection = Selection("none")
    query: Selection = Selection("none")

    @classmethod
    def read(cls, cloudfront: Any, policy_id: str | None) -> OriginRequestPolicy:
        """Read the policy of this id, if there is one. Raises ConfigurationError."""
        if not policy_id:
            return cls()
        answer = cloudfront.get_origin_request_policy(Id=policy_id)["OriginRequestPolicy"]
        config = answer["OriginRequestPolicyConfig"]
        where = f"OriginRequestPolicy {config['Name']}"
        known = ("Name", "Comment", "HeadersConfig", "QueryStringsConfig", "CookiesConfig")
        refuse_unknown(where, config, known)
        return cls(*_selections(where, config))


def _selections(where: str, config: Mapping[str, Any]) -> tuple[Selection, Selection]:
    """Read which headers and which parameters a policy takes; no policy of ours takes cookies."""
    cookies = config.get("CookiesConfig") or {"CookieBehavior": "none"}
    chosen(where, cookies, "CookieBehavior", ("none",))
    headers = Selection.read(where, config["HeadersConfig"], "HeaderBehavior", "Headers")
    query = Selection.read(
        where, config["QueryStringsConfig"], "QueryStringBehavior", "QueryStrings"
    )
    return Selection(headers.kind, frozenset(name.lower() for name in headers.names)), query


@dataclass(frozen=True)
class Header:
    """A header that the edge adds. `overrides` says whether it replaces the origin's."""

    name: str
    value: str
    overrides: bool


@dataclass(frozen=True)
class ResponseHeadersPolicy:
    """The headers that are added to answers and taken from them."""

    cors: Mapping[str, Any] | None = None
    added: tuple[Header, ...] = ()
    removed: tuple[str, ...] = ()

    @classmethod
    def read(cls, cloudfront: Any, policy_id: str | None) -> ResponseHeadersPolicy:
        """Read the policy of this id, if there is one. Raises ConfigurationError."""
        if not policy_id:
            return cls()
        answer = cloudfront.get_response_headers_policy(Id=policy_id)["ResponseHeadersPolicy"]
        config = answer["ResponseHeadersPolicyConfig"]
        where = f"ResponseHeadersPolicy {config['Name']}"
        known = (
            "Name", "Comment", "CorsConfig", "SecurityHeadersConfig", "CustomHeadersConfig",
            "RemoveHeadersConfig",
        )  # fmt: skip
        refuse_unknown(where, config, known)
        security = config.get("SecurityHeadersConfig") or {}
        refuse_unknown(where, security, _SECURITY_HEADERS)
        added = [
            Header(name, value(security[setting]), bool(security[setting]["Override"]))
            for setting, (name, value) in _SECURITY_HEADERS.items()
            if setting in security
        ]
        added += [
            Header(one["Header"].lower(), one["Value"], bool(one["Override"]))
            for one in items(config.get("CustomHeadersConfig"))
        ]
        removed = [one["Header"].lower() for one in items(config.get("RemoveHeadersConfig"))]
        return cls(config.get("CorsConfig"), tuple(added), tuple(removed))

    def applied(self, headers: Mapping[str, str], request: Request) -> dict[str, str]:
        """Return an answer's headers as the viewer gets them."""
        changed = {name: value for name, value in headers.items() if name not in self.removed}
        for header in (*self._cors_headers(request), *self.added):
            if header.overrides or header.name not in changed:
                changed[header.name] = header.value
        return changed

    def _cors_headers(self, request: Request) -> list[Header]:
        """Return the CORS headers; none for a request that no page's script has sent."""
        origin = request.headers.get("origin")
        if not self.cors or origin is None:
            return []
        allowed = items(self.cors["AccessControlAllowOrigins"])
        if not any(matches(one, origin) for one in allowed):
            return []
        values = {"access-control-allow-origin": "*" if "*" in allowed else origin}
        if self.cors["AccessControlAllowCredentials"]:
            values["access-control-allow-credentials"] = "true"
        if exposed := items(self.cors.get("AccessControlExposeHeaders")):
            values["access-control-expose-headers"] = ", ".join(exposed)
        if request.method == "OPTIONS":
            for name in ("Headers", "Methods"):
                listed = ", ".join(items(self.cors[f"AccessControlAllow{name}"]))
                values[f"access-control-allow-{name.lower()}"] = listed
            if (seconds := self.cors.get("AccessControlMaxAgeSec")) is not None:
                values["access-control-max-age"] = str(seconds)
        overrides = bool(self.cors["OriginOverride"])
        return [Header(name, value, overrides) for name, value in values.items()]


def _transport_security(block: Mapping[str, Any]) -> str:
    value = f"max-age={block['AccessControlMaxAgeSec']}"
    value += "; includeSubDomains" if block.get("IncludeSubdomains") else ""
    return value + ("; preload" if block.get("Preload") else "")


_SECURITY_HEADERS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "ContentTypeOptions": ("x-content-type-options", lambda _block: "nosniff"),
    "FrameOptions": ("x-frame-options", lambda block: str(block["FrameOption"])),
    "ReferrerPolicy": ("referrer-policy", lambda block: str(block["ReferrerPolicy"])),
    "ContentSecurityPolicy": (
        "content-security-policy",
        lambda block: str(block["ContentSecurityPolicy"]),
    ),
    "StrictTransportSecurity": ("strict-transport-security", _transport_security),
}
