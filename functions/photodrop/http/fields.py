"""The types of fields: what a name, a tag or a checksum may be, for validation and description.

What is stored of a text can be sent back as it is: limits count what is stored, and normalising it
again changes nothing.
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
MAX_PARTS_AT_ONCE = 500
MAX_CHECKSUMS_AT_ONCE = 64
"""What fits in a request line beside the headers, an ID token among them: API Gateway takes 10,240
bytes of both together ("Amazon API Gateway quotas")."""
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Not allowed in any text: everything below space, except tab and line breaks."""

_TURNING = re.compile("[\x80-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Left out of any text: what turns the direction of what follows, so that `gpj.exe` reads as
`exe.jpg`, and the control characters of Latin 1, which terminals obey. No one misses them."""

_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Mn", "Me", "Zl", "Zp", "Zs"})

_ATOM = r"[^\s@\x00-\x1f\x7f<>()\[\]\\,;:\"%.]+"
_LABEL = r"[^\W_](?:[^\W_]|-){0,62}(?<!-)"
EMAIL = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}")
"""An address as RFC 5321 and 6531 have it, without quoted names and bare IP addresses."""
MAX_EMAIL_BYTES = 254
"""RFC 5321, 4.5.3.1.3, without the angle brackets."""


def is_visible(character: str) -> bool:
    """Tell whether a character shows by itself.

    One that Unicode did not know when this Python was made counts: next year's emoji does show.
    """
    category = unicodedata.category(character)
    return category not in _INVISIBLE_CATEGORIES and character not in _BLANK_LETTERS


def _plain_text(text: str) -> str:
    """Normalise. What shows nothing is nothing."""
    if CONTROL_CHARACTERS.search(text):
        raise ValueError("must not contain control characters")
    text = unicodedata.normalize("NFC", _TURNING.sub("", text)).strip()
    return text if any(map(is_visible, text)) else ""


def file_name(name: str) -> str:
    """Return a name that a file may have. Raises ValueError."""
    name = _plain_text(re.sub("[\u2028\u2029]", " ", name))
    if not name or name in {".", ".."} or re.search(r"[/\\\r\n\t]", name):
        raise ValueError("must be the name of a file, without folders")
    return name


def _tag(tag: str) -> str:
    """Normalise: `  Été  2024 ` and `été 2024` are one tag."""
    tag = " ".join(_plain_text(tag).split()).casefold()
    if not tag:
        raise ValueError("must not be empty")
    return unicodedata.normalize("NFC", tag)


def _email(address: str) -> str:
    address = address.strip().lower()
    if not EMAIL.fullmatch(address) or len(address.encode()) > MAX_EMAIL_BYTES:
        raise ValueError("must be an e-mail address")
    return address


def _unique(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


def _sha256(checksum: str) -> str:
    """Accept the digest in hex or base64; return base64, as S3 wants it."""
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


def _name(name: str) -> str:
    name = " ".join(_plain_text(name).split())
    if not name:
        raise ValueError("must not be empty")
    return name


def _moment(text: str) -> str:
    """Keep a moment as it was written: its offset says in which time zone it was."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not text.isascii():
        raise ValueError("must be ISO 8601 with an offset, as in 2026-05-01T18:00:00+02:00")
    return text


def _path_email(text: str) -> str:
    """Decode an e-mail address of a path, which gateways may have decoded before."""
    try:
        return _email(unquote(text, errors="strict"))
    except UnicodeDecodeError:
        raise ValueError("must be an e-mail address") from None


def _given(text: Any) -> Any:
    """Read what clients write for nothing, when they make text of it, as nothing."""
    return None if text in ("", "null", "undefined") else text


def _tag_list(text: Any) -> Any:
    """Read tags from a form's one text field: a JSON array, or words with commas between."""
    text = _given(text)
    if not isinstance(text, str):
        return text
    if text.startswith("["):
        try:
            return strict_json.loads(text)
        except ValueError:
            raise ValueError("must be a JSON array, or words with commas between") from None
    return [tag for tag in text.split(",") if tag.strip()]


def _split(text: Any) -> Any:
    """Read a list from a query parameter: values with commas between."""
    return text.split(",") if isinstance(text, str) else text


def _kept(normalise: Callable[[str], str], most: int) -> AfterValidator:
    """Normalise a text, and count again: `ß` is `ss` where case does not count."""

    def keep(text: str) -> str:
        text = normalise(text)
        if len(text) > most:
            raise ValueError(f"would be kept as {len(text)} characters; {most} are possible")
        return text

    return AfterValidator(keep)


# What validators check cannot be seen by pydantic, which writes the description.
_SHOWN: dict[str, Any] = {"minLength": 1, "pattern": r"\S"}
_FILE_NAME: dict[str, Any] = {"minLength": 1, "pattern": r"^[^\u0000-\u001f\u007f/\\]+$"}
_SHA256: dict[str, Any] = {"pattern": "^([0-9A-Fa-f]{64}|[A-Za-z0-9+/]{43}=)$"}
_RESOLUTION: dict[str, Any] = {"pattern": "^[1-9][0-9]*(x[1-9][0-9]*)?$"}
_CURSOR: dict[str, Any] = {"pattern": "^[A-Za-z0-9_-]*$"}
_EMAIL: dict[str, Any] = {"format": "idn-email"}
_MOMENT: dict[str, Any] = {"format": "date-time"}

Title = Annotated[str, Field(max_length=200), _kept(_plain_text, 200)]
Description = Annotated[str, Field(max_length=5000), _kept(_plain_text, 5000)]
Reason = Annotated[str, Field(max_length=500), _kept(_plain_text, 500)]
Name = Annotated[str, Field(max_length=200, json_schema_extra=_SHOWN), _kept(_name, 200)]
Tag = Annotated[str, Field(max_length=50, json_schema_extra=_SHOWN), _kept(_tag, 50)]
Tags = Annotated[list[Tag], Field(max_length=MAX_TAGS), AfterValidator(_unique)]
FileName = Annotated[
    str, Field(max_length=255, json_schema_extra=_FILE_NAME), _kept(file_name, 255)
]
Email = Annotated[
    str, Field(max_length=MAX_EMAIL_BYTES, json_schema_extra=_EMAIL), AfterValidator(_email)
]
PathEmail = Annotated[
    str,
    Field(max_length=3 * MAX_EMAIL_BYTES, json_schema_extra=_EMAIL),
    AfterValidator(_path_email),
]
Moment = Annotated[str, Field(max_length=40, json_schema_extra=_MOMENT), AfterValidator(_moment)]
Checksum = Annotated[str, Field(json_schema_extra=_SHA256), AfterValidator(_sha256)]
"""A SHA-256, in hex or base64."""
Cursor = Annotated[str, Field(max_length=400, json_schema_extra=_CURSOR)]
Resolution = Annotated[str, Field(max_length=20, json_schema_extra=_RESOLUTION)]
"""A longest side, or a box to fit into. The deployment says which there are."""
IdempotencyKey = Annotated[str, Field(min_length=1, max_length=255)]

_Digits = Annotated[str, Field(pattern="^[0-9]+$")]
_Nothing = Literal["", "null", "undefined"]


def _may_be_text(*others: Any) -> BeforeValidator:
    """Read what clients make of nothing; describe that, and `others` that a field is read from."""
    return BeforeValidator(_given, json_schema_input_type=Union[(*others, _Nothing, None)])


GivenText = Annotated[str | None, Field(max_length=1024), BeforeValidator(_given)]
GivenTitle = Annotated[Title | None, BeforeValidator(_given)]
GivenDescription = Annotated[Description | None, BeforeValidator(_given)]
GivenTags = Annotated[
    Tags | None, BeforeValidator(_tag_list, json_schema_input_type=Tags | str | None)
]
GivenSize = Annotated[int | None, Field(ge=1), _may_be_text(Annotated[int, Field(ge=1)], _Digits)]
GivenPartSize = Annotated[
    int | None,
    Field(ge=5 * 1024**2, le=5 * 1024**3),
    _may_be_text(Annotated[int, Field(ge=5 * 1024**2, le=5 * 1024**3)], _Digits),
]
GivenChecksum = Annotated[Checksum | None, _may_be_text(Checksum)]
GivenPartChecksums = Annotated[Literal["sha256"] | None, _may_be_text(Literal["sha256"])]
"""Fields of an upload's metadata, which clients may send as text whatever they are."""

PartNumber = Annotated[int, Field(ge=1, le=10_000)]
LaxPartNumber = Annotated[
    PartNumber, BeforeValidator(lambda number: number, json_schema_input_type=PartNumber | _Digits)
]
"""Some clients send it as text."""
Key = Annotated[str, Field(min_length=1, max_length=1024)]
UploadId = Annotated[str, Field(max_length=1024, pattern=r"^[A-Za-z0-9._~-]+$")]
"""As S3 has them: "unique URL-ready strings". What else came would be an error of S3's own."""
GivenUploadId = Annotated[UploadId | None, BeforeValidator(_given)]
PartNumbers = Annotated[
    list[PartNumber],
    Field(min_length=1, max_length=MAX_PARTS_AT_ONCE),
    BeforeValidator(_split),
]
Checksums = Annotated[
    list[Checksum], Field(max_length=MAX_CHECKSUMS_AT_ONCE), BeforeValidator(_split)
]
