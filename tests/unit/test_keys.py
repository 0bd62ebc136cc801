import uuid

import pytest

from photodrop import file_types, keys


@pytest.mark.parametrize("content_type", file_types.EXTENSIONS)
@pytest.mark.parametrize("event_id", [None, "e1"])
def test_the_key_of_every_accepted_type_says_which_photo_it_is_of(
    content_type: str, event_id: str | None
) -> None:
    photo_id = str(uuid.uuid4())
    assert keys.photo_id(keys.original("u1", event_id, photo_id, content_type)) == photo_id
