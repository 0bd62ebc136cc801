/**
 * One upload as a state machine: from the moment a file is chosen until the service has said what became of it.
 *
 * `next` is the only code that changes the state of an upload. It is pure: it takes an upload and an event, and
 * returns the upload as it is afterwards with the effects that somebody has to carry out (`queue.ts`). What the table
 * below does not name changes nothing, so an event that comes late or twice does no harm.
 *
 * From the grant on, the service knows the truth. Whenever it is unclear what arrived (after a reload, a lost answer,
 * 412 or 404 from S3), the upload is `checking`: the service is asked, and its answer decides.
 */

/** What the service says about a photo; "gone" is 404. */
export type ServiceStatus = "pending" | "uploaded" | "processing" | "completed" | "failed" | "gone";

export interface Problem {
  /** For programs, and shown small beside the message. */
  code: string;
  message: string;
}

export interface Digests {
  /** SHA-256 of the whole file in hexadecimal; null where the file is too large to be read twice. */
  checksum: string | null;
  /** SHA-256 of each part in base64; absent for files that go in one request. */
  parts?: string[];
}

export interface Grant {
  photoId: string;
  key: string;
  /** Of a file that goes in parts. */
  uploadId?: string;
  partSizeBytes?: number;
}

export const STATES = [
  "chosen", // waits for its turn
  "hashing", // its SHA-256 is computed
  "requesting", // the service is asked for a grant
  "granted", // the grant is there, no byte has arrived
  "sending", // bytes go to S3
  "checking", // the service is asked what it has
  "paused", // by the person
  "offline", // the line is gone
  "needsFile", // the browser has only its notes: the person must choose the file again
  "landed", // S3 has all of it, the service has not looked at it
  "processing", // the service is looking at it
  "completed",
  "refused", // with a problem
  "cancelling", // the service is asked to end it
  "cancelled",
] as const;
export type State = (typeof STATES)[number];

export interface Upload {
  /** Ours. Two uploads of the same file are two uploads. */
  id: string;
  /** The Idempotency-Key of the grant, fixed when the file is added: asking twice gives the same photo. */
  attempt: string;
  name: string;
  type: string;
  sizeBytes: number;
  lastModified: number;
  title: string;
  description: string;
  tags: string[];
  eventId?: string;
  addedAt: number;

  state: State;
  digests?: Digests;
  /** Whether a grant was asked for: then a photo may be pending, whether its answer came or not. */
  isAsked: boolean;
  grant?: Grant;
  sentBytes: number;
  problem?: Problem;
  /** The service had this very file before. */
  isKnown: boolean;
  /** It was begun by another device or browser, whose Idempotency-Key is not known here. */
  isContinued?: boolean;
  /** Whether the bytes are at hand, in memory or in the browser's database. */
  hasFile: boolean;
}

export type Event =
  | { type: "restored"; hasFile: boolean }
  | { type: "start" }
  | { type: "hashed"; digests: Digests }
  | { type: "fileLost" }
  | { type: "fileGiven" }
  | { type: "granted"; grant: Grant }
  | { type: "known"; photoId: string }
  | { type: "progress"; sentBytes: number }
  | { type: "sent" }
  | { type: "doubt" }
  | { type: "answer"; status: ServiceStatus; problem?: Problem }
  /** `isCertain`: the service refused to begin, so no photo is pending. */
  | { type: "failed"; problem: Problem; isCertain?: boolean }
  | { type: "lineLost" }
  | { type: "lineBack" }
  | { type: "pause" }
  | { type: "resume" }
  | { type: "retry"; attempt: string }
  | { type: "cancel" }
  | { type: "ended" }
  | { type: "notPending" };
export type EventType = Event["type"];

export type Effect =
  | "hash"
  | "requestGrant"
  | "send"
  /** Stop whatever is done for this upload at the moment. */
  | "stop"
  /** Ask the service once what it has. */
  | "ask"
  /** Ask again and again until it is completed or failed. */
  | "follow"
  /** Have the service cancel it; it refuses what is no longer pending. */
  | "end"
  /** The bytes need not be kept any longer. */
  | "forgetFile";

export interface Step {
  upload: Upload;
  effects: Effect[];
}

type Handler<T extends EventType> = (
  upload: Upload,
  event: Extract<Event, { type: T }>,
) => Step | undefined;
type Row = { [T in EventType]?: Handler<T> };

const to = (
  upload: Upload,
  state: State,
  effects: Effect[] = [],
  change: Partial<Upload> = {},
): Step => ({
  upload: { ...upload, ...change, state },
  effects,
});

// ------------------------------------------------------------------ steps that several states share

const request = (upload: Upload, change: Partial<Upload> = {}): Step =>
  to(upload, "requesting", ["requestGrant"], { ...change, isAsked: true });

/** Its turn has come: go on from what is known. */
function begin(upload: Upload): Step {
  if (upload.grant) return to(upload, "checking", ["ask"]);
  if (!upload.hasFile) return to(upload, "needsFile");
  return upload.digests ? request(upload) : to(upload, "hashing", ["hash"]);
}

const wait = (upload: Upload): Step => to(upload, "chosen", ["stop"]);
const pause: Handler<"pause"> = (upload) => to(upload, "paused", ["stop"]);
const lineLost: Handler<"lineLost"> = (upload) => to(upload, "offline", ["stop"]);
const fileLost: Handler<"fileLost"> = (upload) =>
  to(upload, "needsFile", ["stop", "forgetFile"], { hasFile: false });
const failed: Handler<"failed"> = (upload, { problem }) =>
  to(upload, "refused", ["stop"], { problem });
const doubt: Handler<"doubt"> = (upload) => to(upload, "checking", ["stop", "ask"]);

/**
 * What was begun at the service is ended there, and what may have been begun is asked for first, to know its photo. A
 * photo that was there before stays as it is.
 */
const cancel: Handler<"cancel"> = (upload) => {
  if (upload.isKnown || !upload.isAsked) return to(upload, "cancelled", ["stop", "forgetFile"]);
  return to(upload, "cancelling", upload.grant ? ["stop", "end"] : ["stop", "requestGrant"]);
};

/** After a reload nothing is under way: what was goes to the end of the line, and on from what is known. */
const restored: Handler<"restored"> = (upload, { hasFile }) => {
  const known = { ...upload, hasFile };
  return hasFile || upload.grant ? to(known, "chosen") : to(known, "needsFile");
};

/** The service's word, which is final for everything but "pending". */
const answered =
  (pending: (upload: Upload) => Step): Handler<"answer"> =>
  (upload, { status, problem }) => {
    switch (status) {
      case "pending":
        return pending(upload);
      case "uploaded":
      case "processing":
        return to(upload, "processing", ["follow", "forgetFile"], { sentBytes: upload.sizeBytes });
      case "completed":
        return to(upload, "completed", ["stop", "forgetFile"], { sentBytes: upload.sizeBytes });
      // These photos are over: a new try is a new photo.
      case "failed":
        return to(upload, "refused", ["stop"], { ...OVER, problem: problem ?? UNUSABLE });
      case "gone":
        return to(upload, "refused", ["stop"], { ...OVER, problem: DELETED });
    }
  };

const OVER = { grant: undefined, isAsked: false };
const UNUSABLE = { code: "Failed", message: "The service could not use this file." };
const DELETED = { code: "PhotoDeleted", message: "It was deleted meanwhile." };

/** It has not arrived: send it, or the rest of it, to the same key. */
const goOn = (upload: Upload): Step => {
  if (!upload.hasFile) return to(upload, "needsFile");
  return upload.digests ? request(upload) : to(upload, "hashing", ["hash"]);
};

const stay = (upload: Upload): Step => ({ upload, effects: [] });

/** What may happen while bytes go to S3, the first one included. */
const TRANSFER: Row = {
  restored,
  progress: (upload, { sentBytes }) => to(upload, "sending", [], { sentBytes }),
  sent: (upload) => to(upload, "landed", ["follow"], { sentBytes: upload.sizeBytes }),
  doubt,
  fileLost,
  failed,
  lineLost,
  pause,
  cancel,
};

// ------------------------------------------------------------------ the table

const TABLE: Record<State, Row> = {
  chosen: { restored, start: begin, pause, fileLost, cancel },
  hashing: {
    restored,
    hashed: (upload, { digests }) => request(upload, { digests }),
    fileLost,
    failed,
    pause,
    cancel,
  },
  requesting: {
    restored,
    granted: (upload, { grant }) => to(upload, "granted", ["send"], { grant }),
    known: (upload, { photoId }) =>
      to(upload, "checking", ["ask"], { isKnown: true, grant: { photoId, key: "" } }),
    doubt: (upload, event) => (upload.grant ? doubt(upload, event) : undefined),
    failed: (upload, { problem, isCertain }) =>
      to(upload, "refused", ["stop"], {
        problem,
        isAsked: Boolean(upload.grant) || !isCertain,
      }),
    lineLost,
    pause,
    cancel,
  },
  granted: TRANSFER,
  sending: TRANSFER,
  checking: { restored, answer: answered(goOn), failed, lineLost, pause, cancel },
  paused: {
    restored: (upload, { hasFile }) => to(upload, "paused", [], { hasFile }),
    resume: wait,
    fileLost,
    cancel,
  },
  offline: { restored, lineBack: wait, pause, fileLost, cancel },
  needsFile: {
    restored,
    // Perhaps another file of the same name and size: what is known of its content is computed anew.
    fileGiven: (upload) =>
      to(upload, "chosen", [], { hasFile: true, digests: undefined, problem: undefined }),
    cancel,
  },
  // Cancelling is over here: S3 has the file. Whoever does not want it deletes a photo, and is asked.
  landed: {
    restored: (upload, { hasFile }) => to(upload, "landed", ["follow"], { hasFile }),
    answer: answered(stay),
  },
  processing: {
    restored: (upload, { hasFile }) => to(upload, "processing", ["follow"], { hasFile }),
    answer: answered(stay),
  },
  completed: {},
  refused: {
    restored: (upload, { hasFile }) => to(upload, "refused", [], { hasFile }),
    // A photo that may be pending goes on. Else it is asked for as a new one, with a key of its own.
    retry: (upload, { attempt }) =>
      to(
        upload,
        "chosen",
        [],
        upload.isAsked
          ? { problem: undefined }
          : { problem: undefined, attempt, sentBytes: 0, isKnown: false },
      ),
    cancel,
  },
  cancelling: {
    restored: (upload, { hasFile }) =>
      to(upload, "cancelling", [upload.grant ? "end" : "requestGrant"], { hasFile }),
    granted: (upload, { grant }) => to(upload, "cancelling", ["end"], { grant }),
    known: (upload) => to(upload, "cancelled", ["forgetFile"]),
    failed: (upload, { problem, isCertain }) =>
      upload.grant || !isCertain
        ? to(upload, "refused", ["stop"], { problem })
        : to(upload, "cancelled", ["forgetFile"]),
    lineBack: (upload) => to(upload, "cancelling", [upload.grant ? "end" : "requestGrant"]),
    ended: (upload) => (upload.grant ? to(upload, "cancelled", ["forgetFile"]) : undefined),
    notPending: (upload) => (upload.grant ? to(upload, "checking", ["ask"]) : undefined),
  },
  cancelled: {},
};

/** The upload after an event, and what has to be done. An event that its state does not know changes nothing. */
export function next(upload: Upload, event: Event): Step {
  const handler = TABLE[upload.state][event.type] as Handler<EventType> | undefined;
  return handler?.(upload, event as never) ?? stay(upload);
}

/** Whether an upload takes one of the few places that are sent at a time. */
export const isActive = ({ state }: Upload): boolean =>
  state === "hashing" ||
  state === "requesting" ||
  state === "granted" ||
  state === "sending" ||
  state === "checking";

/** Whether S3 does not have all of it yet, for whatever reason. */
export const isUnfinished = ({ state }: Upload): boolean =>
  !["landed", "processing", "completed", "refused", "cancelling", "cancelled"].includes(state);

/** Whether closing the page would stop it. */
export const isUnsent = (upload: Upload): boolean => upload.state === "chosen" || isActive(upload);

export const isOver = ({ state }: Upload): boolean =>
  state === "completed" || state === "refused" || state === "cancelled";
