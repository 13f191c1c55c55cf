import { ExportConfig } from "@analytics/config/ExportConfig"
import { type ObjectInfo, ObjectStore } from "@analytics/object-store/ObjectStore"
import {
  Clock,
  Context,
  Duration,
  Effect,
  Layer,
  Option,
  Schedule,
  Stream
} from "effect"
import { HttpApiError } from "effect/http-api"
import { JobsUnavailable } from "../JobsUnavailable.ts"
import { folderOf } from "../types/export/Manifest.ts"

/** It was never written, has expired, or somebody in it was erased. */
export class FileNotFound extends HttpApiError.Problem<FileNotFound>()("FileNotFound", {
  type: "urn:analytics:problem:file-not-found",
  status: 404,
  title: "The job has no such file, or has it no more"
}) {}

/** A job with files of its own. */
export interface OwnedJob {
  readonly id: string
  /** null: of the installation, which exports nothing. */
  readonly projectId: number | null
}

/** What a job lists at most. */
const MOST_FILES = 10_000
const EXPIRY_INTERVAL = "10 minutes"

/** The files that jobs wrote for their project. They go away by themselves. */
export class Exports extends Context.Service<
  Exports,
  {
    /** In the order of their names, which are those in the manifest. */
    list(job: OwnedJob): Effect.Effect<ReadonlyArray<ObjectInfo>, JobsUnavailable>
    /** One of them, read as fast as it is taken. */
    open(
      job: OwnedJob,
      name: string
    ): Effect.Effect<
      { readonly bytes: number; readonly content: Stream.Stream<Uint8Array, unknown> },
      FileNotFound | JobsUnavailable
    >
    /** Removes what is older than it may be; how many files. */
    readonly expire: Effect.Effect<number, JobsUnavailable>
  }
>()("@analytics/batch-processor/exports/Exports") {
  static readonly layer = Layer.effect(
    Exports,
    Effect.gen(function* () {
      const store = yield* ObjectStore
      const { retention } = yield* ExportConfig

      const expire = Effect.gen(function* () {
        const oldest = (yield* Clock.currentTimeMillis) - Duration.toMillis(retention)
        return yield* store.list("exports/").pipe(
          Stream.filter(({ modifiedAt }) => modifiedAt.getTime() < oldest),
          Stream.tap(({ key }) => store.remove(key)),
          Stream.runCount,
          Effect.catchTag("ObjectStoreUnavailable", storeAway)
        )
      }).pipe(Effect.withSpan("Exports.expire"))

      yield* expire.pipe(
        Effect.catchCause((cause) =>
          Effect.logWarning("old exports cannot be removed yet", cause)
        ),
        Effect.repeat(Schedule.spaced(EXPIRY_INTERVAL)),
        Effect.forkScoped
      )

      return Exports.of({
        expire,
        list: Effect.fn("Exports.list")(({ id, projectId }) =>
          projectId === null
            ? Effect.succeed([])
            : store.list(folderOf(projectId, id)).pipe(
                Stream.take(MOST_FILES),
                Stream.map((file) => ({
                  ...file,
                  key: file.key.slice(folderOf(projectId, id).length)
                })),
                Stream.runCollect,
                Effect.catchTag("ObjectStoreUnavailable", storeAway)
              )
        ),
        open: Effect.fn("Exports.open")(function* ({ id, projectId }, name) {
          if (projectId === null || name.includes("/"))
            return yield* new FileNotFound({})
          const key = folderOf(projectId, id) + name
          const found = yield* Effect.catchTag(
            store.head(key),
            "ObjectStoreUnavailable",
            storeAway
          )
          return Option.isNone(found)
            ? yield* new FileNotFound({})
            : { bytes: found.value.bytes, content: store.get(key) }
        })
      })
    })
  )
}

const storeAway = (error: unknown) =>
  Effect.logError("files of jobs cannot be read", error).pipe(
    Effect.andThen(
      Effect.fail(
        new JobsUnavailable({ detail: "The store of objects is away; try again." })
      )
    )
  )
