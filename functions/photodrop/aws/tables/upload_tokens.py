"""Upload tokens, for clients that cannot send a header."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from photodrop.config import settings


class UploadToken(Model):
    """One upload token. The table holds only its SHA-256, with which nobody can upload."""

    class Meta:
        table_name = settings().upload_tokens_table

    token_hash = UnicodeAttribute(hash_key=True, attr_name="tokenHash")
    user_id = UnicodeAttribute(attr_name="userId")
    email = UnicodeAttribute(null=True)
    """The user's verified e-mail when the token was made: it says which events they attend."""
    expires_at = NumberAttribute(attr_name="expiresAt")
    """Epoch seconds. DynamoDB removes the row some time later."""
