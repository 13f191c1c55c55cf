import { type Sql, sql, strings } from "@analytics/analytics-core/query/Sql"

/** Texts that clients send where an id should be, as data-processing knows them. */
export const placeholderIds: ReadonlyArray<string> = [
  "",
  "null",
  "undefined",
  "none",
  "nan",
  "nil",
  "[object object]",
  "anonymous",
  "guest",
  "unknown",
  "0",
  "-1",
  "true",
  "false",
  "00000000-0000-0000-0000-000000000000",
  "00000000000000000000000000000000",
  "{00000000-0000-0000-0000-000000000000}"
]

const isReal = (id: Sql): Sql =>
  sql`(lower(trimBoth(${id})) NOT IN ${strings(placeholderIds)})`

export const hasUser: Sql = isReal(sql`user_id`)

/** An event that names nobody is a person of its own whom nobody will meet again. */
export const namesSomebody: Sql = sql`(${hasUser} OR ${isReal(sql`anonymous_id`)})`
