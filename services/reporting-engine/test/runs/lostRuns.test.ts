import { describe, expect } from "bun:test"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { withLayer } from "@analytics/testing/effectTest"
import { Deferred, Effect, Fiber, Schema, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { Definition } from "../../src/definitions/ReportDefinition.ts"
import { ReportRuns } from "../../src/runs/ReportRuns.ts"
import { RunRepo } from "../../src/runs/RunRepo.ts"
import { reportsIn } from "./ReportsTest.ts"
import { chart, ReportWorld } from "./ReportWorld.ts"

const world = new ReportWorld()
const { effect } = withLayer(reportsIn(world))

const definition = Schema.decodeUnknownSync(Definition)(chart())
const asked = (key: string) => ({
  projectId: 7,
  report: { name: "Week", definition },
  at: Date.parse("2026-11-23T12:00:00Z"),
  formats: ["json", "csv"] as const,
  reason: "subscription",
  key,
  actor: "service"
})

const begun = (key: string, reportId: string | null = null) =>
  Effect.flatMap(RunRepo, (repo) =>
    repo.begin({
      projectId: 7,
      reportId,
      reportVersion: null,
      name: "Week",
      parameters: {},
      formats: ["json"],
      reason: "subscription",
      key,
      actor: "service"
    })
  )

/** Its process has not said for so many seconds that it is alive. */
const silent = (id: string, seconds: number) =>
  SqlClient.SqlClient.use(
    (sql) => sql`
      UPDATE reports.runs
         SET heartbeat_at = clock_timestamp() - make_interval(secs => ${seconds}::int)
       WHERE id = ${id}::uuid`
  )

describe("a run", () => {
  effect("whose process ended has failed, and says so", () =>
    Effect.gen(function* () {
      const repo = yield* RunRepo
      const lost = (yield* begun("lost")).run
      const alive = (yield* begun("alive")).run
      yield* silent(lost.id, 31)
      yield* silent(alive.id, 20)
      yield* repo.failLost
      const runs = yield* ReportRuns
      expect(yield* runs.get(7, lost.id)).toMatchObject({
        state: "failed",
        error: "It was interrupted: its process ended."
      })
      expect((yield* runs.get(7, alive.id)).state).toBe("running")
      yield* repo.finish(alive.id, null)
      // Its process was slow, and not dead; another one that took it up was.
      yield* repo.finish(lost.id, null)
      yield* repo.finish(lost.id, "too late")
      expect(yield* runs.get(7, lost.id)).toMatchObject({
        state: "succeeded",
        error: null
      })
    })
  )

  effect("of a key is taken up again when it was lost, and not while it is made", () =>
    Effect.gen(function* () {
      const first = yield* begun("again")
      expect(first.mine).toBe(true)
      const second = yield* begun("again")
      expect([second.mine, second.run.id]).toEqual([false, first.run.id])
      yield* silent(first.run.id, 31)
      const third = yield* begun("again")
      expect([third.mine, third.run.id]).toEqual([true, first.run.id])
      yield* silent(first.run.id, 31)
      const run = yield* (yield* ReportRuns).run(asked("again"))
      expect(run).toMatchObject({ id: first.run.id, state: "succeeded" })
      expect(run.files.map(({ format }) => format)).toEqual(["json", "csv"])
    })
  )

  effect("of a key that is taken up again says nothing of the attempt before", () =>
    Effect.gen(function* () {
      const repo = yield* RunRepo
      const ids = {
        one: "0198c6a8-0000-7000-8000-0000000000a1",
        other: "0198c6a8-0000-7000-8000-0000000000a2"
      }
      const first = yield* begun("other report", ids.one)
      yield* repo.made(first.run.id, {
        asOf: "2026-11-23T12:00:00Z",
        from: "2026-11-16T00:00:00Z",
        to: "2026-11-23T00:00:00Z",
        documentSha256: "0".repeat(64),
        failedSections: 2
      })
      yield* repo.finish(first.run.id, "It was interrupted.")
      expect((yield* begun("other report", ids.other)).run).toMatchObject({
        id: first.run.id,
        reportId: ids.other,
        state: "running",
        error: null,
        asOf: null,
        from: null,
        documentSha256: null,
        failedSections: 0
      })
    })
  )

  effect("of a key is one, however many want it at once", () =>
    Effect.gen(function* () {
      const runs = yield* ReportRuns
      world.asked = []
      const made = yield* Effect.forEach(
        Array.from({ length: 6 }),
        () => runs.run(asked("at once")),
        { concurrency: "unbounded" }
      )
      expect(new Set(made.map(({ id }) => id)).size).toBe(1)
      expect(new Set(made.map(({ state }) => state))).toEqual(new Set(["succeeded"]))
      expect(world.asked.length).toBe(1)
      yield* runs.run(asked("at once"))
      expect(world.asked.length).toBe(1)
    })
  )

  effect(
    "that is interrupted says so, and its key makes it again with the same bytes",
    () =>
      Effect.gen(function* () {
        const runs = yield* ReportRuns
        const reached = yield* Deferred.make<void>()
        world.gate = Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
        const making = yield* Effect.forkChild(runs.run(asked("cut")))
        yield* Deferred.await(reached)
        yield* Fiber.interrupt(making)
        world.gate = Effect.void
        const repo = yield* RunRepo
        const [cut] = yield* repo.page(7, { limit: 1 })
        expect(cut).toMatchObject({ state: "failed", error: "It was interrupted." })
        const again = yield* runs.run(asked("cut"))
        expect([again.id, again.state, again.error]).toEqual([
          cut?.id ?? "",
          "succeeded",
          null
        ])
        const other = yield* runs.run(asked("another"))
        expect(other.documentSha256).toBe(again.documentSha256)
        expect(other.files.map(({ sha256 }) => sha256)).toEqual(
          again.files.map(({ sha256 }) => sha256)
        )
      })
  )

  effect("whose document is erased while it is rendered leaves no file", () =>
    Effect.gen(function* () {
      const runs = yield* ReportRuns
      const store = yield* ObjectStore
      const run = yield* runs.run(asked("erased"))
      const folder = `reports/7/${run.id}/`
      world.whileRendering = Effect.orDie(store.remove(`${folder}document.json`))
      expect(yield* Effect.flip(runs.file(run, "html"))).toMatchObject({
        _tag: "RunNotFound"
      })
      world.whileRendering = Effect.void
      expect(yield* Stream.runCollect(store.list(folder))).toEqual([])
    })
  )

  effect(
    "whose files are gone says so, and one that is being made is not there yet",
    () =>
      Effect.gen(function* () {
        const runs = yield* ReportRuns
        const store = yield* ObjectStore
        const run = yield* runs.run(asked("gone"))
        yield* store
          .list(`reports/7/${run.id}/`)
          .pipe(Stream.runForEach(({ key }) => store.remove(key)))
        expect(yield* Effect.flip(runs.file(run, "json"))).toMatchObject({
          _tag: "RunNotFound",
          detail: "Its files are gone."
        })
        const making = (yield* begun("made")).run
        expect(yield* Effect.flip(runs.file(making, "json"))).toMatchObject({
          _tag: "RunNotFound",
          detail: "It is still being made."
        })
      })
  )
})
