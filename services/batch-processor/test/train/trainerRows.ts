import { writeFileSync } from "node:fs"

/** Numbers that look random and are always the same. */
export const randomOf = (seed: number) => () => {
  seed = (seed * 1_664_525 + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}

/** A row of a file as ClickHouse writes it: person, label, features. */
export const rowBinary = (
  person: bigint,
  label: number,
  features: ReadonlyArray<number>
): Buffer => {
  const row = Buffer.alloc(12 + 4 * features.length)
  row.writeBigUInt64LE(person, 0)
  row.writeFloatLE(label, 8)
  features.forEach((value, index) => {
    row.writeFloatLE(value, 12 + 4 * index)
  })
  return row
}

/** The law: twice as likely on one side of a step, with noise beside it. */
export const chanceOf = (recency: number, spent: number): number => {
  const odds = (Number.isNaN(spent) ? -1 : spent > 50 ? 1.5 : -1) - 0.08 * recency
  return 1 / (1 + Math.exp(-odds))
}

export const features = ["recency", "spent", "noise"]

/** Rows of people whose label follows the law; a third has no `spent`. */
export const writeLawful = (path: string, rows: number, seed: number) => {
  const random = randomOf(seed)
  const all: Array<Buffer> = []
  for (let row = 0; row < rows; row++) {
    const recency = random() * 30
    const spent = random() < 0.33 ? Number.NaN : random() * 100
    const label = random() < chanceOf(recency, spent) ? 1 : 0
    all.push(rowBinary(BigInt(row), label, [recency, spent, random()]))
  }
  writeFileSync(path, Buffer.concat(all))
}
