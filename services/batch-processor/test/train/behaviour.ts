import { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect } from "effect"
import { randomOf } from "./randomOf.ts"

export const WATERMARK = Date.UTC(2026, 2, 1)
const DAY = 86_400_000
const WEEKS = 8

/**
 * Weeks of people: who bought in a week buys in the next one with 80 %, others with 8 %.
 * Everybody views something every week. The last week ends a day before the watermark.
 */
export const storeBehaviour = Effect.fnUntraced(function* (
  project: number,
  people: number,
  seed = 7
) {
  const clickhouse = yield* ClickHouse
  const random = randomOf(seed)
  const rows: Array<string> = []
  const begin = WATERMARK - DAY - WEEKS * 7 * DAY
  for (let person = 0; person < people; person++) {
    let buys = random() < 0.3
    const add = (event: string, at: number, props: Record<string, string>) =>
      rows.push(
        JSON.stringify({
          project_id: project,
          event,
          type: "track",
          timestamp: Math.floor(at),
          received_at: Math.floor(at),
          known_at: Math.floor(at) + 1000,
          message_id: `m-${person}-${rows.length}`,
          user_id: person % 3 === 0 ? "" : `u${person}`,
          anonymous_id: person % 3 === 0 ? `a${person}` : "",
          id_hash: idHash(person),
          props,
          context: {}
        })
      )
    for (let week = 0; week < WEEKS; week++) {
      const start = begin + week * 7 * DAY
      const views = 1 + Math.floor(random() * 4)
      for (let n = 0; n < views; n++) add("view", start + random() * 7 * DAY, {})
      if (buys)
        add("buy", start + random() * 7 * DAY, { amount: String(10 + random() * 50) })
      buys = random() < (buys ? 0.8 : 0.08)
    }
  }
  yield* clickhouse.insert({
    table: "events",
    format: "JSONEachRow",
    body: rows.join("\n"),
    settings: { insert_deduplicate: 0 }
  })
})

/** Numbers of people, spread as the hashes of ids are. */
export const idHash = (person: number): string =>
  String(BigInt.asUintN(64, BigInt(person + 1) * 0x9e3779b97f4a7c15n))
