import { afterAll, expect, it } from "bun:test"
import { Effect } from "effect"
import { FetchHttpClient } from "effect/http"
import { deliverEvents } from "../src/IngestClient.ts"

const taken: Array<number> = []
const server = Bun.serve({
  port: 0,
  fetch: async (request) => {
    const text = await request.text()
    if (text.length > 100) return new Response("{}", { status: 413 })
    const { batch } = JSON.parse(text) as {
      readonly batch: ReadonlyArray<{ n: number }>
    }
    taken.push(...batch.map(({ n }) => n))
    const rejected = batch.flatMap(({ n }, index) =>
      n === 5 ? [{ index, messageId: null, reason: "five" }] : []
    )
    return Response.json({ accepted: batch.length - rejected.length, rejected })
  }
})

afterAll(() => server.stop(true))

it("sends what is too large for a request in several, and leaves no place out", async () => {
  const events = Array.from({ length: 9 }, (_, n) =>
    JSON.stringify({ n, text: "x".repeat(n === 7 ? 200 : 20) })
  )
  const answer = await Effect.runPromise(
    deliverEvents(`http://127.0.0.1:${server.port}`, "wk", events).pipe(
      Effect.provide(FetchHttpClient.layer)
    )
  )
  expect(taken).toEqual([0, 1, 2, 3, 4, 5, 6, 8])
  expect(answer.accepted).toBe(7)
  expect(answer.rejected.map(({ index }) => index)).toEqual([5, 7])
})
