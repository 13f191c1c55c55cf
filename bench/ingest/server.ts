import { Health } from "@analytics/api-common/Health"
import { healthRoutes } from "@analytics/api-common/HealthRoutes"
import { serve } from "@analytics/api-common/Serve"
import { HttpConfig } from "@analytics/config/HttpConfig"
import { IngestConfig } from "@analytics/config/IngestConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import { Inbox } from "@analytics/data-ingestion/inbox/Inbox"
import { InboxPartitions } from "@analytics/data-ingestion/inbox/InboxPartitions"
import { InboxRepo } from "@analytics/data-ingestion/inbox/InboxRepo"
import * as PostgresLog from "@analytics/data-ingestion/inbox/PostgresLog"
import { ShardMap, undivided } from "@analytics/data-ingestion/inbox/ShardMap"
import { StoredWatch } from "@analytics/data-ingestion/inbox/StoredWatch"
import { KeyRing } from "@analytics/data-ingestion/keys/KeyRing"
import {
  type ReceiveServices,
  receiveRoutes
} from "@analytics/data-ingestion/receive/ReceiveRoutes"
import { Receiver } from "@analytics/data-ingestion/receive/Receiver"
import { RuleBook } from "@analytics/data-ingestion/receive/RuleBook"
import { UsageRepo } from "@analytics/data-ingestion/receive/UsageRepo"
import { defaultRules } from "@analytics/data-processing/settings/ProjectRules"
import { Installation } from "@analytics/database/Installation"
import * as Postgres from "@analytics/database/Postgres"
import * as Observability from "@analytics/observability/Observability"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer, type ManagedRuntime, Option, Redacted } from "effect"
import { Elysia } from "elysia"

/** Every key is that of project 1. */
const anyKey = {
  keyId: "bench",
  projectId: 1,
  kind: "write" as const,
  scopes: [],
  hash: "",
  expiresAt: null,
  revokedAt: null,
  projectDeletedAt: null,
  timezone: "UTC",
  settings: null
}
/** A project without settings. */
const rules = Layer.succeed(RuleBook, { of: () => defaultRules })
const keys = Layer.succeed(KeyRing, {
  known: () => anyKey,
  find: () => Effect.succeed(Option.some(anyKey)),
  ofProject: () => Effect.succeed(Option.some(anyKey)),
  deletedProjects: () => new Set<number>()
})

/** Acknowledges without storing: what the same stack could do at best. */
const nothing = Layer.mergeAll(
  Layer.succeed(Inbox, {
    append: () => Promise.resolve(),
    pendingBytes: () => 0,
    age: () => 0
  }),
  Layer.succeed(InboxRepo, {
    commit: () => Effect.void,
    requeue: () => Effect.void,
    shardMap: Effect.succeed({ version: 1, shards: [] }),
    unfinished: () => Effect.succeed(new Set<bigint>()),
    backlog: Effect.succeed(new Map<number, number>())
  }),
  Layer.succeed(StoredWatch, { stored: () => Promise.resolve(true) }),
  Layer.succeed(UsageRepo, {
    thisMonth: () => Effect.succeed({ monthEnds: 0, events: new Map<number, number>() })
  })
)

const durable = Layer.mergeAll(Inbox.layer, StoredWatch.layer, UsageRepo.layer).pipe(
  Layer.provide(PostgresLog.layer),
  Layer.provide(ShardMap.layerOf(undivided)),
  Layer.provideMerge(Layer.mergeAll(InboxRepo.layer, InboxPartitions.layer)),
  Layer.provide(Postgres.layer),
  Layer.provide(PostgresConfig.layer)
)

const receiving = (sink: typeof durable | typeof nothing) =>
  Receiver.layer.pipe(
    Layer.provideMerge(sink),
    Layer.provideMerge(keys),
    Layer.provide(rules),
    Layer.provide(
      Layer.succeed(Installation, {
        id: "bench",
        idHashKey: Redacted.make(new Uint8Array(16))
      })
    ),
    Layer.provide(IngestConfig.layer),
    Layer.provideMerge(Health.layer({})),
    Layer.provideMerge(HttpConfig.layerOnPort(4001)),
    Layer.provideMerge(Observability.layer("bench"))
  )

const makeApp = <E>(
  runtime: ManagedRuntime.ManagedRuntime<ReceiveServices | Health, E>
) => new Elysia().use(receiveRoutes(runtime)).use(healthRoutes(runtime))

/** The receiving half of data-ingestion; `SINK=null` leaves the storing out. */
NodeRuntime.runMain(
  process.env["SINK"] === "null"
    ? serve(receiving(nothing), makeApp)
    : serve(receiving(durable), makeApp)
)
