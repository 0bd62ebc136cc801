import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Event,
  type EventType,
  isOver,
  next,
  type ServiceStatus,
  STATES,
  type State,
  type Upload,
} from "./machine";

const GRANT = { photoId: "p", key: "uploads/user_u/p.jpg" };
const PROBLEM = { code: "X", message: "x" };
const ANSWERS: ServiceStatus[] = [
  "pending",
  "uploaded",
  "processing",
  "completed",
  "failed",
  "gone",
];

const grant = fc.record({ photoId: fc.constant("p"), key: fc.constant(GRANT.key) });
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ type: fc.constant("restored" as const), hasFile: fc.boolean() }),
  fc.record({ type: fc.constant("hashed" as const), digests: fc.constant({ checksum: "00" }) }),
  fc.record({ type: fc.constant("granted" as const), grant }),
  fc.record({ type: fc.constant("known" as const), photoId: fc.constant("p") }),
  fc.record({ type: fc.constant("progress" as const), sentBytes: fc.integer({ min: 0, max: 9 }) }),
  fc.record({ type: fc.constant("answer" as const), status: fc.constantFrom(...ANSWERS) }),
  fc.record({
    type: fc.constant("failed" as const),
    problem: fc.constant(PROBLEM),
    isCertain: fc.boolean(),
  }),
  fc.record({ type: fc.constant("retry" as const), attempt: fc.uuid() }),
  ...(
    [
      "start",
      "fileLost",
      "fileGiven",
      "sent",
      "doubt",
      "lineLost",
      "lineBack",
      "pause",
      "resume",
      "cancel",
      "ended",
      "notPending",
    ] as const
  ).map((type) => fc.constant({ type } as Event)),
);

const chosen = (change: Partial<Upload> = {}): Upload => ({
  id: "1",
  attempt: "first",
  name: "a.jpg",
  type: "image/jpeg",
  sizeBytes: 9,
  lastModified: 0,
  title: "",
  description: "",
  tags: [],
  addedAt: 0,
  state: "chosen",
  isAsked: false,
  sentBytes: 0,
  isKnown: false,
  hasFile: true,
  ...change,
});

const after = (...events: Event[]): Upload =>
  events.reduce((one, happened) => next(one, happened).upload, chosen());

const WAY: Event[] = [
  { type: "start" },
  { type: "hashed", digests: { checksum: "00" } },
  { type: "granted", grant: GRANT },
  { type: "progress", sentBytes: 4 },
  { type: "sent" },
  { type: "answer", status: "processing" },
  { type: "answer", status: "completed" },
];
/** Uploads as they can be: somewhere on the way, and then anything. */
const upload = fc
  .tuple(fc.nat({ max: WAY.length }), fc.array(event, { maxLength: 8 }))
  .map(([steps, events]) => after(...WAY.slice(0, steps), ...events));

describe("every event in every state", () => {
  it("is tried here: random sequences reach every state", () => {
    const seen = new Set(fc.sample(upload, { numRuns: 2000, seed: 1 }).map(({ state }) => state));
    expect([...seen].sort()).toEqual([...STATES].sort());
  });

  it("leads to a state of the list and keeps what the person said of the file", () => {
    fc.assert(
      fc.property(upload, event, (before, happened) => {
        const { upload: now } = next(before, happened);
        expect(STATES).toContain(now.state);
        for (const kept of [
          "id",
          "name",
          "type",
          "sizeBytes",
          "title",
          "description",
          "tags",
          "eventId",
        ] as const)
          expect(now[kept]).toEqual(before[kept]);
      }),
      { numRuns: 1000 },
    );
  });

  it("never touches what is completed or cancelled", () => {
    fc.assert(
      fc.property(upload, event, (before, happened) => {
        fc.pre(before.state === "completed" || before.state === "cancelled");
        expect(next(before, happened)).toEqual({ upload: before, effects: [] });
      }),
      { numRuns: 2000 },
    );
  });

  it("never ends at the service what has arrived, or what was there before", () => {
    fc.assert(
      fc.property(upload, event, (before, happened) => {
        const { effects } = next(before, happened);
        if (
          ["landed", "processing", "completed"].includes(before.state) ||
          (before.isKnown && happened.type === "cancel")
        )
          expect(effects).not.toContain("end");
      }),
      { numRuns: 1000 },
    );
  });

  it("forgets a file only when it has arrived, was lost, or is not wanted", () => {
    const reasons: State[] = ["processing", "completed", "cancelled", "needsFile"];
    fc.assert(
      fc.property(upload, event, (before, happened) => {
        const { upload: now, effects } = next(before, happened);
        if (effects.includes("forgetFile")) expect(reasons).toContain(now.state);
      }),
      { numRuns: 1000 },
    );
  });

  it("sends nothing without the file, and nothing without a grant", () => {
    fc.assert(
      fc.property(upload, event, (before, happened) => {
        const { upload: now, effects } = next(before, happened);
        if (effects.includes("send")) expect(now.grant).toBeDefined();
        if (effects.includes("end") || effects.includes("ask")) expect(now.grant).toBeDefined();
      }),
      { numRuns: 1000 },
    );
  });
});

describe("any sequence of events", () => {
  const sequence = fc.array(event, { maxLength: 60 });

  it("never leaves a photo behind that nobody knows of", () => {
    fc.assert(
      fc.property(sequence, (events) => {
        let now = chosen();
        let granted = false;
        for (const happened of events) {
          const step = next(now, happened);
          const isTaken = step.upload.grant && !now.grant;
          if (isTaken) granted = true;
          // A grant goes from the record only by the service's word that the photo is over.
          if (now.grant && !step.upload.grant) expect(happened.type).toBe("answer");
          now = step.upload;
        }
        if (now.state === "cancelled" && granted) expect(isOver(now)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it("keeps its Idempotency-Key until the service has said that the photo is over", () => {
    fc.assert(
      fc.property(sequence, (events) => {
        let now = chosen();
        for (const happened of events) {
          const before = now;
          now = next(now, happened).upload;
          if (now.attempt !== before.attempt)
            expect([before.grant, before.isAsked]).toEqual([undefined, false]);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("can always be brought to an end: by the service's word, with the file and a line", () => {
    fc.assert(
      fc.property(sequence, (events) => {
        let now = after(...events);
        const help: Event[] = [
          { type: "lineBack" },
          { type: "resume" },
          { type: "fileGiven" },
          { type: "start" },
          { type: "hashed", digests: { checksum: "00" } },
          { type: "granted", grant: GRANT },
          { type: "ended" },
          { type: "sent" },
          { type: "answer", status: "completed" },
        ];
        for (let round = 0; round < 6 && !isOver(now); round += 1)
          for (const happened of help) now = next(now, happened).upload;
        expect(isOver(now)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("the ways that people meet", () => {
  const toSending: Event[] = [
    { type: "start" },
    { type: "hashed", digests: { checksum: "00" } },
    { type: "granted", grant: GRANT },
    { type: "progress", sentBytes: 4 },
  ];
  const types = (...all: EventType[]) => all.map((type) => ({ type }) as Event);

  it("goes from the file to the finished photo", () => {
    const states: State[] = [];
    let now = chosen();
    for (const happened of [...toSending, ...types("sent")]) {
      states.push(now.state);
      now = next(now, happened).upload;
    }
    expect([...states, now.state]).toEqual([
      "chosen",
      "hashing",
      "requesting",
      "granted",
      "sending",
      "landed",
    ]);
    expect(
      after(
        ...toSending,
        ...types("sent"),
        { type: "answer", status: "processing" },
        { type: "answer", status: "completed" },
      ).state,
    ).toBe("completed");
  });

  it.each(["requesting", "granted", "sending", "checking"] as State[])(
    "asks the service after a reload while %s",
    (state) => {
      const before = chosen({ state, isAsked: true, grant: GRANT, digests: { checksum: "00" } });
      const waiting = next(before, { type: "restored", hasFile: true }).upload;
      expect(next(waiting, { type: "start" })).toMatchObject({
        upload: { state: "checking" },
        effects: ["ask"],
      });
    },
  );

  it("does not send again what arrived before the reload", () => {
    const found = after(...toSending, { type: "restored", hasFile: true }, { type: "start" });
    expect(next(found, { type: "answer", status: "completed" }).upload.state).toBe("completed");
  });

  it("ends a photo whose grant comes after it was cancelled", () => {
    const cancelled = after(...toSending.slice(0, 2), { type: "cancel" });
    expect(cancelled.state).toBe("cancelling");
    expect(next(cancelled, { type: "granted", grant: GRANT })).toMatchObject({
      upload: { state: "cancelling" },
      effects: ["end"],
    });
  });

  it("shows the photo when it had landed before it could be cancelled", () => {
    const late = after(...toSending, ...types("cancel", "notPending"), {
      type: "answer",
      status: "completed",
    });
    expect(late.state).toBe("completed");
  });

  it("takes 412 and 404 of S3 for a question, not for a failure", () => {
    expect(next(after(...toSending), { type: "doubt" })).toMatchObject({
      upload: { state: "checking" },
      effects: ["stop", "ask"],
    });
  });

  it("goes on with the same photo when it is tried again, and with a new one when the service has ended it", () => {
    const refused = after(
      ...toSending,
      { type: "failed", problem: PROBLEM },
      { type: "retry", attempt: "second" },
    );
    expect(refused).toMatchObject({ state: "chosen", attempt: "first", grant: GRANT });
    const ended = after(
      ...toSending,
      ...types("sent"),
      { type: "answer", status: "failed" },
      { type: "retry", attempt: "second" },
    );
    expect(ended).toMatchObject({ state: "chosen", attempt: "second", grant: undefined });
  });

  it("waits for the line, and goes on by itself", () => {
    expect(after(...toSending, ...types("lineLost")).state).toBe("offline");
    expect(after(...toSending, ...types("lineLost", "lineBack", "start")).state).toBe("checking");
  });

  it("needs the file again when the browser could not keep it", () => {
    const waiting = after(...toSending, { type: "restored", hasFile: false }, { type: "start" });
    expect(next(waiting, { type: "answer", status: "pending" }).upload.state).toBe("needsFile");
  });
});
