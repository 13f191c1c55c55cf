import { describe, expect, it } from "bun:test"
import { completed } from "../../src/alerts/AlertDefinition.ts"
import { AlertInvalid } from "../../src/alerts/AlertProblems.ts"
import { conversionOf, funnelOf } from "../../src/alerts/conversion.ts"
import { above10 } from "./AlertWorld.ts"

const funnel = {
  kind: "funnel",
  range: "last_30d",
  compare: "previous_period",
  windowSeconds: 3600,
  steps: [{ event: "Seen" }, { event: "Bought" }],
  breakdown: ["plan"]
}
const alert = (series?: object) =>
  completed(
    { ...above10, interval: "day", query: funnel, ...(series ? { series } : {}) },
    "Europe/Berlin"
  )
const bucket = {
  start: Date.parse("2026-11-22T23:00:00Z"),
  end: Date.parse("2026-11-23T23:00:00Z"),
  label: "2026-11-23"
}
const group = (breakdown: ReadonlyArray<string> | null, counts: [number, number]) => ({
  breakdown,
  other: false,
  steps: ["Seen", "Bought"].map((event, index) => ({
    event,
    count: counts[index] ?? 0,
    rateFromPrevious: null,
    rateFromFirst: counts[0] === 0 ? null : (counts[index] ?? 0) / counts[0],
    meanSeconds: null,
    medianSeconds: null
  }))
})

describe("the conversion of a funnel", () => {
  it("is asked of one bucket, of everybody unless a group is watched", () => {
    const { breakdown, compare: _, range: __, ...rest } = funnel
    const asked = {
      ...rest,
      timezone: "Europe/Berlin",
      from: "2026-11-22T23:00:00.000Z",
      to: "2026-11-23T23:00:00.000Z"
    }
    expect(funnelOf(alert(), funnel, bucket)).toEqual(asked)
    expect(funnelOf(alert({ breakdown: ["pro"] }), funnel, bucket)).toEqual({
      ...asked,
      breakdown
    })
  })

  it("is the share that came to the last step, or to the one named", () => {
    const result = { groups: [group(null, [8, 2]), group(["pro"], [4, 3])] }
    expect(conversionOf(alert(), result)).toBe(0.25)
    expect(conversionOf(alert({ name: "Seen" }), result)).toBe(1)
    expect(conversionOf(alert({ breakdown: ["pro"] }), result)).toBe(0.75)
    expect(conversionOf(alert({ breakdown: ["free"] }), result)).toBeNull()
    expect(conversionOf(alert(), { groups: [group(null, [0, 0])] })).toBeNull()
  })

  it("says which steps there are", () => {
    const problem = conversionOf(alert({ name: "Paid" }), {
      groups: [group(null, [1, 1])]
    })
    expect(problem).toBeInstanceOf(AlertInvalid)
    expect(problem).toMatchObject({
      errors: [
        { pointer: "/series/name", detail: 'Name one of the steps: "Seen", "Bought"' }
      ]
    })
  })
})
