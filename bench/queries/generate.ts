import type { Engine } from "./Engine.ts"

/** People of the large tenant; the other has as many of its own. */
export const people = 300_000

export const days = 90
export const start = "2026-06-01 00:00:00"

const names =
  "['Product Viewed', 'Product Added', 'Checkout Started', '$pageview', 'Order Completed']"

/**
 * Events of two tenants over 90 days: 64 % are `project`'s. Five event names, the funnel's
 * ones ever rarer, eight properties, everybody active on several days.
 */
export const generateEvents = async (
  engine: Engine,
  projects: readonly [number, number],
  rows: number
): Promise<void> => {
  const chunk = 1_000_000
  for (let offset = 0; offset < rows; offset += chunk) {
    await engine.run(
      `INSERT INTO events (project_id, event, type, timestamp, received_at, known_at,
         message_id, user_id, id_hash, browser, os, device, country, channel, props, batch_id)
       SELECT if(n % 100 < 64, {large:UInt32}, {small:UInt32}) AS project_id,
         ${names}[multiIf(a < 45, 4, a < 75, 1, a < 90, 2, a < 97, 3, 5)] AS event,
         if(event = '$pageview', 'page', 'track') AS type,
         toDateTime64({start:String}, 3, 'UTC')
           + toIntervalMillisecond(cityHash64(n, 2) % (${days} * 86400000)) AS timestamp,
         timestamp, timestamp, concat('m', toString(n)), concat('u', toString(who)),
         cityHash64(project_id, who) AS id_hash,
         ['Chrome', 'Safari', 'Firefox'][1 + who % 3], ['Windows', 'iOS', 'macOS'][1 + who % 3],
         'desktop', ['DE', 'FR', 'US', 'IN'][1 + who % 4], 'direct',
         map('plan', ['"pro"', '"free"', '"team"'][1 + who % 3],
           'price', toString((cityHash64(n, 3) % 10000) / 100),
           'sku', concat('"sku-', toString(cityHash64(n, 4) % 5000), '"'),
           'title', concat('"Product ', toString(cityHash64(n, 4) % 5000), '"'),
           'source', concat('"s', toString(cityHash64(n, 5) % 300), '"'),
           'quantity', toString(cityHash64(n, 6) % 9),
           'first', toString(n % 2 = 0), 'position', toString(n % 40)),
         {batch:UInt64}
       FROM (SELECT number + {offset:UInt64} AS n, cityHash64(n, 1) % 100 AS a,
               toUInt64(pow(cityHash64(n, 7) % 1000000 / 1000000, 1.5) * ${people}) AS who
             FROM numbers(${Math.min(chunk, rows - offset)}))`,
      {
        large: projects[0],
        small: projects[1],
        start,
        offset,
        batch: 1_000_000 + offset
      }
    )
  }
}

/** Ties `count` ids of a tenant to the person of the next id, as sign-ins do. */
export const generateLinks = (engine: Engine, project: number, count: number) =>
  engine.run(
    `INSERT INTO person_links
     SELECT {project:UInt32}, cityHash64({project:UInt32}, toUInt64(number * 2)),
       cityHash64({project:UInt32}, toUInt64(number * 2 + 1)),
       toDateTime64({start:String}, 3, 'UTC'), 1
     FROM numbers({count:UInt64})`,
    { project, start, count }
  )
