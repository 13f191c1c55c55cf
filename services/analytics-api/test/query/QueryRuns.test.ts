import { describe, expect } from "bun:test"
import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import { QueryLoadConfig } from "@analytics/config/QueryLoadConfig"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Deferred, Duration, Effect, Layer, Logger, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { Audit } from "../../src/audit/Audit.ts"
import type { AuditEntry } from "../../src/audit/AuditEntry.ts"
import { Queries } from "../../src/query/Queries.ts"
import { QueryRuns } from "../../src/query/QueryRuns.ts"
import { QueryRunsRepo } from "../../src/query/QueryRunsRepo.ts"

const answer = {
  kind: "trends",
  result: { buckets: [], labels: [], series: [] },
  meta: {
    asOf: "2025-03-05T12:00:00.000Z",
    ingestLagMs: 1,
    cached: false,
    elapsedMs: 2,
    rowsRead: 3,
    warnings: [],
    definitions: "v1"
  }
}

interface Gate {
  readonly gate?: Deferred.Deferred<void>
  readonly left?: Deferred.Deferred<void>
}

/** Bodies of these tests are what their query waits for. */
const gates = new Map<unknown, Gate>()
const audited: Array<AuditEntry> = []

const QueriesStub = Layer.succeed(Queries, {
  check: () => Effect.die("not asked"),
  answer: () => Effect.die("not asked"),
  estimate: () => Effect.die("not asked"),
  answerLong: (_, body) => {
    if (body === "broken") return Effect.die(new Error("a secret of ours"))
    if (body === "wrong") return Effect.fail(QueryInvalid.at("/kind", "Expected one"))
    const { gate, left } = gates.get(body) ?? {}
    return (gate ? Deferred.await(gate) : Effect.void).pipe(
      Effect.as(answer),
      Effect.onInterrupt(() => (left ? Deferred.succeed(left, undefined) : Effect.void))
    )
  }
})

const AuditStub = Layer.succeed(Audit, {
  record: (entry) => Effect.sync(() => void audited.push(entry)),
  page: () => Effect.die("not asked"),
  flush: Effect.void
})

const TestLayer = QueryRuns.layer.pipe(
  Layer.provideMerge(QueryRunsRepo.layer),
  Layer.provide([
    QueriesStub,
    AuditStub,
    QueryLoadConfig.layerOf({
      asyncTimeout: Duration.minutes(1),
      asyncConcurrency: 2,
      resultRetention: Duration.hours(1),
      projectBytesPerSecond: 0,
      keyBytesPerSecond: 0,
      maxRows: 0
    })
  ]),
  Layer.provideMerge(TestPostgres.client),
  Layer.provideMerge(Logger.layer([]))
)

const project = (id: number) => ({ id, timezone: "UTC", keyId: "k" })

describe("a query that nobody waits for", () => {
  const { effect } = withLayer(TestLayer)

  const ended = Effect.fnUntraced(function* (projectId: number, id: string) {
    const runs = yield* QueryRuns
    return yield* runs.state(projectId, id).pipe(
      Effect.repeat({
        while: (state) => state.running,
        schedule: Schedule.spaced("20 millis")
      }),
      Effect.timeout("20 seconds")
    )
  })

  effect("runs, and is answered to its own project alone", () =>
    Effect.gen(function* () {
      const runs = yield* QueryRuns
      const gate = yield* Deferred.make<void>()
      gates.set("a", { gate })
      const id = yield* runs.start(project(1), "a")
      expect(yield* runs.state(1, id)).toMatchObject({ running: true })
      expect(yield* Effect.flip(runs.state(2, id))).toMatchObject({ status: 404 })
      expect(yield* Effect.flip(runs.cancel(2, id))).toMatchObject({ status: 404 })
      yield* Deferred.succeed(gate, undefined)
      const state = yield* ended(1, id)
      expect(state.running ? undefined : JSON.parse(state.text)).toEqual(answer)
      expect(yield* Effect.flip(runs.state(2, id))).toMatchObject({ status: 404 })
      expect(audited.find(({ target }) => target?.endsWith(id))).toMatchObject({
        actor: "k",
        projectId: 1,
        action: "query.run",
        status: 200
      })
    })
  )

  effect("that fails says why", () =>
    Effect.gen(function* () {
      const runs = yield* QueryRuns
      const id = yield* runs.start(project(1), "wrong")
      const error = yield* Effect.flip(ended(1, id))
      expect(error).toMatchObject({
        _tag: "QueryInvalid",
        status: 422,
        errors: [{ pointer: "/kind", detail: "Expected one" }]
      })
    })
  )

  effect("that dies says so, and not that it was interrupted", () =>
    Effect.gen(function* () {
      const runs = yield* QueryRuns
      const id = yield* runs.start(project(1), "broken")
      const error = yield* Effect.flip(ended(1, id))
      expect(error).toMatchObject({ _tag: "QueriesUnavailable", status: 503 })
      expect(JSON.stringify(error)).not.toContain("secret")
      expect(audited.find(({ target }) => target?.endsWith(id))).toMatchObject({
        status: 503
      })
    })
  )

  effect("ends when it is cancelled", () =>
    Effect.gen(function* () {
      const runs = yield* QueryRuns
      const left = yield* Deferred.make<void>()
      gates.set("b", { gate: yield* Deferred.make<void>(), left })
      const id = yield* runs.start(project(1), "b")
      yield* runs.cancel(1, id)
      yield* Deferred.await(left).pipe(Effect.timeout("10 seconds"))
      expect(yield* Effect.flip(runs.state(1, id))).toMatchObject({ status: 404 })
    })
  )

  effect("ends when another process cancels it", () =>
    Effect.gen(function* () {
      const runs = yield* QueryRuns
      const repo = yield* QueryRunsRepo
      const left = yield* Deferred.make<void>()
      gates.set("c", { gate: yield* Deferred.make<void>(), left })
      const id = yield* runs.start(project(1), "c")
      yield* repo.remove(1, id)
      yield* Deferred.await(left).pipe(Effect.timeout("30 seconds"))
    })
  )

  effect("of a process that is gone was interrupted, and leaves its place", () =>
    Effect.gen(function* () {
      const runs = yield* QueryRuns
      const repo = yield* QueryRunsRepo
      const sql = yield* SqlClient.SqlClient
      const dead = {
        projectId: 9,
        owner: crypto.randomUUID(),
        mostRunning: 1,
        keptSeconds: 60
      }
      const first = yield* repo.insert(dead)
      expect((yield* repo.insert(dead))._tag).toBe("None")
      yield* sql`UPDATE control.query_runs SET heartbeat_at = now() - interval '1 hour'
                  WHERE project_id = 9`
      const id = first._tag === "Some" ? first.value : ""
      expect(yield* Effect.flip(runs.state(9, id))).toMatchObject({
        _tag: "QueryInterrupted"
      })
      expect((yield* repo.insert(dead))._tag).toBe("Some")
    })
  )

  effect("is forgotten after a while, the oldest of a project first", () =>
    Effect.gen(function* () {
      const repo = yield* QueryRunsRepo
      const sql = yield* SqlClient.SqlClient
      const owner = crypto.randomUUID()
      const run = { projectId: 10, owner, mostRunning: 9, keptSeconds: 60 }
      const ids: Array<string> = []
      for (let n = 0; n < 102; n++) {
        const id = yield* repo.insert(run)
        if (id._tag === "None") throw new Error("no place")
        ids.push(id.value)
        yield* repo.finish(id.value, owner, { answer: new Uint8Array([n]) }, 60)
      }
      const [oldest = "", ...others] = ids
      expect((yield* repo.find(10, oldest))._tag).toBe("None")
      const newest = others.at(-1) ?? ""
      expect((yield* repo.find(10, newest))._tag).toBe("Some")
      yield* sql`UPDATE control.query_runs SET expires_at = now() - interval '1 second'
                  WHERE id = ${newest}::uuid`
      expect((yield* repo.find(10, newest))._tag).toBe("None")
    })
  )
})
