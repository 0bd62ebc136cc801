"""The content type and the facts of a file, read from its own bytes."""

from typing import Any, BinaryIO

from photodrop import file_types
from photodrop.aws import storage
from photodrop.aws.s3_events import StoredObject
from photodrop.domain import processing
from photodrop.errors import ContentRejectedError
from photodrop.imaging import formats


def read_facts(file: StoredObject, announced_type: str) -> dict[str, Any]:
    """Return what the header of a file says, as attributes of a photo; of a video, only its type.

    ProcessVideo reads the facts of a video, with a library that ProcessUpload does not have. Raises
    ContentRejectedError for a file that is not accepted or is not of the announced type, and
    storage.ObjectGoneError.
    """
    with storage.open_original(file.key, file.version_id, file.size_bytes) as stream:
        facts = _read(stream, file.size_bytes)
    if not file_types.satisfies(facts["content_type"], announced_type):
        raise ContentRejectedError(
            "ContentTypeMismatch",
            f"{announced_type} was announced, but the file is {facts['content_type']}.",
        )
    return facts


def _read(stream: BinaryIO, size_bytes: int) -> dict[str, Any]:
    content_type = file_types.sniff(stream.read(file_types.SNIFF_BYTES))
    if content_type and file_types.is_video(content_type):
        return {"content_type": content_type}
    stream.seek(0)
    facts = formats.inspect(stream, size_bytes, processing.budget())
    return {
        "content_type": facts.content_type,
        "width": facts.width,
        "height": facts.height,
        "orientation": facts.orientation,
        "animated": facts.animated,
        "taken_at": facts.taken_at,
    }
