import { createReadStream } from "node:fs"
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  rename,
  rmdir,
  stat,
  unlink
} from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { Duration, Effect, Layer, Option, Schedule, Stream } from "effect"
import { listFolder } from "./listFolder.ts"
import { measured } from "./Measured.ts"
import { isObjectKey, keyOf, prefixOf } from "./ObjectKey.ts"
import { ObjectNotFound, ObjectStore, ObjectStoreUnavailable } from "./ObjectStore.ts"

/** Of what is not finished yet. No key begins with a dot. */
const UNFINISHED = ".unfinished"
/** What is older was left by a process that died. */
const ABANDONED = Duration.toMillis("1 day")
const READ_AT_ONCE = 256 * 1024

/** Objects as files of a folder, which may lie on a disk that several hosts share. */
export const layerOf = (
  folder: string
): Layer.Layer<ObjectStore, ObjectStoreUnavailable> =>
  Layer.effect(ObjectStore, make(resolve(folder)))

const make = Effect.fnUntraced(function* (folder: string) {
  const unfinished = join(folder, UNFINISHED)
  yield* attempt("open", "", async () => {
    await mkdir(unfinished, { recursive: true, mode: 0o700 })
    await removeAbandoned(unfinished)
  })

  const put: ObjectStore["Service"]["put"] = (key, body, options) =>
    Effect.gen(function* () {
      const target = join(folder, keyOf(key))
      const draft = join(unfinished, crypto.randomUUID())
      const measure = measured(key, options?.limit)
      yield* Effect.acquireUseRelease(
        attempt("put", key, () => open(draft, "wx", 0o600)),
        (file) =>
          Stream.runForEach(body, (chunk) =>
            Effect.andThen(
              measure.add(chunk),
              attempt("put", key, () => writeAll(file, chunk))
            )
          ).pipe(Effect.andThen(attempt("put", key, () => file.sync()))),
        (file) => Effect.promise(() => file.close())
      ).pipe(
        Effect.andThen(moved(draft, target, folder, key)),
        Effect.onError(() => Effect.promise(() => unlink(draft).catch(() => {})))
      )
      return yield* measure.written
    }).pipe(Effect.withSpan("ObjectStore.put", { attributes: { key } }))

  return ObjectStore.of({
    put,
    get: (key, options) =>
      Stream.unwrap(
        Effect.gen(function* () {
          if (!isObjectKey(key)) return yield* new ObjectNotFound({ key })
          const path = join(folder, key)
          const found = yield* statOf(path, "get", key)
          if (Option.isNone(found)) return yield* new ObjectNotFound({ key })
          return Stream.fromAsyncIterable<
            Uint8Array,
            ObjectNotFound | ObjectStoreUnavailable
          >(
            createReadStream(path, {
              start: options?.offset ?? 0,
              highWaterMark: READ_AT_ONCE
            }),
            (cause) =>
              codeOf(cause) === "ENOENT"
                ? new ObjectNotFound({ key })
                : unavailable("get", key, cause)
          )
        })
      ),
    head: Effect.fn("ObjectStore.head")(function* (key) {
      if (!isObjectKey(key)) return Option.none()
      const found = yield* statOf(join(folder, key), "head", key)
      return Option.map(found, ({ size, mtime }) => ({
        key,
        bytes: size,
        modifiedAt: mtime
      }))
    }),
    list: (prefix) =>
      Stream.suspend(() =>
        Stream.fromAsyncIterable(listFolder(folder, prefixOf(prefix)), (cause) =>
          unavailable("list", prefix, cause)
        )
      ),
    remove: Effect.fn("ObjectStore.remove")(function* (key) {
      const path = join(folder, keyOf(key))
      yield* attempt("remove", key, async () => {
        await ignoring(unlink(path), "ENOENT", "ENOTDIR")
        await removeEmpty(dirname(path), folder)
      })
    })
  })
})

/** The name appears at once, and is on disk when this ends. */
const moved = (draft: string, target: string, folder: string, key: string) =>
  attempt("put", key, async () => {
    const parent = dirname(target)
    await mkdir(parent, { recursive: true, mode: 0o700 })
    await rename(draft, target)
    await syncUpTo(parent, folder)
  }).pipe(
    // Somebody removed the folder between the two because it was empty.
    Effect.retry({
      times: 5,
      while: ({ detail }) => detail.startsWith("ENOENT"),
      schedule: Schedule.spaced("5 millis")
    })
  )

const writeAll = async (file: FileHandle, chunk: Uint8Array): Promise<void> => {
  let at = 0
  while (at < chunk.byteLength)
    at += (await file.write(chunk, at, chunk.byteLength - at)).bytesWritten
}

/** Makes the names in a folder durable, and those of the folders above it. */
const syncUpTo = async (from: string, top: string): Promise<void> => {
  for (let path = from; ; path = dirname(path)) {
    const directory = await open(path, "r")
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
    if (path === top || path === dirname(path)) return
  }
}

const removeEmpty = async (from: string, top: string): Promise<void> => {
  for (let path = from; path !== top; path = dirname(path))
    try {
      await rmdir(path)
    } catch (cause) {
      const code = codeOf(cause)
      if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOTDIR") return
      if (code !== "ENOENT") throw cause
    }
}

const removeAbandoned = async (unfinished: string): Promise<void> => {
  for (const name of await readdir(unfinished)) {
    const path = join(unfinished, name)
    const found = await stat(path).catch(() => undefined)
    if (found !== undefined && Date.now() - found.mtimeMs > ABANDONED)
      await ignoring(unlink(path), "ENOENT")
  }
}

const statOf = (path: string, operation: string, key: string) =>
  attempt(operation, key, async () => {
    const found = await ignoring(stat(path), "ENOENT", "ENOTDIR")
    return Option.filter(Option.fromUndefinedOr(found), (it) => it.isFile())
  })

const ignoring = async <A>(
  promise: Promise<A>,
  ...codes: ReadonlyArray<string>
): Promise<A | undefined> => {
  try {
    return await promise
  } catch (cause) {
    if (codes.includes(codeOf(cause))) return undefined
    throw cause
  }
}

const attempt = <A>(operation: string, key: string, run: () => Promise<A>) =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => unavailable(operation, key, cause)
  })

const unavailable = (operation: string, key: string, cause: unknown) =>
  new ObjectStoreUnavailable({
    operation,
    key,
    detail: cause instanceof Error ? cause.message : String(cause)
  })

const codeOf = (cause: unknown): string =>
  cause instanceof Error && "code" in cause ? String(cause.code) : ""
