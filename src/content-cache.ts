import { join } from 'node:path';

/** Bytes from the cache; they hash to what was stored. */
export interface CachedContent {
  readonly bytes: Uint8Array;
  readonly storedAt: Date;
}

/** A folder of content by key, checked by digest on every read. Losing it costs time, never correctness. */
export interface ContentCache {
  /** Null when there is nothing, or when what is there no longer has the digest it was stored under. */
  get(key: string): Promise<CachedContent | null>;
  /** Stores atomically. A cache that cannot be written is no error: the next run fetches again. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
}

/** Loaded with the first use: not every command that may use the cache does. */
const library = async () => (await import('cacache')).default;

/** Opens (and on first use creates) the cache below a directory of the user's. */
export function contentCache(cacheDirectory: string): ContentCache {
  const folder = join(cacheDirectory, 'content');
  const options = { memoize: false };

  const remove = async (key: string): Promise<void> => {
    const cacache = await library();
    await cacache.rm.entry(folder, key).catch(() => undefined);
  };

  return {
    async get(key) {
      const cacache = await library();
      try {
        const info = await cacache.get.info(folder, key);
        if (info === null) return null;
        const { data } = await cacache.get(folder, key, options);
        return { bytes: data, storedAt: new Date(info.time) };
      } catch {
        // Damaged, truncated or gone: as good as never stored.
        await remove(key);
        return null;
      }
    },
    async put(key, bytes) {
      const cacache = await library();
      try {
        await cacache.put(folder, key, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
          ...options,
          algorithms: ['sha512'],
        });
      } catch {
        // See the contract: a read-only or full disk only makes us slower.
      }
    },
    remove,
  };
}
