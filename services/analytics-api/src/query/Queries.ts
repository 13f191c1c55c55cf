import type { QueryContext } from "@analytics/analytics-core/query/Compiled"
import { parseQuery, type Query } from "@analytics/analytics-core/query/Query"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { RequestNotes } from "@analytics/api-common/RequestNotes"
import { asOfRetention } from "@analytics/config/asOfRetention"
import { QueryConfig } from "@analytics/config/QueryConfig"
import { QueryLoadConfig } from "@analytics/config/QueryLoadConfig"
import { IdHash } from "@analytics/data-processing/IdHash"
import { Installation } from "@analytics/database/Installation"
import { Clock, Context, Duration, Effect, Layer, Option, Redacted } from "effect"
import type { ControlUnavailable } from "../ControlUnavailable.ts"
import { CohortRepo } from "../cohorts/CohortRepo.ts"
import { CohortRefreshRepo } from "../cohorts/refresh/CohortRefreshRepo.ts"
import { History } from "./History.ts"
import { Keeping } from "./Keeping.ts"
import { OutlookClient } from "./OutlookClient.ts"
import { outlookOf } from "./outlookOf.ts"
import { type Asker, queryAdmission } from "./QueryAdmission.ts"
import { mayUseCores, QueryAllowance } from "./QueryAllowance.ts"
import type { QueryAnswer } from "./QueryAnswer.ts"
import { QueryCost, type QueryEstimate } from "./QueryCost.ts"
import {
  type QueriesUnavailable,
  type QueryTimedOut,
  QueryTooLarge,
  type TooManyQueries
} from "./QueryProblems.ts"
import { QueryRepo } from "./QueryRepo.ts"
import { queryBudgets } from "./queryBudgets.ts"
import { hashOf } from "./queryHash.ts"
import { type ReadMeter, readMeter } from "./readMeter.ts"
import { requirePatterns } from "./requirePatterns.ts"
import { type KnownWatermark, Watermark } from "./Watermark.ts"

export type QueryProblem =
  | QueryInvalid
  | QueryTimedOut
  | QueryTooLarge
  | TooManyQueries
  | QueriesUnavailable
  | ControlUnavailable

export interface AskingProject extends Asker {
  readonly timezone: string
  /** By which key. */
  readonly keyId?: string
}

/** How often one statement may look at all events. */
const SCANS = 4

/** How much less urgent a query is that nobody waits for. */
const PATIENCE = 4
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
    /** The same for a query that may take longer, because nobody waits for it. */
    answerLong(
      project: AskingProject,
      body: unknown
    ): Effect.Effect<QueryAnswer, QueryProblem>
    /** Whether it is a question that can be answered. */
    check(
      project: Pick<AskingProject, "id" | "timezone">,
      body: unknown
    ): Effect.Effect<void, QueryProblem>
    /** What it would cost. */
    estimate(
      project: AskingProject,
      body: unknown
    ): Effect.Effect<QueryEstimate, QueryProblem>
  }
>()("@analytics/analytics-api/query/Queries") {
  static readonly layer = Layer.effect(
    Queries,
    Effect.gen(function* () {
      const repo = yield* QueryRepo
      const watermarks = yield* Watermark
      const history = yield* History
      const cohorts = yield* CohortRepo
      const refreshes = yield* CohortRefreshRepo
      const costs = yield* QueryCost
      const outlooks = yield* OutlookClient
      const idHash = new IdHash(Redacted.value((yield* Installation).idHashKey))
      const { timeout, concurrency } = yield* QueryConfig
      const oldest = Duration.toMillis(yield* asOfRetention)
      const load = yield* QueryLoadConfig
      const admit = yield* queryAdmission({ concurrency, timeout, patience: 0 })
      const admitLong = yield* queryAdmission({
        concurrency: load.asyncConcurrency,
        timeout: load.asyncTimeout,
        patience: PATIENCE
      })
      const budgets = queryBudgets(load)

      /** Refuses what would read too much. Asked only of projects that hold so much. */
      const checkCost = Effect.fn("Queries.checkCost")(function* (
        size: number,
        { statements }: CompiledQuery
      ) {
        if (load.maxRows === 0) return
        if (size * statements.length * SCANS <= load.maxRows) return
        const estimate = yield* Effect.option(costs.estimate(statements))
        if (Option.isSome(estimate) && estimate.value.rows > load.maxRows)
          return yield* new QueryTooLarge({
            detail: `It would read ${estimate.value.rows} rows, and a query may read ${load.maxRows}. Ask for a shorter range, or name the events.`
          })
      })

      const run = Effect.fn("Queries.run")(function* (
        compiled: CompiledQuery,
        { metered }: ReadMeter
      ) {
        const allowance = yield* QueryAllowance
        const answers = yield* Effect.forEach(
          compiled.statements,
          (statement) => metered(repo.run(statement)),
          { concurrency: allowance && !mayUseCores(allowance) ? 1 : STATEMENTS_AT_ONCE }
        )
        const result = compiled.decode(answers.map(({ rows }) => rows))
        if (result instanceof QueryInvalid) return yield* result
        return {
          result,
          rowsRead: answers.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
          bytesRead: answers.reduce((sum, { bytesRead = 0 }) => sum + bytesRead, 0)
        }
      })

      /**
       * Asks without links and changes of traits while it learns whether there are any; once
       * there are, there always are.
       */
      const askStore = Effect.fnUntraced(function* (
        query: Query,
        context: Omit<QueryContext, "hasLinks">,
        fullest: CompiledQuery,
        meter: ReadMeter
      ) {
        const { projectId, watermark } = context
        const hasLinks = repo.isLinked(projectId)
        const hasTraitChanges = repo.isChanging(projectId)
        const compiled = (facts: Facts) => query.compile({ ...context, ...facts })
        const plain = yield* compiled({ hasLinks, hasTraitChanges })
        if (areSame(plain, fullest)) return yield* run(plain, meter)
        const matters = Effect.fnUntraced(function* (facts: Facts) {
          return !areSame(plain, yield* compiled(facts))
        })
        const [links, changes, answered] = yield* Effect.all(
          [
            (yield* matters({ hasLinks: true, hasTraitChanges }))
              ? repo.hasLinks(projectId, watermark)
              : Effect.succeed(hasLinks),
            (yield* matters({ hasLinks, hasTraitChanges: true }))
              ? repo.hasTraitChanges(projectId, watermark)
              : Effect.succeed(hasTraitChanges),
            Effect.result(run(plain, meter))
          ],
          { concurrency: "unbounded" }
        )
        return links === hasLinks && changes === hasTraitChanges
          ? yield* Effect.fromResult(answered)
          : yield* run(
              yield* compiled({ hasLinks: links, hasTraitChanges: changes }),
              meter
            )
      })

      /** However it ends, what was read is paid for. */
      const ask = Effect.fnUntraced(function* (
        project: AskingProject,
        query: Query,
        context: Omit<QueryContext, "hasLinks">
      ) {
        const fullest = yield* query.compile({
          ...context,
          hasLinks: true,
          hasTraitChanges: true
        })
        const size = yield* Effect.option(costs.sizeOf(project.id))
        // Whoever cannot be asked now will be asked for the answer itself.
        yield* checkCost(
          Option.getOrElse(size, () => 0),
          fullest
        )
        const rows = Option.getOrElse(size, () => Number.POSITIVE_INFINITY)
        const meter = readMeter(rows * SCANS)
        const answered = yield* askStore(query, context, fullest, meter).pipe(
          Effect.ensuring(Effect.suspend(() => budgets.spend(project, meter.bytes())))
        )
        return { ...answered, outlook: fullest.outlook }
      })

      /** data-ingestion says so together with the watermark; only when it did not, it costs. */
      const isRemoving = (projectId: number, { removing }: KnownWatermark) =>
        removing === undefined
          ? repo.hasRemovals(projectId)
          : Effect.succeed(removing.has(projectId))

      /** Only of answers that may have been given before. */
      const hasChanged = ({ id }: AskingProject, { asOf }: Query) =>
        asOf === undefined ? Effect.succeed(false) : history.changedSince(id, asOf)

      const checkPatterns = ({ patterns }: Query) => requirePatterns(repo, patterns)

      /** Of the cohorts that the query names; the query refuses those that are not found. */
      const definitionsOf = (project: Pick<AskingProject, "id">, query: Query) =>
        query.cohorts.length === 0
          ? Effect.succeed(new Map<string, never>())
          : cohorts.definitions(
              project.id,
              query.cohorts.map(({ id }) => id)
            )

      /**
       * Which of the named cohorts are read as a refresh kept them. While something is
       * being removed none is: their people may be those of events that are gone.
       */
      const materialisedOf = Effect.fnUntraced(function* (
        { id }: AskingProject,
        query: Query,
        watermark: number,
        removals: boolean
      ) {
        const named = [...new Set(query.cohorts.map((cohort) => cohort.id))]
        const used =
          named.length === 0 || removals
            ? []
            : yield* refreshes.usable(id, named, watermark)
        const asOf = new Map(used.map((each) => [each.id, each.asOf]))
        return {
          versions: new Map(used.map((each) => [each.id, each.version])),
          meta:
            named.length === 0
              ? {}
              : {
                  cohorts: named.map((each) => ({
                    id: each,
                    asOf: (asOf.get(each) ?? new Date(watermark)).toISOString()
                  }))
                }
        }
      })

      const answer = Effect.fn("Queries.answer")(function* (
        project: AskingProject,
        body: unknown
      ) {
        const startedAt = yield* Clock.currentTimeMillis
        const { facts } = yield* RequestNotes
        facts["queryHash"] = hashOf(body)
        const query = yield* parseQuery(body)
        facts["kind"] = query.kind
        yield* Effect.annotateCurrentSpan("query.kind", query.kind)
        const [known, , definitions] = yield* Effect.all(
          [
            watermarks.atLeast(query.asOf),
            checkPatterns(query),
            definitionsOf(project, query)
          ],
          { concurrency: "unbounded" }
        )
        const watermark = yield* watermarkOf(query, known, oldest)
        const removals = yield* isRemoving(project.id, known)
        const materialised = yield* materialisedOf(project, query, watermark, removals)
        const context = {
          projectId: project.id,
          timezone: project.timezone,
          now: query.now ?? startedAt,
          watermark,
          removals,
          cohorts: definitions,
          materialised: materialised.versions,
          idHash: (id: string) => idHash.id(project.id, id)
        }
        const compute = Effect.gen(function* () {
          const { outlook, ...answered } = yield* ask(project, query, context)
          const said = yield* outlookOf(project.id, outlook, answered.result).pipe(
            Effect.provideService(OutlookClient, outlooks)
          )
          return { ...answered, ...said, isPlain: outlook === undefined }
        })
        const keeping = yield* Keeping
        const answered = yield* keeping
          ? keeping({ project, body, query, context }, compute)
          : compute.pipe(Effect.map((computed) => ({ ...computed, cached: false })))
        facts["rowsRead"] = answered.rowsRead
        facts["bytesRead"] = answered.bytesRead
        return {
          kind: query.kind,
          result: answered.result,
          meta: {
            asOf: new Date(watermark).toISOString(),
            ingestLagMs: known.ingestLagMs,
            cached: answered.cached,
            elapsedMs: (yield* Clock.currentTimeMillis) - startedAt,
            rowsRead: answered.rowsRead,
            warnings: [
              ...(known.isStale ? ["watermark_stale"] : []),
              ...((yield* hasChanged(project, query)) ? ["history_changed"] : []),
              ...answered.warnings
            ],
            definitions: "v1",
            ...materialised.meta
          }
        }
      })

      const estimate = Effect.fn("Queries.estimate")(function* (
        project: AskingProject,
        body: unknown
      ) {
        const query = yield* parseQuery(body)
        const [known, , definitions] = yield* Effect.all([
          watermarks.atLeast(query.asOf),
          checkPatterns(query),
          definitionsOf(project, query)
        ])
        const watermark = yield* watermarkOf(query, known, oldest)
        const removals = yield* isRemoving(project.id, known)
        const { versions } = yield* materialisedOf(project, query, watermark, removals)
        const compiled = yield* query.compile({
          projectId: project.id,
          timezone: project.timezone,
          now: query.now ?? (yield* Clock.currentTimeMillis),
          watermark,
          cohorts: definitions,
          materialised: versions,
          hasLinks: repo.isLinked(project.id),
          hasTraitChanges: repo.isChanging(project.id),
          removals,
          idHash: (id) => idHash.id(project.id, id)
        })
        return yield* costs.estimate(compiled.statements)
      })

      /** As answering it finds out, but for what only its rows could tell. */
      const check = Effect.fn("Queries.check")(function* (
        project: Pick<AskingProject, "id" | "timezone">,
        body: unknown
      ) {
        const query = yield* parseQuery(body)
        const [, definitions] = yield* Effect.all(
          [checkPatterns(query), definitionsOf(project, query)],
          { concurrency: "unbounded" }
        )
        const now = yield* Clock.currentTimeMillis
        const { statements } = yield* query.compile({
          projectId: project.id,
          timezone: project.timezone,
          now: query.now ?? now,
          watermark: query.asOf ?? now,
          hasLinks: true,
          hasTraitChanges: true,
          cohorts: definitions,
          idHash: (id) => idHash.id(project.id, id)
        })
        yield* Effect.forEach(statements, repo.check, { discard: true })
      })

      return Queries.of({
        check,
        estimate: (project, body) =>
          budgets.within(project, admit(project, estimate(project, body))),
        answer: (project, body) =>
          budgets.within(project, admit(project, answer(project, body))),
        answerLong: (project, body) =>
          budgets.within(project, admitLong(project, answer(project, body)))
      })
    })
  )
}

type Facts = Pick<QueryContext, "hasLinks" | "hasTraitChanges">

type CompiledQuery = Effect.Success<ReturnType<Query["compile"]>>

/** Whether what differs between them makes no difference, as links when no person is asked about. */
const areSame = (one: CompiledQuery, other: CompiledQuery): boolean =>
  one.statements.every(({ sql }, index) => sql === other.statements[index]?.sql)

/** @param oldest how far behind the newest watermark an earlier one may lie, in ms */
const watermarkOf = (
  { asOf, asOfPointer }: Query,
  { watermark }: KnownWatermark,
  oldest: number
): Effect.Effect<number, QueryInvalid> => {
  if (asOf === undefined) return Effect.succeed(watermark)
  const said = (detail: string) => Effect.fail(QueryInvalid.at(asOfPointer, detail))
  if (asOf > watermark)
    return said(`Events are stored up to ${new Date(watermark).toISOString()}`)
  return asOf < watermark - oldest
    ? said(`Answers go back to ${new Date(watermark - oldest).toISOString()}`)
    : Effect.succeed(asOf)
}
