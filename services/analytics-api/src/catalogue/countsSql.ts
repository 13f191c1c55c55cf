import { builtInNames } from "@analytics/analytics-core/query/Property"
import { changeNames, END } from "@analytics/analytics-core/query/traits/traitChanges"
import { MAX_EXAMPLES, MAX_NAMES, MAX_PAIRS, MAX_PROPERTIES } from "./counts.ts"

/** In bytes; longer names do not fit an index of the catalogue. */
const MAX_NAME = 1000
/** In bytes of JSON text. */
const MAX_EXAMPLE = 100
/** Rows of one answer: they are few unless somebody makes names up. */
const MOST_ROWS = 300_000

/** Postgres' text holds every character but NUL. */
const name = "replaceAll(event, '\\0', '\uFFFD') AS name"
const isStorable = `length(property) <= ${MAX_NAME} AND position(property, '\\0') = 0`
const isTraits = "event = '$identify' AND type = 'identify'"
const isGroup = "event = '$group' AND type = 'group'"

const quoted = (names: ReadonlyArray<string>) =>
  names.map((each) => `'${each}'`).join(", ")
const endings = quoted(
  changeNames.flatMap(([each, kind]) => (kind === END ? [each] : []))
)
const otherChanges = quoted(
  changeNames.flatMap(([each, kind]) => (kind === END ? [] : [each]))
)

export const eventsSql = (where: string) => `SELECT project_id, ${name}, count() AS n,
    toUnixTimestamp64Milli(min(timestamp)) AS first,
    toUnixTimestamp64Milli(max(timestamp)) AS last
  FROM events WHERE ${where} AND length(event) <= ${MAX_NAME}
  GROUP BY project_id, name
  ORDER BY n DESC, name LIMIT ${MAX_NAMES} BY project_id LIMIT ${MOST_ROWS}`

/** Columns of an event that are built-ins; its name and type are no news. */
const columns = builtInNames.filter((each) => each !== "$event" && each !== "$type")

/** What a query would read as something else than a property of the event. */
const isTaken = `(startsWith(property, 'user.') OR startsWith(property, 'context.')
    OR startsWith(property, 'group.') OR property IN (${builtInNames
      .map((each) => `'${each}'`)
      .join(", ")}))`

/** Values that are looked at for a few that may be shown. */
const CANDIDATES = 20

/** The trait that a leaf of `$add` and its like changes; none where it only ends traits. */
const changedTrait = `multiIf(NOT startsWith(key, '$'), key,
      splitByChar('.', key)[1] IN (${endings}), '',
      splitByChar('.', key)[1] IN (${otherChanges}),
      substring(key, length(splitByChar('.', key)[1]) + 2), key)`

/** Where a leaf stands: 0 own, 1 traits, 2 of a group, 3 context. */
const leavesOf = (where: string, map: "props" | "context", place: string) =>
  `SELECT project_id, ${place} AS place, if(place = 2, group_type, '') AS of,
      if(place IN (1, 2), ${changedTrait}, key) AS leaf,
      count() AS n, countIf(startsWith(value, '"')) AS strings,
      countIf(value IN ('true', 'false')) AS booleans,
      countIf(startsWith(value, '[')) AS arrays,
      countIf(startsWith(value, '{')) AS objects,
      groupUniqArrayIf(${CANDIDATES})(value, length(value) <= ${MAX_EXAMPLE}
        AND NOT startsWith(value, '[') AND NOT startsWith(value, '{')) AS candidates
    FROM events ARRAY JOIN ${map}.keys AS key, ${map}.values AS value
    WHERE ${where} GROUP BY project_id, place, of, leaf
      HAVING NOT (place IN (1, 2) AND leaf = '')`

/** The name of a group's type in a path: char(92) is the backslash. */
const escaped =
  "replaceAll(replaceAll(of, char(92), char(92, 92)), '.', concat(char(92), '.'))"

const leaves = (where: string) => `SELECT *, multiIf(place = 1, concat('user.', leaf),
      place = 2, concat('group.', ${escaped}, '.', leaf),
      place = 3, concat('context.', leaf), leaf) AS property
    FROM (${leavesOf(where, "props", `multiIf(${isTraits}, 1, ${isGroup}, 2, 0)`)}
      UNION ALL ${leavesOf(where, "context", "3")})
    WHERE ${isStorable} AND NOT (place = 0 AND ${isTaken})`

/** One row a project, because most events have few of them or all. */
const builtIns = (
  where: string
) => `SELECT project_id, found.1 AS property, found.2 AS n,
      arrayMap(value -> toJSONString(value), found.3) AS candidates
    FROM (SELECT project_id, arrayJoin([${columns
      .map((each) => each.slice(1))
      .map(
        (each) =>
          `('$${each}', countIf(${each} != ''), groupUniqArrayIf(${CANDIDATES})(
            toString(${each}), ${each} != '' AND length(${each}) < ${MAX_EXAMPLE} - 1))`
      )
      .join(", ")}]) AS found
    FROM events WHERE ${where} GROUP BY project_id) WHERE n > 0`

/** Values that belong into nobody's list of suggestions, told by name or by look. */
const isPrivateName = `match(property, '(?i)passw|secret|token|authoriz|api_?key|e-?mail|phone|card|iban|ssn')`
const isPrivateValue = `match(value, '[^@"[:space:]]@[^@"[:space:]]+[.]')`

export const propertiesSql = (
  where: string
) => `SELECT project_id, property, own, n, strings, booleans, arrays, objects,
    if(${isPrivateName}, [], arraySlice(arrayFilter(
      value -> length(value) <= ${MAX_EXAMPLE} AND NOT ${isPrivateValue}, candidates),
      1, ${MAX_EXAMPLES})) AS examples
  FROM (SELECT project_id, property, place = 0 AS own, n, strings, booleans, arrays,
      objects, candidates FROM (${leaves(where)})
    UNION ALL SELECT project_id, property, 0 AS own, n, n AS strings,
      toUInt64(0) AS booleans, toUInt64(0) AS arrays, toUInt64(0) AS objects, candidates
    FROM (${builtIns(where)}))
  ORDER BY n DESC, property LIMIT ${MAX_PROPERTIES} BY project_id LIMIT ${MOST_ROWS}`

export const pairsSql = (where: string) => `SELECT project_id, name, property, n FROM (
    SELECT project_id, ${name}, key AS property, count() AS n
    FROM events ARRAY JOIN props.keys AS key
    WHERE ${where} AND length(event) <= ${MAX_NAME}
      AND NOT (${isTraits}) AND NOT (${isGroup})
    GROUP BY project_id, name, property)
  WHERE ${isStorable} AND NOT ${isTaken}
  ORDER BY n DESC, name, property LIMIT ${MAX_PAIRS} BY project_id LIMIT ${MOST_ROWS}`
