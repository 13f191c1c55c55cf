import type { ProjectAccess } from "@analytics/api-common/access/Auth"
import { Context, Effect, Layer, Option } from "effect"
import type { ReportInvalid } from "../definitions/DefinitionProblems.ts"
import { parameterValues } from "../definitions/parameters.ts"
import { ReportRepo } from "../definitions/ReportRepo.ts"
import type { ReportsUnavailable } from "../ReportsUnavailable.ts"
import {
  MAX_SUBSCRIPTIONS,
  type NewSubscription,
  type SubscriptionAnswer,
  type SubscriptionChange,
  SubscriptionConflict,
  SubscriptionInvalid,
  SubscriptionNotFound,
  usualRevise
} from "./Subscription.ts"
import { SubscriptionRepo, type Written } from "./SubscriptionRepo.ts"
import {
  type SubscriptionFields,
  type SubscriptionRow,
  shownSubscription
} from "./SubscriptionRow.ts"
import { cronOf, timingFault } from "./timing.ts"

type Owner = Pick<ProjectAccess, "projectId" | "actor">
type Refused = SubscriptionInvalid | SubscriptionConflict | ReportInvalid
type Asking<A, E = never> = Effect.Effect<A, E | ReportsUnavailable>

/** Reports that come again, and to whom. */
export class Subscriptions extends Context.Service<
  Subscriptions,
  {
    create(owner: Owner, made: NewSubscription): Asking<SubscriptionAnswer, Refused>
    get(projectId: number, id: string): Asking<SubscriptionAnswer, SubscriptionNotFound>
    list(
      projectId: number,
      page: { readonly after: string | undefined; readonly limit: number }
    ): Asking<{
      readonly subscriptions: ReadonlyArray<SubscriptionAnswer>
      readonly nextCursor: string | null
    }>
    change(
      projectId: number,
      id: string,
      change: SubscriptionChange
    ): Asking<SubscriptionAnswer, Refused | SubscriptionNotFound>
    remove(projectId: number, id: string): Asking<void, SubscriptionNotFound>
  }
>()("@analytics/reporting-engine/subscriptions/Subscriptions") {
  static readonly layer = Layer.effect(
    Subscriptions,
    Effect.gen(function* () {
      const repo = yield* SubscriptionRepo
      const reports = yield* ReportRepo

      const get = Effect.fnUntraced(function* (projectId: number, id: string) {
        const found = yield* repo.byId(projectId, id)
        return Option.isSome(found)
          ? found.value
          : yield* new SubscriptionNotFound({ detail: `None has the id ${id}.` })
      })
      /** What the schema cannot see. */
      const check = Effect.fnUntraced(function* (
        projectId: number,
        fields: SubscriptionFields
      ) {
        const fault = timingFault(fields.cron, fields.timezone)
        if (fault !== undefined)
          return yield* SubscriptionInvalid.at(fault.pointer, fault.detail)
        const report = yield* reports.byId(projectId, fields.reportId)
        if (Option.isNone(report)) return yield* noReport
        yield* parameterValues(report.value.definition, fields.parameters)
      })
      const written = (result: Written, fields: SubscriptionFields) => {
        switch (result.kind) {
          case "written":
            return Effect.succeed(shownSubscription(result.row))
          case "no report":
            return Effect.fail(noReport)
          case "no destinations":
            return Effect.fail(noDestinations(fields, result.ids))
          case "too many":
            return Effect.fail(
              new SubscriptionConflict({
                detail: `A project has at most ${MAX_SUBSCRIPTIONS} subscriptions; delete some.`
              })
            )
          case "changed":
            return Effect.fail(
              new SubscriptionConflict({
                detail: "Somebody else changed it just now; read it again."
              })
            )
        }
      }

      return Subscriptions.of({
        create: Effect.fn("Subscriptions.create")(function* (owner, made) {
          const fields = fieldsOf(usual, made)
          yield* check(owner.projectId, fields)
          const row = yield* repo.insert(owner.projectId, owner.actor, fields)
          return yield* written(row, fields)
        }),
        get: Effect.fn("Subscriptions.get")((projectId, id) =>
          Effect.map(get(projectId, id), shownSubscription)
        ),
        list: Effect.fn("Subscriptions.list")(function* (projectId, { after, limit }) {
          const rows = yield* repo.page(projectId, after, limit + 1)
          const page = rows.slice(0, limit)
          return {
            subscriptions: page.map(shownSubscription),
            nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null
          }
        }),
        change: Effect.fn("Subscriptions.change")(function* (projectId, id, change) {
          const before = yield* get(projectId, id)
          const fields = fieldsOf(before, change)
          yield* check(projectId, fields)
          return yield* written(yield* repo.update(before, fields), fields)
        }),
        remove: Effect.fn("Subscriptions.remove")(function* (projectId, id) {
          if (!(yield* repo.remove(projectId, id)))
            return yield* new SubscriptionNotFound({ detail: `None has the id ${id}.` })
        })
      })
    })
  )
}

const noReport = SubscriptionInvalid.at("/reportId", "There is no such report.")

const noDestinations = (
  { destinations, owners }: SubscriptionFields,
  ids: ReadonlyArray<string>
) => {
  const errors = [
    ...destinations.map((id, at) => ({ id, pointer: `/destinations/${at}` })),
    ...owners.map((id, at) => ({ id, pointer: `/owners/${at}` }))
  ]
    .filter(({ id }) => ids.includes(id))
    .map(({ pointer }) => ({ pointer, detail: "There is no such destination." }))
  return new SubscriptionInvalid({
    detail: "It names destinations that are not there.",
    errors
  })
}

/** What a new subscription is where nobody says otherwise. */
const usual: SubscriptionFields = {
  name: "",
  reportId: "",
  parameters: {},
  formats: ["pdf"],
  destinations: [],
  owners: [],
  cron: "",
  timezone: "UTC",
  missed: "once",
  maxWaitSeconds: 6 * 3600,
  revisions: 0,
  reviseEverySeconds: usualRevise.everySeconds,
  reviseForSeconds: usualRevise.forSeconds,
  tolerance: usualRevise.tolerance,
  skipEmpty: false,
  enabled: true
}

const fieldsOf = (
  before: SubscriptionFields | SubscriptionRow,
  given: NewSubscription | SubscriptionChange
): SubscriptionFields => {
  const { destinations = before.destinations, owners = before.owners, revise } = given
  const revised =
    revise === undefined
      ? {}
      : revise === null
        ? { revisions: 0 }
        : {
            revisions: revise.most ?? usualRevise.most,
            reviseEverySeconds: revise.everySeconds ?? usualRevise.everySeconds,
            reviseForSeconds: revise.forSeconds ?? usualRevise.forSeconds,
            tolerance: revise.tolerance ?? usualRevise.tolerance
          }
  return {
    name: given.name ?? before.name,
    reportId: given.reportId ?? before.reportId,
    parameters: given.parameters ?? before.parameters,
    formats: [...new Set(given.formats ?? before.formats)],
    destinations: [...new Set(destinations)],
    owners: [...new Set(owners)],
    cron: given.schedule === undefined ? before.cron : cronOf(given.schedule),
    timezone: given.timezone ?? before.timezone,
    missed: given.missed ?? before.missed,
    maxWaitSeconds: given.waitSeconds ?? before.maxWaitSeconds,
    revisions: before.revisions,
    reviseEverySeconds: before.reviseEverySeconds,
    reviseForSeconds: before.reviseForSeconds,
    tolerance: before.tolerance,
    ...revised,
    skipEmpty: given.skipEmpty ?? before.skipEmpty,
    enabled: given.paused === undefined ? before.enabled : !given.paused
  }
}
