import { integer, join, or, type Sql, sql } from "../Sql.ts"
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
 * its column, `''` where there is none. Owners whose traits were only set are not folded.
 *
 * @param events makes a SELECT of the column `owner`, `timestamp`, `message_id` and the
 *   columns that it is given, of events that fit the condition
 * @param plain the same answer as if traits were only set
 */
export const changedTraits = (
  events: (columns: Sql, condition: Sql) => Sql,
  plain: Sql,
  owner: Sql,
  traits: ReadonlyArray<TraitColumn>
): Sql => {
  const changes = traits.map(({ path }) => changesOf(path))
  const changed = changes.flatMap((ofTrait) =>
    ofTrait.flatMap(([kind, text]) => (kind === SET ? [] : [sql`${text} != ''`]))
  )
  const touched = sql`SELECT DISTINCT ${owner} FROM (${events(sql`1 AS one`, or(changed))})`
  const each = changes.flatMap((ofTrait, trait) =>
    ofTrait.map(
      ([kind, text]) =>
        sql`(toUInt32(${integer(trait)}), toUInt8(${integer(kind)}), ${text})`
    )
  )
  if (each.length === 0) return plain
  const carried = sql`arrayFilter(change -> change.3 != '', [${join(each, ", ")}]) AS changes`
  const rows = sql`SELECT ${owner}, change.1 AS trait, change.2 AS kind,
    change.3 AS value, (timestamp, message_id) AS at
    FROM (SELECT *, arrayJoin(changes) AS change FROM (${events(carried, sql`1`)})
      WHERE ${owner} IN (${touched}))`
  const keys = sql`${owner}, trait`
  const columns = traits.map(
    (trait, index) => sql`anyIf(value, trait = ${integer(index)}) AS ${trait.column}`
  )
  const folded = sql`SELECT ${owner}, ${join(columns, ", ")}
    FROM (${foldSql(statesSql(rows, keys), keys)}) GROUP BY ${owner}`
  return sql`SELECT * FROM (${plain}) WHERE ${owner} NOT IN (${touched})
    UNION ALL ${folded}`
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
    multiIf(kind = ${integer(SET)}, name, head = '${clear}', head,
      substring(name, dot + 1)) AS path, leaf.2 AS value FROM (${leaves})`
  const changes = sql`SELECT person, at, kind, path, value FROM (${named})
    WHERE multiIf(kind = ${integer(SET)}, 1, (head = '${clear}') != (dot = 0), 0,
      dot > 0 AND splitByChar('.', path)[1] IN (${names}), 0,
      kind = ${integer(END)}, value = 'true',
      kind = ${integer(ADD)}, ${isNumber(sql`value`)}, 1)`
  const states = statesSql(changes, sql`person, path`)
  // What ends a trait also ends those below it, and a clear ends all: a trait asks for the
  // ends of each path above it, since to try all ends of its person would not end.
  const above = sql`SELECT person, path, last AS own_last, changes AS own_changes,
    ends, arrayJoin(${pathsAbove}) AS node FROM (${states})`
  const met = sql`SELECT person, path, own_last, own_changes,
    maxIf(ends[1], node = path AND notEmpty(ends)) OVER (PARTITION BY person, node) AS met_at
    FROM (${above})`
  const ended = sql`SELECT person, path, any(own_changes) AS changes,
    max(met_at) AS ended_at, any(own_last) AS set_last,
    if(set_last.1 >= ended_at, set_last, (ended_at, toUInt8(${integer(END)}), '')) AS last
    FROM (${met}) GROUP BY person, path`
  return foldSql(ended, sql`person, path`)
}

const clear: Sql = { strings: [CLEAR], params: [] }

/** As `prefixesOf`, and the clear: dots behind a backslash part nothing. */
const pathsAbove: Sql = sql`arrayDistinct(arrayPushBack(arrayMap(
  after -> substring(path, 1, after - 1), arrayCumSum(part -> length(part) + 1,
    splitByChar('.', replaceAll(replaceAll(path, char(92, 92), '--'),
      concat(char(92), '.'), '--')))), '${clear}'))`

const names: Sql = join(
  changeNames.map(([name]): Sql => ({ strings: [`'${name}'`], params: [] })),
  ", "
)
const kinds: Sql = join(
  changeNames.map(([, kind]) => sql`toUInt8(${integer(kind)})`),
  ", "
)
