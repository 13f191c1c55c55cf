import { describe, expect, it } from "bun:test"
import fc from "fast-check"
import {
  type AlertState,
  initialState,
  type Judged,
  judged,
  revised,
  type Transition
} from "../../src/alerts/alertMachine.ts"

const HOUR = 3_600_000
const policy = { cooldown: 0, tellResolved: true }

const verdicts = fc.constantFrom("ok", "breach", "unknown" as const)
const step = fc.record({
  verdict: verdicts,
  isMuted: fc.boolean(),
  acknowledges: fc.boolean(),
  late: fc.option(fc.record({ before: verdicts, after: verdicts }))
})
const course = fc.array(step, { maxLength: 60 })
const policies = fc.record({
  cooldown: fc.constantFrom(0, 2 * HOUR, 7 * HOUR),
  tellResolved: fc.boolean()
})

/** Every transition that such a course of things makes, in its order. */
const transitions = (
  steps: ReadonlyArray<{
    readonly verdict: Judged["verdict"]
    readonly isMuted: boolean
    readonly acknowledges: boolean
    readonly late: { before: Judged["verdict"]; after: Judged["verdict"] } | null
  }>,
  told: typeof policy
) => {
  let state: AlertState = initialState
  const made: Array<Transition & { readonly verdict?: Judged["verdict"] }> = []
  const note = (transition: Transition, verdict: Partial<Judged>) => {
    made.push({ ...transition, ...verdict })
    state = transition.state
  }
  for (const [index, { acknowledges, isMuted, late, verdict }] of steps.entries()) {
    const at = (index + 1) * HOUR
    const mutedBy = isMuted ? "Muted" : null
    if (late && index > 0)
      note(
        revised(
          state,
          late.before,
          {
            bucket: index - 1,
            verdict: late.after,
            at,
            mutedBy,
            isLatest: index % 2 > 0
          },
          told
        ),
        {}
      )
    note(judged(state, { bucket: index, verdict, at, mutedBy }, told), { verdict })
    if (acknowledges && state.phase === "firing")
      state = { ...state, acknowledged: true }
  }
  return made
}

describe("an alert", () => {
  it("is told once when it fires, and once when that is over", () => {
    const steps = ["ok", "breach", "breach", "unknown", "ok", "ok", "breach"] as const
    const made = transitions(
      steps.map((verdict) => ({
        verdict,
        isMuted: false,
        acknowledges: false,
        late: null
      })),
      policy
    )
    expect(made.flatMap(({ notice }) => notice?.key ?? [])).toEqual([
      "fired:1",
      "resolved:1",
      "fired:2"
    ])
  })

  it("never tells the same transition twice, whatever comes", () => {
    fc.assert(
      fc.property(course, policies, (steps, told) => {
        const keys = transitions(steps, told).flatMap(({ notice }) =>
          notice && notice.kind !== "late" ? [notice.key] : []
        )
        expect(new Set(keys).size).toBe(keys.length)
      })
    )
  })

  it("says that it is over exactly when it said that it fired", () => {
    fc.assert(
      fc.property(course, policies, (steps, told) => {
        const made = transitions(steps, told)
        const kinds = made.flatMap(({ notice }) =>
          notice && notice.kind !== "late" ? [notice.kind] : []
        )
        if (told.tellResolved)
          for (const [index, kind] of kinds.entries())
            expect(kind).toBe(index % 2 === 0 ? "fired" : "resolved")
        else expect(kinds.every((kind) => kind === "fired")).toBe(true)
        const last = made.at(-1)?.state
        if (last?.phase === "ok" && told.tellResolved) expect(kinds.length % 2).toBe(0)
      })
    )
  })

  it("that fires ends with the first bucket that is fine", () => {
    fc.assert(
      fc.property(course, policies, (steps, told) => {
        const made = transitions([...steps, fine], told)
        expect(made.at(-1)?.state.phase).toBe("ok")
      })
    )
  })

  it("is never silent: one that fires is told, unless something stands in the way", () => {
    fc.assert(
      fc.property(course, policies, (steps, told) => {
        for (const { state, verdict, withheld } of transitions(steps, told))
          if (verdict === "breach")
            expect(state.told || state.acknowledged || withheld !== undefined).toBe(
              true
            )
      }),
      { examples: [[[{ ...fine, verdict: "breach", isMuted: true }], policy]] }
    )
  })

  it("is told no sooner than the cooldown after it was told last", () => {
    fc.assert(
      fc.property(course, policies, (steps, told) => {
        const times = transitions(steps, told).flatMap(({ notice, state }) =>
          notice?.kind === "fired" ? [state.toldAt ?? Number.NaN] : []
        )
        for (const [index, at] of times.entries())
          if (index > 0)
            expect(at - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(told.cooldown)
      })
    )
  })
})

const fine = {
  verdict: "ok" as const,
  isMuted: false,
  acknowledges: false,
  late: null
}

describe("late data", () => {
  const firing = { bucket: 0, verdict: "breach" as const, at: HOUR, mutedBy: null }

  it("that makes the newest bucket fire, fires", () => {
    const { notice, state } = revised(
      initialState,
      "ok",
      { ...firing, isLatest: true },
      policy
    )
    expect([notice?.key, state.phase]).toEqual(["fired:1", "firing"])
  })
  it("of an older bucket is told as such, and the state stays", () => {
    const { notice, state } = revised(
      initialState,
      "ok",
      { ...firing, isLatest: false },
      policy
    )
    expect([notice?.key, state.phase]).toEqual(["late:0", "ok"])
  })
  it("that only confirms or takes back is not told", () => {
    const { state: fired } = judged(initialState, firing, policy)
    for (const [before, verdict] of [
      ["breach", "breach"],
      ["breach", "ok"],
      ["ok", "ok"],
      ["ok", "breach"]
    ] as const)
      expect(
        revised(fired, before, { ...firing, verdict, isLatest: true }, policy)
      ).toEqual({ state: fired })
  })
})
