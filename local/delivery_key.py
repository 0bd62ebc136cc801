"""`make delivery-key`: a key that signs links to what CloudFront delivers.

It makes a key pair, gives CloudFront the public key, and stores the private one in SSM's parameter
store, encrypted. Then it says which parameter the next deployment needs.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from local.terminal import fail, say

PARAMETERS = "/photodrop/delivery/"
"""Where the private keys are, each below the id of its public key: see `aws/cdn_key.py`."""


def create(cloudfront: Any, ssm: Any) -> str:
    """Make a key pair and store it. Returns the id of the public key."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    name = f"photodrop-{hashlib.sha256(public).hexdigest()[:16]}"
    config = {"CallerReference": name, "Name": name, "EncodedKey": public.decode()}
    created = cloudfront.create_public_key(PublicKeyConfig=config)
    key_id: str = created["PublicKey"]["Id"]
    ssm.put_parameter(Name=PARAMETERS + key_id, Value=private, Type="SecureString")
    return key_id


def ensure(cloudfront: Any, ssm: Any) -> str:
    """Return the id of the newest key that both services have. It is made if there is none."""
    stored = ssm.get_parameters_by_path(Path=PARAMETERS)["Parameters"]
    public = cloudfront.list_public_keys()["PublicKeyList"].get("Items", [])
    private = {one["Name"].removeprefix(PARAMETERS) for one in stored}
    usable = sorted((one["CreatedTime"], one["Id"]) for one in public if one["Id"] in private)
    return usable[-1][1] if usable else create(cloudfront, ssm)


def main() -> int:
    """Make a key with the usual credentials. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make delivery-key", description=__doc__)
    parser.add_argument("--region", help="of the stack; without it your default region")
    parser.add_argument("--current", default="", help="DeliveryKeyIds of the stack, to replace")
    options = parser.parse_args()
    try:
        key_id = create(boto3.client("cloudfront"), boto3.client("ssm", region_name=options.region))
    except (BotoCoreError, ClientError) as error:
        fail(str(error))
        return 1
    say(f"The key {key_id} is stored.")
    if not options.current:
        say(f"Deploy it: make deploy PARAMETERS='Delivery=true DeliveryKeyIds={key_id}'")
        return 0
    # CloudFront must know the new key everywhere before links are signed with it.
    current = options.current.split(",")[0]
    say("Deploy three times, so that every link works until it ends:")
    say(f"1. make deploy PARAMETERS='DeliveryKeyIds={current},{key_id}'   CloudFront knows both")
    say(f"2. make deploy PARAMETERS='DeliveryKeyIds={key_id},{current}'   new links have the new")
    say(f"3. after DeliveryTtlSeconds, make deploy PARAMETERS='DeliveryKeyIds={key_id}'")
    say(f"Then delete the public key {current} in CloudFront, and {PARAMETERS}{current} in SSM.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
