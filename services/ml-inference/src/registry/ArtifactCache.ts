import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises"
import { join } from "node:path"
import { MlConfig } from "@analytics/config/MlConfig"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Context, Effect, Layer, Semaphore, Stream } from "effect"
import { RegistryUnavailable } from "./DesiredModels.ts"
import { artifactKey } from "./storedGolden.ts"

/** A file that was asked for so lately may be about to be opened. Milliseconds. */
const IN_USE = 10 * 60_000
/** Nobody writes to a file any more that has not grown for so long. Milliseconds. */
const ABANDONED = 2 * 3_600_000

/** A folder that is full or gone may be mended; nothing ends for good because of it. */
const onDisk = <A>(work: () => Promise<A>): Effect.Effect<A, RegistryUnavailable> =>
  Effect.tryPromise(work).pipe(
    Effect.catch((error) =>
      Effect.logError("the cache of models cannot be used", error.cause).pipe(
        Effect.andThen(
          Effect.fail(
            new RegistryUnavailable({ detail: "The cache of models cannot be used." })
          )
        )
      )
    )
  )

/** Files of models on this machine, out of the object store. */
export class ArtifactCache extends Context.Service<
  ArtifactCache,
  {
    /** Verified by its sha256. */
    file(sha256: string): Effect.Effect<string, RegistryUnavailable>
    /** Takes over a file of this folder that was verified. */
    adopt(sha256: string, path: string): Effect.Effect<void, RegistryUnavailable>
    /** A name in this folder for a file that is being written. */
    readonly draft: Effect.Effect<string>
    /** Those that stay, whatever the others take. */
    keep(sha256s: ReadonlySet<string>): Effect.Effect<void>
  }
>()("@analytics/ml-inference/registry/ArtifactCache") {
  static readonly layer = Layer.effect(
    ArtifactCache,
    Effect.gen(function* () {
      const { cacheDir, cacheSize } = yield* MlConfig
      const store = yield* ObjectStore
      yield* Effect.promise(() => mkdir(cacheDir, { recursive: true }))
      yield* Effect.promise(() => removeDrafts(cacheDir))
      // Whoever fetches the same file twice gets the same.
      const turns = yield* Semaphore.make(4)
      /** What is being used is not removed meanwhile, and nobody counts what another removes. */
      const folder = yield* Semaphore.make(1)
      const verified = new Set<string>()
      let needed: ReadonlySet<string> = new Set()

      const pathOf = (sha256: string) => join(cacheDir, `${sha256}.onnx`)
      const draft = Effect.sync(() => join(cacheDir, `${crypto.randomUUID()}.draft`))

      const fetched = Effect.fn("ArtifactCache.fetch")(function* (sha256: string) {
        const path = yield* draft
        yield* Effect.gen(function* () {
          const found = yield* written(path, store.get(artifactKey(sha256)))
          if (found.sha256 !== sha256)
            return yield* new RegistryUnavailable({
              detail: "The stored file of the model is not what was sent."
            })
          yield* onDisk(() => rename(path, pathOf(sha256)))
        }).pipe(Effect.onError(() => Effect.promise(() => rm(path, { force: true }))))
      })

      const evict = onDisk(async () => {
        const files = await cached(cacheDir)
        let total = files.reduce((sum, { bytes }) => sum + bytes, 0)
        for (const { at, bytes, sha256 } of files.sort((a, b) => a.at - b.at)) {
          if (total <= cacheSize) return
          if (needed.has(sha256) || Date.now() - at < IN_USE) continue
          verified.delete(sha256)
          await rm(pathOf(sha256), { force: true })
          total -= bytes
        }
      }).pipe(folder.withPermits(1))

      /** It stays from now on, if it is there. */
      const touched = (sha256: string) =>
        onDisk(() =>
          utimes(pathOf(sha256), new Date(), new Date()).then(
            () => true,
            ifMissing(false)
          )
        ).pipe(folder.withPermits(1))

      const file = Effect.fn("ArtifactCache.file")(function* (sha256: string) {
        const path = pathOf(sha256)
        const good =
          (yield* touched(sha256)) &&
          (verified.has(sha256) || (yield* onDisk(() => hashOf(path))) === sha256)
        if (!good) {
          yield* fetched(sha256)
          yield* evict
        }
        verified.add(sha256)
        return path
      })

      return ArtifactCache.of({
        file: (sha256) =>
          file(sha256).pipe(
            Effect.catchTags({
              ObjectNotFound: () =>
                Effect.fail(
                  new RegistryUnavailable({ detail: "The file of the model is gone." })
                ),
              ObjectStoreUnavailable: (error) =>
                Effect.logWarning("a model was not fetched", error).pipe(
                  Effect.andThen(
                    Effect.fail(
                      new RegistryUnavailable({ detail: "The object store is away." })
                    )
                  )
                )
            }),
            turns.withPermits(1),
            Effect.timeoutOrElse({
              duration: "5 minutes",
              orElse: () =>
                Effect.fail(
                  new RegistryUnavailable({ detail: "The object store is too slow." })
                )
            })
          ),
        adopt: Effect.fn("ArtifactCache.adopt")(function* (sha256, path) {
          yield* onDisk(() => rename(path, pathOf(sha256)))
          verified.add(sha256)
          yield* touched(sha256)
          yield* evict
        }),
        draft,
        keep: (sha256s) =>
          Effect.sync(() => {
            needed = sha256s
          })
      })
    })
  )
}

/** Writes a stream to a file, and says what it was. */
export const written = Effect.fnUntraced(function* <E, R>(
  path: string,
  content: Stream.Stream<Uint8Array, E, R>
) {
  const hash = createHash("sha256")
  let bytes = 0
  const file = yield* Effect.acquireRelease(
    onDisk(() => open(path, "w")),
    (it) => Effect.promise(() => it.close())
  )
  yield* Stream.runForEach(content, (chunk) =>
    onDisk(async () => {
      hash.update(chunk)
      bytes += chunk.byteLength
      await file.writeFile(chunk)
    })
  )
  return { bytes, sha256: hash.digest("hex") }
}, Effect.scoped)

/** Undefined: there is none. */
const hashOf = async (path: string): Promise<string | undefined> => {
  const hash = createHash("sha256")
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk)
  } catch (error) {
    return ifMissing(undefined)(error)
  }
  return hash.digest("hex")
}

/** Another process may use the same folder. */
const ifMissing =
  <A>(instead: A) =>
  (error: unknown): A => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      return instead
    throw error
  }

const cached = async (folder: string) => {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".onnx"))
  const files = await Promise.all(
    names.map(async (name) => {
      const found = await stat(join(folder, name)).catch(ifMissing(undefined))
      return (
        found && {
          sha256: name.slice(0, -".onnx".length),
          bytes: found.size,
          at: found.mtimeMs
        }
      )
    })
  )
  return files.filter((file) => file !== undefined)
}

/** What a process that is gone was writing. */
const removeDrafts = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) {
    if (!name.endsWith(".draft")) continue
    const found = await stat(join(folder, name)).catch(ifMissing(undefined))
    if (found !== undefined && Date.now() - found.mtimeMs > ABANDONED)
      await rm(join(folder, name), { force: true })
  }
}
