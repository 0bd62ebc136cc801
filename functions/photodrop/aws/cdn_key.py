"""The private key whose signatures CloudFront accepts, and how it signs."""

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from photodrop.aws import clients
from photodrop.config import settings

_ALGORITHM = ECDSA(SHA1(), deterministic_signing=True)  # noqa: S303 - what CloudFront verifies


def parameter_name(key_id: str) -> str:
    """Return the name of the key in SSM's parameter store."""
    return f"/photodrop/delivery/{key_id}"


def read_signer() -> CloudFrontSigner:
    """Read the private key, and return what signs with it.

    It is of the curve P-256: its signatures are 70 bytes long, those of RSA 256.
    """
    key_id = settings().delivery_key_id
    stored = clients.ssm().get_parameter(Name=parameter_name(key_id), WithDecryption=True)
    key = load_pem_private_key(stored["Parameter"]["Value"].encode(), None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise TypeError("The key of the delivery must be of an elliptic curve.")
    return CloudFrontSigner(key_id, lambda message: key.sign(message, _ALGORITHM))
