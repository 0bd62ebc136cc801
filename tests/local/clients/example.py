"""Run by test_generated_clients.py: what a program that uses the API may look like."""

import json
import sys
from uuid import UUID

from photodrop_client import AuthenticatedClient
from photodrop_client.api.photos import get_photo, initiate_upload
from photodrop_client.models import InitiatedUpload, InitiateUpload, PhotoDetails

base_url, token = sys.argv[1:]
with AuthenticatedClient(base_url=base_url, token=token) as client:
    wanted = InitiateUpload(
        file_name="sunset.jpg", content_type="image/jpeg", size_bytes=1024, tags=["sea"]
    )
    grant = initiate_upload.sync(client=client, body=wanted)
    assert isinstance(grant, InitiatedUpload), grant
    photo = get_photo.sync(UUID(grant.photo_id), client=client)
    assert isinstance(photo, PhotoDetails), photo
    missing = get_photo.sync(UUID(int=0), client=client)
    assert missing is not None
    found = {"status": photo.status, "tags": photo.tags, "code": missing.code}
    sys.stdout.write(json.dumps(found))
