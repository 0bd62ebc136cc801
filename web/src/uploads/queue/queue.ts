/**
 * The uploads of one user, four at a time. The queue gives each upload its events (`machine.ts` says what they
 * change), carries out the effects, keeps records and files in the browser (`store.ts`), and tells who shows them.
 */
import { DoubtError, FileError, LineError, RefusedError } from "./errors";
import { digestsOf } from "./hashing";
import {
  type Effect,
  type Event,
  type Grant,
  isActive,
  isOver,
  next,
  type Problem,
  type ServiceStatus,
  type Upload,
} from "./machine";
import type { Store } from "./store";

const AT_A_TIME = 4;
/** A photo takes a second or two; a large video may take minutes. */
const FIRST_POLL_MS = 800;
const LAST_POLL_MS = 10_000;
/** S3's own news of a file comes within a second or two. After this it is taken for lost, and the service is told. */
const NEWS_LOST_MS = 12_000;
const FIRST_PROBE_MS = 2_000;
const LAST_PROBE_MS = 30_000;

export interface Answer {
  photoId: string;
  status: ServiceStatus;
  problem?: Problem;
}

/** What the queue needs of the world. Every call rejects with one of `errors.ts`. */
export interface Service {
  begin(upload: Upload, signal: AbortSignal): Promise<{ grant: Grant } | { knownPhotoId: string }>;
  send(
    upload: Upload,
    file: Blob,
    onProgress: (sentBytes: number) => void,
    signal: AbortSignal,
  ): Promise<void>;
  ask(photoIds: string[], signal?: AbortSignal): Promise<Answer[]>;
  /** Cancel what is pending. */
  end(grant: Grant): Promise<"ended" | "notPending">;
  /** Have the service look for a file whose news may have been lost. */
  report(photoId: string): Promise<void>;
  /** Resolves when the service can be reached. */
  probe(): Promise<void>;
}

export class UploadQueue {
  readonly #service: Service;
  readonly #store: Store;
  readonly #uploads = new Map<string, Upload>();
  /** The files of this visit; those of earlier ones are in the store. */
  readonly #files = new Map<string, Blob>();
  readonly #work = new Map<string, AbortController>();
  readonly #followed = new Map<string, { since: number }>();
  readonly #listeners = new Set<() => void>();
  #items: Upload[] = [];
  #isOffline = false;
  #isStopped = false;
  #probe?: ReturnType<typeof setTimeout>;
  #probes = 0;
  #poll?: ReturnType<typeof setTimeout>;
  #polls = 0;

  constructor(service: Service, store: Store) {
    this.#service = service;
    this.#store = store;
  }

  /** Take over what an earlier visit left, but for what is completed: its photo is in the list of photos. */
  async restore(): Promise<void> {
    for (const { upload, hasFile } of await this.#store.load()) {
      if (this.#uploads.has(upload.id)) continue;
      if (upload.state === "completed") {
        void this.#store.remove(upload.id);
        continue;
      }
      this.#uploads.set(upload.id, upload);
      this.#dispatch(upload.id, { type: "restored", hasFile });
    }
    this.#changed();
  }

  items = (): readonly Upload[] => this.#items;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  file(id: string): Blob | undefined {
    return this.#files.get(id);
  }

  /** Add an upload with its file; adding it again does nothing. Resolves when the browser keeps what it can of it. */
  async add(upload: Upload, file: Blob): Promise<void> {
    if (this.#uploads.has(upload.id)) return;
    this.#files.set(upload.id, file);
    this.#uploads.set(upload.id, upload);
    this.#changed();
    const kept = Promise.all([this.#store.save(upload), this.#store.keepFile(upload.id, file)]);
    this.#startNext();
    await kept;
  }

  /** Give an upload its file, of which only notes are left. */
  provide(id: string, file: Blob): void {
    this.#files.set(id, file);
    void this.#store.keepFile(id, file);
    this.#dispatch(id, { type: "fileGiven" });
  }

  pause = (id: string): void => this.#dispatch(id, { type: "pause" });
  resume = (id: string): void => this.#dispatch(id, { type: "resume" });
  cancel = (id: string): void => this.#dispatch(id, { type: "cancel" });
  retry = (id: string): void => this.#dispatch(id, { type: "retry", attempt: crypto.randomUUID() });

  /** Take what is over off the list: nothing at the service changes. */
  clear(id: string): void {
    const upload = this.#uploads.get(id);
    if (!upload || !isOver(upload)) return;
    this.#uploads.delete(id);
    this.#files.delete(id);
    void this.#store.remove(id);
    this.#changed();
  }

  /** Stop everything at once, and keep what is known for the next time: the user signs out, or another tab takes over. */
  stop(): void {
    this.#isStopped = true;
    for (const work of this.#work.values()) work.abort();
    clearTimeout(this.#probe);
    clearTimeout(this.#poll);
  }

  /** The browser says that the line is back; it may be wrong, so the service is tried. */
  lineMayBeBack = (): void => {
    if (!this.#isOffline) return;
    clearTimeout(this.#probe);
    this.#probes = 0;
    void this.#tryLine();
  };

  // ------------------------------------------------------------------ events and effects

  #dispatch(id: string, event: Event): void {
    const before = this.#uploads.get(id);
    if (!before || this.#isStopped) return;
    const { upload, effects } = next(before, event);
    if (upload !== before) {
      this.#uploads.set(id, upload);
      if (upload.state !== before.state) void this.#store.save(upload);
      this.#changed();
    }
    for (const effect of effects) this.#carryOut(effect, upload);
    if (event.type === "lineLost") this.#lineLost();
    if (upload.state === "cancelled") {
      this.#uploads.delete(id);
      void this.#store.remove(id);
    }
    if (isActive(before) !== isActive(upload) || upload.state === "chosen") this.#startNext();
  }

  #carryOut(effect: Effect, upload: Upload): void {
    const { id } = upload;
    switch (effect) {
      case "stop":
        this.#work.get(id)?.abort();
        this.#work.delete(id);
        this.#followed.delete(id);
        break;
      case "forgetFile":
        if (upload.state !== "completed" && upload.state !== "processing") this.#files.delete(id);
        void this.#store.forgetFile(id);
        break;
      case "follow":
        if (!this.#followed.has(id)) this.#followed.set(id, { since: Date.now() });
        this.#polls = 0;
        this.#pollSoon();
        break;
      case "hash":
        this.#do(id, async (signal) => {
          const file = await this.#fileOf(id);
          const digests = await digestsOf(file, upload.grant?.partSizeBytes, signal);
          return { type: "hashed", digests };
        });
        break;
      case "requestGrant":
        this.#do(id, async (signal) => {
          const begun = await this.#service.begin(upload, signal);
          return "grant" in begun
            ? { type: "granted", grant: begun.grant }
            : { type: "known", photoId: begun.knownPhotoId };
        });
        break;
      case "send":
        this.#do(id, async (signal) => {
          const file = await this.#fileOf(id);
          const onProgress = (sentBytes: number) => {
            if (!signal.aborted) this.#dispatch(id, { type: "progress", sentBytes });
          };
          await this.#service.send(upload, file, onProgress, signal);
          return { type: "sent" };
        });
        break;
      case "ask":
        this.#do(id, async (signal) => {
          const [answer] = await this.#service.ask([upload.grant?.photoId ?? ""], signal);
          return { type: "answer", status: answer?.status ?? "gone", problem: answer?.problem };
        });
        break;
      case "end":
        this.#do(id, async () => {
          if (!upload.grant) throw new Error("There is nothing to end.");
          return { type: await this.#service.end(upload.grant) };
        });
        break;
    }
  }

  /** Do one thing for an upload, until "stop"; its result, or what went wrong, is the next event. */
  #do(id: string, act: (signal: AbortSignal) => Promise<Event>): void {
    const work = new AbortController();
    this.#work.set(id, work);
    act(work.signal)
      .catch((error): Event => eventOf(error))
      .then((event) => {
        if (work.signal.aborted) return;
        work.abort(); // whatever of it still goes on after an error
        this.#work.delete(id);
        this.#dispatch(id, event);
      });
  }

  async #fileOf(id: string): Promise<Blob> {
    const file = this.#files.get(id) ?? (await this.#store.file(id));
    if (!file) throw new FileError();
    this.#files.set(id, file);
    return file;
  }

  #startNext(): void {
    if (this.#isOffline || this.#isStopped) return;
    let active = [...this.#uploads.values()].filter(isActive).length;
    for (const { id, state } of [...this.#uploads.values()]) {
      if (active >= AT_A_TIME) return;
      if (state !== "chosen" || this.#uploads.get(id)?.state !== "chosen") continue;
      active += 1;
      this.#dispatch(id, { type: "start" });
    }
  }

  // ------------------------------------------------------------------ the line

  #lineLost(): void {
    if (this.#isOffline) return;
    this.#isOffline = true;
    this.#probes = 0;
    for (const { id } of [...this.#uploads.values()].filter(isActive))
      this.#dispatch(id, { type: "lineLost" });
    this.#probe = setTimeout(() => void this.#tryLine(), FIRST_PROBE_MS);
  }

  async #tryLine(): Promise<void> {
    try {
      await this.#service.probe();
    } catch {
      this.#probes += 1;
      const wait = Math.min(FIRST_PROBE_MS * 2 ** this.#probes, LAST_PROBE_MS);
      this.#probe = setTimeout(() => void this.#tryLine(), wait);
      return;
    }
    this.#isOffline = false;
    for (const id of [...this.#uploads.keys()]) this.#dispatch(id, { type: "lineBack" });
    this.#startNext();
    this.#pollSoon();
  }

  // ------------------------------------------------------------------ following what has landed

  #pollSoon(): void {
    clearTimeout(this.#poll);
    if (!this.#followed.size || this.#isStopped) return;
    const wait = Math.min(FIRST_POLL_MS * 1.25 ** this.#polls, LAST_POLL_MS);
    this.#poll = setTimeout(() => void this.#askAll(), wait);
  }

  /** One question for all that have landed, whatever their number. */
  async #askAll(): Promise<void> {
    this.#polls += 1;
    const ids = new Map<string, string>();
    for (const id of this.#followed.keys()) {
      const photoId = this.#uploads.get(id)?.grant?.photoId;
      if (photoId) ids.set(photoId, id);
      else this.#followed.delete(id);
    }
    const answers = await this.#service.ask([...ids.keys()]).catch(() => []);
    for (const { photoId, status, problem } of answers) {
      const id = ids.get(photoId);
      if (!id) continue;
      this.#reportIfUnnoticed(id, photoId, status);
      this.#dispatch(id, { type: "answer", status, problem });
      const now = this.#uploads.get(id);
      if (!now || isOver(now)) this.#followed.delete(id);
    }
    this.#pollSoon();
  }

  #reportIfUnnoticed(id: string, photoId: string, status: ServiceStatus): void {
    const followed = this.#followed.get(id);
    if (status !== "pending" || !followed || Date.now() - followed.since < NEWS_LOST_MS) return;
    followed.since = Date.now();
    void this.#service.report(photoId).catch(() => undefined); // it is asked again after the next wait
  }

  // ------------------------------------------------------------------ who shows it

  #changed(): void {
    this.#items = [...this.#uploads.values()].filter(({ state }) => state !== "cancelled");
    for (const listener of this.#listeners) listener();
  }
}

function eventOf(error: unknown): Event {
  if (error instanceof LineError) return { type: "lineLost" };
  if (error instanceof DoubtError) return { type: "doubt" };
  if (error instanceof FileError) return { type: "fileLost" };
  if (error instanceof RefusedError)
    return { type: "failed", problem: error.problem, isCertain: error.isCertain };
  return {
    type: "failed",
    problem: { code: "Unexpected", message: "Something went wrong here. Please try again." },
  };
}
