import { unstorableIn } from "@analytics/database/unstorable"
import { Clock, Context, Effect, Layer, Option } from "effect"
import { DestinationRepo } from "../destinations/DestinationRepo.ts"
import type { ReportsUnavailable } from "../ReportsUnavailable.ts"
import {
  type AlertAnswer,
  type AlertList,
  type EvaluationList,
  type NoticeList,
  shownAlert,
  shownEvaluation,
  shownNotice
} from "./AlertAnswers.ts"
import {
  type AlertChange,
  type AlertDefinition,
  changed,
  completed,
  type NewAlert
} from "./AlertDefinition.ts"
import {
  AlertConflict,
  AlertInvalid,
  AlertNotFound,
  type EvidenceProblem
} from "./AlertProblems.ts"
import { AlertRepo, MAX_ALERTS } from "./AlertRepo.ts"
import type { AlertRow } from "./AlertRow.ts"
import { bucketAt, bucketsBefore } from "./alertBuckets.ts"
import { type BacktestAnswer, backtest, USUAL_BUCKETS } from "./Backtest.ts"
import { checkDestinations } from "./checkDestinations.ts"
import { Evidences } from "./Evidences.ts"
import { timelineOfAlert } from "./judgeBuckets.ts"

/** Who asks, and about which project. */
export interface Asker {
  readonly actor: string
  readonly projectId: number
}

type Answer<A, E = never> = Effect.Effect<A, E | ReportsUnavailable>
type Page<Cursor> = { readonly after: Cursor | undefined; readonly limit: number }

/** Alerts of a project, as people make, see and quieten them. */
export class Alerts extends Context.Service<
  Alerts,
  {
    create(
      asker: Asker,
      alert: NewAlert
    ): Answer<
      AlertAnswer & { readonly backtest: BacktestAnswer },
      EvidenceProblem | AlertConflict
    >
    /** Of `[from, to)`, epoch milliseconds; keeps nothing. */
    backtest(
      asker: Asker,
      alert: NewAlert,
      from: number,
      to: number
    ): Effect.Effect<BacktestAnswer, EvidenceProblem>
    get(asker: Asker, id: string): Answer<AlertAnswer, AlertNotFound>
    list(asker: Asker, page: Page<string>): Answer<AlertList>
    change(
      asker: Asker,
      id: string,
      change: AlertChange
    ): Answer<AlertAnswer, AlertNotFound | EvidenceProblem | AlertConflict>
    remove(asker: Asker, id: string): Answer<void, AlertNotFound>
    pause(asker: Asker, id: string): Answer<AlertAnswer, AlertNotFound>
    /** Goes on with the bucket that is open now; those of the pause are not judged. */
    resume(asker: Asker, id: string): Answer<AlertAnswer, AlertNotFound>
    /** Until an instant (ms); null ends it. */
    mute(
      asker: Asker,
      id: string,
      until: number | null
    ): Answer<AlertAnswer, AlertNotFound>
    acknowledge(
      asker: Asker,
      id: string
    ): Answer<AlertAnswer, AlertNotFound | AlertConflict>
    evaluations(
      asker: Asker,
      id: string,
      page: Page<number>
    ): Answer<EvaluationList, AlertNotFound>
    notices(
      asker: Asker,
      id: string,
      page: Page<string>
    ): Answer<NoticeList, AlertNotFound>
  }
>()("@analytics/reporting-engine/alerts/Alerts") {
  static readonly layer = Layer.effect(
    Alerts,
    Effect.gen(function* () {
      const repo = yield* AlertRepo
      const evidences = yield* Evidences
      const { existing } = yield* DestinationRepo

      const found = (id: string, row: Option.Option<AlertRow>) =>
        Effect.fromOption(row).pipe(
          Effect.mapError(() => new AlertNotFound({ alertId: id }))
        )
      const get = Effect.fnUntraced(function* ({ projectId }: Asker, id: string) {
        return yield* found(id, yield* repo.byId(projectId, id))
      })
      const tested = (
        projectId: number,
        alert: AlertDefinition,
        from: number,
        to: number
      ) =>
        Effect.provideService(
          backtest(projectId, alert, from, to),
          Evidences,
          evidences
        )
      /** What was asked for with everything filled in, if it is one question. */
      const read = Effect.fnUntraced(function* (projectId: number, alert: NewAlert) {
        const timezone = alert.timezone ?? (yield* evidences.timezone(projectId))
        return yield* checked(completed(alert, timezone))
      })
      const lastBuckets = (alert: AlertDefinition, now: number) =>
        bucketsBefore(timelineOfAlert(alert), now, USUAL_BUCKETS)[0]?.start ?? now

      return Alerts.of({
        create: Effect.fn("Alerts.create")(function* ({ actor, projectId }, alert) {
          const definition = yield* read(projectId, alert)
          yield* checkDestinations(projectId, definition.destinations, existing)
          const now = yield* Clock.currentTimeMillis
          const past = yield* tested(
            projectId,
            definition,
            lastBuckets(definition, now),
            now
          )
          const made = yield* repo.insert(
            projectId,
            definition,
            openBucket(definition, now),
            actor,
            now
          )
          if (made._tag === "None")
            return yield* new AlertConflict({
              detail: `A project has at most ${MAX_ALERTS} alerts; delete some.`
            })
          return { ...shownAlert(made.value), backtest: past }
        }),
        backtest: Effect.fn("Alerts.backtest")(function* (
          { projectId },
          alert,
          from,
          to
        ) {
          if (from >= to) return yield* AlertInvalid.at("/to", "to must lie after from")
          return yield* tested(projectId, yield* read(projectId, alert), from, to)
        }),
        get: Effect.fn("Alerts.get")((asker, id) =>
          Effect.map(get(asker, id), shownAlert)
        ),
        list: Effect.fn("Alerts.list")(function* ({ projectId }, { after, limit }) {
          const rows = yield* repo.page(projectId, after, limit + 1)
          const page = rows.slice(0, limit)
          return {
            alerts: page.map(shownAlert),
            nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null
          }
        }),
        change: Effect.fn("Alerts.change")(function* (asker, id, change) {
          const row = yield* get(asker, id)
          const definition = yield* checked(changed(row.definition, change))
          yield* checkDestinations(asker.projectId, change.destinations ?? [], existing)
          const now = yield* Clock.currentTimeMillis
          if (asksOtherwise(change))
            // It must be one that can be judged, as a new one must.
            yield* tested(
              asker.projectId,
              definition,
              bucketsBefore(timelineOfAlert(definition), now, 1)[0]?.start ?? now,
              now
            )
          const isOther =
            definition.interval !== row.definition.interval ||
            definition.timezone !== row.definition.timezone ||
            definition.weekStart !== row.definition.weekStart
          const write = (newest: AlertRow) =>
            repo.update(
              newest,
              definition,
              isOther
                ? openBucket(definition, now)
                : nextOf(definition, newest.nextBucket.getTime()),
              now
            )
          const made = yield* write(row)
          if (made._tag === "Some") return shownAlert(made.value)
          // It was judged meanwhile, and goes on from there.
          const newest = yield* get(asker, id)
          const again =
            newest.version === row.version ? yield* write(newest) : Option.none()
          if (again._tag === "Some") return shownAlert(again.value)
          return yield* new AlertConflict({
            detail: "Somebody else changed it; read it again."
          })
        }),
        remove: Effect.fn("Alerts.remove")(function* ({ projectId }, id) {
          if (!(yield* repo.remove(projectId, id)))
            return yield* new AlertNotFound({ alertId: id })
        }),
        pause: Effect.fn("Alerts.pause")(function* ({ projectId }, id) {
          const now = yield* Clock.currentTimeMillis
          return shownAlert(yield* found(id, yield* repo.pause(projectId, id, now)))
        }),
        resume: Effect.fn("Alerts.resume")(function* (asker, id) {
          const row = yield* get(asker, id)
          const now = yield* Clock.currentTimeMillis
          yield* repo.resume(row, openBucket(row.definition, now), now)
          return shownAlert(yield* get(asker, id))
        }),
        mute: Effect.fn("Alerts.mute")(function* ({ projectId }, id, until) {
          const now = yield* Clock.currentTimeMillis
          return shownAlert(
            yield* found(id, yield* repo.mute(projectId, id, until, now))
          )
        }),
        acknowledge: Effect.fn("Alerts.acknowledge")(function* (asker, id) {
          const now = yield* Clock.currentTimeMillis
          yield* get(asker, id)
          const made = yield* repo.acknowledge(asker.projectId, id, asker.actor, now)
          if (made._tag === "None")
            return yield* new AlertConflict({ detail: "It does not fire." })
          return shownAlert(made.value)
        }),
        evaluations: Effect.fn("Alerts.evaluations")(function* (asker, id, page) {
          const row = yield* get(asker, id)
          const rows = yield* repo.evaluations(row, page.after, page.limit + 1)
          const shown = rows.slice(0, page.limit)
          return {
            evaluations: shown.map(shownEvaluation),
            nextCursor: rows.length > page.limit ? (shown.at(-1)?.bucket ?? null) : null
          }
        }),
        notices: Effect.fn("Alerts.notices")(function* (asker, id, page) {
          const row = yield* get(asker, id)
          const now = yield* Clock.currentTimeMillis
          const rows = yield* repo.notices(row, page.after, page.limit + 1)
          const shown = rows.slice(0, page.limit)
          return {
            notices: shown.map((notice) => shownNotice(notice, now)),
            nextCursor: rows.length > page.limit ? (shown.at(-1)?.id ?? null) : null
          }
        })
      })
    })
  )
}

/** A change of these asks another question of the data, or holds it to another rule. */
const asksOtherwise = ({
  condition,
  insightId,
  interval,
  query,
  series
}: AlertChange) =>
  condition !== undefined ||
  insightId !== undefined ||
  interval !== undefined ||
  query !== undefined ||
  series !== undefined

/** Bytes of a query as JSON. */
const MAX_QUERY = 65_536

const checked = (alert: AlertDefinition) => {
  if ((alert.insightId === null) === (alert.query === null))
    return Effect.fail(AlertInvalid.at("/insightId", "Give insightId or query"))
  const fault = unstorableIn(alert.query ?? {})
  if (fault !== undefined)
    return Effect.fail(
      AlertInvalid.at(`/query${fault}`, "Text without NUL and lone surrogates")
    )
  return JSON.stringify(alert.query).length > MAX_QUERY
    ? Effect.fail(AlertInvalid.at("/query", `At most ${MAX_QUERY} bytes`))
    : Effect.succeed(alert)
}

/** From the bucket that is open at `now` on. */
const openBucket = (alert: AlertDefinition, now: number) =>
  nextOf(alert, bucketAt(timelineOfAlert(alert), now).start)

const nextOf = (alert: AlertDefinition, nextBucket: number) => ({
  nextBucket,
  nextAt: bucketAt(timelineOfAlert(alert), nextBucket).end + alert.graceSeconds * 1000
})
