import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect } from "effect"
import { EventNames, MOST_NAMES, WARN_ABOVE } from "../../src/loader/EventNames.ts"
import { NAMES_SQL } from "../../src/loader/Planner.ts"
import { drain } from "./faults.ts"
import { outcomes, receive, stores, track } from "./loaderTest.ts"

describe("event names", () => {
  const it = withLayer(stores)

  it.effect("warn once above 2,000, for the project concerned", () =>
    Effect.sync(() => {
      const names = new EventNames()
      for (let i = 0; i < WARN_ABOVE; i++) names.admit(1, `e${i}`)
      expect(names.takeCrowded()).toEqual([])
      names.admit(1, "one more")
      names.admit(2, "one more")
      expect(names.takeCrowded()).toEqual([1])
      expect(names.takeCrowded()).toEqual([])
    })
  )

  it.effect("are set aside above 10,000, and do not claim their id", () =>
    Effect.gen(function* () {
      const all = Array.from({ length: MOST_NAMES - 1 }, (_, i) =>
        track(`m${i}`, { e: `e${i}` })
      )
      yield* receive(all)
      yield* drain
      // A new loader learns the names from the store.
      yield* receive([
        // A name that is not stored takes no room.
        track("m0", { e: "sent again under another name" }),
        track("last", { e: "the last one" }),
        track("new", { e: "one too many" }),
        track("known", { e: "e7" }),
        track("page", { y: "page", e: "$pageview" }),
        track("other", { p: 2, e: "one too many" })
      ])
      yield* drain
      expect(yield* outcomes).toEqual({
        "1 duplicate": 1,
        "1 quarantined too_many_event_names": 1,
        "1 stored": MOST_NAMES + 2,
        "2 stored": 1
      })
      yield* receive([track("new", { e: "e7" })])
      yield* drain
      const clickHouse = yield* ClickHouse
      expect(
        yield* clickHouse.query("SELECT event FROM events WHERE message_id = 'new'")
      ).toEqual([{ event: "e7" }])
    })
  )

  it.effect("are learnt at the start from counts, not from all events", () =>
    Effect.gen(function* () {
      const clickHouse = yield* ClickHouse
      const { rows } = yield* clickHouse.table(`EXPLAIN ${NAMES_SQL}`)
      expect(rows.flat().join("\n")).toContain("p_counts")
    })
  )
})
