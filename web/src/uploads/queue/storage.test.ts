import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DoubtError, FileError, LineError, RefusedError } from "./errors";
import { putBlob } from "./storage";

interface Answer {
  status: number;
  code?: string;
}

/** What S3 answers, one after another; undefined is no answer. */
let answers: (Answer | undefined)[] = [];
let sentTo: string[] = [];

/** As much of XMLHttpRequest as sending needs. */
class FakeRequest {
  status = 0;
  responseText = "";
  readonly upload: { onprogress?: (event: { loaded: number }) => void } = {};
  onload?: () => void;
  onerror?: () => void;
  onabort?: () => void;
  #url = "";

  open(_: string, url: string): void {
    this.#url = url;
  }

  setRequestHeader(): void {}

  getResponseHeader = () => '"etag"';

  abort(): void {
    this.onabort?.();
  }

  send(): void {
    sentTo.push(this.#url);
    const answer = answers.shift();
    if (!answer) {
      this.onerror?.();
      return;
    }
    this.status = answer.status;
    this.responseText = answer.code ? `<Error><Code>${answer.code}</Code></Error>` : "";
    this.onload?.();
  }
}

let signed = 0;

function put(blob: Blob, signal = new AbortController().signal, onProgress = () => undefined) {
  return putBlob(
    async () => {
      signed += 1;
      return { url: `https://s3.example.com/${signed}`, headers: {} };
    },
    blob,
    onProgress,
    signal,
  );
}

const file = () => new Blob(["abc"]);

beforeEach(() => {
  answers = [];
  sentTo = [];
  signed = 0;
  vi.stubGlobal("XMLHttpRequest", FakeRequest);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** The outcome of a promise, however long it waits between its tries. */
async function outcome<T>(promise: Promise<T>): Promise<T | unknown> {
  const settled = promise.catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(60_000);
  return settled;
}

test("what S3 takes has an ETag", async () => {
  answers = [{ status: 200 }];
  expect(await put(file())).toBe('"etag"');
});

test("412 means that an earlier answer was lost: it is there", async () => {
  answers = [{ status: 412, code: "PreconditionFailed" }];
  expect(await put(file())).toBe("");
});

test("404 and 409 leave in doubt what became of it: the service is asked", async () => {
  answers = [{ status: 404, code: "NoSuchUpload" }];
  expect(await outcome(put(file()))).toBeInstanceOf(DoubtError);
  answers = Array(9).fill({ status: 409, code: "ConditionalRequestConflict" });
  expect(await outcome(put(file()))).toBeInstanceOf(DoubtError);
});

test("a signature that has expired is replaced by another one", async () => {
  answers = [{ status: 403, code: "AccessDenied" }, { status: 200 }];
  expect(await outcome(put(file()))).toBe('"etag"');
  expect(sentTo).toEqual(["https://s3.example.com/1", "https://s3.example.com/2"]);
});

test("errors of S3 itself are tried again, a few times", async () => {
  answers = [{ status: 503 }, { status: 500 }, { status: 200 }];
  expect(await outcome(put(file()))).toBe('"etag"');
  answers = Array(9).fill({ status: 503, code: "SlowDown" });
  expect(await outcome(put(file()))).toMatchObject({ code: "SlowDown" });
  expect(answers).toHaveLength(5);
});

test("a file that was changed meanwhile is refused in words", async () => {
  answers = [{ status: 400, code: "BadDigest" }];
  const error = await outcome(put(file()));
  expect(error).toBeInstanceOf(RefusedError);
  expect(error).toMatchObject({ code: "FileChanged" });
});

test("no answer is a broken line, or a file that cannot be read", async () => {
  expect(await outcome(put(file()))).toBeInstanceOf(LineError);
  const gone = file();
  gone.arrayBuffer = () => Promise.reject(new DOMException("It was moved.", "NotFoundError"));
  expect(await outcome(put(gone))).toBeInstanceOf(FileError);
});
