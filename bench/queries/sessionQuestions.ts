import { days, start } from "./generate.ts"
import type { Question } from "./questions.ts"

const from = Date.parse(`${start.replace(" ", "T")}Z`)
const to = from + days * 86_400_000
const range = { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
const day = 86_400_000

const person = (links: boolean) =>
  links ? "if(l.person = 0, e.id_hash, l.person)" : "e.id_hash"

const joined = (links: boolean) =>
  links
    ? `LEFT JOIN (SELECT id_hash, argMax(person, (known_at, version)) AS person
         FROM person_links WHERE project_id = {project:UInt32}
           AND known_at <= {watermark:DateTime64(3, 'UTC')} GROUP BY id_hash) AS l
       ON e.id_hash = l.id_hash`
    : ""

/** All activity from a day before the range to a day after it. */
const events = (links: boolean, columns: string) =>
  `SELECT ${person(links)} AS person, toUnixTimestamp64Milli(e.timestamp) AS ms, ${columns}
   FROM events AS e ${joined(links)}
   WHERE e.project_id = {project:UInt32} AND e.type IN ('track', 'page', 'screen')
     AND e.is_bot = 0 AND e.known_at <= {watermark:DateTime64(3, 'UTC')}
     AND e.timestamp >= fromUnixTimestamp64Milli(${from - day}, 'UTC')
     AND e.timestamp < fromUnixTimestamp64Milli(${to + day}, 'UTC')`

/** One row a session of at most a day: what `visits` are cut into. */
const sessions = (visits: string, times: (visits: string) => string) =>
  `SELECT person, arrayJoin(arraySplit((v, cut) -> cut, stretch, cuts)) AS session
   FROM (SELECT person, stretch, arrayMap((at, gap) -> at != started
       AND intDiv(at - started, ${day}) > intDiv(at - gap - started, ${day}),
       ${times("stretch")}, arrayDifference(${times("stretch")})) AS cuts
     FROM (SELECT person, stretch, ${times("stretch")}[1] AS started
       FROM (SELECT person, arrayJoin(arraySplit((v, gap) -> gap > 1800000, visits,
           arrayDifference(${times("visits")}))) AS stretch FROM (${visits}))))`

const bare = (links: boolean) =>
  sessions(
    `SELECT person, arraySort(groupArray(ms)) AS visits
     FROM (${events(links, "1")}) GROUP BY person`,
    (visits) => visits
  )

/** Visits of (time, page path), equal times by message id. */
const withPages = (links: boolean) =>
  sessions(
    `SELECT person, arraySort((v, at, id) -> (at, id), arrayZip(times, paths), times, ids) AS visits
     FROM (SELECT person, groupArray(ms) AS times, groupArray(path) AS paths,
         groupArray(message_id) AS ids
       FROM (${events(links, "e.message_id, e.path")}) GROUP BY person)`,
    (visits) => `${visits}.1`
  )

const inRange = (started: string) => `${started} >= ${from} AND ${started} < ${to}`

/** The kinds that products are slowest at, over the visits of a web site. */
export const sessionQuestions: ReadonlyArray<Question> = [
  {
    name: "trends: sessions per day, 90 days",
    body: {
      kind: "trends",
      ...range,
      interval: "day",
      series: [{ measure: "sessions" }]
    },
    sql: (links) => `SELECT intDiv(session[1] - ${from}, ${day}) AS day, count()
      FROM (${bare(links)}) WHERE ${inRange("session[1]")} GROUP BY day ORDER BY day`
  },
  {
    name: "sessions: all numbers, entry and exit pages, 90 days",
    body: { kind: "sessions", ...range, interval: "day" },
    sql: (links) => `SELECT count(), uniqExact(person), countIf(n = 1), avg(d),
        quantilesExactInclusive(0.5, 0.95)(d), avg(n), quantilesExactInclusive(0.5, 0.95)(n),
        sumMap([day], [1]), sumMap([entry], [1]), sumMap([exit], [1])
      FROM (SELECT person, length(session) AS n, session[-1].1 - session[1].1 AS d,
          intDiv(session[1].1 - ${from}, ${day}) AS day,
          session[1].2 AS entry, session[-1].2 AS exit
        FROM (${withPages(links)}) WHERE ${inRange("session[1].1")})`
  },
  {
    name: "paths: pages, first 5 steps by position, 90 days",
    body: { kind: "paths", ...range, maxSteps: 5 },
    sql: (links) => `SELECT step.1 AS position, step.2 AS a, step.3 AS b, count() AS n
      FROM (SELECT arrayJoin(arrayZip(arrayEnumerate(arrayPopBack(steps)),
          arrayPopBack(steps), arrayPopFront(steps))) AS step
        FROM (SELECT arraySlice(arrayCompact(arrayFilter(p -> p != '', session.2)), 1, 5) AS steps
          FROM (${withPages(links)}) WHERE ${inRange("session[1].1")}))
      GROUP BY position, a, b ORDER BY n DESC LIMIT 10000`
  }
]
