import { Context, type Effect, type Option, Schema, type Stream } from "effect"

/** What is known of a stored object. Keys are `/`-separated, relative, without `.` or `..`. */
export interface ObjectInfo {
  readonly key: string
  readonly bytes: number
  readonly modifiedAt: Date
}

export interface Written {
  readonly bytes: number
  /** hex */
  readonly sha256: string
}

/** The store cannot be reached or refused; the same request may work a moment later. */
export class ObjectStoreUnavailable extends Schema.TaggedError<ObjectStoreUnavailable>()(
  "ObjectStoreUnavailable",
  { operation: Schema.String, key: Schema.String, detail: Schema.String }
) {
  override get message() {
    return `object store: ${this.operation} ${this.key}: ${this.detail}`
  }
}

/** There is no object of that name. */
export class ObjectNotFound extends Schema.TaggedError<ObjectNotFound>()(
  "ObjectNotFound",
  { key: Schema.String }
) {}

/** The body is longer than the caller said it may be; nothing was kept. */
export class ObjectTooLarge extends Schema.TaggedError<ObjectTooLarge>()(
  "ObjectTooLarge",
  { key: Schema.String, limit: Schema.Int }
) {}

/**
 * Files that outlive a process and are seen by every process of an installation: uploads,
 * exports, backups, models, reports. A folder (`file:///…`) or an S3-compatible bucket
 * (`s3://bucket/prefix`), by `OBJECT_STORE_URL`.
 */
export class ObjectStore extends Context.Service<
  ObjectStore,
  {
    /** All or nothing: an object appears when its last byte is durable. Replaces an older one. */
    put<E, R>(
      key: string,
      body: Stream.Stream<Uint8Array, E, R>,
      options?: { readonly limit?: number | undefined }
    ): Effect.Effect<Written, E | ObjectStoreUnavailable | ObjectTooLarge, R>
    /** From byte `offset` on, or all of it. */
    get(
      key: string,
      options?: { readonly offset?: number | undefined }
    ): Stream.Stream<Uint8Array, ObjectStoreUnavailable | ObjectNotFound>
    head(key: string): Effect.Effect<Option.Option<ObjectInfo>, ObjectStoreUnavailable>
    /** In the order of keys. */
    list(prefix: string): Stream.Stream<ObjectInfo, ObjectStoreUnavailable>
    /** Succeeds also when there is none. */
    remove(key: string): Effect.Effect<void, ObjectStoreUnavailable>
  }
>()("@analytics/object-store/ObjectStore") {}
