import { decodeStrictly } from "@analytics/analytics-core/query/decodeStrictly"
import { Context, Effect, Layer, Option } from "effect"
import type { ControlUnavailable } from "../ControlUnavailable.ts"
import type { ProjectId } from "../projects/Project.ts"
import { Queries, type QueryProblem } from "../query/Queries.ts"
import { type Result, Results } from "../results/Results.ts"
import {
  type Insight,
  InsightChange,
  InsightChanged,
  type InsightId,
  type InsightInUse,
  InsightNotFound,
  type InsightVersion,
  NewInsight,
  TooManyInsights
} from "./Insight.ts"
import { InsightRepo, MAX_INSIGHTS } from "./InsightRepo.ts"
import { InsightVersionRepo } from "./InsightVersionRepo.ts"
import { overridden } from "./overridden.ts"
import { type Page, pageOf } from "./Page.ts"
import type { ResultOverrides } from "./ResultOverrides.ts"
import { requireSaved } from "./requireSaved.ts"

/** Who asks, and in whose name. */
export interface Asking {
  readonly projectId: ProjectId
  /** The project's own. */
  readonly timezone: string
  /** The key's; absent: another service of the installation. */
  readonly keyId?: string
}

/** Who changes something: the key of a project. */
export interface Keeping extends Asking {
  readonly keyId: string
}

export interface InsightResult extends Result {
  readonly insight: Insight
}

type Missing = InsightNotFound | ControlUnavailable

/** The rules about saved questions of a project. Bodies are read as those of queries are. */
export class Insights extends Context.Service<
  Insights,
  {
    create(
      asking: Keeping,
      body: unknown
    ): Effect.Effect<Insight, TooManyInsights | QueryProblem>
    get(projectId: ProjectId, id: InsightId): Effect.Effect<Insight, Missing>
    list(
      projectId: ProjectId,
      page: { readonly after: InsightId | undefined; readonly limit: number }
    ): Effect.Effect<Page<Insight, InsightId>, ControlUnavailable>
    versions(
      projectId: ProjectId,
      id: InsightId,
      page: { readonly before: number | undefined; readonly limit: number }
    ): Effect.Effect<Page<InsightVersion, number>, Missing>
    /** The next version of the one that is named, which must be the newest. */
    change(
      asking: Keeping,
      id: InsightId,
      body: unknown
    ): Effect.Effect<Insight, Missing | InsightChanged | QueryProblem>
    /** What an earlier version said, as the next one. */
    restore(
      asking: Keeping,
      id: InsightId,
      version: number
    ): Effect.Effect<Insight, Missing | InsightChanged>
    remove(
      projectId: ProjectId,
      id: InsightId
    ): Effect.Effect<void, Missing | InsightInUse>
    /** Its answer, through what is kept. `patient`: nobody waits for it. */
    result(
      asking: Asking,
      id: InsightId,
      overrides: ResultOverrides,
      patient: boolean
    ): Effect.Effect<InsightResult, Missing | QueryProblem>
  }
>()("@analytics/analytics-api/insights/Insights") {
  static readonly layer = Layer.effect(
    Insights,
    Effect.gen(function* () {
      const repo = yield* InsightRepo
      const versions = yield* InsightVersionRepo
      const queries = yield* Queries
      const results = yield* Results

      const get = Effect.fn("Insights.get")(function* (
        projectId: ProjectId,
        id: InsightId
      ) {
        return yield* Effect.fromOption(yield* repo.byId(projectId, id)).pipe(
          Effect.mapError(() => new InsightNotFound({ insightId: id }))
        )
      })

      /** Which of the two it was that nothing was changed. */
      const changed = Effect.fnUntraced(function* (
        projectId: ProjectId,
        id: InsightId,
        made: Option.Option<Insight>
      ) {
        if (Option.isSome(made)) return made.value
        const { version } = yield* get(projectId, id)
        return yield* new InsightChanged({
          version,
          detail: `Its newest version is ${version}.`
        })
      })

      return Insights.of({
        get,
        create: Effect.fn("Insights.create")(function* (asking, body) {
          const { description = "", ...parts } = yield* decodeNew(body)
          yield* requireSaved(queries, asking, parts)
          const made = yield* repo.insert(
            asking.projectId,
            { ...parts, description },
            asking.keyId
          )
          return yield* Effect.fromOption(made).pipe(
            Effect.mapError(
              () =>
                new TooManyInsights({
                  detail: `A project has at most ${MAX_INSIGHTS} insights.`
                })
            )
          )
        }),
        list: Effect.fn("Insights.list")(function* (projectId, { after, limit }) {
          const rows = yield* repo.page(projectId, after, limit + 1)
          return pageOf(rows, limit, ({ id }) => id)
        }),
        versions: Effect.fn("Insights.versions")(function* (
          projectId,
          id,
          { before, limit }
        ) {
          yield* get(projectId, id)
          const rows = yield* versions.page(projectId, id, before, limit + 1)
          return pageOf(rows, limit, ({ version }) => version)
        }),
        change: Effect.fn("Insights.change")(function* (asking, id, body) {
          const { version, ...change } = yield* decodeChange(body)
          const { projectId, keyId } = asking
          const old = yield* get(projectId, id)
          if (old.version !== version)
            return yield* changed(projectId, id, Option.none())
          if (change.query || change.chart)
            yield* requireSaved(queries, asking, { ...old, ...change })
          const made = yield* repo.update(projectId, id, version, change, keyId)
          return yield* changed(projectId, id, made)
        }),
        restore: Effect.fn("Insights.restore")(function* (asking, id, version) {
          const { projectId, keyId } = asking
          const newest = yield* get(projectId, id)
          const found = yield* versions.byVersion(projectId, id, version)
          const { chart, description, name, query } = yield* Effect.fromOption(
            found
          ).pipe(Effect.mapError(() => new InsightNotFound({ insightId: id, version })))
          const parts = { chart, description, name, query }
          const made = yield* repo.update(projectId, id, newest.version, parts, keyId)
          return yield* changed(projectId, id, made)
        }),
        remove: Effect.fn("Insights.remove")(function* (projectId, id) {
          yield* Effect.fromOption(yield* repo.remove(projectId, id)).pipe(
            Effect.catchTag("NoSuchElementError", () =>
              Effect.fail(new InsightNotFound({ insightId: id }))
            )
          )
        }),
        result: Effect.fn("Insights.result")(function* (
          asking,
          id,
          { fresh = false, ...overrides },
          patient
        ) {
          const { projectId: project, ...rest } = asking
          const insight = yield* get(project, id)
          const body = overridden(insight.query, overrides)
          const options = { fresh, patient }
          const result = yield* results.answer({ id: project, ...rest }, body, options)
          return { insight, ...result }
        })
      })
    })
  )
}

const decodeNew = decodeStrictly(NewInsight)
const decodeChange = decodeStrictly(InsightChange)
