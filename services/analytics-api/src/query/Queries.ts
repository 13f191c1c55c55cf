import type { QueryContext } from "@analytics/analytics-core/query/Compiled"
import { parseQuery, type Query } from "@analytics/analytics-core/query/Query"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { Clock, Context, Duration, Effect, Layer, Option, Semaphore } from "effect"
import { projectShares } from "./projectShares.ts"
import type { QueryAnswer } from "./QueryAnswer.ts"
import {
  type QueriesUnavailable,
  QueryTimedOut,
  type QueryTooLarge,
  TooManyQueries
} from "./QueryProblems.ts"
import { QueryRepo } from "./QueryRepo.ts"
import { type KnownWatermark, Watermark } from "./Watermark.ts"

export type QueryProblem =
  | QueryInvalid
  | QueryTimedOut
  | QueryTooLarge
  | TooManyQueries
  | QueriesUnavailable

export interface AskingProject {
  readonly id: number
  readonly timezone: string
}

/** Queries that may wait for each one that runs. */
const WAITING_PER_RUNNING = 8
const RETRY_AFTER_SECONDS = 2
/** Of one query; they are independent. */
const STATEMENTS_AT_ONCE = 4

/** Answers questions about a project's events, each at a watermark. */
export class Queries extends Context.Service<
  Queries,
  {
    answer(
      project: AskingProject,
      body: unknown
    ): Effect.Effect<QueryAnswer, QueryProblem>
  }
>()("@analytics/analytics-api/query/Queries") {
  static readonly layer = Layer.effect(
    Queries,
    Effect.gen(function* () {
      const repo = yield* QueryRepo
      const watermarks = yield* Watermark
      const { timeout, concurrency } = yield* QueryConfig
      const admitted = yield* Semaphore.make(concurrency * (1 + WAITING_PER_RUNNING))
      const running = yield* Semaphore.make(concurrency)
      // The other half is for everybody else.
      const share = Math.max(1, Math.floor(concurrency / 2))
      const ofProject = projectShares({
        running: share,
        admitted: share * (1 + WAITING_PER_RUNNING)
      })

      const run = Effect.fn("Queries.run")(function* (compiled: CompiledQuery) {
        const answers = yield* Effect.forEach(compiled.statements, repo.run, {
          concurrency: STATEMENTS_AT_ONCE
        })
        const result = compiled.decode(answers.map(({ rows }) => rows))
        if (result instanceof QueryInvalid) return yield* result
        return {
          result,
          rowsRead: answers.reduce((sum, { rowsRead }) => sum + rowsRead, 0)
        }
      })

      /** Asks without links while it learns whether there are any; once there are, there always are. */
      const ask = Effect.fnUntraced(function* (
        query: Query,
        context: Omit<QueryContext, "hasLinks">
      ) {
        const { projectId, watermark } = context
        const linked = yield* query.compile({ ...context, hasLinks: true })
        if (repo.isLinked(projectId)) return yield* run(linked)
        const plain = yield* query.compile({ ...context, hasLinks: false })
        if (areSame(plain, linked)) return yield* run(plain)
        const [hasLinks, answered] = yield* Effect.all(
          [repo.hasLinks(projectId, watermark), Effect.result(run(plain))],
          { concurrency: "unbounded" }
        )
        return yield* hasLinks ? run(linked) : Effect.fromResult(answered)
      })

      const checkPatterns = Effect.fnUntraced(function* ({ patterns }: Query) {
        for (const { pointer, pattern } of patterns)
          if (!(yield* repo.isPattern(pattern)))
            return yield* QueryInvalid.at(pointer, "Expected an RE2 pattern")
      })

      const answer = Effect.fn("Queries.answer")(function* (
        project: AskingProject,
        body: unknown
      ) {
        const startedAt = yield* Clock.currentTimeMillis
        const query = yield* parseQuery(body)
        yield* Effect.annotateCurrentSpan("query.kind", query.kind)
        const [known] = yield* Effect.all(
          [watermarks.atLeast(query.asOf), checkPatterns(query)],
          { concurrency: "unbounded" }
        )
        const watermark = yield* watermarkOf(query, known)
        const { result, rowsRead } = yield* ask(query, {
          projectId: project.id,
          timezone: project.timezone,
          now: query.now ?? startedAt,
          watermark
        })
        return {
          kind: query.kind,
          result,
          meta: {
            asOf: new Date(watermark).toISOString(),
            ingestLagMs: known.ingestLagMs,
            cached: false,
            elapsedMs: (yield* Clock.currentTimeMillis) - startedAt,
            rowsRead,
            warnings: known.isStale ? ["watermark_stale"] : [],
            definitions: "v1"
          }
        }
      })

      const withinTime = Effect.timeoutOrElse({
        duration: timeout,
        orElse: () =>
          Effect.fail(
            new QueryTimedOut({
              detail: `A query may take ${Duration.format(timeout)}. Ask for a shorter range, fewer breakdowns or a longer interval.`
            })
          )
      })

      return Queries.of({
        answer: (project, body) =>
          admitted
            .withPermitsIfAvailable(1)(
              withinTime(
                ofProject(project.id, running.withPermit(answer(project, body)))
              )
            )
            .pipe(
              Effect.map(Option.flatten),
              Effect.flatMap(
                Option.match({
                  onSome: Effect.succeed,
                  onNone: () =>
                    Effect.fail(new TooManyQueries({ retryAfter: RETRY_AFTER_SECONDS }))
                })
              )
            )
      })
    })
  )
}

type CompiledQuery = Effect.Success<ReturnType<Query["compile"]>>

/** Whether links make no difference, as when no person is asked about. */
const areSame = (one: CompiledQuery, other: CompiledQuery): boolean =>
  one.statements.every(({ sql }, index) => sql === other.statements[index]?.sql)

const watermarkOf = (
  { asOf }: Query,
  known: KnownWatermark
): Effect.Effect<number, QueryInvalid> =>
  asOf === undefined || asOf <= known.watermark
    ? Effect.succeed(asOf ?? known.watermark)
    : Effect.fail(
        QueryInvalid.at(
          "/asOf",
          `Events are stored up to ${new Date(known.watermark).toISOString()}`
        )
      )
