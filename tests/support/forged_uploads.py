"""PUT requests that differ from what was granted. S3 must refuse each of them."""

from typing import Any

import httpx

from local.client import Client

CHANGES = ["length", "type", "no type", "overwrite", "key", "method"]


def put_changed(
    client: Client, upload: Any, content: bytes, change: str, *, other_key: tuple[str, str]
) -> httpx.Response:
    """Send a granted PUT with one change of `CHANGES`.

    `other_key` is an end of the key, and the end that replaces it to change the key.
    """
    method, url, headers = "PUT", upload["url"], dict(upload["headers"])
    match change:
        case "length":
            content += b"x"
        case "type":
            headers["Content-Type"] = "text/html"
        case "no type":
            del headers["Content-Type"]
        case "overwrite":
            del headers["If-None-Match"]
        case "key":
            granted, other = other_key
            url = url.replace(f"{granted}?", f"{other}?")
            assert url != upload["url"]
        case "method":
            method = "DELETE"
    return client.storage.request(method, url, content=content, headers=headers)
