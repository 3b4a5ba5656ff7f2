/**
 * What a repository needs from the place it lies in. A backend is one folder that implements this face and passes
 * the storage conformance suite (`conformance/`); the engine asks `capabilities`, never the backend's name.
 *
 * Paths are relative, `/`-separated, made of `[A-Za-z0-9._-]` segments, never starting or ending with `/`.
 * Objects are write-once: there is no call that changes one.
 */

export interface StorageCapabilities {
  /** `create` of a path that exists never replaces it, whoever races. Every backend must have it. */
  readonly createIfAbsent: true;
  /** A writer's credentials can be kept from deleting. */
  readonly objectLock: boolean;
}

export interface ObjectStat {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** Bytes `[offset, offset + length)`. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export type CreateOutcome = "created" | "exists";

export interface Storage {
  readonly capabilities: StorageCapabilities;

  /** The place in words for messages, without credentials: `folder /backup/repo`. */
  readonly location: string;

  /**
   * Makes an object with exactly these bytes, or says that one exists. Atomic: no reader and no crash ever shows a
   * part of it. Durable when it returns. The backend retries what is safe to repeat; when an answer was lost it
   * compares content, so that an own, successful create is not reported as `exists`.
   * Errors: `storage-permission`, `storage-full`, `storage-failed`; whatever the source throws. After an error or an
   * abort nothing is visible at `path`.
   */
  create(path: string, content: Buffer | AsyncIterable<Buffer>, signal?: AbortSignal): Promise<CreateOutcome>;

  /**
   * The whole object, or exactly the range; one round trip.
   * Errors: `object-missing`; `object-damaged` when the object is shorter than the range asks for; `storage-*`.
   */
  read(path: string, range?: ByteRange, signal?: AbortSignal): Promise<Buffer>;

  /** The object in pieces of bounded size, whole or a range; errors as `read`. */
  stream(path: string, range?: ByteRange, signal?: AbortSignal): AsyncIterable<Buffer>;

  /** Size of an object, or undefined when there is none. A failure is thrown, never taken for an absence. */
  stat(path: string, signal?: AbortSignal): Promise<ObjectStat | undefined>;

  /**
   * Every object whose path starts with `prefix`, in byte order of path, beginning after `after`. Pages are fetched as
   * they are consumed. A prefix without objects yields nothing; a listing that cannot be completed throws.
   */
  list(
    prefix: string,
    options?: { readonly after?: string; readonly signal?: AbortSignal },
  ): AsyncIterable<ObjectStat>;

  /** Removes an object. Removing what is not there succeeds. */
  remove(path: string, signal?: AbortSignal): Promise<void>;

  /** Lets go of connections and file handles. */
  close(): Promise<void>;
}
