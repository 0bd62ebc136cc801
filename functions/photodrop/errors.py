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
    ├── UnknownMessageError          a message that is no event of the uploads bucket
    ├── PhotosNotCheckedError        ExpireUploads could not check some photos
    └── ContentRejectedError         the file is refused: its photo becomes `failed`

Programs act on `code`, which never changes. People read `message`, which may change.
"""

from dataclasses import dataclass
from typing import Any, ClassVar


class PhotodropError(Exception):
    """Base of all errors that are raised on purpose."""


class RequestError(PhotodropError):
    """An error that is answered to the client.

    Subclasses set the HTTP `status` and the `code`. `headers` are added to the response.
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
    """The request is malformed. `fields` lists every wrong field."""

    status = 400
    code = "InvalidRequest"

    def __init__(self, fields: list[FieldError]) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in fields))
        self.fields = fields


class UploadTokenExpiredError(RequestError):
    """The upload token has expired or never existed. The answer is the same for both."""

    status = 401
    code = "UploadTokenExpired"

    def __init__(self) -> None:
        super().__init__("This upload token is unknown or has expired. Ask for a new one.")


class ForbiddenError(RequestError):
    """The caller may see the resource, but may not do this to it."""

    status = 403
    code = "Forbidden"


class FileTooLargeError(RequestError):
    """The announced size is larger than this deployment accepts for the type."""

    status = 413
    code = "FileTooLarge"


class PhotoNotFoundError(RequestError):
    """The photo does not exist, or the caller may not see it. The answer is the same for both."""

    status = 404
    code = "PhotoNotFound"

    def __init__(self) -> None:
        super().__init__("There is no such photo.")


class EventNotFoundError(RequestError):
    """The event does not exist, or the caller does not belong to it. The answer is the same."""

    status = 404
    code = "EventNotFound"

    def __init__(self) -> None:
        super().__init__("There is no such event.")


class UploadNotFoundError(RequestError):
    """The upload does not exist, or is not the caller's. The answer is the same for both."""

    status = 404
    code = "UploadNotFound"

    def __init__(self) -> None:
        super().__init__("There is no such upload. It may have been cancelled, or have expired.")


class PartTooSmallError(RequestError):
    """A part other than the last is smaller than S3 allows."""

    status = 400
    code = "PartTooSmall"


class PartMissingError(RequestError):
    """S3 does not have a part that the client names, or has it with other bytes."""

    status = 400
    code = "PartMissing"


class SizeMismatchError(RequestError):
    """The parts together do not have the announced size."""

    status = 400
    code = "SizeMismatch"


class PhotoNotReadyError(RequestError):
    """The photo cannot be viewed: it is not completed yet, or it failed."""

    status = 409
    code = "PhotoNotReady"


class StudentNotFoundError(RequestError):
    """The student does not exist, or the caller may not see them. The answer is the same."""

    status = 404
    code = "StudentNotFound"

    def __init__(self) -> None:
        super().__init__("There is no such student.")


class PictureNotFoundError(RequestError):
    """The student has no picture, and no upload of one is under way."""

    status = 404
    code = "PictureNotFound"

    def __init__(self) -> None:
        super().__init__("This student has no picture.")


class PictureNotReadyError(RequestError):
    """The student has no picture yet: the first upload is under way, or it failed."""

    status = 409
    code = "PictureNotReady"


class EmailTakenError(RequestError):
    """Another student has this e-mail address."""

    status = 409
    code = "EmailTaken"

    def __init__(self) -> None:
        super().__init__("Another student has this e-mail address.")


class PhotoArchivedError(RequestError):
    """The original is archived. `restore` says how to restore it, and the state of a restore."""

    status = 409
    code = "PhotoArchived"

    def __init__(self, message: str, *, restore: dict[str, Any]) -> None:
        super().__init__(message)
        self.restore = restore


class NotArchivedError(RequestError):
    """The original is not archived: it can be read without a restore."""

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
    """The upload is not pending any more: its file has arrived, or it has failed."""

    status = 409
    code = "NotPending"


class UploadConflictError(RequestError):
    """S3 has aborted a multipart upload: another request wrote to its key at the same moment."""

    status = 409
    code = "UploadConflict"

    def __init__(self) -> None:
        super().__init__(
            "S3 could not complete this upload, because of another request at the same moment. "
            "Begin the upload again, and send all its parts again."
        )


class NotRetryableError(RequestError):
    """The photo cannot be retried: its file was refused, or its upload was cancelled or expired."""

    status = 409
    code = "NotRetryable"

    def __init__(self) -> None:
        super().__init__(
            "Only a photo that failed with the code ProcessingFailed can be tried again."
        )


class AlreadyUploadedError(RequestError):
    """The same owner already has this very file in the same scope: it is the photo `photo_id`."""

    status = 409
    code = "AlreadyUploaded"

    def __init__(self, photo_id: str) -> None:
        super().__init__("You have uploaded this file already.")
        self.photo_id = photo_id


class IdempotencyKeyReusedError(RequestError):
    """The caller used this Idempotency-Key before, with another request."""

    status = 409
    code = "IdempotencyKeyReused"


class LimitExceededError(RequestError):
    """The user has reached a limit. `retry_after_seconds` is at least 1."""

    status = 429
    code = "LimitExceeded"

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message, headers={"Retry-After": str(retry_after_seconds)})


class BusyError(RequestError):
    """Too many requests at once, for one record or for DynamoDB. This one has changed nothing."""

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
    """The uploads queue delivered a message that is not an event of S3.

    After five deliveries it is moved to the dead-letter queue.
    """


class PhotosNotCheckedError(PhotodropError):
    """ExpireUploads could not check some photos. The next run checks them again."""


class ContentRejectedError(PhotodropError):
    """The file is refused. The photo gets `failure: {code, message}`, which its owner can read."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
