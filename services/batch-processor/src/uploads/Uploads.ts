import { ImportConfig } from "@analytics/config/ImportConfig"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import {
  Context,
  type DateTime,
  Duration,
  Effect,
  Layer,
  Option,
  Schedule,
  Semaphore,
  type Stream
} from "effect"
import { JobsUnavailable } from "../JobsUnavailable.ts"
import { JobUnavailable } from "../jobs/JobType.ts"
import { TooManyUploads, UploadTooLarge, UploadUnreadable } from "./UploadProblems.ts"
import { UploadRepo } from "./UploadRepo.ts"

export interface Upload {
  readonly id: string
  readonly bytes: number
  /** hex */
  readonly sha256: string
  readonly expiresAt: DateTime.Utc
}

type Refused = UploadTooLarge | UploadUnreadable | TooManyUploads | JobsUnavailable

/** Of one project. */
const MOST_UPLOADS = 100
/** Taken in at the same time by one process. */
const AT_ONCE = 16
const LONGEST_UPLOAD = "1 hour"
const EXPIRED_AT_ONCE = 100

/** Files that a project sends for its jobs. They go away by themselves. */
export class Uploads extends Context.Service<
  Uploads,
  {
    receive(
      upload: { readonly projectId: number; readonly actor: string },
      body: Stream.Stream<Uint8Array, UploadUnreadable>
    ): Effect.Effect<Upload, Refused>
    /** The object of an upload of this project that is complete and has not expired. */
    find(
      projectId: number,
      id: string
    ): Effect.Effect<Option.Option<{ readonly key: string }>, JobUnavailable>
    /** Removes what has expired, and what never became complete; how many those were. */
    readonly expire: Effect.Effect<number, JobsUnavailable>
  }
>()("@analytics/batch-processor/uploads/Uploads") {
  static readonly layer = Layer.effect(
    Uploads,
    Effect.gen(function* () {
      const { maxUploadBytes, uploadRetention } = yield* ImportConfig
      const store = yield* ObjectStore
      const repo = yield* UploadRepo
      const permits = yield* Semaphore.make(AT_ONCE)

      const tooLarge = () =>
        new UploadTooLarge({
          detail: `An upload may have ${maxUploadBytes} bytes: split the file, or import it from a path, a bucket or a host.`
        })
      const storeAway = () =>
        new JobsUnavailable({ detail: "The store of objects is away; try again." })

      const kept = Effect.fnUntraced(function* (
        id: string,
        body: Stream.Stream<Uint8Array, UploadUnreadable>
      ) {
        const written = yield* store
          .put(keyOf(id), body, { limit: maxUploadBytes })
          .pipe(
            Effect.timeoutOrElse({
              duration: LONGEST_UPLOAD,
              orElse: () =>
                Effect.fail(
                  new UploadUnreadable({ detail: "It took longer than an hour." })
                )
            }),
            Effect.catchTags({
              ObjectTooLarge: () => Effect.fail(tooLarge()),
              ObjectStoreUnavailable: (error) =>
                Effect.logError("an upload was not stored", error).pipe(
                  Effect.andThen(Effect.fail(storeAway()))
                )
            })
          )
        yield* repo.complete(id, written)
        return written
      })

      const forget = (id: string) =>
        store
          .remove(keyOf(id))
          .pipe(Effect.andThen(repo.remove(id)), Effect.mapError(storeAway))

      const expire = Effect.gen(function* () {
        const ids = yield* repo.expired(EXPIRED_AT_ONCE)
        yield* Effect.forEach(ids, forget, { discard: true })
        return ids.length
      }).pipe(Effect.withSpan("Uploads.expire"))

      yield* expire.pipe(
        Effect.repeat({ until: (count) => count < EXPIRED_AT_ONCE }),
        Effect.catchCause((cause) =>
          Effect.logWarning("expired uploads cannot be removed yet", cause)
        ),
        Effect.repeat(Schedule.spaced("1 minute")),
        Effect.forkScoped
      )

      return Uploads.of({
        expire,
        receive: Effect.fn("Uploads.receive")(function* ({ actor, projectId }, body) {
          const id = crypto.randomUUID()
          const retention = Duration.toMillis(uploadRetention)
          const expiresAt = yield* repo.begin(
            { id, projectId, createdBy: actor, retention },
            MOST_UPLOADS
          )
          if (Option.isNone(expiresAt))
            return yield* new TooManyUploads({
              detail: `A project keeps at most ${MOST_UPLOADS}; they go away ${Duration.format(uploadRetention)} after they were sent.`
            })
          const written = yield* kept(id, body).pipe(
            permits.withPermitsIfAvailable(1),
            Effect.flatMap((taken) =>
              Option.isSome(taken)
                ? Effect.succeed(taken.value)
                : Effect.fail(
                    new TooManyUploads({ detail: "Too many come in now; try again." })
                  )
            ),
            // What is left behind here expires like any other.
            Effect.onError(() => Effect.ignore(forget(id)))
          )
          return { id, expiresAt: expiresAt.value, ...written }
        }),
        find: Effect.fn("Uploads.find")((projectId, id) =>
          repo.has(projectId, id.toLowerCase()).pipe(
            Effect.map((has) =>
              has ? Option.some({ key: keyOf(id.toLowerCase()) }) : Option.none()
            ),
            Effect.mapError(
              () =>
                new JobUnavailable({
                  what: "Postgres",
                  detail: "The store of jobs is away."
                })
            )
          )
        )
      })
    })
  )
}

const keyOf = (id: string): string => `uploads/${id}`
