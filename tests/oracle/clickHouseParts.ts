/** Runs a statement as the stack itself would. */
const run = async (url: string, statement: string): Promise<string> => {
  const { username, password, origin, pathname } = new URL(url)
  const response = await fetch(`${origin}/?database=${pathname.slice(1)}`, {
    method: "POST",
    headers: {
      authorization: `Basic ${btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)}`
    },
    body: statement,
    signal: AbortSignal.timeout(60_000)
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${statement}: ${response.status} ${text}`)
  return text
}

/** Merges all parts of every table into one part for each partition. */
export const mergeParts = async (url: string): Promise<void> => {
  const names = await run(
    url,
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' FORMAT TSV"
  )
  const tables = names.split("\n").filter((name) => name !== "")
  if (!tables.includes("events")) throw new Error(`no table of events in ${names}`)
  for (const table of tables)
    await run(
      url,
      `OPTIMIZE TABLE ${table} FINAL SETTINGS optimize_skip_merged_partitions = 1`
    )
}
