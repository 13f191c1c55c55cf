import type { Engine } from "./Engine.ts"
import { days, start } from "./generate.ts"

/** Events of one visit, one to four minutes apart. */
const perVisit = 8
const visitors = 100_000

/**
 * Visits of one tenant's people over 90 days, as a web site sees them: eight events each,
 * pages of a few hundred, the first ones far more often than the last.
 */
export const generateVisits = async (
  engine: Engine,
  project: number,
  rows: number
): Promise<void> => {
  const chunk = 1_000_000
  for (let offset = 0; offset < rows; offset += chunk) {
    await engine.run(
      `INSERT INTO events (project_id, event, type, timestamp, received_at, known_at,
         message_id, anonymous_id, id_hash, browser, os, device, country, channel, path,
         props, context, batch_id)
       SELECT {project:UInt32}, if(h % 10 < 8, '$pageview', 'Clicked') AS event,
         if(event = '$pageview', 'page', 'track') AS type,
         toDateTime64({start:String}, 3, 'UTC') + toIntervalMillisecond(
           cityHash64(visit, 1) % (${days} * 86400000) + step * 60000 + h % 180000) AS timestamp,
         timestamp, timestamp, toString(generateUUIDv4()), concat('a', toString(who)),
         cityHash64({project:UInt32}, who) AS id_hash,
         ['Chrome', 'Safari', 'Firefox'][1 + who % 3], ['Windows', 'iOS', 'macOS'][1 + who % 3],
         'desktop', ['DE', 'FR', 'US', 'IN'][1 + who % 4], 'direct',
         concat('/page/', toString(toUInt64(pow(h % 1000003 / 1000003, 3) * 400))) AS path,
         map('plan', ['"pro"', '"free"', '"team"'][1 + who % 3]),
         map('page.path', concat('"', path, '"'), 'page.title', concat('"Title of ', path, '"'),
           'page.url', concat('"https://example.com', path, '"'), 'locale', '"en-GB"'),
         {batch:UInt64}
       FROM (SELECT number + {offset:UInt64} AS n, intDiv(n, ${perVisit}) AS visit,
               n % ${perVisit} * 3 AS step, cityHash64(n, 2) AS h,
               toUInt64(pow(cityHash64(visit, 3) % 1000003 / 1000003, 1.5) * ${visitors}) AS who
             FROM numbers(${Math.min(chunk, rows - offset)}))`,
      { project, start, offset, batch: 2_000_000 + offset }
    )
  }
}
