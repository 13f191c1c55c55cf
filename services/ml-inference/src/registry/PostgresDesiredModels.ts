import { ObjectStore } from "@analytics/object-store/ObjectStore"
import {
  Clock,
  DateTime,
  Deferred,
  Effect,
  Layer,
  Schedule,
  Semaphore,
  Stream,
  SubscriptionRef
} from "effect"
import { ArtifactCache } from "./ArtifactCache.ts"
import {
  type DesiredModel,
  DesiredModels,
  type DesiredState,
  type DesiredVersion,
  type Golden,
  RegistryUnavailable
} from "./DesiredModels.ts"
import { DesiredRepo, type DesiredRow } from "./DesiredRepo.ts"
import { RegistryNotes } from "./RegistryNotes.ts"
import { decodeGolden } from "./storedGolden.ts"

/** Looks at least as often, whatever Postgres tells. */
const POLL = "1 second"

const away = (detail: string) => (error: unknown) =>
  Effect.logWarning(detail, error).pipe(
    Effect.andThen(Effect.fail(new RegistryUnavailable({ detail })))
  )

const unusable = ({ id, model }: DesiredRow, error: unknown) =>
  Effect.logError("golden rows cannot be read", error).pipe(
    Effect.annotateLogs({ model, version: id }),
    Effect.as(undefined)
  )

/** Follows the registry in Postgres. */
export const layer = Layer.effect(
  DesiredModels,
  Effect.gen(function* () {
    const repo = yield* DesiredRepo
    const store = yield* ObjectStore
    const cache = yield* ArtifactCache
    const notes = yield* RegistryNotes
    const state = yield* SubscriptionRef.make<DesiredState>(new Map())
    const known = yield* Deferred.make<void>()
    const oneAtATime = yield* Semaphore.make(1)
    let revision = -1
    /** Epoch milliseconds at which something of the present state is no longer to be ready. */
    let ends = Infinity
    /** By version; they never change. */
    const goldens = new Map<string, Golden>()

    const goldenAt = Effect.fn("DesiredModels.golden")(function* (key: string) {
      const bytes = yield* Stream.runCollect(store.get(key))
      return yield* decodeGolden(Buffer.concat([...bytes]))
    })

    /** Undefined: its golden rows are gone, so nobody can say that it is ready. */
    const withGolden = Effect.fnUntraced(function* (row: DesiredRow) {
      if (row.golden === null) return { row, golden: undefined }
      const kept = goldens.get(row.id)
      if (kept !== undefined) return { row, golden: kept }
      return yield* goldenAt(row.golden).pipe(
        // At once, so that an attempt that takes too long leaves less to the next one.
        Effect.tap((golden) => Effect.sync(() => goldens.set(row.id, golden))),
        Effect.map((golden): Known => ({ row, golden })),
        Effect.catchTags({
          ObjectNotFound: (error) => unusable(row, error),
          SchemaError: (error) => unusable(row, error)
        })
      )
    })

    const read = Effect.gen(function* () {
      // First, so that what is read next is at least as new.
      const now = yield* repo.revision
      if (now === revision && (yield* Clock.currentTimeMillis) < ends) return
      const found = yield* Effect.forEach(yield* repo.rows, withGolden, {
        concurrency: 4
      })
      const rows = found.filter((it) => it !== undefined)
      const ids = new Set(rows.map(({ row }) => row.id))
      for (const id of goldens.keys()) if (!ids.has(id)) goldens.delete(id)
      const next = stateOf(rows)
      yield* cache.keep(new Set(rows.map(({ row }) => row.sha256)))
      yield* SubscriptionRef.set(state, next)
      revision = now
      ends = Math.min(
        ...rows.map(({ row: { warmUntil } }) =>
          warmUntil === null ? Infinity : DateTime.toEpochMillis(warmUntil)
        )
      )
      yield* Deferred.succeed(known, undefined)
    })

    const refresh = read.pipe(
      oneAtATime.withPermits(1),
      Effect.timeout("20 seconds"),
      Effect.catch(away("the registry of models cannot be read"))
    )

    yield* Effect.race(notes.next, Effect.sleep(POLL)).pipe(
      Effect.andThen(refresh),
      Effect.ignore,
      // Whatever it is, the next change may come without it.
      Effect.catchDefect((defect) =>
        Effect.logError("the registry of models was not followed", defect)
      ),
      Effect.repeat(Schedule.forever),
      Effect.forkScoped
    )
    yield* Effect.ignore(refresh)

    return DesiredModels.of({
      // What is not known yet is not "nothing".
      current: Effect.andThen(Deferred.await(known), SubscriptionRef.get(state)),
      changes: Stream.unwrap(
        Effect.as(Deferred.await(known), SubscriptionRef.changes(state))
      ),
      refresh,
      artifact: cache.file
    })
  })
)

interface Known {
  readonly row: DesiredRow
  readonly golden: Golden | undefined
}

const stateOf = (all: ReadonlyArray<Known>): DesiredState => {
  const models = new Map<string, DesiredModel>()
  for (const [key, rows] of Map.groupBy(
    all,
    ({ row }) => `${row.projectId}/${row.model}`
  )) {
    const [first] = rows
    if (first === undefined) continue
    const { aliases, challengerPercent, model, projectId } = first.row
    models.set(key, {
      projectId,
      name: model,
      aliases,
      challengerPercent,
      versions: new Map(rows.map((known) => [known.row.version, versionOf(known)]))
    })
  }
  return models
}

const versionOf = ({ golden, row }: Known): DesiredVersion => ({
  id: row.id,
  projectId: row.projectId,
  model: row.model,
  version: row.version,
  sha256: row.sha256,
  signature: row.signature,
  golden,
  ...row.settings
})
