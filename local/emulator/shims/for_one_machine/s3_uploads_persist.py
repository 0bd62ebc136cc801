"""Gap: uploads in parts that are under way are forgotten at a restart.

S3 keeps them until they are completed, cancelled or swept by the lifecycle: a video of 10 GB goes
on where it stopped.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from ministack.core import persistence
from ministack.services import s3

from local.emulator.shims.for_one_machine.objects_on_disk import parts_folder
from local.emulator.stored_bytes import StoredBytes

_MARK = "__stored_bytes__"


def apply() -> None:
    """Save and restore them with the rest of the state; their bytes are in files as it is."""
    encode, decode, load = (
        persistence._json_default,
        persistence._json_object_hook,
        s3.load_persisted_state,
    )

    def encode_stored(value: Any) -> Any:
        if not isinstance(value, StoredBytes):
            return encode(value)
        place = str(value.path.relative_to(parts_folder()))
        return {_MARK: [place, value.start, len(value), value.md5()]}

    def decode_stored(value: dict[str, Any]) -> Any:
        if _MARK not in value:
            return decode(value)
        place, start, length, md5 = value[_MARK]
        return StoredBytes(parts_folder() / place, start, length, digests={"MD5": md5})

    def load_with_uploads(data: dict[str, Any]) -> None:
        load(data)
        _tidy(s3._multipart_uploads._data)

    s3._PERSISTED_BUCKET_DICTS["multipart_uploads"] = s3._multipart_uploads
    persistence._json_default = encode_stored
    persistence._json_object_hook = decode_stored
    s3.load_persisted_state = load_with_uploads


def _tidy(uploads: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Forget what ended after the last save, and remove the files of no upload."""
    folder = parts_folder()
    for scoped_id, upload in list(uploads.items()):
        # JSON has made texts of the parts' numbers.
        upload["parts"] = {int(number): part for number, part in upload["parts"].items()}
        if upload["parts"] and not (folder / scoped_id[-1]).is_dir():
            del uploads[scoped_id]
    known = {scoped_id[-1] for scoped_id in uploads}
    for each in Path(folder).iterdir() if folder.is_dir() else ():
        if each.name not in known:
            shutil.rmtree(each, ignore_errors=True)
