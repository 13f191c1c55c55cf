import type { Tensor } from "@analytics/inference-protocol/Tensor"
import { numbersOf, textsOf } from "@analytics/inference-protocol/TensorValues"
import { table } from "../render/table.ts"

/** What a model answered, row by row: one value, or an array of them. */
export const outputRows = (
  outputs: ReadonlyArray<Tensor>,
  rows: number
): ReadonlyArray<Readonly<Record<string, unknown>>> =>
  Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(
      outputs.map((output) => {
        const values = output.datatype === "BYTES" ? textsOf(output) : numbersOf(output)
        const width = Math.floor(values.length / rows)
        // An output that does not go by rows is the same beside each of them.
        if (output.shape[0] !== rows) return [output.name, values]
        const own = values.slice(row * width, (row + 1) * width)
        return [output.name, width === 1 ? own[0] : own]
      })
    )
  )

/** How many features are named as reasons. */
const REASONS = 3

/** A table of them; of contributions to log odds the largest, by name. */
export const drawOutputs = (
  rows: ReadonlyArray<Readonly<Record<string, unknown>>>,
  features: ReadonlyArray<string>
): string => {
  const names = Object.keys(rows[0] ?? {})
  return table(
    ["row", ...names],
    rows.map((row, index) => [
      index + 1,
      ...names.map((name) => {
        const value = row[name]
        return name === "contributions" && Array.isArray(value)
          ? reasons(value.map(Number), features)
          : value
      })
    ])
  )
}

/** The last contribution is what every row has. */
const reasons = (
  contributions: ReadonlyArray<number>,
  features: ReadonlyArray<string>
) =>
  features.length + 1 !== contributions.length
    ? contributions
    : features
        .map((name, index) => ({ name, by: contributions[index] ?? 0 }))
        .filter(({ by }) => by !== 0)
        .sort((one, other) => Math.abs(other.by) - Math.abs(one.by))
        .slice(0, REASONS)
        .map(({ by, name }) => `${name} ${by > 0 ? "+" : ""}${by.toFixed(2)}`)
        .join(", ")
