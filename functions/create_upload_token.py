"""POST /upload-tokens: a token for upload clients that cannot send a header."""

from photodrop.clock import timestamp
from photodrop.domain import upload_tokens
from photodrop.http import api
from photodrop.http.schemas.uploads import CreatedUploadToken

app = api.application()


@app.post("/upload-tokens", status_code=201)
def create_upload_token() -> CreatedUploadToken:
    """Return a token that stands for the caller in the Companion paths below /u/{token}.

    It allows nothing else, and not for long.
    """
    token, expires_at = upload_tokens.create(api.caller(app))
    return CreatedUploadToken(
        token=token, companion_path=f"/u/{token}", expires_at=timestamp(expires_at)
    )


handler = api.handler(app)
