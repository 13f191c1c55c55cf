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

      const run = Effect.fn("Queries.run")(function* (
        query: Query,
        context: QueryContext
      ) {
        const compiled = yield* query.compile(context)
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
      const unlessLinked = Effect.fnUntraced(function* (
        project: number,
        watermark: number,
        answerWith: (hasLinks: boolean) => ReturnType<typeof run>
      ) {
        const [hasLinks, unlinked] = yield* Effect.all(
          [repo.hasLinks(project, watermark), Effect.result(answerWith(false))],
          { concurrency: "unbounded" }
        )
        return yield* hasLinks ? answerWith(true) : Effect.fromResult(unlinked)
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
        const answerWith = (hasLinks: boolean) =>
          run(query, {
            projectId: project.id,
            timezone: project.timezone,
            now: query.asOf ?? startedAt,
            watermark,
            hasLinks
          })
        const { result, rowsRead } = repo.isLinked(project.id)
          ? yield* answerWith(true)
          : yield* unlessLinked(project.id, watermark, answerWith)
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
