import { describe, expect, it } from "bun:test"
import { encodeLine, type InboxEvent } from "@analytics/data-processing/InboxEvent"
import { revive } from "../../src/quarantine/Quarantine.ts"

const event: InboxEvent = { p: 1, m: "m", t: 1, r: 1, y: "track", e: "e", u: "u" }

describe("revive", () => {
  it("takes the marks off", () => {
    const marked = encodeLine({ ...event, k: 5, q: "timestamp_in_future", qd: "2199" })
    expect({ ...(revive(marked, 2) as InboxEvent) }).toEqual(event)
  })

  it.each(["", "{", '{"p":1,"m":"m","t":1,"r":1,"d":{"a":', '{"p":1}', "null"])(
    "says that nobody can read %s",
    (line) => {
      expect(revive(line, 2)).toBe("unreadable")
    }
  )
})
