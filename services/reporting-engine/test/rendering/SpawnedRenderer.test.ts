import { expect, it } from "bun:test"
import type { Rendering } from "@analytics/reports/RenderFormat"
import type { ReportDocument } from "@analytics/reports/ReportDocument"
import { renderDocument } from "@analytics/reports/renderDocument"
import { hostileReport } from "@analytics/reports/test/hostileReport"
import { sampleReport } from "@analytics/reports/test/sampleReport"
import { Duration, Effect, Fiber, Result } from "effect"
import { TestClock } from "effect/testing"
import { Renderer } from "../../src/rendering/Renderer.ts"
import { RenderFailed, RendersBusy } from "../../src/rendering/RenderProblems.ts"
import { computed, isThere, rendererOf, renderers, until } from "./renderers.ts"

const render = (document: ReportDocument, format: Rendering) =>
  Effect.flatMap(Renderer, (it) => it.render(document, format))

const begun = Effect.gen(function* () {
  yield* until(() => renderers().length > 0)
  return renderers()[0] ?? 0
})

/** A process that has a document, and never an answer. */
const stopped = Effect.map(begun, (pid) => {
  process.kill(pid, "SIGSTOP")
  return pid
})

/** Looks at processes as Linux shows them. */
const linux = (
  name: string,
  settings: Parameters<typeof rendererOf>[0],
  test: Effect.Effect<unknown, unknown, Renderer>
) =>
  it.skipIf(process.platform !== "linux")(
    name,
    () =>
      Effect.runPromise(Effect.provide(Effect.asVoid(test), rendererOf(settings))).then(
        // A pool that is over leaves no process.
        () => expect(renderers()).toEqual([])
      ),
    60_000
  )

linux(
  "a process makes the files that this one would",
  {},
  Effect.gen(function* () {
    for (const format of ["pdf", "csv"] as const) {
      const made = yield* render(sampleReport, format)
      const expected = yield* Effect.promise(() => renderDocument(sampleReport, format))
      expect(Bun.SHA256.hash(made.bytes, "hex")).toBe(
        Bun.SHA256.hash(expected.bytes, "hex")
      )
      expect({ ...made, bytes: 0 }).toEqual({ ...expected, bytes: 0 })
    }
  })
)

linux(
  "as many processes as may be, and who would wait too long is told when to come back",
  { renderers: 2, renderQueue: 3 },
  Effect.gen(function* () {
    const ends = yield* Effect.all(
      Array.from({ length: 8 }, () => Effect.result(render(sampleReport, "json"))),
      { concurrency: "unbounded" }
    )
    expect(renderers()).toHaveLength(2)
    const refused = ends.filter(Result.isFailure).map(({ failure }) => failure)
    expect(refused).toHaveLength(3)
    for (const problem of refused) {
      expect(problem).toBeInstanceOf(RendersBusy)
      expect(problem).toMatchObject({ retryAfter: 2 })
    }
    // Their places are free again.
    expect((yield* render(sampleReport, "json")).extension).toBe("json")
  })
)

linux(
  "a process that dies fails its document alone",
  { renderers: 1 },
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Effect.flip(render(hostileReport, "png")))
    const pid = yield* begun
    // It has read its task.
    yield* until(() => computed(pid) > 20)
    process.kill(pid, "SIGKILL")
    const problem = yield* Fiber.join(fiber)
    expect(problem).toBeInstanceOf(RenderFailed)
    expect(problem.detail).toContain("Its process ended")
    expect((yield* render(sampleReport, "json")).extension).toBe("json")
    expect(renderers()).not.toContain(pid)
  })
)

linux(
  "a document that takes too long is given up, and its process with it",
  { renderers: 1 },
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Effect.flip(render(sampleReport, "json")))
    const pid = yield* stopped
    yield* TestClock.adjust("61 seconds")
    const problem = yield* Fiber.join(fiber)
    expect(problem).toBeInstanceOf(RenderFailed)
    expect(problem.detail).toContain("60000 ms")
    expect(isThere(pid)).toBe(false)
    expect((yield* render(sampleReport, "json")).extension).toBe("json")
  }).pipe(Effect.provide(TestClock.layer()))
)

linux(
  "a document whose turn does not come is told to come back",
  { renderers: 1, renderTimeout: Duration.minutes(10) },
  Effect.gen(function* () {
    const first = yield* Effect.forkChild(Effect.flip(render(sampleReport, "json")))
    const pid = yield* stopped
    const second = yield* Effect.forkChild(Effect.flip(render(sampleReport, "json")))
    yield* Effect.yieldNow
    yield* TestClock.adjust("301 seconds")
    const problem = yield* Fiber.join(second)
    expect(problem).toBeInstanceOf(RendersBusy)
    expect(problem).toMatchObject({ retryAfter: 10 })
    // The first has had its turn, and as much time as it may take.
    expect(isThere(pid)).toBe(true)
    process.kill(pid, "SIGKILL")
    expect(yield* Fiber.join(first)).toBeInstanceOf(RenderFailed)
  }).pipe(Effect.provide(TestClock.layer()))
)

linux(
  "nobody waits for a document that another one is stuck with",
  { renderers: 2 },
  Effect.gen(function* () {
    const stuck = yield* Effect.forkChild(render(hostileReport, "json"))
    const pid = yield* stopped
    for (let each = 0; each < 5; each++)
      expect((yield* render(sampleReport, "csv")).extension).toBe("zip")
    process.kill(pid, "SIGCONT")
    expect((yield* Fiber.join(stuck)).extension).toBe("json")
  })
)

linux(
  "who goes away takes the process along",
  { renderers: 1 },
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(render(sampleReport, "json"))
    const pid = yield* stopped
    yield* Fiber.interrupt(fiber)
    expect(isThere(pid)).toBe(false)
    expect((yield* render(sampleReport, "json")).extension).toBe("json")
  })
)

linux(
  "a process is replaced when it has done enough",
  { renderers: 1, rendersPerProcess: 2 },
  Effect.gen(function* () {
    const seen: Array<number> = []
    for (let each = 0; each < 3; each++) {
      yield* render(sampleReport, "json")
      seen.push(...renderers())
    }
    // The first is gone after its second document.
    expect(seen).toHaveLength(2)
    expect(new Set(seen).size).toBe(2)
  })
)

linux(
  "a document that needs more memory than there is fails, and no other",
  { renderers: 2, renderMemory: 1 },
  Effect.gen(function* () {
    const huge: ReportDocument = {
      ...sampleReport,
      blocks: [
        {
          type: "table",
          title: "Huge",
          table: {
            columns: Array.from({ length: 10 }, (_, at) => ({
              name: `c${at}`,
              kind: "text"
            })),
            rows: Array.from({ length: 100_000 }, (_, row) =>
              Array.from({ length: 10 }, (_, at) => `${row} ${at}`)
            )
          }
        }
      ]
    }
    const [problem, other] = yield* Effect.all(
      [Effect.flip(render(huge, "xlsx")), render(sampleReport, "pdf")],
      { concurrency: "unbounded" }
    )
    expect(problem).toBeInstanceOf(RenderFailed)
    expect(other.extension).toBe("pdf")
    expect((yield* render(sampleReport, "xlsx")).extension).toBe("xlsx")
  })
)
