import { describe, expect, it } from "bun:test"
import fc from "fast-check"
import { type Batch, batches, unread } from "../../src/import/batches.ts"
import type { ToEvent } from "../../src/import/Mapped.ts"
import { row } from "../../src/readers/Row.ts"

/** A row `n` makes so many events, each naming its row and its place in it. */
const toEvent: ToEvent = ({ fields, number }) => ({
  events: Array.from({ length: Number(fields["count"]) }, (_, place) => ({
    number,
    place,
    text: "x".repeat(place * 20)
  }))
})

describe("batches of rows that make several events", () => {
  const law = fc.asyncProperty(
    fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 30 }),
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 30, max: 400 }),
    async (counts, block, maxEvents, maxBytes) => {
      const read = (after = unread): Promise<ReadonlyArray<Batch>> => {
        const blocks = (async function* () {
          for (let at = after.from.row; at < counts.length; at += block)
            yield {
              from: { byte: at, row: at },
              rows: counts
                .slice(at, at + block)
                .map((count, index) => row(at + index + 1, { count }))
            }
        })()
        return Array.fromAsync(
          batches(blocks, toEvent, "f", { maxEvents, maxBytes }, after)
        )
      }
      const placesOf = (all: ReadonlyArray<Batch>) =>
        all.flatMap(({ events }) => events)
      const whole = await read()
      expect(placesOf(whole)).toEqual(
        counts.flatMap((count, index) => {
          const { events } = toEvent(row(index + 1, { count }), "f")
          return (events ?? []).map((event) => JSON.stringify(event))
        })
      )
      const inBatches = whole.map(({ rows }) => new Set(rows))
      for (const [index, batch] of whole.entries()) {
        expect(batch.rows).toHaveLength(batch.events.length)
        // A row is in one batch, which may be broken off before it or after it.
        for (const other of inBatches.slice(index + 1))
          expect(other.isDisjointFrom(new Set(batch.rows))).toBe(true)
        expect(placesOf(await read(batch))).toEqual(placesOf(whole.slice(index + 1)))
      }
    }
  )

  it("leave a row out that grows without end", async () => {
    const text = "x".repeat(1024 * 1024)
    const rows = (async function* () {
      yield { from: unread.from, rows: [row(1, {}), row(2, { ok: true })] }
    })()
    const toMany: ToEvent = ({ fields }) => ({
      events: Array.from({ length: fields["ok"] ? 2 : 10_000 }, () => ({ text }))
    })
    const all = await Array.fromAsync(
      batches(rows, toMany, "f", { maxEvents: 10, maxBytes: 1000 })
    )
    expect(all).toMatchObject([
      {
        rows: [2, 2],
        skipped: [{ number: 1, reason: "the events of the row are too large together" }]
      }
    ])
  })

  it("take nothing of a row of which an event would be refused", async () => {
    const good = { type: "track", event: "Paid", userId: "u", messageId: "m" }
    const deep = JSON.parse(`${"[".repeat(200_000)}${"]".repeat(200_000)}`)
    const made = [
      [good, { ...good, type: "identify", messageId: "m$set" }],
      [good, { ...good, type: "identify", messageId: "x".repeat(101) }],
      [{ ...good, event: "x".repeat(1001) }, good],
      [good, { ...good, properties: { deep } }]
    ]
    const rows = (async function* () {
      yield { from: unread.from, rows: made.map((_, index) => row(index + 1, {})) }
    })()
    const read: ToEvent = ({ number }) => ({ events: made[number - 1] ?? [] })
    const [batch] = await Array.fromAsync(
      batches(rows, read, "f", { maxEvents: 10, maxBytes: 1000 })
    )
    expect(batch?.rows).toEqual([1, 1])
    expect(batch?.skipped.map(({ number, reason }) => [number, reason])).toEqual([
      [2, expect.stringContaining("messageId")],
      [3, expect.stringContaining("event")],
      [4, "nested too deep to be written"]
    ])
  })

  it("hold all events of a row or none, wherever they are broken off", () =>
    fc.assert(law, { numRuns: 150 }))
})
