import { expect, it } from "bun:test"
import { fileURLToPath } from "node:url"
import { sampleReport } from "@analytics/reports/test/sampleReport"
import { Effect } from "effect"
import { Renderer } from "../../src/rendering/Renderer.ts"
import {
  computed,
  isThere,
  rendererOf,
  renderers,
  resident,
  until
} from "./renderers.ts"

const isLong = process.env["TEST_LONG"] === "1"
const many = isLong ? 50 : 4
/** Bytes of data segment of a process, the least there may be. */
const renderMemory = 512 * 1024 ** 2

/** The most bytes that all processes had together. */
const peakOf = Effect.gen(function* () {
  let peak = 0
  yield* Effect.promise(() => Bun.sleep(10)).pipe(
    Effect.andThen(
      Effect.sync(() => {
        peak = Math.max(
          peak,
          renderers().reduce((sum, pid) => sum + resident(pid), 0)
        )
      })
    ),
    Effect.forever,
    Effect.forkScoped
  )
  return () => peak
})

it.skipIf(process.platform !== "linux")(
  `${many} reports asked for at once are all made, in the memory of two`,
  () =>
    Effect.scoped(
      Effect.gen(function* () {
        const renderer = yield* Renderer
        const peak = yield* peakOf
        const start = performance.now()
        const made = yield* Effect.all(
          Array.from({ length: many }, () => renderer.render(sampleReport, "pdf")),
          { concurrency: "unbounded" }
        )
        const took = performance.now() - start
        const digests = new Set(made.map(({ bytes }) => Bun.SHA256.hash(bytes, "hex")))
        expect(made).toHaveLength(many)
        expect(digests.size).toBe(1)
        expect(renderers().length).toBeLessThanOrEqual(2)
        expect(peak()).toBeGreaterThan(0)
        expect(peak()).toBeLessThan(2 * renderMemory)
        if (isLong)
          process.stdout.write(
            `${many} reports as PDF by 2 processes: ${(took / 1000).toFixed(1)} s, peak ${(peak() / 1024 ** 2).toFixed(0)} MiB together\n`
          )
      })
    ).pipe(
      Effect.provide(rendererOf({ renderers: 2, renderMemory })),
      Effect.runPromise
    ),
  300_000
)

it.skipIf(process.platform !== "linux")(
  "no process outlives a service that is killed, even in the middle of a report",
  async () => {
    const host = fileURLToPath(new URL("./orphaning.ts", import.meta.url))
    const child = Bun.spawn([process.execPath, host], {
      stdio: ["ignore", "ignore", "ignore"]
    })
    try {
      const pid = await Effect.gen(function* () {
        yield* until(() => renderers(child.pid).length > 0)
        const [renderer = 0] = renderers(child.pid)
        yield* until(() => computed(renderer) > 30)
        return renderer
      }).pipe(Effect.runPromise)
      child.kill("SIGKILL")
      await Effect.runPromise(until(() => !isThere(pid)))
    } finally {
      child.kill("SIGKILL")
      await child.exited
    }
  },
  90_000
)
