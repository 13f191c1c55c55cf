import { placeholderIds } from "@analytics/analytics-core/identity/placeholderIds"
import { type Sql, sql, strings } from "@analytics/analytics-core/query/Sql"

const isReal = (id: Sql): Sql =>
  sql`(lower(trimBoth(${id})) NOT IN ${strings(placeholderIds)})`

export const hasUser: Sql = isReal(sql`user_id`)

/** An event that names nobody is a person of its own whom nobody will meet again. */
export const namesSomebody: Sql = sql`(${hasUser} OR ${isReal(sql`anonymous_id`)})`
