import { createHash } from "node:crypto"
import { ImportConfig } from "@analytics/config/ImportConfig"
import { ObjectStoreConfig } from "@analytics/config/ObjectStoreConfig"
import {
  ofHandle,
  type RandomAccess
} from "@analytics/data-processing/readers/RandomAccess"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Context, Effect, Layer, Option, type Scope, Stream } from "effect"
import { JobFailed, JobRefused, JobUnavailable } from "../../jobs/JobType.ts"
import { Uploads } from "../../uploads/Uploads.ts"
import type { FoundFile } from "./FoundFile.ts"
import type { Source } from "./ImportPayload.ts"
import { failureOf } from "./readingFailure.ts"
import { openAllowed, PathRefused } from "./sources/allowedFile.ts"
import { type Place, placeOf, UrlRefused } from "./sources/allowedUrl.ts"
import { Https } from "./sources/Https.ts"
import { ofObject } from "./sources/ObjectFile.ts"

type Failure = JobFailed | JobUnavailable

/** Where files of imports come from, and what may be read of it. */
export class ImportSources extends Context.Service<
  ImportSources,
  {
    /** Refuses what can be known to be wrong before anything is started. */
    check(
      source: Source,
      projectId: number
    ): Effect.Effect<void, JobRefused | JobUnavailable>
    /** Fetches what lies elsewhere into an object of the job, and reads all of it once. */
    find(
      source: Source,
      job: { readonly id: string; readonly projectId: number }
    ): Effect.Effect<FoundFile, Failure>
    /** Fails when it is not what was found. */
    open(file: FoundFile): Effect.Effect<RandomAccess, Failure, Scope.Scope>
    /** Removes what `find` fetched. */
    forget(jobId: string): Effect.Effect<void, JobUnavailable>
  }
>()("@analytics/batch-processor/types/import/ImportSources") {
  static readonly layer = Layer.effect(
    ImportSources,
    Effect.gen(function* () {
      const config = yield* ImportConfig
      const objectStoreConfig = yield* ObjectStoreConfig
      const own = objectStoreConfig.place
      const ownFolder = own.kind === "folder" ? own.path : undefined
      const store = yield* ObjectStore
      const uploads = yield* Uploads
      const https = yield* Https

      const bucketOf = Effect.fnUntraced(function* (bucket: string) {
        // The SDK takes its time to load, and most installations never need it here.
        const { layerOf } = yield* Effect.promise(
          () => import("@analytics/object-store/S3ObjectStore")
        )
        const context = yield* Layer.build(
          layerOf(objectStoreConfig, { bucket, prefix: "" })
        )
        return Context.get(context, ObjectStore)
      })

      const place = (url: string, pointer: string) =>
        Effect.try({
          try: (): Place => placeOf(url, config, own),
          catch: (error) =>
            new JobRefused({
              pointer,
              detail: error instanceof UrlRefused ? error.message : "It is not a URL."
            })
        })

      /** A file of this host, with what it is now. */
      const handle = (path: string) =>
        Effect.acquireRelease(
          Effect.tryPromise({
            try: () => openAllowed(path, config.paths, ownFolder),
            catch: (error) =>
              error instanceof PathRefused
                ? new JobFailed({ detail: error.message })
                : failureOf(error)
          }),
          (file) => Effect.promise(() => file.close())
        ).pipe(
          Effect.flatMap((file) =>
            Effect.map(
              Effect.tryPromise({ try: () => file.stat(), catch: failureOf }),
              ({ mtime, size }) => ({
                file: ofHandle(file, size),
                modifiedAt: mtime.toISOString()
              })
            )
          )
        )

      const object = Effect.fnUntraced(function* (
        from: ObjectStore["Service"],
        key: string
      ) {
        const info = yield* Effect.mapError(from.head(key), failureOf)
        if (Option.isNone(info))
          return yield* new JobFailed({
            detail: "The file is not there any more: upload it again, or name another."
          })
        return {
          file: ofObject(from, key, info.value.bytes),
          modifiedAt: info.value.modifiedAt.toISOString()
        }
      })

      const opened = Effect.fnUntraced(function* (at: FoundFile["at"]) {
        switch (at.kind) {
          case "path":
            return yield* handle(at.path)
          case "object":
            return yield* object(store, at.key)
          case "s3":
            return yield* object(yield* bucketOf(at.bucket), at.key)
        }
      })

      const tooLarge = (bytes: number) =>
        `The file has ${bytes} bytes; BATCH_IMPORT_MAX_BYTES allows ${config.maxBytes}: split it.`

      const described = Effect.fnUntraced(function* (at: FoundFile["at"]) {
        const { file, modifiedAt } = yield* opened(at)
        if (file.bytes > config.maxBytes)
          return yield* new JobFailed({ detail: tooLarge(file.bytes) })
        const hash = createHash("sha256")
        let magic = ""
        yield* Stream.fromAsyncIterable(file.read(0), failureOf).pipe(
          Stream.runForEach((chunk) =>
            Effect.sync(() => {
              hash.update(chunk)
              magic ||= Buffer.from(chunk.subarray(0, 4)).toString("hex")
            })
          )
        )
        const sha256 = hash.digest("hex")
        return { at, bytes: file.bytes, sha256, modifiedAt, magic }
      }, Effect.scoped)

      const fetched = Effect.fnUntraced(function* (url: URL, jobId: string) {
        const key = stagedKey(jobId)
        yield* store
          .put(key, https.fetch(url, config.hosts), { limit: config.maxBytes })
          .pipe(
            Effect.catchTags({
              NotFetched: ({ detail }) => Effect.fail(new JobFailed({ detail })),
              NotAnswered: ({ detail }) =>
                Effect.fail(new JobUnavailable({ what: url.host, detail })),
              ObjectTooLarge: () =>
                Effect.fail(
                  new JobFailed({
                    detail: `The file is larger than BATCH_IMPORT_MAX_BYTES allows, ${config.maxBytes} bytes: split it.`
                  })
                ),
              ObjectStoreUnavailable: (error) => Effect.fail(failureOf(error))
            })
          )
        return yield* described({ kind: "object", key })
      })

      return ImportSources.of({
        check: Effect.fn("ImportSources.check")(function* (source, projectId) {
          if ("upload" in source) {
            const found = yield* uploads.find(projectId, source.upload)
            if (Option.isNone(found))
              return yield* new JobRefused({
                pointer: "/source/upload",
                detail: "There is no such upload of this project: send it again."
              })
          } else if ("path" in source) {
            const size = yield* Effect.scoped(handle(source.path)).pipe(
              Effect.map(({ file }) => file.bytes),
              Effect.catchTag("JobFailed", ({ detail }) =>
                Effect.fail(new JobRefused({ pointer: "/source/path", detail }))
              )
            )
            if (size > config.maxBytes)
              return yield* new JobRefused({
                pointer: "/source/path",
                detail: tooLarge(size)
              })
          } else {
            const found = yield* place(source.url, "/source/url")
            if (found.kind === "https")
              yield* Effect.catchTag(https.check(found.url), "NotFetched", (error) =>
                Effect.fail(
                  new JobRefused({ pointer: "/source/url", detail: error.detail })
                )
              )
          }
        }),
        find: Effect.fn("ImportSources.find")(function* (source, job) {
          if ("path" in source)
            return yield* described({ kind: "path", path: source.path })
          if ("upload" in source) {
            const found = yield* uploads.find(job.projectId, source.upload)
            if (Option.isNone(found))
              return yield* new JobFailed({
                detail: "The upload has expired: send the file again."
              })
            return yield* described({ kind: "object", key: found.value.key })
          }
          const found = yield* place(source.url, "/source/url").pipe(
            Effect.mapError(({ detail }) => new JobFailed({ detail }))
          )
          return yield* found.kind === "https"
            ? fetched(found.url, job.id)
            : described(found)
        }),
        open: Effect.fn("ImportSources.open")(function* (known) {
          const { file, modifiedAt } = yield* opened(known.at)
          if (file.bytes !== known.bytes || modifiedAt !== known.modifiedAt)
            return yield* new JobFailed({
              detail: "The file changed since the import began: start another one."
            })
          return file
        }),
        forget: (jobId) =>
          store
            .remove(stagedKey(jobId))
            .pipe(
              Effect.mapError(
                ({ detail }) =>
                  new JobUnavailable({ what: "the store of objects", detail })
              )
            )
      })
    })
  )
}

/** Where the file of a URL lies while its job runs. */
const stagedKey = (jobId: string): string => `imports/${jobId}`
