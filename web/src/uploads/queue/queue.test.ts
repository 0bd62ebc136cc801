import "fake-indexeddb/auto";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DoubtError, LineError } from "./errors";
import type { Grant, ServiceStatus, State, Upload } from "./machine";
import { type Answer, type Service, UploadQueue } from "./queue";
import { openStore, type Store } from "./store";

interface FakePhoto {
  photoId: string;
  status: ServiceStatus;
  name: string;
  /** How often its bytes arrived. */
  arrivals: number;
}

/** A service that loses requests and answers as it is told: "before" the call took effect, or "after". */
class FakeService implements Service {
  readonly photos = new Map<string, FakePhoto>();
  faults: ("none" | "before" | "after" | "doubt")[] = [];
  isDown = false;

  #fault(): "none" | "before" | "after" | "doubt" {
    if (this.isDown) return "before";
    return this.faults.shift() ?? "none";
  }

  async #call<T>(act: () => T): Promise<T> {
    const fault = this.#fault();
    if (fault === "before") throw new LineError();
    const result = act();
    if (fault === "after") throw new LineError();
    return result;
  }

  begin(upload: Upload) {
    return this.#call(() => {
      const photoId = upload.grant?.photoId ?? upload.attempt;
      const photo = this.photos.get(photoId);
      if (photo && photo.status !== "pending") throw new DoubtError();
      if (!photo)
        this.photos.set(photoId, { photoId, status: "pending", name: upload.name, arrivals: 0 });
      return { grant: { photoId, key: `uploads/user_u/${photoId}.jpg` } };
    });
  }

  async send(upload: Upload, _: Blob, onProgress: (sentBytes: number) => void) {
    const fault = this.#fault();
    onProgress(1);
    if (fault === "before") throw new LineError();
    const photo = this.photos.get(upload.grant?.photoId ?? "");
    if (!photo || photo.arrivals) throw new DoubtError(); // 412, 404
    photo.arrivals += 1;
    photo.status = "uploaded";
    if (fault === "after") throw new LineError();
    if (fault === "doubt") throw new DoubtError();
  }

  ask(photoIds: string[]) {
    return this.#call(() =>
      photoIds.map((photoId): Answer => {
        const photo = this.photos.get(photoId);
        if (photo?.status === "uploaded") photo.status = "processing";
        else if (photo?.status === "processing") photo.status = "completed";
        return { photoId, status: photo?.status ?? "gone" };
      }),
    );
  }

  end(grant: Grant) {
    return this.#call((): "ended" | "notPending" => {
      const photo = this.photos.get(grant.photoId);
      if (!photo) return "ended";
      if (photo.status !== "pending") return "notPending";
      this.photos.delete(grant.photoId);
      return "ended";
    });
  }

  report = async () => undefined;

  async probe() {
    if (this.isDown) throw new LineError();
  }
}

let number = 0;

function upload(name: string): Upload {
  number += 1;
  return {
    id: `upload-${number}`,
    attempt: `photo-${number}`,
    name,
    type: "image/jpeg",
    sizeBytes: 3,
    lastModified: 0,
    title: "",
    description: "",
    tags: [],
    addedAt: Date.now() + number,
    state: "chosen",
    isAsked: false,
    sentBytes: 0,
    isKnown: false,
    hasFile: true,
  };
}

/** Stores of the test: in IndexedDB, or of a browser that has no room for files. */
async function emptyStore(hasRoom = true): Promise<Store> {
  number += 1;
  const store = await openStore(`user-${number}`);
  return hasRoom ? store : { ...store, keepFile: async () => false, file: async () => undefined };
}

const states = (queue: UploadQueue) => queue.items().map(({ state }) => state);

beforeEach(() => {
  vi.stubGlobal("navigator", {});
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Let time pass until the condition holds, hours if it takes them. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error("It never became so.");
    await vi.advanceTimersByTimeAsync(5_000);
    await turn();
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

const areAll = (queue: UploadQueue, ...wanted: State[]) =>
  queue.items().every(({ state }) => wanted.includes(state));

const file = () => new Blob(["abc"]);

describe("the queue", () => {
  it("takes files to completed photos, four at a time", async () => {
    const service = new FakeService();
    const queue = new UploadQueue(service, await emptyStore());
    let most = 0;
    queue.subscribe(() => {
      const active = queue
        .items()
        .filter(
          ({ state }) =>
            state === "hashing" ||
            state === "requesting" ||
            state === "granted" ||
            state === "sending",
        );
      most = Math.max(most, active.length);
    });
    for (let count = 0; count < 20; count += 1) void queue.add(upload(`${count}.jpg`), file());
    await until(() => areAll(queue, "completed"));
    expect(states(queue)).toEqual(Array(20).fill("completed"));
    expect(most).toBe(4);
  });

  it("does not let paused files keep others from their turn", async () => {
    const queue = new UploadQueue(new FakeService(), await emptyStore());
    const all = Array.from({ length: 8 }, (_, count) => upload(`${count}.jpg`));
    for (const one of all) void queue.add(one, file());
    for (const { id } of all.slice(0, 4)) queue.pause(id);
    await until(() => areAll(queue, "paused", "completed"));
    expect(states(queue)).toEqual([...Array(4).fill("paused"), ...Array(4).fill("completed")]);
  });

  it("loses nothing and sends nothing twice, whatever breaks, however often the page is loaded anew", async () => {
    const fault = fc.constantFrom(
      "none" as const,
      "none" as const,
      "before" as const,
      "after" as const,
      "doubt" as const,
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 40 }),
        fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 9 }),
        async (faults, reloads, files) => {
          const service = new FakeService();
          service.faults = [...faults];
          const store = await emptyStore();
          let queue = new UploadQueue(service, store);
          const added = Array.from({ length: files }, (_, count) => upload(`${count}.jpg`));
          await Promise.all(added.map((one) => queue.add(one, file())));
          for (const moments of reloads) {
            for (let turns = 0; turns < moments; turns += 1)
              await vi.advanceTimersByTimeAsync(1000);
            await new Promise((resolve) => setImmediate(resolve));
            queue.stop();
            queue = new UploadQueue(service, store);
            await queue.restore();
          }
          await until(() => areAll(queue, "completed"));
          expect(
            [...service.photos.values()]
              .map(({ name, arrivals, status }) => [name, arrivals, status])
              .sort(),
          ).toEqual(added.map(({ name }) => [name, 1, "completed"]).sort());
          queue.stop();
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);

  it("leaves no pending photo behind, whenever an upload is cancelled", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 12 }), fc.boolean(), async (moment, isLost) => {
        const service = new FakeService();
        service.faults = isLost ? ["after"] : [];
        const queue = new UploadQueue(service, await emptyStore());
        const one = upload("cancelled.jpg");
        void queue.add(one, file());
        for (let turn = 0; turn < moment; turn += 1)
          await new Promise((resolve) => setImmediate(resolve));
        queue.cancel(one.id);
        await until(() => areAll(queue, "completed"));
        const left = [...service.photos.values()].map(({ status }) => status);
        expect(left.includes("pending")).toBe(false);
        expect(queue.items().length).toBe(left.length);
        queue.stop();
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it("waits for the line as long as it takes, and goes on by itself", async () => {
    const service = new FakeService();
    service.isDown = true;
    const queue = new UploadQueue(service, await emptyStore());
    void queue.add(upload("one.jpg"), file());
    void queue.add(upload("two.jpg"), file());
    await until(() => areAll(queue, "offline"));
    expect(new Set(states(queue))).toEqual(new Set(["offline"]));
    service.isDown = false;
    await until(() => areAll(queue, "completed"));
    expect(states(queue)).toEqual(["completed", "completed"]);
  });

  it("asks for the file after a reload when the browser had no room for it, and goes on with it", async () => {
    const service = new FakeService();
    service.isDown = true;
    const store = await emptyStore(false);
    const first = new UploadQueue(service, store);
    const one = upload("large.jpg");
    void first.add(one, file());
    await until(() => areAll(first, "offline"));
    first.stop();
    service.isDown = false;
    const queue = new UploadQueue(service, store);
    await queue.restore();
    await until(() => areAll(queue, "needsFile"));
    expect(states(queue)).toEqual(["needsFile"]);
    queue.provide(one.id, file());
    await until(() => areAll(queue, "completed"));
    expect(states(queue)).toEqual(["completed"]);
  });
});
