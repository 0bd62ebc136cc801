/**
 * What the browser keeps of uploads until they are over: their records, and their files where there is room, so that
 * a reload goes on without asking for the files again.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Upload } from "./machine";

const MB = 1024 * 1024;
/** Larger files are asked for again after a reload: copying them into the database takes as long as sending them. */
const LARGEST_KEPT_BYTES = 512 * MB;
const MOST_KEPT_BYTES = 2048 * MB;
/** S3 removes the parts of an upload after three days: what is older cannot go on. */
const KEPT_MS = 3 * 24 * 60 * 60 * 1000;

interface Schema extends DBSchema {
  uploads: { key: string; value: Upload };
  files: { key: string; value: Blob };
}

export interface Store {
  /** The uploads that an earlier visit left, oldest first, each with whether its file is here. */
  load(): Promise<{ upload: Upload; hasFile: boolean }[]>;
  save(upload: Upload): Promise<void>;
  /** Keep a file, if there is room. Says whether it is kept. */
  keepFile(id: string, file: Blob): Promise<boolean>;
  file(id: string): Promise<Blob | undefined>;
  forgetFile(id: string): Promise<void>;
  remove(id: string): Promise<void>;
}

/** Open the store of one user. Where the browser has no database (or no room for one), nothing outlives the page. */
export async function openStore(userId: string): Promise<Store> {
  try {
    return storeOf(
      await openDB<Schema>(`photodrop-uploads-${userId}`, 1, {
        upgrade(database) {
          database.createObjectStore("uploads", { keyPath: "id" });
          database.createObjectStore("files");
        },
      }),
    );
  } catch {
    return NOTHING_KEPT;
  }
}

const NOTHING_KEPT: Store = {
  load: async () => [],
  save: async () => undefined,
  keepFile: async () => false,
  file: async () => undefined,
  forgetFile: async () => undefined,
  remove: async () => undefined,
};

function storeOf(database: IDBPDatabase<Schema>): Store {
  /** A full disk must not stop an upload: it only cannot go on by itself after a reload. */
  const tried = (work: Promise<unknown>): Promise<boolean> =>
    work.then(
      () => true,
      () => false,
    );

  return {
    async load() {
      const [uploads, kept] = await Promise.all([
        database.getAll("uploads"),
        database.getAllKeys("files"),
      ]);
      const old = Date.now() - KEPT_MS;
      const files = new Set(kept);
      for (const { id } of uploads.filter((one) => one.addedAt < old)) await this.remove(id);
      for (const id of files) if (!uploads.some((one) => one.id === id)) await this.forgetFile(id);
      return uploads
        .filter((one) => one.addedAt >= old)
        .sort((a, b) => a.addedAt - b.addedAt)
        .map((upload) => ({ upload, hasFile: files.has(upload.id) }));
    },

    async save(upload) {
      await tried(database.put("uploads", upload));
    },

    async keepFile(id, file) {
      if (file.size > LARGEST_KEPT_BYTES) return false;
      const { usage = 0, quota = MOST_KEPT_BYTES } = (await navigator.storage?.estimate?.()) ?? {};
      if (usage + file.size > Math.min(quota, MOST_KEPT_BYTES)) return false;
      return tried(database.put("files", file, id));
    },

    file: (id) => database.get("files", id).catch(() => undefined),

    async forgetFile(id) {
      await tried(database.delete("files", id));
    },

    async remove(id) {
      await tried(database.delete("uploads", id));
      await this.forgetFile(id);
    },
  };
}
