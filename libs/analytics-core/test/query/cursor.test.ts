import { describe, expect, it } from "bun:test"
import { Effect, Result } from "effect"
import { type Cursor, writeCursor } from "../../src/query/Cursor.ts"
import { parseQuery } from "../../src/query/Query.ts"
import { contextOf } from "./eventStore.ts"

const MOMENT = Date.UTC(2025, 2, 1)
const first: Cursor = { asOf: MOMENT, now: MOMENT, after: ["5"] }

const compiled = (cursor: Cursor) =>
  Effect.runSync(
    Effect.gen(function* () {
      const query = yield* parseQuery({
        kind: "people",
        range: "last_7d",
        cursor: writeCursor(cursor)
      })
      return yield* query.compile({ ...contextOf(), now: query.now ?? 0 })
    }).pipe(Effect.result)
  )

describe("a cursor", () => {
  it("takes up the moment of the first page", () => {
    expect(Result.isSuccess(compiled(first))).toBe(true)
  })

  it.each([
    { now: Number.MAX_SAFE_INTEGER },
    { now: -Number.MAX_SAFE_INTEGER },
    { asOf: Number.MAX_SAFE_INTEGER },
    { asOf: MOMENT + 0.5 }
  ])("of a moment that no clock shows is refused: %p", (moment) => {
    const refused = compiled({ ...first, ...moment })
    expect(Result.isFailure(refused) && refused.failure.errors).toMatchObject([
      { pointer: "/cursor" }
    ])
  })
})
