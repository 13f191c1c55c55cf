import { days, start } from "./generate.ts"

const dayMs = 86_400_000
const from = Date.parse(`${start.replace(" ", "T")}Z`)
const iso = (day: number) => new Date(from + day * dayMs).toISOString()
const sqlTime = (day: number) =>
  `toDateTime64('${iso(day).slice(0, 23).replace("T", " ")}', 3, 'UTC')`

/** A question as a client asks it, and as somebody who knows the tables writes it. */
export interface Question {
  readonly name: string
  /** By the id of one of the project's people. */
  readonly body: object | ((person: string) => object)
  /** The best hand-written SQL for the same answer, with or without identity links. */
  readonly sql: (links: boolean) => string
}

const person = (links: boolean) =>
  links ? "if(l.person = 0, e.id_hash, l.person)" : "e.id_hash"

const joined = (links: boolean) =>
  links
    ? `LEFT JOIN (SELECT id_hash, argMax(person, (known_at, version)) AS person
         FROM person_links WHERE project_id = {project:UInt32}
           AND known_at <= {watermark:DateTime64(3, 'UTC')} GROUP BY id_hash) AS l
       ON e.id_hash = l.id_hash`
    : ""

const where = (events: string, first: number, last: number) =>
  `WHERE e.project_id = {project:UInt32} AND e.event IN (${events}) AND e.is_bot = 0
     AND e.known_at <= {watermark:DateTime64(3, 'UTC')}
     AND e.timestamp >= ${sqlTime(first)} AND e.timestamp < ${sqlTime(last)}`

const funnelSteps = ["Product Viewed", "Product Added", "Checkout Started"]

export const questions: ReadonlyArray<Question> = [
  {
    name: "trends: daily total, 90 days",
    body: {
      kind: "trends",
      from: iso(0),
      to: iso(days),
      interval: "day",
      series: [{ event: "Product Viewed", measure: "total" }]
    },
    sql: () => `SELECT toDate(e.timestamp) AS day, count() FROM events AS e
      ${where("'Product Viewed'", 0, days)} GROUP BY day ORDER BY day`
  },
  {
    name: "trends: daily total and unique people, 90 days",
    body: {
      kind: "trends",
      from: iso(0),
      to: iso(days),
      interval: "day",
      series: [
        { event: "Product Viewed", measure: "total" },
        { event: "Product Viewed", measure: "unique_users" }
      ]
    },
    sql: (
      links
    ) => `SELECT toDate(e.timestamp) AS day, count(), uniqExact(${person(links)})
      FROM events AS e ${joined(links)} ${where("'Product Viewed'", 0, days)}
      GROUP BY day ORDER BY day`
  },
  {
    name: "trends: top 10 of a property, unique people, 30 days",
    body: {
      kind: "trends",
      from: iso(30),
      to: iso(60),
      interval: "none",
      series: [{ event: "Product Viewed", measure: "unique_users" }],
      breakdown: ["sku"],
      breakdownLimit: 10
    },
    sql: (links) => `WITH counted AS (
        SELECT props['sku'] AS value, uniqExactState(${person(links)}) AS people
        FROM events AS e ${joined(links)} ${where("'Product Viewed'", 30, 60)} GROUP BY value),
      ranked AS (SELECT value, people, uniqExactMerge(people) AS n FROM counted
        GROUP BY value, people ORDER BY n DESC, value),
      placed AS (SELECT value, people, row_number() OVER (ORDER BY n DESC, value) AS place
        FROM ranked)
      SELECT if(place <= 10, value, '') AS shown, place > 10 AS other, uniqExactMerge(people)
      FROM placed GROUP BY shown, other`
  },
  {
    name: "funnel: 3 ordered steps, 7 days, with times",
    body: {
      kind: "funnel",
      from: iso(0),
      to: iso(days),
      order: "ordered",
      windowSeconds: 7 * 86_400,
      steps: funnelSteps.map((event) => ({ event }))
    },
    // Every entry's next step, then the next after it: the earliest furthest attempt.
    sql: (links) => `SELECT count(), countIf(level > 1), countIf(level > 2),
        avgIf(t2 - t1, level > 1), quantileExactInclusiveIf(0.5)(t2 - t1, level > 1),
        avgIf(t3 - t2, level > 2), quantileExactInclusiveIf(0.5)(t3 - t2, level > 2)
      FROM (SELECT
          arrayMap(a -> (arrayFirst(b -> b >= a AND b <= a + 604800000, bs) AS b1,
            if(b1 = 0, 0, arrayFirst(c -> c >= b1 AND c <= a + 604800000, cs)) AS c1,
            (1 + (b1 > 0) + (c1 > 0), -a, b1, c1)).3, as) AS tried,
          arrayMax(tried) AS best, best.1 AS level, -best.2 AS t1, best.3 AS t2, best.4 AS t3
        FROM (SELECT ${person(links)} AS person,
            arraySort(groupArrayIf(toUnixTimestamp64Milli(e.timestamp), e.event = 'Product Viewed')) AS as,
            arraySort(groupArrayIf(toUnixTimestamp64Milli(e.timestamp), e.event = 'Product Added')) AS bs,
            arraySort(groupArrayIf(toUnixTimestamp64Milli(e.timestamp), e.event = 'Checkout Started')) AS cs
          FROM events AS e ${joined(links)}
          ${where(funnelSteps.map((step) => `'${step}'`).join(), 0, days)}
          GROUP BY person HAVING notEmpty(as)))`
  },
  {
    name: "retention: weekly, 12 weeks, recurring",
    body: {
      kind: "retention",
      from: iso(0),
      to: iso(84),
      interval: "week",
      periods: 12,
      mode: "recurring",
      start: { event: "Product Viewed" },
      return: { event: "Product Viewed" }
    },
    sql: (links) => `SELECT cohort, active - cohort AS period, count()
      FROM (SELECT groupUniqArray(intDiv(dateDiff('day', ${sqlTime(0)}, e.timestamp), 7)) AS weeks
        FROM events AS e ${joined(links)} ${where("'Product Viewed'", 0, 84)}
        GROUP BY ${person(links)})
      ARRAY JOIN weeks AS cohort ARRAY JOIN weeks AS active
      WHERE active >= cohort GROUP BY cohort, active ORDER BY cohort, active`
  },
  {
    name: "stickiness: daily, 90 days",
    body: {
      kind: "stickiness",
      from: iso(0),
      to: iso(days),
      interval: "day",
      event: "Product Viewed"
    },
    sql: (links) => `SELECT active, count() FROM (
        SELECT uniqExact(toDate(e.timestamp)) AS active FROM events AS e ${joined(links)}
        ${where("'Product Viewed'", 0, days)} GROUP BY ${person(links)})
      GROUP BY active ORDER BY active`
  },
  {
    name: "lifecycle: weekly, 11 weeks after the first",
    body: {
      kind: "lifecycle",
      from: iso(7),
      to: iso(84),
      interval: "week",
      event: "Product Viewed"
    },
    sql: (links) => `SELECT place.1 AS week, place.2 AS state, count() FROM (
        SELECT arraySort(groupUniqArray(intDiv(dateDiff('day', ${sqlTime(0)}, e.timestamp), 7))) AS weeks
        FROM events AS e ${joined(links)} ${where("'Product Viewed'", 0, 84)}
        GROUP BY ${person(links)})
      ARRAY JOIN arrayConcat(
        arrayMap(w -> (w, multiIf(w = weeks[1], 'new', has(weeks, w - 1), 'returning',
          'resurrecting')), weeks),
        arrayMap(w -> (w + 1, 'dormant'), arrayFilter(w -> NOT has(weeks, w + 1), weeks))
      ) AS place
      WHERE week BETWEEN 1 AND 11 GROUP BY week, state ORDER BY week, state`
  },
  {
    name: "events: the newest 100",
    body: { kind: "events", limit: 100 },
    sql: (links) => `SELECT ${person(links)} AS person, e.event, e.type, e.timestamp,
        e.received_at, e.message_id, e.user_id, e.anonymous_id, e.props, e.context
      FROM events AS e ${joined(links)}
      WHERE e.project_id = {project:UInt32} AND e.is_bot = 0
        AND e.known_at <= {watermark:DateTime64(3, 'UTC')}
        AND e.event NOT IN ('$identify', '$group', '$alias')
      ORDER BY e.timestamp DESC, e.message_id DESC LIMIT 100`
  },
  {
    name: "events: 100 of a property's value, one in 5000",
    body: {
      kind: "events",
      limit: 100,
      filters: [{ property: "sku", op: "is", value: "sku-77" }]
    },
    sql: (links) => `SELECT ${person(links)} AS person, e.event, e.type, e.timestamp,
        e.received_at, e.message_id, e.user_id, e.anonymous_id, e.props, e.context
      FROM events AS e ${joined(links)}
      WHERE e.project_id = {project:UInt32} AND e.is_bot = 0
        AND e.known_at <= {watermark:DateTime64(3, 'UTC')}
        AND e.event NOT IN ('$identify', '$group', '$alias') AND e.props['sku'] = '"sku-77"'
      ORDER BY e.timestamp DESC, e.message_id DESC LIMIT 100`
  }
]
