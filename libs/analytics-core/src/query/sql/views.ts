import { isActivity } from "../activity.ts"
import type { QueryContext } from "../Compiled.ts"
import { identify } from "../People.ts"
import { also, keptEvents } from "../removed.ts"
import { instant, int64, type Sql, sql, uint32 } from "../Sql.ts"
import { everyTrait } from "../traits/changedTraits.ts"

const TIMEOUT = 1_800_000
const DAY = 86_400_000

/**
 * `events AS (…), people AS (…), sessions AS (…)`, for the WITH of a query.
 *
 * Every table is read under PREWHERE: it takes the rows of others away before anything
 * else is computed, so no expression outside can fail because of their values.
 * `{_database:Identifier}` is ours to fill in: without it `events` would be the view.
 */
export const viewsSql = (context: QueryContext, includeBots: boolean): Sql => {
  const own = sql`FROM {_database:Identifier}.events PREWHERE project_id = ${uint32(context.projectId)} AND known_at <= ${instant(context.watermark)}${includeBots ? sql`` : sql` AND is_bot = 0`}${also(keptEvents(context, sql`{_database:Identifier}.removals`))}`
  return sql`events AS (${events(context, own)}), people AS (${people(context, own)}), sessions AS (${sessions(context, own)})`
}

const events = (context: QueryContext, own: Sql): Sql =>
  sql`SELECT message_id, event, type, timestamp, received_at, user_id, anonymous_id, toString(person) AS person_id, properties, context, browser, os, device, country, referrer_domain, channel, utm_source, utm_medium, utm_campaign, utm_term, utm_content, path, group_type, group_id, is_bot FROM (${identify(
    context,
    sql`SELECT id_hash, message_id, toString(event) AS event, toString(type) AS type, timestamp, received_at, user_id, anonymous_id, props AS properties, context, toString(browser) AS browser, toString(os) AS os, toString(device) AS device, toString(country) AS country, toString(referrer_domain) AS referrer_domain, toString(channel) AS channel, toString(utm_source) AS utm_source, toString(utm_medium) AS utm_medium, toString(utm_campaign) AS utm_campaign, utm_term, utm_content, path, toString(group_type) AS group_type, group_id, is_bot ${own}`
  )})`

/** Traits as in answers about people: of each the value with the latest event time. */
const people = (context: QueryContext, own: Sql): Sql => {
  const seen = sql`SELECT person, arraySort(arrayFilter(id -> id != '', arrayDistinct(arrayConcat(groupUniqArray(1000)(user_id), groupUniqArray(1000)(anonymous_id))))) AS ids, min(timestamp) AS first_seen, max(timestamp) AS last_seen FROM (${identify(context, sql`SELECT id_hash, user_id, anonymous_id, timestamp ${own}`)}) GROUP BY person`
  const leaves = sql`SELECT id_hash, timestamp, message_id, arrayJoin(CAST(props, 'Array(Tuple(String, String))')) AS leaf ${own} AND event = '$identify' AND type = 'identify'`
  const identified = identify(context, leaves)
  const latest = context.hasTraitChanges
    ? sql`SELECT person, path AS trait, value FROM (${everyTrait(identified)})`
    : sql`SELECT person, leaf.1 AS trait, argMax(leaf.2, (timestamp, message_id)) AS value FROM (${identified}) GROUP BY person, trait`
  const traits = sql`SELECT person AS trait_person, CAST(arraySort(groupArray((trait, value))), 'Map(String, String)') AS traits FROM (${latest}) GROUP BY person`
  return sql`SELECT toString(person) AS person_id, ids, traits, first_seen, last_seen FROM (${seen}) AS seen LEFT JOIN (${traits}) AS latest ON latest.trait_person = seen.person`
}

/** No gap over half an hour, cut at a day; of activity only. */
const sessions = (context: QueryContext, own: Sql): Sql => {
  const activity = sql`SELECT id_hash, timestamp, message_id, path ${own} AND ${isActivity(sql`type`)}`
  const perPerson = sql`SELECT person, arraySort(groupArray((toUnixTimestamp64Milli(timestamp), message_id, path))) AS visits FROM (${identify(context, activity)}) GROUP BY person`
  const byGap = sql`SELECT person, arrayJoin(arraySplit((visit, gap) -> gap > ${int64(TIMEOUT)}, visits, arrayDifference(arrayMap(visit -> visit.1, visits)))) AS stretch FROM (${perPerson})`
  const long = sql`if(stretch[-1].1 - stretch[1].1 > ${int64(DAY)}, stretch, [])`
  const dayCuts = sql`arrayFold((state, visit) -> if(visit.1 - state.1 > ${int64(DAY)}, (visit.1, arrayPushBack(state.2, toUInt8(1))), (state.1, arrayPushBack(state.2, toUInt8(0)))), ${long}, (stretch[1].1, CAST([], 'Array(UInt8)'))).2`
  const cut = sql`SELECT person, arrayJoin(if(stretch[-1].1 - stretch[1].1 > ${int64(DAY)}, arraySplit((visit, cut) -> cut, stretch, arrayResize(${dayCuts}, length(stretch))), [stretch])) AS visits FROM (${byGap})`
  const paths = sql`arrayFilter(path -> path != '', visits.3)`
  return sql`SELECT toString(person) AS person_id, fromUnixTimestamp64Milli(visits[1].1, 'UTC') AS start, fromUnixTimestamp64Milli(visits[-1].1, 'UTC') AS end, (visits[-1].1 - visits[1].1) / 1000 AS duration_seconds, length(visits) AS events, ${paths}[1] AS entry, ${paths}[-1] AS exit FROM (${cut})`
}
