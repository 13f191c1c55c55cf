import { type Sql, sql } from "./Sql.ts"

/**
 * Whether an event counts as activity: any track, page or screen, but none that calls
 * itself what identify, group and alias are stored as.
 */
export const isActivity = (type: Sql): Sql =>
  sql`(${type} IN ('track', 'page', 'screen') AND event NOT IN ('$identify', '$group', '$alias'))`
