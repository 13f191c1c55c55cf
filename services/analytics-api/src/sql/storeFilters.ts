import { localName, logicalName } from "@analytics/database/Topology"

/** What the store holds, by the names that it goes by. */
export interface StoreTables {
  readonly database: string
  readonly tables: ReadonlySet<string>
}

/**
 * Conditions by table: only the rows of the project up to the watermark, what of it is
 * being removed, and nothing of tables that no view reads. The views say the same themselves; this holds whatever a
 * query comes to read.
 */
export const storeFilters = (
  { database, tables }: StoreTables,
  { projectId, watermark }: { readonly projectId: number; readonly watermark: number }
): ReadonlyMap<string, string> => {
  if (!Number.isSafeInteger(projectId) || !Number.isSafeInteger(watermark))
    throw new RangeError("a project and a watermark are whole numbers")
  const own = `project_id = ${projectId} AND known_at <= fromUnixTimestamp64Milli(${watermark})`
  const theirs = `project_id = ${projectId}`
  const read = new Set(["events", "person_links"])
  return new Map(
    [...tables, ...read].flatMap((name) => {
      const table = logicalName(name)
      const filter = table === "removals" ? theirs : read.has(table) ? own : "0"
      // Also on the shards, which read the table that holds the rows.
      return [name, localName(table)].map(
        (each) => [`${database}.${each}`, filter] as const
      )
    })
  )
}
