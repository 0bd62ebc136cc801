/**
 * The uploads of a user, the same in every tab. One tab owns the queue and sends (whoever holds the lock, so that
 * another takes over when it closes); all tabs show it, and hand over what is added or asked for in them.
 */

import type { Upload } from "./machine";
import { UploadQueue } from "./queue";
import { type News, serviceOf } from "./service";
import { openStore } from "./store";

/** How often the owner tells the other tabs how far it is. */
const TELL_MS = 250;
const NOTIFY_MS = 60;

const COMMANDS = ["pause", "resume", "retry", "cancel", "clear"] as const;
export type Command = (typeof COMMANDS)[number];

type Message =
  | { type: "hello" }
  | { type: "items"; items: readonly Upload[] }
  | { type: "add"; upload: Upload; file: Blob }
  | { type: "provide"; id: string; file: Blob }
  | { type: "command"; id: string; command: Command }
  | { type: "lineMayBeBack" }
  /** What the owner has learned of photos, for the lists of every tab. */
  | { type: "news"; news: News };

export class Uploads {
  readonly #userId: string;
  readonly #onNews: (news: News) => void;
  readonly #channel: BroadcastChannel;
  readonly #listeners = new Set<() => void>();
  /** The files that were added in this tab, to show them. */
  readonly #files = new Map<string, Blob>();
  /** What the owner has not taken yet: should it be gone, this tab adds it itself. */
  readonly #untaken = new Map<string, Upload>();
  readonly #closed = new AbortController();
  #queue?: UploadQueue;
  #items: readonly Upload[] = [];
  #notifying?: ReturnType<typeof setTimeout>;
  #telling?: ReturnType<typeof setTimeout>;

  constructor(userId: string, onNews: (news: News) => void) {
    this.#userId = userId;
    this.#onNews = onNews;
    const name = `photodrop-uploads-${userId}`;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#heard(data);
    this.#say({ type: "hello" });
    addEventListener("online", this.#online);
    const own = () => this.#own();
    if (navigator.locks)
      navigator.locks.request(name, { signal: this.#closed.signal }, own).catch(() => undefined); // closed while it waited
    else void own();
  }

  items = (): readonly Upload[] => this.#items;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Whether this tab sends: closing it would stop what is under way until another tab or visit goes on. */
  isOwner = (): boolean => this.#queue !== undefined;

  /** The file of an upload, to show it, where this tab has it. */
  file = (id: string): Blob | undefined => this.#files.get(id) ?? this.#queue?.file(id);

  add(upload: Upload, file: Blob): void {
    this.#files.set(upload.id, file);
    if (this.#queue) {
      void this.#queue.add(upload, file);
      return;
    }
    this.#untaken.set(upload.id, upload);
    this.#say({ type: "add", upload, file });
    this.#show([...this.#items, upload]);
  }

  provide(id: string, file: Blob): void {
    if (this.#queue) this.#queue.provide(id, file);
    else this.#say({ type: "provide", id, file });
  }

  command(id: string, command: Command): void {
    if (this.#queue) this.#queue[command](id);
    else this.#say({ type: "command", id, command });
  }

  /** The user has signed out: everything stops, and what is known is kept for the next time. */
  close(): void {
    this.#queue?.stop();
    this.#closed.abort();
    clearTimeout(this.#telling);
    this.#channel.close();
    removeEventListener("online", this.#online);
  }

  /** Own the queue until this tab is closed or the user signs out. */
  async #own(): Promise<void> {
    const service = serviceOf((news) => {
      this.#onNews(news);
      this.#say({ type: "news", news });
    });
    const queue = new UploadQueue(service, await openStore(this.#userId));
    await queue.restore();
    if (this.#closed.signal.aborted) return;
    this.#queue = queue;
    queue.subscribe(() => this.#show(queue.items()));
    for (const upload of this.#untaken.values()) {
      const file = this.#files.get(upload.id);
      if (file) void queue.add(upload, file);
    }
    this.#untaken.clear();
    this.#show(queue.items());
    await new Promise<void>((resolve) =>
      this.#closed.signal.addEventListener("abort", () => resolve()),
    );
  }

  #heard(message: Message): void {
    if (message.type === "items") {
      for (const { id } of message.items) this.#untaken.delete(id);
      if (!this.#queue) this.#show([...message.items, ...this.#untaken.values()]);
      return;
    }
    if (message.type === "news") {
      this.#onNews(message.news);
      return;
    }
    const queue = this.#queue;
    if (!queue) return;
    switch (message.type) {
      case "hello":
        this.#tellSoon();
        break;
      case "add":
        void queue.add(message.upload, message.file);
        break;
      case "provide":
        queue.provide(message.id, message.file);
        break;
      case "command":
        if (COMMANDS.includes(message.command)) queue[message.command](message.id);
        break;
      case "lineMayBeBack":
        queue.lineMayBeBack();
        break;
    }
  }

  #say(message: Message): void {
    this.#channel.postMessage(message);
  }

  #show(items: readonly Upload[]): void {
    this.#items = items;
    const shown = new Set(items.map(({ id }) => id));
    for (const id of this.#files.keys()) if (!shown.has(id)) this.#files.delete(id);
    // Four files tell of every few kilobytes: some times a second is often enough to see them move.
    this.#notifying ??= setTimeout(() => {
      this.#notifying = undefined;
      for (const listener of this.#listeners) listener();
    }, NOTIFY_MS);
    if (this.#queue) this.#tellSoon();
  }

  #tellSoon(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.#say({ type: "items", items: this.#items });
    }, TELL_MS);
  }

  #online = (): void => {
    if (this.#queue) this.#queue.lineMayBeBack();
    else this.#say({ type: "lineMayBeBack" });
  };
}
