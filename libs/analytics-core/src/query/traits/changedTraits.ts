import { integer, join, type Sql, sql } from "../Sql.ts"
import type { TraitColumn } from "../Values.ts"
import { foldSql, statesSql } from "./foldSql.ts"
import {
  ADD,
  CLEAR,
  changeNames,
  changesOf,
  END,
  isNumber,
  SET
} from "./traitChanges.ts"

/**
 * One row an owner of any of these traits: the column `owner`, and the value of each as
 * its column, `''` where there is none.
 *
 * @param events a SELECT of `timestamp`, `message_id`, `owner` and the columns of `carried`
 */
export const changedTraits = (
  events: Sql,
  owner: Sql,
  traits: ReadonlyArray<TraitColumn>
): Sql => {
  const columns = join(
    traits.map(
      (trait, index) => sql`anyIf(value, trait = ${integer(index)}) AS ${trait.column}`
    ),
    ", "
  )
  const rows = sql`SELECT ${owner}, change.1 AS trait, change.2 AS kind,
    change.3 AS value, (timestamp, message_id) AS at
    FROM (SELECT *, arrayJoin(changes) AS change FROM (${events}))`
  const keys = sql`${owner}, trait`
  return sql`SELECT ${owner}, ${columns}
    FROM (${foldSql(statesSql(rows, keys), keys)}) GROUP BY ${owner}`
}

/** The column `changes` of an event: (index of the trait, kind, JSON text) of each. */
export const carriedChanges = (traits: ReadonlyArray<TraitColumn>): Sql => {
  const changes = traits.flatMap(({ path }, index) =>
    changesOf(path).map(
      ([kind, text]) =>
        sql`(toUInt32(${integer(index)}), toUInt8(${integer(kind)}), ${text})`
    )
  )
  return changes.length === 0
    ? sql`CAST([], 'Array(Tuple(UInt32, UInt8, String))') AS changes`
    : sql`arrayFilter(change -> change.3 != '', [${join(changes, ", ")}]) AS changes`
}

/**
 * Every trait of everybody: `person`, `path`, `value` (JSON text) and `changed_at` (time,
 * message).
 *
 * @param leaves a SELECT of `person`, `timestamp`, `message_id` and `leaf`, a (path, JSON
 *   text) of an event that carries traits
 */
export const everyTrait = (leaves: Sql): Sql => {
  const named = sql`SELECT person, (timestamp, message_id) AS at, leaf.1 AS name,
    position(name, '.') AS dot, if(dot = 0, name, substring(name, 1, dot - 1)) AS head,
    transform(head, [${names}], [${kinds}], toUInt8(${integer(SET)})) AS kind,
    multiIf(kind = ${integer(SET)}, name, head = '${clear}', '',
      substring(name, dot + 1)) AS path, leaf.2 AS value FROM (${leaves})`
  const changes = sql`SELECT person, at, kind, path, value FROM (${named})
    WHERE multiIf(kind = ${integer(SET)}, 1, (head = '${clear}') != (dot = 0), 0,
      kind = ${integer(END)}, value = 'true',
      kind = ${integer(ADD)}, ${isNumber(sql`value`)}, 1)`
  const states = statesSql(changes, sql`person, path`)
  // What ends a trait also ends those below it, and a clear ends all.
  const people = sql`SELECT person,
    groupArrayIf((path, ended_at), is_ended) AS ends,
    groupArrayIf((path, set_at, set_value, changes),
      set_value != '' OR notEmpty(changes)) AS traits
    FROM (${states}) GROUP BY person`
  const ended = sql`SELECT person, trait.1 AS path, trait.2 AS set_at,
    trait.3 AS set_value, trait.4 AS changes,
    arraySort(arrayMap(end -> end.2, arrayFilter(end -> end.1 IN ('', path)
      OR startsWith(path, concat(end.1, '.')), ends)))[-1] AS ended_at
    FROM (SELECT person, ends, arrayJoin(traits) AS trait FROM (${people}))`
  return foldSql(ended, sql`person, path`)
}

const clear: Sql = { strings: [CLEAR], params: [] }

const names: Sql = join(
  changeNames.map(([name]): Sql => ({ strings: [`'${name}'`], params: [] })),
  ", "
)
const kinds: Sql = join(
  changeNames.map(([, kind]) => sql`toUInt8(${integer(kind)})`),
  ", "
)
