import { Health } from "@analytics/api-common/Health"
import { AccessConfig } from "@analytics/config/AccessConfig"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Layer, Logger, Redacted } from "effect"
import { AnnotationRepo } from "../src/annotations/AnnotationRepo.ts"
import { Annotations } from "../src/annotations/Annotations.ts"
import { ControlLive } from "../src/ControlLive.ts"
import { CatalogueRepo } from "../src/catalogue/CatalogueRepo.ts"
import { Forgetting } from "../src/catalogue/Forgetting.ts"
import { Cohorts } from "../src/cohorts/Cohorts.ts"
import { CohortRefreshes } from "../src/cohorts/refresh/CohortRefreshes.ts"
import { DashboardResults } from "../src/dashboards/DashboardResults.ts"
import { Dashboards } from "../src/dashboards/Dashboards.ts"
import { Insights } from "../src/insights/Insights.ts"
import { Live } from "../src/live/Live.ts"
import { People } from "../src/people/People.ts"
import { PersonLinks } from "../src/people/PersonLinks.ts"
import { Queries } from "../src/query/Queries.ts"
import { QueryRuns } from "../src/query/QueryRuns.ts"
import { ShareLinks } from "../src/shareLinks/ShareLinks.ts"

export const adminKey = "admin-key-of-this-test"
export const serviceKey = "service-key-of-this-test"

export const access = AccessConfig.layerOf({
  adminKey: Redacted.make(adminKey),
  serviceKey: Redacted.make(serviceKey)
})

/** Questions have tests of their own. */
const QueriesUnasked = Layer.succeed(
  Queries,
  Queries.of({
    check: () => Effect.die("no question was expected"),
    answer: () => Effect.die("no question was expected"),
    estimate: () => Effect.die("no question was expected"),
    answerLong: () => Effect.die("no question was expected")
  })
)

const unasked = () => Effect.die("no cohort was expected")
const CohortsUnasked = Layer.succeed(Cohorts, {
  create: unasked,
  get: unasked,
  list: unasked,
  change: unasked,
  remove: unasked,
  setMembers: unasked
})

const InsightsUnasked = Layer.mergeAll(
  Layer.succeed(Insights, {
    create: unasked,
    get: unasked,
    list: unasked,
    versions: unasked,
    change: unasked,
    restore: unasked,
    remove: unasked,
    result: unasked
  }),
  Layer.succeed(Dashboards, {
    create: unasked,
    get: unasked,
    list: unasked,
    change: unasked,
    remove: unasked
  }),
  Layer.succeed(DashboardResults, { result: unasked }),
  Layer.succeed(ShareLinks, {
    create: unasked,
    list: unasked,
    revoke: unasked,
    shown: unasked
  })
)

const RunsUnasked = Layer.succeed(
  QueryRuns,
  QueryRuns.of({
    start: () => Effect.die("no run was expected"),
    state: () => Effect.die("no run was expected"),
    cancel: () => Effect.die("no run was expected")
  })
)

const PeopleUnasked = Layer.merge(
  Layer.succeed(People, { find: unasked, timeline: unasked, links: unasked }),
  Layer.succeed(PersonLinks, { ofId: unasked, undo: unasked })
)

const LiveUnasked = Layer.succeed(
  Live,
  Live.of({ listen: () => Effect.die("nobody was expected to listen") })
)

/** Everything about projects and keys on a Postgres of its own, without a word. */
export const ControlTest = Layer.mergeAll(
  ControlLive,
  QueriesUnasked,
  RunsUnasked,
  LiveUnasked,
  CohortsUnasked,
  Layer.succeed(CohortRefreshes, { refresh: unasked, cohorts: unasked }),
  PeopleUnasked,
  InsightsUnasked,
  Annotations.layer.pipe(Layer.provide(AnnotationRepo.layer)),
  CatalogueRepo.layer,
  Layer.succeed(Forgetting, { forget: unasked }),
  Health.layer({})
).pipe(
  Layer.provide(access),
  Layer.provideMerge(TestPostgres.client),
  Layer.provideMerge(Logger.layer([]))
)

export const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })
