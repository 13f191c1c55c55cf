const day = 86_400_000

/** A row of one of Snowplow's files, by column. */
export type SnowplowRow = Readonly<Record<string, string | undefined>>

const ms = (text: string | undefined) =>
  Date.parse(`${(text ?? "").replace(" ", "T")}Z`)

const pageViewId = (row: SnowplowRow): string | null =>
  /"id":\s*"([^"]+)"/.exec(
    row["contexts_com_snowplowanalytics_snowplow_web_page_1_0_0"] ?? ""
  )?.[1] ?? null

/**
 * Its rows as events of ours, in the order in which its collector took them: of equal event
 * ids it keeps the one collected first, we the one received first. A session is of the user
 * it began with, and its age is counted from there.
 */
export const snowplowEvents = (rows: ReadonlyArray<SnowplowRow>) => {
  const collected = rows.toSorted(
    (a, b) => ms(a["collector_tstamp"]) - ms(b["collector_tstamp"])
  )
  const starts = new Map<string, SnowplowRow>()
  for (const row of collected) {
    const session = row["domain_sessionid"] ?? ""
    if (session !== "" && !starts.has(session)) starts.set(session, row)
  }
  return collected.map((row) => {
    const session = row["domain_sessionid"] ?? ""
    const start = starts.get(session) ?? row
    const user = start["domain_userid"] ?? ""
    return {
      type: "track",
      event: row["event_name"],
      messageId: row["event_id"],
      timestamp: new Date(ms(row["derived_tstamp"])).toISOString(),
      // Nobody's events stand alone, as those of any placeholder.
      anonymousId: user === "" ? "unknown" : user,
      properties: {
        domain_userid: user === "" ? null : user,
        domain_sessionid: session === "" ? null : session,
        page_view_id: pageViewId(row),
        daysLate: (ms(row["dvce_sent_tstamp"]) - ms(row["dvce_created_tstamp"])) / day,
        sessionAgeDays:
          (ms(row["collector_tstamp"]) - ms(start["collector_tstamp"])) / day
      }
    }
  })
}
