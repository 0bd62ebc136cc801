"""A page with an Uppy of the unmodified npm packages on it, as a test drives it."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Error, Page, Request, Response

from local.client import Client
from tests.support.browser import npm_packages
from tests.support.patience import PATIENCE_SECONDS
from tests.support.running_stack import origin, until

FOLDER = Path(__file__).parent / "uppy"
BUNDLE = (
    "node_modules/.bin/esbuild",
    "page.js",
    "index.html",
    "--bundle",
    "--format=esm",
    "--loader:.html=copy",
    "--outdir=node_modules/.pages",
    "--log-level=warning",
)

SAVED = """async () => {
    const opening = indexedDB.open("uppy-blobs");
    const done = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const database = await done(opening);
    const stores = await Promise.all([...database.objectStoreNames].map(async (name) =>
        done(database.transaction(name).objectStore(name).getAll())));
    database.close();
    const state = JSON.stringify([stores, localStorage]);
    return stores.flat().some((record) => record.data) && state.includes("uploadId");
}"""
"""Whether the Golden Retriever has written the file and the upload's id down, in either version."""


def pages() -> Path:
    """Install the packages and bundle the pages; return the folder to serve."""
    return npm_packages(FOLDER, BUNDLE) / ".pages"


class Gate:
    """Holds requests whose URL matches, or the answers to them, until it is opened."""

    def __init__(self, page: Page, pattern: str, *, answers: bool) -> None:
        self.held: list[dict[str, Any]] = []
        self._session = page.context.new_cdp_session(page)
        self._session.on("Fetch.requestPaused", self._paused)
        stage = "Response" if answers else "Request"
        self._send("Fetch.enable", patterns=[{"urlPattern": pattern, "requestStage": stage}])

    def _send(self, method: str, **parameters: Any) -> Any:
        return self._session.send(method, parameters)

    def _paused(self, event: dict[str, Any]) -> None:
        if event["request"]["method"] == "OPTIONS":
            with suppress(Error):  # opened meanwhile
                self._send("Fetch.continueRequest", requestId=event["requestId"])
        else:
            self.held.append(event)

    def answer(self) -> Any:
        """Return the body of the first answer that is held."""
        body = self._send("Fetch.getResponseBody", requestId=self.held[0]["requestId"])
        text = body["body"]
        return json.loads(base64.b64decode(text) if body["base64Encoded"] else text)

    def open(self) -> None:
        """Let through what is held, and all that comes."""
        with suppress(Error):  # the page has gone to another
            self._session.detach()


class UppyPage:
    """One browser page with an Uppy on it, in one of the modes of uppy/*/modes.js."""

    def __init__(self, page: Page, client: Client, mode: str) -> None:
        self.page = page
        self.client = client
        self.mode = mode
        self.requests: list[Request] = []
        self.answers: list[Response] = []
        self.failures: list[str] = []
        page.on("request", self._keep_request)
        page.on("requestfailed", self._keep_failure)
        page.on("response", self._keep_answer)

    def _keep_request(self, request: Request) -> None:
        self.requests.append(request)

    def _keep_answer(self, answer: Response) -> None:
        self.answers.append(answer)

    def _keep_failure(self, request: Request) -> None:
        url = request.url.partition("?")[0]
        self.failures.append(f"{request.method} {url}: {request.failure}")

    def open(self, **options: Any) -> None:
        """Open the page anew, with an Uppy that has these options."""
        self.page.goto(origin(self.client.stack))
        api_url = self.client.stack.api_url
        given = {"apiUrl": api_url, "idToken": self.client.api.headers["Authorization"]}
        if self.mode == "companionEndpoint" and "companionPath" not in options:
            answer = self.client.api.post("/upload-tokens").raise_for_status()
            given["companionPath"] = answer.json()["companionPath"]
        self.page.evaluate(
            "([mode, options]) => openUppy(mode, options)", [self.mode, given | options]
        )

    def add(self, *files: Path) -> None:
        """Choose files."""
        self.page.get_by_label("Photos").set_input_files(list(files))

    def tell(self, call: str) -> None:
        """Call a method of Uppy's: `tell("pauseAll()")`. How it ends is shown on the page."""
        self.page.evaluate(f"() => {{ Promise.resolve(uppy.{call}).catch(() => {{}}) }}")

    def upload(self, *files: Path, until: str = "uploaded") -> None:
        """Choose files, upload them, and wait until the page says `until` of each."""
        self.add(*files)
        self.tell("upload()")
        self.wait(until)

    def wait(self, status: str) -> None:
        """Wait until every file is shown as `status`. Raises AssertionError when one fails."""

        def there() -> bool:
            statuses = self.statuses()
            assert status == "failed" or "failed" not in statuses, self.story()
            return set(statuses) == {status}

        self.until(there)

    def statuses(self) -> list[str]:
        """Return what the page shows of each file: added, uploading, paused, uploaded or failed."""
        items = "items => items.map(item => item.dataset.status)"
        return list(self.page.locator("li").evaluate_all(items))

    def until(self, condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
        """Return what `condition` returns as soon as that is true; the page goes on meanwhile."""
        return until(
            condition,
            seconds,
            pause=lambda: self.page.wait_for_timeout(20),
            describe=self.story,
        )

    def shown(self) -> str:
        """What a person reads on the page."""
        return self.page.inner_text("body")

    def story(self) -> str:
        """What a person reads on the page, and which requests and answers led to it."""
        refused = [
            f"{one.request.method} {one.url}: {one.status}" for one in self.answers if not one.ok
        ]
        return "\n".join(["the page says:", self.shown(), *refused, *self.failures])

    def files(self) -> list[Any]:
        """Uppy's files: name, response and s3Multipart of each."""
        return list(
            self.page.evaluate(
                """() => uppy.getFiles().map(({ name, response, s3Multipart }) =>
                    ({ name, response, s3Multipart }))"""
            )
        )

    def multipart(self) -> tuple[str, str]:
        """Key and id of the multipart upload of the one file, as Uppy keeps them."""
        (file,) = self.files()
        return file["s3Multipart"]["key"], file["s3Multipart"]["uploadId"]

    def photos(self) -> list[Any]:
        """Return the photos that the files, uploaded, became, at their ends."""
        keys = [file["response"]["body"]["key"] for file in self.files()]
        return [self.client.wait(Path(key).stem) for key in keys]

    def photo(self) -> Any:
        """Return the photo that the one file became, at its end."""
        (photo,) = self.photos()
        return photo

    def to_storage(self) -> list[Request]:
        """Return the requests to the uploads bucket, in order."""
        stack = self.client.stack
        bucket = f"{stack.endpoint_url}/{stack.uploads_bucket}"
        return [request for request in self.requests if request.url.startswith(bucket)]

    def parts_begun(self) -> list[int]:
        """Return the numbers of the parts that were sent, or begun to be, in order."""
        return [number for request in self.to_storage() if (number := part_number(request))]

    def parts_stored(self) -> Counter[int]:
        """Return how often each part was sent and taken."""
        return Counter(
            number
            for answer in self.answers
            if answer.ok and (number := part_number(answer.request))
        )

    @contextmanager
    def holding(self, pattern: str, *, answers: bool = False) -> Iterator[Gate]:
        """Hold requests whose URL matches `pattern` (with wildcards), or only their answers."""
        gate = Gate(self.page, pattern, answers=answers)
        try:
            yield gate
        finally:
            gate.open()


def part_number(request: Request) -> int | None:
    """Return the number of the part that this request sends to S3; None if it sends none."""
    number = parse_qs(urlsplit(request.url).query).get("partNumber")
    return int(number[0]) if number and request.method == "PUT" else None
