import { makeRandom } from "../../src/train/Random.ts"

const DAY = 86_400_000

export interface GeneratedEvent {
  readonly person: number
  readonly event: "visit" | "purchase" | "$identify"
  /** Epoch milliseconds. */
  readonly at: number
  readonly props: Readonly<Record<string, string | number>>
}

export interface Behaviour {
  readonly events: ReadonlyArray<GeneratedEvent>
  /** By cut and person: the chance that they buy within `TARGET_DAYS`. */
  readonly chances: ReadonlyArray<Float64Array>
}

export const TARGET_DAYS = 7

/**
 * People with visits at rates of their own, who may leave, and who buy by a law that no
 * line follows: it hangs on days since the last visit × visits in 30 days × plan, which a
 * third never told. `cuts` lie further apart than a target window.
 */
export const generateBehaviour = (
  people: number,
  start: number,
  cuts: ReadonlyArray<number>,
  seed: number
): Behaviour => {
  const random = makeRandom(seed)
  const events: Array<GeneratedEvent> = []
  const chances = cuts.map(() => new Float64Array(people))
  const end = (cuts.at(-1) ?? start) + TARGET_DAYS * DAY
  for (let person = 0; person < people; person++) {
    const plan = (["pro", "free", undefined] as const)[Math.floor(random() * 3)]
    if (plan)
      events.push({
        person,
        event: "$identify",
        at: start + random() * DAY,
        props: { plan }
      })
    const perDay = 0.02 + random() ** 3 * 1.2
    const leaves = random() < 0.4 ? start + random() * (end - start) : end
    const visits: Array<number> = []
    for (
      let at = start + exponential(random, perDay);
      at < leaves;
      at += exponential(random, perDay)
    )
      visits.push(at)
    for (const at of visits)
      events.push({ person, event: "visit", at, props: { pages: 1 + random() * 9 } })
    cuts.forEach((cut, index) => {
      const before = visits.filter((at) => at < cut)
      const chance = chanceOf(
        (cut - (before.at(-1) ?? 0)) / DAY,
        before.filter((at) => at >= cut - 30 * DAY).length,
        plan
      )
      const row = chances[index]
      if (row) row[person] = chance
      if (random() < chance)
        events.push({
          person,
          event: "purchase",
          at: cut + random() * (TARGET_DAYS * DAY - 1),
          props: { amount: 5 + random() * 95 }
        })
    })
  }
  return { events, chances }
}

const exponential = (random: () => number, perDay: number) =>
  (-Math.log(1 - random()) / perDay) * DAY

/** Whom a line would rank wrongly: the most frequent are worth most or least, by plan. */
const chanceOf = (
  days: number,
  visits: number,
  plan: "pro" | "free" | undefined
): number => {
  const isRecent = days < 3
  const isFrequent = visits >= 8
  let odds = -2.6
  if (isRecent !== isFrequent) odds += 1.8
  if (plan === "pro") odds += isFrequent ? 2.2 : -0.4
  if (plan === "free") odds += isFrequent ? -1.6 : 0.5
  if (plan === undefined && isRecent) odds += 0.9
  if (days > 14) odds -= 1.5
  return 1 / (1 + Math.exp(-odds))
}
