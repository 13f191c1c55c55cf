import { Effect } from "effect"
import type { PeopleSelection } from "../Compiled.ts"
import { type QueryFault, QueryInvalid } from "../QueryInvalid.ts"
import { or, type Sql, sql, string } from "../Sql.ts"
import { storedTexts } from "../storedTexts.ts"
import type { Value } from "../Values.ts"

type Field = keyof PeopleSelection

/** Refuses what a kind's numbers are not told apart by. */
export const onlyBy = (
  selection: PeopleSelection,
  known: ReadonlyArray<Field>
): Effect.Effect<void, QueryInvalid> => {
  const errors = fields
    .filter((field) => selection[field] !== undefined && !known.includes(field))
    .map(
      (field): QueryFault => ({
        pointer: `/of/${field}`,
        detail: `Numbers of this kind are selected by ${known.join(", ")}`
      })
    )
  return errors.length === 0 ? Effect.void : Effect.fail(new QueryInvalid({ errors }))
}

const fields: ReadonlyArray<Field> = [
  "series",
  "step",
  "droppedAfterStep",
  "cohort",
  "period",
  "bucket",
  "breakdown"
]

/** A position that must lie in `[first, last]`. */
export const within = (
  field: Field,
  position: number,
  first: number,
  last: number
): Effect.Effect<number, QueryInvalid> =>
  position >= first && position <= last
    ? Effect.succeed(position)
    : Effect.fail(
        QueryInvalid.at(`/of/${field}`, `Expected a number from ${first} to ${last}`)
      )

/**
 * Whether the columns hold the values of the group, as an answer showed them; all rows
 * when none is selected.
 */
export const groupSql = (
  columns: ReadonlyArray<Value>,
  group: ReadonlyArray<unknown> | undefined
): Effect.Effect<ReadonlyArray<Sql>, QueryInvalid> => {
  if (group === undefined) return Effect.succeed([])
  if (columns.length === 0)
    return Effect.fail(QueryInvalid.at("/of/breakdown", "The query has no breakdown"))
  if (group.length !== columns.length)
    return Effect.fail(
      QueryInvalid.at("/of/breakdown", `Expected ${columns.length} values`)
    )
  return Effect.succeed(
    columns.map((column, index) =>
      or(
        storedTexts(column.kind, group[index]).map(
          (text) => sql`toString(${column.column}) = ${string(text)}`
        )
      )
    )
  )
}
