import { describe, expect, it } from "bun:test"
import fc from "fast-check"
import { type RowBatch, RowReader } from "../../src/features/RowReader.ts"

interface Row {
  readonly person: bigint
  readonly label: number
  readonly features: ReadonlyArray<number>
  readonly userId: string
  readonly anonymousId: string
}

const FEATURES = 3

/** Ids as clients send them: of every script, with marks that nobody sees, and long. */
const id = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom("", "\uFEFFu1", "u\u0000", "é".repeat(64), "x".repeat(20_000))
)

const row: fc.Arbitrary<Row> = fc.record({
  person: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  label: fc.integer({ min: 0, max: 1 }),
  features: fc.array(fc.float(), { minLength: FEATURES, maxLength: FEATURES }),
  userId: id,
  anonymousId: id
})

const floats = (values: ReadonlyArray<number>) =>
  Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(4)
      bytes.writeFloatLE(value)
      return bytes
    })
  )

const text = (value: string) => {
  const bytes = Buffer.from(value)
  const length: Array<number> = []
  let rest = bytes.length
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128)
  return Buffer.concat([Buffer.from([...length, rest]), bytes])
}

const written = (rows: ReadonlyArray<Row>, carried: "label" | "ids"): Uint8Array =>
  Buffer.concat(
    rows.map((row) => {
      const person = Buffer.alloc(8)
      person.writeBigUInt64LE(row.person)
      return carried === "label"
        ? Buffer.concat([person, floats([row.label, ...row.features])])
        : Buffer.concat([
            person,
            floats(row.features),
            text(row.userId),
            text(row.anonymousId)
          ])
    })
  )

const rowsIn = (batch: RowBatch) =>
  Array.from({ length: batch.rows }, (_, index) => ({
    person: batch.people[index],
    label: batch.labels[index],
    features: batch.columns.map((column) => column[index]),
    id: batch.ids[index]
  }))

describe("rows as the store writes them", () => {
  it("are read whole, wherever they are cut", () => {
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 6 }),
        fc.constantFrom("label" as const, "ids" as const),
        fc.array(fc.nat(100_000), { maxLength: 5 }),
        (rows, carried, places) => {
          const bytes = written(rows, carried)
          const cuts = places
            .map((at) => at % (bytes.length + 1))
            .toSorted((a, b) => a - b)
          const reader = new RowReader({ features: FEATURES, with: carried })
          const read = [...cuts, bytes.length].flatMap((to, index) =>
            rowsIn(reader.read(bytes.subarray(index === 0 ? 0 : cuts[index - 1], to)))
          )
          expect(reader.isWhole).toBe(true)
          expect(read).toEqual(
            rows.map(({ anonymousId, features, label, person, userId }) => ({
              person,
              label: carried === "label" ? label : undefined,
              features: [...features],
              id: carried === "ids" ? { userId, anonymousId } : undefined
            }))
          )
        }
      )
    )
  })

  it("are not whole when the answer ends within one", () => {
    fc.assert(
      fc.property(
        row,
        fc.constantFrom("label" as const, "ids" as const),
        fc.nat(100_000),
        (only, carried, place) => {
          const bytes = written([only], carried)
          const reader = new RowReader({ features: FEATURES, with: carried })
          const end = 1 + (place % (bytes.length - 1))
          expect(reader.read(bytes.subarray(0, end)).rows).toBe(0)
          expect(reader.isWhole).toBe(false)
        }
      )
    )
  })
})
