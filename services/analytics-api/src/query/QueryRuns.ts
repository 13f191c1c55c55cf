import { promisify } from "node:util"
import { zstdCompress, zstdDecompress } from "node:zlib"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { Drain } from "@analytics/api-common/Drain"
import { makeNotes, RequestNotes } from "@analytics/api-common/RequestNotes"
import { QueryLoadConfig } from "@analytics/config/QueryLoadConfig"
import {
  Clock,
  Context,
  DateTime,
  Duration,
  Effect,
  FiberMap,
  Layer,
  Option,
  Schedule,
  Schema
} from "effect"
import { Audit } from "../audit/Audit.ts"
import { told } from "../audit/auditPlugin.ts"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { type AskingProject, Queries, type QueryProblem } from "./Queries.ts"
import { QueryAnswer } from "./QueryAnswer.ts"
import {
  QueriesUnavailable,
  QueryInterrupted,
  QueryNotFound,
  QueryTimedOut,
  QueryTooLarge,
  TooManyQueries
} from "./QueryProblems.ts"
import { QueryRunsRepo } from "./QueryRunsRepo.ts"

/** Of one project, running or waiting. */
const MOST_RUNNING = 8
/** Of an answer as JSON, in bytes; Postgres has to hold it. */
const MOST_ANSWER_BYTES = 32 * 2 ** 20
const MOST_STORED_BYTES = 8 * 2 ** 20
const DIED = "The fault is ours, and logged; the same query may fail again."
const HEARTBEAT = Duration.seconds(2)

const Failed = Schema.Union([
  QueryInvalid,
  QueryTimedOut,
  QueryTooLarge,
  QueryInterrupted,
  TooManyQueries,
  QueriesUnavailable,
  ControlUnavailable
])
const Answered = Schema.fromJsonString(QueryAnswer)
const FailedJson = Schema.fromJsonString(Failed)

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** A run that goes on, or its answer as JSON. */
export type RunState =
  | { readonly running: true; readonly elapsedMs: number }
  | { readonly running: false; readonly text: string }

/**
 * Queries that nobody waits for. A process that is told to end waits for them as for requests
 * in flight; what takes longer ends with it, and then says so.
 */
export class QueryRuns extends Context.Service<
  QueryRuns,
  {
    /** Its id. */
    start(
      project: AskingProject,
      body: unknown
    ): Effect.Effect<string, TooManyQueries | ControlUnavailable>
    state(
      projectId: number,
      id: string
    ): Effect.Effect<RunState, QueryProblem | QueryNotFound | QueryInterrupted>
    /** Ends it, and forgets its answer. */
    cancel(
      projectId: number,
      id: string
    ): Effect.Effect<void, QueryNotFound | ControlUnavailable>
  }
>()("@analytics/analytics-api/query/QueryRuns") {
  static readonly layer = Layer.effect(
    QueryRuns,
    Effect.gen(function* () {
      const repo = yield* QueryRunsRepo
      const queries = yield* Queries
      const audit = yield* Audit
      const drain = yield* Drain
      const { asyncTimeout, resultRetention } = yield* QueryLoadConfig
      const kept = Duration.toSeconds(resultRetention)
      const owner = crypto.randomUUID()
      const fibers = yield* FiberMap.make<string, void, never>()

      const stored = Effect.fnUntraced(function* (
        answered: QueryAnswer
      ): Effect.fn.Return<Uint8Array, QueryTooLarge> {
        const text = yield* Effect.orDie(Schema.encodeEffect(Answered)(answered))
        const bytes =
          Buffer.byteLength(text) > MOST_ANSWER_BYTES
            ? undefined
            : yield* Effect.promise(() => compress(text))
        if (bytes === undefined || bytes.length > MOST_STORED_BYTES)
          return yield* new QueryTooLarge({
            detail: "The answer is too large to be kept; ask for a part of it, or wait."
          })
        return bytes
      })

      const run = Effect.fn("QueryRuns.run")(function* (
        id: string,
        project: AskingProject,
        body: unknown
      ) {
        const notes = makeNotes()
        const startedAt = yield* Clock.currentTimeMillis
        const answered = yield* queries.answerLong(project, body).pipe(
          Effect.provideService(RequestNotes, notes),
          Effect.flatMap(stored),
          Effect.catchDefect((defect) =>
            Effect.logError("a longer query died", defect).pipe(
              Effect.annotateLogs({ query: id }),
              Effect.andThen(Effect.fail(new QueriesUnavailable({ detail: DIED })))
            )
          ),
          Effect.result
        )
        const [end, status] =
          answered._tag === "Success"
            ? [{ answer: answered.success }, 200]
            : [{ problem: yield* problemOf(answered.failure) }, answered.failure.status]
        const now = yield* Clock.currentTimeMillis
        yield* audit.record({
          ...told(notes),
          at: DateTime.makeUnsafe(now),
          actor: project.keyId ?? "admin",
          projectId: project.id,
          action: "query.run",
          target: `/v1/queries/${id}`,
          status,
          elapsedMs: now - startedAt
        })
        yield* repo.finish(id, owner, end, kept).pipe(
          Effect.retry({
            times: 5,
            schedule: Schedule.exponential("1 second").pipe(Schedule.jittered)
          }),
          Effect.ignore
        )
      })

      const problemOf = (problem: QueryProblem) =>
        Schema.encodeEffect(FailedJson)(problem).pipe(
          Effect.flatMap((text) => Effect.promise(() => compress(text))),
          Effect.orDie
        )

      const textOf = (body: Uint8Array) =>
        Effect.promise(() => decompress(body)).pipe(
          Effect.map((bytes) => bytes.toString("utf8"))
        )

      // A run whose row is gone was cancelled, perhaps by another process.
      yield* Effect.gen(function* () {
        const ids = [...fibers].map(([id]) => id)
        if (ids.length === 0) return
        const wanted = new Set(yield* repo.beat(owner, ids))
        for (const id of ids) if (!wanted.has(id)) yield* FiberMap.remove(fibers, id)
      }).pipe(
        Effect.ignore,
        Effect.repeat(Schedule.spaced(HEARTBEAT)),
        Effect.forkScoped
      )
      yield* repo.removeExpired.pipe(
        Effect.ignore,
        Effect.repeat(Schedule.spaced("10 minutes")),
        Effect.forkScoped
      )

      const notFound = new QueryNotFound({
        detail: "It was cancelled, its answer was kept long enough, or it never was."
      })

      return QueryRuns.of({
        start: Effect.fn("QueryRuns.start")(function* (project, body) {
          const id = yield* repo.insert({
            projectId: project.id,
            owner,
            mostRunning: MOST_RUNNING,
            keptSeconds: kept + Duration.toSeconds(asyncTimeout)
          })
          if (Option.isNone(id))
            return yield* new TooManyQueries({
              retryAfter: 10,
              detail: `At most ${MOST_RUNNING} of them run or wait; cancel one, or wait.`
            })
          yield* FiberMap.run(
            fibers,
            id.value,
            drain.holds(run(id.value, project, body))
          )
          return id.value
        }),
        state: Effect.fn("QueryRuns.state")(function* (projectId, id) {
          const found = yield* repo.find(projectId, id)
          if (Option.isNone(found)) return yield* notFound
          const run = found.value
          switch (run.state) {
            case "running":
              return { running: true, elapsedMs: run.elapsedMs }
            case "interrupted":
              return yield* new QueryInterrupted({})
            case "failed":
              return yield* yield* textOf(run.body).pipe(
                Effect.flatMap(Schema.decodeEffect(FailedJson)),
                Effect.catchTag("SchemaError", Effect.die)
              )
            case "answered":
              return { running: false, text: yield* textOf(run.body) }
          }
        }),
        cancel: Effect.fn("QueryRuns.cancel")(function* (projectId, id) {
          if (!(yield* repo.remove(projectId, id))) return yield* notFound
          yield* FiberMap.remove(fibers, id)
        })
      })
    })
  )
}
