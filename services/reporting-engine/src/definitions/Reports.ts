import { Context, Effect, Layer, Option } from "effect"
import { Analytics } from "../analytics/Analytics.ts"
import type { AnalyticsProblem } from "../analytics/AnalyticsProblems.ts"
import type { ReportsUnavailable } from "../ReportsUnavailable.ts"
import { Templates } from "../templates/Templates.ts"
import { checkDefinition } from "./checkDefinition.ts"
import { checkInsights } from "./checkInsights.ts"
import {
  ReportChanged,
  ReportInUse,
  type ReportInvalid,
  ReportNotFound,
  TooManyReports
} from "./DefinitionProblems.ts"
import type { Report, ReportSummary, ReportVersion } from "./Report.ts"
import type { Definition } from "./ReportDefinition.ts"
import { type Actor, MOST_REPORTS, ReportRepo } from "./ReportRepo.ts"

/** What a report is made of: a definition, or else a template as it fits the project. */
export interface Wanted {
  readonly name?: string
  readonly definition?: Definition
  readonly template?: string
  readonly parameters?: Readonly<Record<string, unknown>>
}

export interface ReportChange {
  readonly version: number
  readonly name?: string
  readonly definition?: Definition
}

/** Reports of projects: what they are, and how they change. */
export class Reports extends Context.Service<
  Reports,
  {
    create(
      actor: Actor,
      wanted: Wanted
    ): Effect.Effect<
      Report,
      TooManyReports | ReportInvalid | AnalyticsProblem | ReportsUnavailable
    >
    get(
      projectId: number,
      id: string
    ): Effect.Effect<Report, ReportNotFound | ReportsUnavailable>
    page(
      projectId: number,
      after: string | undefined,
      limit: number
    ): Effect.Effect<ReadonlyArray<ReportSummary>, ReportsUnavailable>
    change(
      actor: Actor,
      id: string,
      change: ReportChange
    ): Effect.Effect<
      Report,
      | ReportNotFound
      | ReportChanged
      | ReportInvalid
      | AnalyticsProblem
      | ReportsUnavailable
    >
    remove(
      projectId: number,
      id: string
    ): Effect.Effect<void, ReportInUse | ReportNotFound | ReportsUnavailable>
    versions(
      projectId: number,
      id: string
    ): Effect.Effect<ReadonlyArray<ReportVersion>, ReportNotFound | ReportsUnavailable>
    /** What an older version said becomes the newest. */
    restore(
      actor: Actor,
      id: string,
      version: number
    ): Effect.Effect<Report, ReportNotFound | ReportChanged | ReportsUnavailable>
  }
>()("@analytics/reporting-engine/definitions/Reports") {
  static readonly layer = Layer.effect(
    Reports,
    Effect.gen(function* () {
      const { insight } = yield* Analytics
      const repo = yield* ReportRepo
      const templates = yield* Templates

      const get = Effect.fnUntraced(function* (projectId: number, id: string) {
        const found = yield* repo.byId(projectId, id)
        return Option.isSome(found) ? found.value : yield* new ReportNotFound({})
      })
      const changed = Effect.fnUntraced(function* (
        actor: Actor,
        id: string,
        expected: number,
        change: { readonly name: string; readonly definition: Definition }
      ) {
        const made = yield* repo.change(actor, id, expected, change)
        if (Option.isSome(made)) return made.value
        const { version } = yield* get(actor.projectId, id)
        return yield* new ReportChanged({
          detail: `It has the version ${version}.`,
          version
        })
      })

      return Reports.of({
        get: Effect.fn("Reports.get")(get),
        page: repo.page,
        create: Effect.fn("Reports.create")(function* (actor, wanted) {
          const definition =
            wanted.definition ??
            (yield* templates.definition(
              actor.projectId,
              wanted.template ?? "",
              wanted.parameters ?? {}
            ))
          yield* checkDefinition(definition)
          yield* checkInsights(actor.projectId, definition, insight)
          const made = yield* repo.insert(actor, {
            name: wanted.name ?? definition.title,
            definition,
            template: wanted.template ?? null
          })
          return Option.isSome(made)
            ? made.value
            : yield* new TooManyReports({ detail: `At most ${MOST_REPORTS}.` })
        }),
        change: Effect.fn("Reports.change")(function* (actor, id, change) {
          const report = yield* get(actor.projectId, id)
          const definition = change.definition ?? report.definition
          if (change.definition !== undefined) {
            yield* checkDefinition(definition)
            yield* checkInsights(actor.projectId, definition, insight)
          }
          const name = change.name ?? report.name
          return yield* changed(actor, id, change.version, { name, definition })
        }),
        remove: Effect.fn("Reports.remove")(function* (projectId, id) {
          const { removed, usedBy } = yield* repo.remove(projectId, id)
          if (usedBy.length > 0)
            return yield* new ReportInUse({
              detail: `Delete these first: ${usedBy.join(", ")}.`
            })
          if (!removed) return yield* new ReportNotFound({})
        }),
        versions: Effect.fn("Reports.versions")(function* (projectId, id) {
          const found = yield* repo.versions(projectId, id)
          return found.length > 0 ? found : yield* new ReportNotFound({})
        }),
        restore: Effect.fn("Reports.restore")(function* (actor, id, version) {
          const report = yield* get(actor.projectId, id)
          const old = (yield* repo.versions(actor.projectId, id)).find(
            (it) => it.version === version
          )
          if (old === undefined)
            return yield* new ReportNotFound({ detail: "It has no such version." })
          return yield* changed(actor, id, report.version, old)
        })
      })
    })
  )
}
