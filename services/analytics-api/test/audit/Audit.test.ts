import { describe, expect } from "bun:test"
import { AuditConfig } from "@analytics/config/AuditConfig"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { DateTime, Deferred, Duration, Effect, Layer, Logger } from "effect"
import { Audit } from "../../src/audit/Audit.ts"
import type { AuditEntry } from "../../src/audit/AuditEntry.ts"
import { AuditRepo } from "../../src/audit/AuditRepo.ts"

const at = DateTime.makeUnsafe("2025-03-05T12:00:00.000Z")

const entry = (more: Partial<AuditEntry> = {}): AuditEntry => ({
  at,
  actor: "admin",
  projectId: 4_294_967_295,
  action: "POST /v1/query",
  target: "/v1/query",
  kind: "sql",
  queryHash: "ab",
  status: 200,
  rowsRead: 5_000_000_000,
  bytesRead: 9,
  elapsedMs: 3,
  ...more
})

const config = AuditConfig.layerOf({ retention: Duration.days(90) })

const stored = Audit.layer.pipe(
  Layer.provideMerge(AuditRepo.layer),
  Layer.provide(config),
  Layer.provideMerge(TestPostgres.client),
  Layer.provideMerge(Logger.layer([]))
)

describe("the audit", () => {
  const { effect } = withLayer(stored)

  effect("keeps what was recorded, newest first, a page at a time", () =>
    Effect.gen(function* () {
      const audit = yield* Audit
      const statuses = [200, 201, 202, 203, 204]
      for (const status of statuses)
        yield* audit.record(entry({ actor: "pages", status }))
      yield* audit.record(entry({ actor: "someone else" }))
      yield* audit.flush
      const first = yield* audit.page({ actor: "pages" }, undefined, 3)
      expect(first.entries.map(({ status }) => status)).toEqual([204, 203, 202])
      // What arrives between two pages moves nothing.
      yield* audit.record(entry({ actor: "pages", status: 299 }))
      yield* audit.flush
      const second = yield* audit.page({ actor: "pages" }, Number(first.nextCursor), 3)
      expect(second.entries.map(({ status }) => status)).toEqual([201, 200])
      expect(second.nextCursor).toBeNull()
      expect(first.entries[0]).toMatchObject(entry({ actor: "pages", status: 204 }))
    })
  )

  effect("finds by every filter", () =>
    Effect.gen(function* () {
      const audit = yield* Audit
      const wanted = { projectId: 7, action: "a", kind: "k", queryHash: "h" }
      yield* audit.record(entry({ actor: "filters", ...wanted }))
      for (const [name, value] of Object.entries({
        projectId: 8,
        action: "b",
        kind: "l",
        queryHash: "i"
      }))
        yield* audit.record(entry({ actor: "filters", ...wanted, [name]: value }))
      yield* audit.flush
      const found = yield* audit.page({ actor: "filters", ...wanted }, undefined, 10)
      expect(found.entries.length).toBe(1)
    })
  )

  effect("forgets what is older than its retention", () =>
    Effect.gen(function* () {
      const audit = yield* Audit
      const repo = yield* AuditRepo
      yield* audit.record(entry({ actor: "old" }))
      yield* audit.record(entry({ actor: "old", at: DateTime.add(at, { days: 1 }) }))
      yield* audit.flush
      yield* repo.removeBefore(DateTime.add(at, { hours: 1 }))
      const left = yield* audit.page({ actor: "old" }, undefined, 10)
      expect(left.entries.length).toBe(1)
    })
  )

  effect("is written when the process ends", () =>
    Effect.gen(function* () {
      const repo = yield* AuditRepo
      yield* Audit.use((audit) => audit.record(entry({ actor: "last" }))).pipe(
        Effect.provide(
          Layer.fresh(Audit.layer).pipe(
            Layer.provide([Layer.succeed(AuditRepo, repo), config])
          )
        )
      )
      expect((yield* repo.page({ actor: "last" }, undefined, 9)).length).toBe(1)
    })
  )
})

describe("an audit whose store does not answer", () => {
  const asked = Deferred.makeUnsafe<void>()
  const { effect } = withLayer(
    Audit.layer.pipe(
      Layer.provide(
        Layer.succeed(AuditRepo, {
          insert: () =>
            Effect.andThen(Deferred.succeed(asked, undefined), Effect.never),
          page: () => Effect.die("not asked"),
          removeBefore: () => Effect.succeed(0)
        })
      ),
      Layer.provide(config)
    )
  )

  effect("holds nobody up, whatever is recorded", () =>
    Effect.gen(function* () {
      const audit = yield* Audit
      yield* audit.record(entry())
      yield* Deferred.await(asked)
      for (let n = 0; n < 20_000; n++) yield* audit.record(entry())
    })
  )
})
