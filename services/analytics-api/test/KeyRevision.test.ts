import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Array as Arr, Deferred, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { KeyFeedRepo } from "../src/keys/KeyFeedRepo.ts"
import { changingKeys } from "../src/keys/KeyRevision.ts"
import { Keys } from "../src/keys/Keys.ts"
import { Projects } from "../src/projects/Projects.ts"
import { ControlTest } from "./ControlTest.ts"

const admin = { _tag: "Admin" } as const

/** Follows the feed as data-ingestion does, until it has heard of enough revocations. */
const follow = (done: (revoked: ReadonlySet<string>) => boolean, limit: number) =>
  Effect.gen(function* () {
    const feed = yield* KeyFeedRepo
    const revoked = new Set<string>()
    let since = 0
    while (!done(revoked)) {
      const page = yield* feed.changedSince(since, limit)
      expect(page.keys.length).toBeLessThanOrEqual(limit)
      for (const { keyId, revokedAt } of page.keys)
        if (revokedAt !== null) revoked.add(keyId)
      since = page.revision
    }
    return revoked
  }).pipe(Effect.timeout("20 seconds"))

describe("the feed of key changes", () => {
  const it = withLayer(ControlTest)

  it.effect("loses nothing to transactions that overlap, read in small pages", () =>
    Effect.gen(function* () {
      const keys = yield* Keys
      const project = yield* (yield* Projects).create({ name: "busy" })
      const revoked = new Set<string>()
      // A key made and revoked between two questions is heard of once, as revoked.
      const reader = yield* Effect.forkChild(
        follow((heard) => revoked.size === 40 && revoked.isSubsetOf(heard), 3)
      )
      yield* Effect.forEach(
        Arr.range(1, 40),
        Effect.fnUntraced(function* () {
          const { id } = yield* keys.create(admin, project.id, { kind: "write" })
          yield* keys.revoke(admin, id)
          revoked.add(id)
        }),
        { concurrency: 8 }
      )
      yield* Fiber.join(reader)
    })
  )

  it.effect("shows no revision before all smaller ones are committed", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const feed = yield* KeyFeedRepo
      const keys = yield* Keys
      const project = yield* (yield* Projects).create({ name: "slow" })
      const { revision: start } = yield* feed.changedSince(0, 10_000)
      const taken = yield* Deferred.make<void>()
      const finish = yield* Deferred.make<void>()
      const slow = yield* Effect.forkChild(
        changingKeys(sql)((revisions) =>
          Effect.gen(function* () {
            yield* revisions.republish(project.id)
            yield* Deferred.succeed(taken, undefined)
            yield* Deferred.await(finish)
          })
        )
      )
      yield* Deferred.await(taken)
      const quick = yield* Effect.forkChild(
        keys.create(admin, project.id, { kind: "write" })
      )
      // The quick one waits for the slow one, so neither is seen.
      yield* Effect.repeat(
        sql<{ waiting: boolean }>`
          SELECT count(*) > 0 AS waiting
            FROM pg_stat_activity
           WHERE wait_event_type = 'Lock' AND datname = current_database()`,
        { until: ([row]) => row?.waiting === true }
      )
      expect((yield* feed.changedSince(start, 10)).keys).toEqual([])
      yield* Deferred.succeed(finish, undefined)
      yield* Fiber.join(slow)
      const { id } = yield* Fiber.join(quick)
      const { keys: heard, revision } = yield* feed.changedSince(start, 10)
      expect(heard).toHaveLength(3)
      expect(heard.at(-1)?.keyId).toBe(id)
      expect(revision).toBe(start + 3)
    })
  )

  it.effect("takes no revision when the change fails", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const read = sql`SELECT revision FROM control.key_revision`
      const before = yield* read
      yield* Effect.exit(
        changingKeys(sql)((revisions) => {
          revisions.take()
          return Effect.fail("no")
        })
      )
      expect(yield* read).toEqual(before)
    })
  )
})
