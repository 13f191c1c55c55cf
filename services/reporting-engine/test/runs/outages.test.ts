import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Fiber, Layer, Logger, Schema } from "effect"
import { TestClock } from "effect/testing"
import { Definition } from "../../src/definitions/ReportDefinition.ts"
import { makeDocument } from "../../src/runs/makeDocument.ts"
import { analyticsOf, chart, ReportWorld } from "./ReportWorld.ts"

const definitionOf = Schema.decodeUnknownSync(Definition)
const [section] = chart().sections
const named = (title: string, event: string) => ({
  ...section,
  title,
  query: { ...section?.query, series: [{ event, measure: "total" }] }
})
const two = definitionOf({
  title: "Two",
  sections: [named("Orders", "Order"), named("Signups", "Signup")]
})
const textOnly = definitionOf({
  title: "Text",
  sections: [{ type: "markdown", text: "x" }]
})

const asksFor = (event: string) => (body: object) =>
  JSON.stringify(body).includes(`"${event}"`)

/** What becomes of a document while the clock goes on by so much. */
const made = (
  world: ReportWorld,
  definition: Definition,
  goesOn: "1 second" | "4 minutes" | "1 hour"
) =>
  Effect.gen(function* () {
    const making = yield* makeDocument({
      projectId: 7,
      definition,
      parameters: {},
      at: undefined,
      asOf: undefined,
      notices: [],
      sectionsAtOnce: 4
    }).pipe(Effect.result, Effect.provide(analyticsOf(world)), Effect.forkChild)
    yield* TestClock.adjust(goesOn)
    return making.pollUnsafe() === undefined
      ? yield* Effect.as(Fiber.interrupt(making), "still asks" as const)
      : yield* Fiber.join(making)
  }).pipe(Effect.provide(TestClock.layer()))

const blocksOf = (end: Effect.Success<ReturnType<typeof made>>) =>
  end === "still asks"
    ? end
    : end._tag === "Failure"
      ? end.failure
      : end.success.blocks.map((block) =>
          block.type === "failed" ? `${block.title}: ${block.detail}` : block.type
        )

describe("while analytics-api is away", () => {
  const it = withLayer(Layer.merge(Logger.layer([]), Layer.empty))

  it.effect("for a moment, a report waits and has no holes", () =>
    Effect.gen(function* () {
      const world = new ReportWorld()
      world.awayFor = 3
      expect(yield* made(world, two, "1 hour").pipe(Effect.map(blocksOf))).toEqual([
        "chart",
        "chart"
      ])
    })
  )

  it.effect("it is asked again, and not at once", () =>
    Effect.gen(function* () {
      const world = new ReportWorld()
      world.isLost = () => true
      expect(yield* made(world, two, "1 second")).toBe("still asks")
      expect(world.asked.length).toBeLessThanOrEqual(4)
    })
  )

  it.effect("for one question, the report says so and has the others", () =>
    Effect.gen(function* () {
      const world = new ReportWorld()
      world.isLost = asksFor("Order")
      expect(yield* made(world, two, "1 hour").pipe(Effect.map(blocksOf))).toEqual([
        "Orders: /internal/v1/query: no answer.",
        "chart"
      ])
      // Five times, and then no more.
      expect(world.asked.filter(asksFor("Order")).length).toBe(5)
    })
  )

  it.effect("for many minutes, it is asked once", () =>
    Effect.gen(function* () {
      const world = new ReportWorld()
      world.isLost = asksFor("Order")
      world.failsAfter = "10 minutes"
      expect(yield* made(world, two, "1 hour").pipe(Effect.map(blocksOf))).toEqual([
        "Orders: /internal/v1/query: no answer.",
        "chart"
      ])
      expect(world.asked.filter(asksFor("Order")).length).toBe(1)
    })
  )

  it.effect("because it is busy, a report waits for longer, and not for ever", () =>
    Effect.gen(function* () {
      const world = new ReportWorld()
      world.busyFor = 20
      expect(yield* made(world, two, "1 hour").pipe(Effect.map(blocksOf))).toEqual([
        "chart",
        "chart"
      ])
      world.busyFor = Infinity
      expect(yield* made(world, two, "1 hour")).toMatchObject({
        failure: { _tag: "AnalyticsUnavailable" }
      })
      expect(world.asked.length).toBeLessThan(100)
      const sections = Array.from({ length: 16 }, (_, at) => named(`${at}`, "Order"))
      const many = definitionOf({ title: "Many", sections })
      expect(yield* made(world, many, "4 minutes")).toMatchObject({
        failure: { _tag: "AnalyticsUnavailable" }
      })
    })
  )

  it.effect("for all questions, there is no report of nothing but holes", () =>
    Effect.gen(function* () {
      const world = new ReportWorld()
      world.isLost = () => true
      expect(
        yield* made(world, two, "1 hour").pipe(Effect.map(blocksOf))
      ).toMatchObject({
        _tag: "AnalyticsUnavailable"
      })
      world.isAway = true
      expect(
        yield* made(world, textOnly, "1 hour").pipe(Effect.map(blocksOf))
      ).toMatchObject({ _tag: "AnalyticsUnavailable" })
    })
  )

  it.effect("what it refuses is not asked again", () =>
    Effect.gen(function* () {
      const world = new ReportWorld()
      const odd = definitionOf({
        title: "Odd",
        sections: [{ type: "table", title: "Odd", query: { kind: "trends" } }]
      })
      expect(yield* made(world, odd, "1 hour").pipe(Effect.map(blocksOf))).toEqual([
        "Odd: /series: Missing key"
      ])
      expect(world.asked.length).toBe(1)
    })
  )
})
