"""A stand-in for DynamoDB: answers at once, from memory, on this machine.

    python -m benchmarks.stand_in PHOTOS    # prints its address; a Query returns so many photos

It keeps nothing and checks nothing, so that what is measured against it is the client's own time.
"""

import json
import sys
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar


def photo(number: int) -> dict[str, Any]:
    """Return a completed photo with its three thumbnails, as DynamoDB sends it."""
    photo_id = f"00000000-0000-4000-8000-{number:012}"
    created_at = f"2026-05-01T10:00:00.{number:03}Z"
    thumbnails = [
        {"M": {"size": {"N": str(size)}, "width": {"N": str(size)}, "height": {"N": str(size)}}}
        for size in (160, 640, 1600)
    ]
    texts = {
        "photoId": photo_id,
        "row": "photo",
        "listOrder": f"{created_at}#{photo_id}",
        "ownerList": "user_ada",
        "ownerId": "ada",
        "key": f"uploads/user_ada/{photo_id}.jpg",
        "versionId": "version-1",
        "fileName": "sunset.jpg",
        "title": "Sunset",
        "contentType": "image/jpeg",
        "status": "completed",
        "uploadMethod": "PUT",
        "correlationId": "grant-1",
        "thumbHash": "3OcRJYB4d3h/iIeHeEh3eIhw+j2w",
        "createdAt": created_at,
        "updatedAt": created_at,
    }
    numbers = {"sizeBytes": "1024", "width": "2000", "height": "1000", "revision": "3"}
    return (
        {name: {"S": text} for name, text in texts.items()}
        | {name: {"N": number} for name, number in numbers.items()}
        | {"thumbnails": {"L": thumbnails}, "tags": {"L": [{"S": "lake"}]}}
    )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answers: ClassVar[dict[str, bytes]] = {}

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers["X-Amz-Target"].partition(".")[2]
        body = self.answers.get(operation, b"{}")
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amz-crc32", str(zlib.crc32(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Write no line for each request."""


def main() -> None:
    """Serve until the process is ended."""
    items = [photo(number) for number in range(int(sys.argv[1]))]
    page = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
    _Handler.answers = {"Query": json.dumps(page).encode()}
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
