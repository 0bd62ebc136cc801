"""The types of fields, such as a name, a tag or a checksum: they validate and describe them.

A text that the API returned is accepted as it is: limits apply to the normalised text, and
normalising it again changes nothing.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, Union
from urllib.parse import unquote

from pydantic import AfterValidator, BeforeValidator, Field

from photodrop.http import strict_json

MAX_TAGS = 20
MAX_PARTS_PER_BATCH = 500
MAX_CHECKSUMS_PER_BATCH = 64
"""The request line and the headers, which hold an ID token, may have 10,240 bytes together ("Amazon
API Gateway quotas")."""
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Characters that no text may contain: those below space, except tab and line breaks."""

_DROPPED_CHARACTERS = re.compile("[\x80-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that are removed from any text. Some change the direction of writing, so that
`gpj.exe` is shown as `exe.jpg`. The others are the control characters of Latin 1, which terminals
obey."""

_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Mn", "Me", "Zl", "Zp", "Zs"})

_ATOM = r"[^\s@\x00-\x1f\x7f<>()\[\]\\,;:\"%.]+"
_LABEL = r"[^\W_](?:[^\W_]|-){0,62}(?<!-)"
EMAIL = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}")
"""An e-mail address by RFC 5321 and 6531, without quoted names and IP addresses."""
MAX_EMAIL_BYTES = 254
"""The limit of RFC 5321, section 4.5.3.1.3, without the angle brackets."""


def is_visible(character: str) -> bool:
    """Tell whether a character is visible by itself.

    Characters that this Python does not know yet count as visible: new emoji are.
    """
    category = unicodedata.category(character)
    return category not in _INVISIBLE_CATEGORIES and character not in _BLANK_LETTERS


def _normalize_text(text: str) -> str:
    """Normalise a text. One without any visible character becomes empty."""
    if CONTROL_CHARACTERS.search(text):
        raise ValueError("must not contain control characters")
    text = unicodedata.normalize("NFC", _DROPPED_CHARACTERS.sub("", text)).strip()
    return text if any(map(is_visible, text)) else ""


def file_name(name: str) -> str:
    """Return a name that a file may have. Raises ValueError."""
    name = _normalize_text(re.sub("[\u2028\u2029]", " ", name))
    if not name or name in {".", ".."} or re.search(r"[/\\\r\n\t]", name):
        raise ValueError("must be the name of a file, without folders")
    return name


def _normalize_tag(tag: str) -> str:
    """Normalise a tag: `  Été  2024 ` and `été 2024` are the same tag."""
    tag = " ".join(_normalize_text(tag).split()).casefold()
    if not tag:
        raise ValueError("must not be empty")
    return unicodedata.normalize("NFC", tag)


def _normalize_email(address: str) -> str:
    address = address.strip().lower()
    if not EMAIL.fullmatch(address) or len(address.encode()) > MAX_EMAIL_BYTES:
        raise ValueError("must be an e-mail address")
    return address


def _unique(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


def _to_base64_digest(checksum: str) -> str:
    """Return a digest, given in hex or base64, in base64, as S3 needs it."""
    try:
        digest = (
            bytes.fromhex(checksum)
            if len(checksum) == 64
            else base64.b64decode(checksum, validate=True)
        )
    except (ValueError, binascii.Error):
        digest = b""
    if len(digest) != 32:
        raise ValueError("must be a SHA-256 digest in hex or base64")
    return base64.b64encode(digest).decode()


def _normalize_name(name: str) -> str:
    name = " ".join(_normalize_text(name).split())
    if not name:
        raise ValueError("must not be empty")
    return name


def _check_timestamp(text: str) -> str:
    """Check a time, and keep it as it was written: its offset tells the time zone."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None or not text.isascii():
        raise ValueError("must be ISO 8601 with an offset, as in 2026-05-01T18:00:00+02:00")
    return text


def _decode_path_email(text: str) -> str:
    """Decode an e-mail address of a path. Some gateways have decoded it already, others not."""
    try:
        return _normalize_email(unquote(text, errors="strict"))
    except UnicodeDecodeError:
        raise ValueError("must be an e-mail address") from None


def _none_if_empty(text: Any) -> Any:
    """Return None for the texts that clients send instead of null."""
    return None if text in ("", "null", "undefined") else text


def _parse_tags(text: Any) -> Any:
    """Parse tags from one text field: a JSON array, or words separated by commas."""
    text = _none_if_empty(text)
    if not isinstance(text, str):
        return text
    if text.startswith("["):
        try:
            return strict_json.loads(text)
        except ValueError:
            raise ValueError("must be a JSON array, or words with commas between") from None
    return [tag for tag in text.split(",") if tag.strip()]


def _split_list(text: Any) -> Any:
    """Parse a query parameter whose values are separated by commas."""
    return text.split(",") if isinstance(text, str) else text


def _normalized(normalise: Callable[[str], str], most: int) -> AfterValidator:
    """Normalise a text, then check its length again: `ß` becomes `ss` in a tag, for example."""

    def keep(text: str) -> str:
        text = normalise(text)
        if len(text) > most:
            raise ValueError(f"would be kept as {len(text)} characters; {most} are possible")
        return text

    return AfterValidator(keep)


# Pydantic cannot describe what these validators check, so the description gets it from here.
_VISIBLE: dict[str, Any] = {"minLength": 1, "pattern": r"\S"}
_FILE_NAME: dict[str, Any] = {"minLength": 1, "pattern": r"^[^\u0000-\u001f\u007f/\\]+$"}
_SHA256: dict[str, Any] = {"pattern": "^([0-9A-Fa-f]{64}|[A-Za-z0-9+/]{43}=)$"}
_RESOLUTION: dict[str, Any] = {"pattern": "^[1-9][0-9]*(x[1-9][0-9]*)?$"}
_CURSOR: dict[str, Any] = {"pattern": "^[A-Za-z0-9_-]*$"}
_EMAIL: dict[str, Any] = {"format": "idn-email"}
_TIMESTAMP: dict[str, Any] = {"format": "date-time"}

Title = Annotated[str, Field(max_length=200), _normalized(_normalize_text, 200)]
Description = Annotated[str, Field(max_length=5000), _normalized(_normalize_text, 5000)]
Reason = Annotated[str, Field(max_length=500), _normalized(_normalize_text, 500)]
Name = Annotated[
    str, Field(max_length=200, json_schema_extra=_VISIBLE), _normalized(_normalize_name, 200)
]
Tag = Annotated[
    str, Field(max_length=50, json_schema_extra=_VISIBLE), _normalized(_normalize_tag, 50)
]
Tags = Annotated[list[Tag], Field(max_length=MAX_TAGS), AfterValidator(_unique)]
FileName = Annotated[
    str, Field(max_length=255, json_schema_extra=_FILE_NAME), _normalized(file_name, 255)
]
Email = Annotated[
    str,
    Field(max_length=MAX_EMAIL_BYTES, json_schema_extra=_EMAIL),
    AfterValidator(_normalize_email),
]
PathEmail = Annotated[
    str,
    Field(max_length=3 * MAX_EMAIL_BYTES, json_schema_extra=_EMAIL),
    AfterValidator(_decode_path_email),
]
Timestamp = Annotated[
    str, Field(max_length=40, json_schema_extra=_TIMESTAMP), AfterValidator(_check_timestamp)
]
Checksum = Annotated[str, Field(json_schema_extra=_SHA256), AfterValidator(_to_base64_digest)]
"""A SHA-256, in hex or base64."""
Cursor = Annotated[str, Field(max_length=400, json_schema_extra=_CURSOR)]
Resolution = Annotated[str, Field(max_length=20, json_schema_extra=_RESOLUTION)]
"""A longest side, or a box to fit into. The settings list the accepted ones."""
IdempotencyKey = Annotated[str, Field(min_length=1, max_length=255)]

_Digits = Annotated[str, Field(pattern="^[0-9]+$")]
_EmptyText = Literal["", "null", "undefined"]


def _lax(*others: Any) -> BeforeValidator:
    """Accept the texts that stand for null, and describe them besides the types `others`."""
    return BeforeValidator(
        _none_if_empty, json_schema_input_type=Union[(*others, _EmptyText, None)]
    )


LaxText = Annotated[str | None, Field(max_length=1024), BeforeValidator(_none_if_empty)]
LaxTitle = Annotated[Title | None, BeforeValidator(_none_if_empty)]
LaxDescription = Annotated[Description | None, BeforeValidator(_none_if_empty)]
LaxTags = Annotated[
    Tags | None, BeforeValidator(_parse_tags, json_schema_input_type=Tags | str | None)
]
LaxSize = Annotated[int | None, Field(ge=1), _lax(Annotated[int, Field(ge=1)], _Digits)]
LaxPartSize = Annotated[
    int | None,
    Field(ge=5 * 1024**2, le=5 * 1024**3),
    _lax(Annotated[int, Field(ge=5 * 1024**2, le=5 * 1024**3)], _Digits),
]
LaxChecksum = Annotated[Checksum | None, _lax(Checksum)]
LaxPartChecksums = Annotated[Literal["sha256"] | None, _lax(Literal["sha256"])]
"""Fields of an upload's metadata. Clients may send any of them as text, also numbers and null."""

PartNumber = Annotated[int, Field(ge=1, le=10_000)]
LaxPartNumber = Annotated[
    PartNumber, BeforeValidator(lambda number: number, json_schema_input_type=PartNumber | _Digits)
]
"""A part number that some clients send as text."""
Key = Annotated[str, Field(min_length=1, max_length=1024)]
UploadId = Annotated[str, Field(max_length=1024, pattern=r"^[A-Za-z0-9._~-]+$")]
"""S3's ids are "unique URL-ready strings". S3 would answer any other text with an error."""
LaxUploadId = Annotated[UploadId | None, BeforeValidator(_none_if_empty)]
PartNumbers = Annotated[
    list[PartNumber],
    Field(min_length=1, max_length=MAX_PARTS_PER_BATCH),
    BeforeValidator(_split_list),
]
Checksums = Annotated[
    list[Checksum], Field(max_length=MAX_CHECKSUMS_PER_BATCH), BeforeValidator(_split_list)
]
