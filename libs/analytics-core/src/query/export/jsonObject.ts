import { type Sql, sql } from "../Sql.ts"

/**
 * The object whose leaves a column `props` or `context` keeps as path → JSON text, as JSON
 * text: the inverse of flattening, and the counterpart of `nested` for the many. Members
 * are in the order of their paths where objects nest.
 */
export const jsonObject = (map: "props" | "context"): Sql => {
  const column = columns[map]
  const flat = sql`arrayStringConcat(arrayMap((path, json) ->
    concat(toJSONString(path), ':', json), mapKeys(${column}), mapValues(${column})), ',')`
  return sql`concat('{', if(match(arrayStringConcat(mapKeys(${column})), '[.\\\\\\\\]'),
    ${nested(column)}, ${flat}), '}')`
}

const columns = { props: sql`props`, context: sql`context` }

/** Dots part names; a backslash before a dot or a backslash takes it as it is. */
const names: Sql = sql`if(position(path, '\\\\') = 0, splitByChar('.', path),
  arrayMap(name -> replaceRegexpAll(name, '\\\\\\\\(.)', '\\\\1'),
    extractAll(concat(path, '.'), '((?:[^\\\\\\\\.]|\\\\\\\\.)*)\\\\.')))`

/** How many names two neighbours begin with alike, of the `shorter` one's all but the last. */
const alike: Sql = sql`arrayFirstIndex((one, other) -> one != other,
  arraySlice(leaf.1, 1, shorter), arraySlice(before.1, 1, shorter))`

/**
 * Leaves in the order of their names, each with the braces that its neighbour before did
 * not need: those that end objects, and those that begin some. An array of one element
 * gives a name to a value.
 */
const nested = (column: Sql): Sql => sql`arrayMap(leaves -> concat(
  arrayStringConcat(arrayMap((leaf, before) -> arrayMap(shorter -> arrayMap(same -> concat(
    repeat('}', greatest(toInt64(length(before.1)) - 1 - same, 0)),
    if(empty(before.1), '', ','),
    arrayStringConcat(arrayMap(name -> concat(toJSONString(name), ':{'),
      arraySlice(leaf.1, same + 1, toInt64(length(leaf.1)) - 1 - same))),
    toJSONString(leaf.1[-1]), ':', leaf.2
  ), [if(${alike} = 0, greatest(toInt64(shorter) - 1, 0), toInt64(${alike}) - 1)])[1],
  [least(length(leaf.1), length(before.1))])[1],
  leaves, arrayPushFront(arrayPopBack(leaves), (emptyArrayString(), '')))),
  repeat('}', toInt64(length((leaves[-1]).1)) - 1)
), [arraySort(arrayMap((path, json) -> (${names}, json),
  mapKeys(${column}), mapValues(${column})))])[1]`
