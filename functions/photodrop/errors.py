"""Every error the service raises on purpose.

::

    PhotodropError
    ├── RequestError                 answered to the client: `status`, `code`, `message`
    │   ├── InvalidRequestError          400, with every wrong field
    │   ├── UploadTokenExpiredError      401
    │   ├── ForbiddenError               403
    │   ├── FileTooLargeError            413
    │   ├── PhotoNotFoundError           404
    │   ├── EventNotFoundError           404
    │   ├── StudentNotFoundError         404
    │   ├── PictureNotFoundError         404
    │   ├── UploadNotFoundError          404
    │   ├── PartTooSmallError            400
    │   ├── PartMissingError             400
    │   ├── SizeMismatchError            400
    │   ├── PhotoNotReadyError           409
    │   ├── PictureNotReadyError         409
    │   ├── EmailTakenError              409
    │   ├── PhotoArchivedError           409, with how to restore
    │   ├── NotArchivedError             409
    │   ├── ThumbnailFailedError         409
    │   ├── NotUploadedError             409
    │   ├── NotPendingError              409
    │   ├── UploadConflictError          409
    │   ├── NotRetryableError            409
    │   ├── AlreadyUploadedError         409, with the photo's id
    │   ├── IdempotencyKeyReusedError    409
    │   ├── LimitExceededError           429, with Retry-After
    │   ├── BusyError                    503, with Retry-After
    │   └── TierUnavailableError         503, with Retry-After
    ├── UnknownMessageError          a queue's message that is no event of the uploads bucket
    ├── PhotosLeftError              photos that ExpireUploads could not check
    └── ContentRejectedError         what landed is refused: the photo becomes `failed`

`code` is for programs and never changes; `message` is for people and may.
"""

from dataclasses import dataclass
from typing import Any, ClassVar


class PhotodropError(Exception):
    """Base of all errors raised on purpose."""


class RequestError(PhotodropError):
    """An error that a client is told about.

    Subclasses fix `status` (HTTP) and `code`. `headers` go into the response.
    """

    status: ClassVar[int]
    code: ClassVar[str]

    def __init__(self, message: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: `field` is its JSON name (`body.tags.3` style for nested ones)."""

    field: str
    message: str


class InvalidRequestError(RequestError):
    """The request is malformed; `fields` lists everything that is wrong with it."""

    status = 400
    code = "InvalidRequest"

    def __init__(self, fields: list[FieldError]) -> None:
        super().__init__("; ".join(f"{wrong.field}: {wrong.message}" for wrong in fields))
        self.fields = fields


class UploadTokenExpiredError(RequestError):
    """The upload token in the path is over, or never was: the two are not told apart."""

    status = 401
    code = "UploadTokenExpired"

    def __init__(self) -> None:
        super().__init__("This upload token is unknown or has expired. Ask for a new one.")


class ForbiddenError(RequestError):
    """The caller may see this, but not do that."""

    status = 403
    code = "Forbidden"


class FileTooLargeError(RequestError):
    """The declared size is above what this deployment accepts for the type."""

    status = 413
    code = "FileTooLarge"


class PhotoNotFoundError(RequestError):
    """No such photo, or none that this caller may see: the two are not told apart."""

    status = 404
    code = "PhotoNotFound"

    def __init__(self) -> None:
        super().__init__("There is no such photo.")


class EventNotFoundError(RequestError):
    """No such event, or none that this caller organizes or attends: the two are not told apart."""

    status = 404
    code = "EventNotFound"

    def __init__(self) -> None:
        super().__init__("There is no such event.")


class UploadNotFoundError(RequestError):
    """No such multipart upload, or none of this caller's: the two are not told apart."""

    status = 404
    code = "UploadNotFound"

    def __init__(self) -> None:
        super().__init__("There is no such upload. It may have been cancelled, or have expired.")


class PartTooSmallError(RequestError):
    """A part other than the last is smaller than S3 allows."""

    status = 400
    code = "PartTooSmall"


class PartMissingError(RequestError):
    """The upload is to be completed with a part that S3 does not have, or has with other bytes."""

    status = 400
    code = "PartMissing"


class SizeMismatchError(RequestError):
    """The parts together are not as large as the file was said to be."""

    status = 400
    code = "SizeMismatch"


class PhotoNotReadyError(RequestError):
    """The photo exists but cannot be viewed: it is on its way, or it failed."""

    status = 409
    code = "PhotoNotReady"


class StudentNotFoundError(RequestError):
    """No such student, or none that this caller may see: the two are not told apart."""

    status = 404
    code = "StudentNotFound"

    def __init__(self) -> None:
        super().__init__("There is no such student.")


class PictureNotFoundError(RequestError):
    """The student has no picture, and none is on its way."""

    status = 404
    code = "PictureNotFound"

    def __init__(self) -> None:
        super().__init__("This student has no picture.")


class PictureNotReadyError(RequestError):
    """The student has no picture yet: the first one is on its way, or it failed."""

    status = 409
    code = "PictureNotReady"


class EmailTakenError(RequestError):
    """Another student has this e-mail address."""

    status = 409
    code = "EmailTaken"

    def __init__(self) -> None:
        super().__init__("Another student has this e-mail address.")


class PhotoArchivedError(RequestError):
    """The original is in an archive class. `restore` says how to get it back, and how far it is."""

    status = 409
    code = "PhotoArchived"

    def __init__(self, message: str, *, restore: dict[str, Any]) -> None:
        super().__init__(message)
        self.restore = restore


class NotArchivedError(RequestError):
    """There is nothing to restore: the original can be read at once."""

    status = 409
    code = "NotArchived"


class ThumbnailFailedError(RequestError):
    """The photo is fine, but this thumbnail of it cannot be made."""

    status = 409
    code = "ThumbnailFailed"


class NotUploadedError(RequestError):
    """The client says that it uploaded, but S3 has no such object."""

    status = 409
    code = "NotUploaded"


class NotPendingError(RequestError):
    """The client gives up an upload that has arrived already."""

    status = 409
    code = "NotPending"


class UploadConflictError(RequestError):
    """S3 has given up a multipart upload: another request wrote to its key at the same moment."""

    status = 409
    code = "UploadConflict"

    def __init__(self) -> None:
        super().__init__(
            "S3 could not complete this upload, because of another request at the same moment. "
            "Begin the upload again, and send all its parts again."
        )


class NotRetryableError(RequestError):
    """The photo failed for good: because of its file, or because the client ended its upload."""

    status = 409
    code = "NotRetryable"

    def __init__(self) -> None:
        super().__init__(
            "Only a photo that failed with the code ProcessingFailed can be tried again."
        )


class AlreadyUploadedError(RequestError):
    """The same owner has the very file in the same place, as the photo `photo_id`."""

    status = 409
    code = "AlreadyUploaded"

    def __init__(self, photo_id: str) -> None:
        super().__init__("You have uploaded this file already.")
        self.photo_id = photo_id


class IdempotencyKeyReusedError(RequestError):
    """The same Idempotency-Key came with another body."""

    status = 409
    code = "IdempotencyKeyReused"


class LimitExceededError(RequestError):
    """A per-user limit is reached. `retry_after_seconds` is whole seconds, at least 1."""

    status = 429
    code = "LimitExceeded"

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message, headers={"Retry-After": str(retry_after_seconds)})


class BusyError(RequestError):
    """Too many requests change the same record at once. Nothing was changed by this one."""

    status = 503
    code = "Busy"

    def __init__(self) -> None:
        super().__init__(
            "Too many changes at the same time. Please try again.", headers={"Retry-After": "1"}
        )


class TierUnavailableError(RequestError):
    """S3 has no capacity for Expedited retrievals at the moment."""

    status = 503
    code = "TierUnavailable"

    def __init__(self) -> None:
        super().__init__(
            "S3 has no capacity for Expedited retrievals now. Try again later, or another tier.",
            headers={"Retry-After": "300"},
        )


class UnknownMessageError(PhotodropError):
    """A queue holds a message that is not for it. It ends in the dead-letter queue."""


class PhotosLeftError(PhotodropError):
    """Some photos could not be checked. They are due again at the next run."""


class ContentRejectedError(PhotodropError):
    """What landed is not what may be kept. Ends in `failure: {code, message}` on the photo."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
