import { describe, expect, it } from "bun:test"
import { placeholderIds } from "@analytics/analytics-core/identity/placeholderIds"
import type { QueryContext } from "@analytics/analytics-core/query/Compiled"
import { decodeStrictly } from "@analytics/analytics-core/query/decodeStrictly"
import { Effect, Result } from "effect"
import fc from "fast-check"
import { isPlaceholder } from "../../../data-processing/src/Placeholders.ts"
import { latestCuts } from "../../src/features/cuts.ts"
import { defaultFeatures } from "../../src/features/defaultFeatures.ts"
import { Features, Target } from "../../src/features/FeatureSpec.ts"
import { featureNames, featuresHash } from "../../src/features/featureName.ts"
import { scoringRows, trainingRows } from "../../src/features/featureRows.ts"
import { Population } from "../../src/features/Population.ts"

const DAY = 86_400_000
const context: QueryContext = {
  projectId: 1,
  timezone: "UTC",
  now: 100 * DAY,
  watermark: 100 * DAY,
  hasLinks: false
}

const faultsOf = async (effect: Effect.Effect<unknown, { readonly errors: unknown }>) =>
  Result.match(await Effect.runPromise(Effect.result(effect)), {
    onFailure: ({ errors }) => errors,
    onSuccess: () => []
  })

describe("requests for rows", () => {
  const request = {
    features: [{ kind: "count", days: 30 }],
    population: {},
    target: { event: "A", days: 7 }
  } as const

  it("refuses a cut whose label window is not over", async () => {
    const at = (cuts: ReadonlyArray<number>, latenessHours?: number) =>
      faultsOf(
        trainingRows(
          {
            ...request,
            cuts,
            ...(latenessHours === undefined ? {} : { latenessHours })
          },
          context
        )
      )
    expect(await at([92 * DAY])).toEqual([])
    expect(await at([80 * DAY, 92 * DAY + 1])).toMatchObject([{ pointer: "/cuts/1" }])
    expect(await at([93 * DAY], 0)).toEqual([])
    expect(await at([80 * DAY, 80 * DAY])).toMatchObject([{ pointer: "/cuts/1" }])
    expect(await at([])).toMatchObject([{ pointer: "/cuts" }])
    expect(await at([Number.NaN])).toMatchObject([{ pointer: "/cuts/0" }])
  })

  it("refuses two features of one name, and a score of the future", async () => {
    const features = [...request.features, ...request.features]
    expect(
      await faultsOf(scoringRows({ features, population: {} }, context))
    ).toMatchObject([{ pointer: "/features/1" }])
    expect(
      await faultsOf(scoringRows({ ...request, cut: 100 * DAY + 1 }, context))
    ).toMatchObject([{ pointer: "/cut" }])
  })

  it("refuses traits in filters, which would be of today", async () => {
    const filters = [{ not: { property: "user.plan", op: "is", value: "pro" } }]
    const feature = decodeStrictly(Features)([{ kind: "count", filters }])
    expect(await faultsOf(feature)).toMatchObject([{ pointer: "/0/filters" }])
    const target = decodeStrictly(Target)({ event: "A", days: 7, filters })
    expect(await faultsOf(target)).toMatchObject([{ pointer: "/filters" }])
    const property = decodeStrictly(Features)([
      { kind: "sum", property: "group.default.seats" }
    ])
    expect(await faultsOf(property)).toMatchObject([{ pointer: "/0/property" }])
  })

  it("refuses more conditions than a statement should test", async () => {
    const filters = (count: number) =>
      Array.from({ length: count }, () => ({ property: "x", op: "is", value: 1 }))
    const features = (count: number, each: number) =>
      Array.from({ length: count }, () => ({ kind: "count", filters: filters(each) }))
    expect(await faultsOf(decodeStrictly(Features)(features(5, 200)))).toEqual([])
    expect(await faultsOf(decodeStrictly(Features)(features(6, 200)))).toEqual([
      { pointer: "", detail: "At most 1000 conditions in all filters" }
    ])
    expect(await faultsOf(decodeStrictly(Features)(features(1, 201)))).toMatchObject([
      { pointer: "/0/filters" }
    ])
    const rule = { did: { event: "A", filters: filters(201) } }
    expect(await faultsOf(decodeStrictly(Population)({ rule }))).toMatchObject([
      { pointer: "/rule" }
    ])
  })

  it("splits people by their number without a gap", async () => {
    const statements = await Effect.runPromise(
      scoringRows({ ...request, parts: 7 }, context)
    )
    const bounds = statements.map(({ params }) =>
      Object.values(params).filter((value) => typeof value === "bigint")
    )
    expect(bounds[0]?.[0]).toBe(0n)
    expect(bounds[6]?.[1]).toBe(2n ** 64n - 1n)
    bounds.slice(1).forEach(([first], index) => {
      expect(first).toBe((bounds[index]?.[1] ?? 0n) + 1n)
    })
  })
})

describe("names of features", () => {
  it("say the same of the same, whatever the order of members", () => {
    const filters = [{ property: "x", op: "is", value: 1 }] as const
    const specs = [
      { kind: "count", event: "Order Completed", days: 30 },
      { days: 30, event: "Order Completed", kind: "count", filters },
      { kind: "sum", property: "revenue", event: "Order Completed" },
      { kind: "trait_is", trait: "plan", in: ["pro"] },
      { kind: "count", name: "mine" }
    ] as const
    expect(featureNames(specs)).toEqual([
      "count(Order Completed, 30d)",
      expect.stringMatching(/^count\(Order Completed, 30d\)#[0-9a-f]{8}$/u),
      "sum(Order Completed.revenue)",
      expect.stringMatching(/^trait_is\(plan, pro\)#[0-9a-f]{8}$/u),
      "mine"
    ])
    const [first, second] = specs
    const turned = { kind: "count", filters, event: first.event, days: 30 } as const
    expect(featuresHash([turned])).toBe(featuresHash([second]))
    expect(featuresHash([{ ...turned, name: "n" }])).toBe(featuresHash([second]))
    expect(featuresHash([first, second])).not.toBe(featuresHash([second, first]))
  })

  it("are two of two that differ, whatever events and properties are called", () => {
    const word = fc.constantFrom(
      "any",
      "a",
      "a.b",
      "b",
      "b.c",
      "c",
      "a, 30d",
      "a, 1-2h"
    )
    const days = fc.constantFrom(30, 7)
    const windowed = { event: word, days }
    const spec = fc.oneof(
      fc.record(
        { kind: fc.constant("count" as const), ...windowed },
        { requiredKeys: ["kind"] }
      ),
      fc.record(
        { kind: fc.constant("sum" as const), property: word, ...windowed },
        { requiredKeys: ["kind", "property"] }
      ),
      fc.record(
        {
          kind: fc.constant("hour_share" as const),
          fromHour: fc.constant(1),
          toHour: fc.constant(2),
          ...windowed
        },
        { requiredKeys: ["kind", "fromHour", "toHour"] }
      )
    )
    fc.assert(
      fc.property(spec, spec, (a, b) => {
        const isSame = featuresHash([a]) === featuresHash([b])
        expect(featureNames([a])[0] === featureNames([b])[0]).toBe(isSame)
      }),
      { numRuns: 2000 }
    )
  })

  it("leave no default feature out for an event that is called any", () => {
    const named = (name: string) =>
      defaultFeatures([{ name, count: 2 }, { name: "b" }]).length
    expect(named("any")).toBe(named("a"))
  })

  it("differ among default features, which requests may hold", async () => {
    const events = Array.from({ length: 60 }, (_, index) => ({
      name: `e${index}`,
      count: index,
      numbers: ["revenue", "items"]
    }))
    const features = defaultFeatures(events)
    const names = featureNames(features)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toContain("sum(e59.revenue, 90d)")
    expect(names).not.toContain("count(e0, 90d)")
    expect(await Effect.runPromise(decodeStrictly(Features)(features))).toEqual([
      ...features
    ])
    for (const days of [1, 2, 3, 14]) {
      const few = featureNames(defaultFeatures([{ name: "a" }], { days }))
      expect(new Set(few).size).toBe(few.length)
    }
  })
})

it("ids that name nobody are those of the loader", () => {
  expect(placeholderIds.every(isPlaceholder)).toBe(true)
  expect(placeholderIds.map((id) => id.toLowerCase())).toEqual([...placeholderIds])
})

it("the newest cuts whose labels are over, oldest first", () => {
  const until = 100 * DAY
  expect(latestCuts({ until, targetDays: 7, count: 3 })).toEqual([
    78 * DAY,
    85 * DAY,
    92 * DAY
  ])
})
