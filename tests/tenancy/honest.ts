/** Questions that the product must be able to answer, over the data of `sqlData.ts`. */
export interface Honest {
  readonly query: string
  readonly params?: Readonly<Record<string, unknown>>
  /** Where given: the rows of the answer. */
  readonly rows?: ReadonlyArray<ReadonlyArray<unknown>>
}

const counted: ReadonlyArray<Honest> = [
  { query: "SELECT 1", rows: [[1]] },
  { query: "SELECT count() FROM events", rows: [["24"]] },
  {
    query:
      "SELECT count(*) AS n, uniqExact(person_id) FROM events WHERE type != 'identify'",
    rows: [["20", "4"]]
  },
  {
    query: "SELECT event, count() FROM events GROUP BY event ORDER BY event",
    rows: [
      ["$identify", "4"],
      ["$pageview", "8"],
      ["Order Completed", "4"],
      ["Signed Up", "4"],
      ["Viewed", "4"]
    ]
  },
  { query: "SELECT count() FROM people", rows: [["4"]] },
  { query: "SELECT count() FROM sessions", rows: [["8"]] },
  {
    query: "SELECT sum(events), max(duration_seconds) FROM sessions",
    rows: [["20", 1800]]
  },
  {
    query:
      "SELECT entry, exit, count() FROM sessions WHERE entry != '' GROUP BY 1, 2 ORDER BY 1",
    rows: [["/home", "/pricing", "4"]]
  },
  {
    query: "SELECT {n:UInt8} + 1, {s:String}",
    params: { n: 4, s: "it's \\ `x`" },
    rows: [[5, "it's \\ `x`"]]
  },
  {
    query: "SELECT count() FROM events WHERE event IN {names:Array(String)}",
    params: { names: ["Viewed", "Signed Up"] },
    rows: [["8"]]
  },
  {
    query:
      "SELECT count() FROM events WHERE event = {e:String} AND timestamp >= {t:DateTime64(3, 'UTC')}",
    params: { e: "Viewed", t: "2025-03-02 00:00:00" },
    rows: [["3"]]
  },
  {
    query:
      "SELECT sum(toFloat64OrZero(properties['total'])) FROM events WHERE event = 'Order Completed'",
    rows: [[100]]
  },
  {
    query:
      "SELECT JSONExtractString(traits['plan']) AS plan, count() FROM people GROUP BY plan ORDER BY plan",
    rows: [
      ["free", "2"],
      ["pro", "2"]
    ]
  },
  {
    query:
      "SELECT level, count() FROM (SELECT person_id, windowFunnel(604800)(toDateTime(timestamp), event = 'Signed Up', event = 'Viewed', event = 'Order Completed') AS level FROM events GROUP BY person_id) GROUP BY level ORDER BY level",
    rows: [[3, "4"]]
  },
  {
    query:
      "SELECT DISTINCT tag FROM events ARRAY JOIN JSONExtract(properties['tags'], 'Array(String)') AS tag ORDER BY tag",
    rows: [["new"], ["red"]]
  },
  {
    query: "SELECT event FROM events ORDER BY timestamp, message_id LIMIT 1 OFFSET 1",
    rows: [["$pageview"]]
  },
  {
    query:
      "WITH buyers AS (SELECT DISTINCT person_id FROM events WHERE event = 'Order Completed') SELECT count() FROM buyers",
    rows: [["4"]]
  },
  {
    query:
      "SELECT count() FROM events WHERE person_id IN (SELECT person_id FROM people WHERE traits['plan'] = '\"pro\"')",
    rows: [["12"]]
  },
  { query: "SELECT * FROM (SELECT 1 AS a UNION ALL SELECT 2 AS a) ORDER BY a DESC" },
  {
    query:
      "SELECT sum(n) FROM (SELECT count() AS n FROM events UNION ALL SELECT count() FROM people)",
    rows: [["28"]]
  },
  {
    query: "(SELECT count() FROM events) UNION ALL (SELECT count() FROM events)",
    rows: [["24"], ["24"]]
  },
  { query: "SELECT 1 UNION DISTINCT SELECT 1", rows: [[1]] },
  {
    query:
      "SELECT * FROM (WITH bought AS (SELECT person_id FROM events WHERE event = 'Viewed') SELECT 'first' AS name, count() AS n FROM bought UNION ALL SELECT 'second', count() + 1 FROM bought UNION ALL SELECT 'third', count() FROM sessions) ORDER BY name",
    rows: [
      ["first", "4"],
      ["second", "5"],
      ["third", "8"]
    ]
  },
  {
    query: "WITH 5 AS n SELECT n UNION ALL SELECT n UNION ALL SELECT 5",
    rows: [[5], [5], [5]]
  },
  {
    query: "WITH (SELECT count() FROM events) AS n SELECT n UNION ALL SELECT n",
    rows: [["24"], ["24"]]
  },
  {
    query:
      "WITH a AS (SELECT 1 AS x), b AS (SELECT x FROM a) SELECT x FROM a UNION DISTINCT SELECT x FROM b UNION DISTINCT SELECT x FROM a",
    rows: [[1]]
  },
  {
    query:
      "SELECT sum(x) FROM (WITH a AS (SELECT 2 AS x) SELECT x FROM a UNION ALL SELECT x FROM a)",
    rows: [["4"]]
  },
  {
    query:
      "WITH a AS (SELECT 2 AS x UNION ALL SELECT 3) SELECT sum(x) FROM a EXCEPT SELECT 4",
    rows: [["5"]]
  },
  { query: "SELECT event FROM events INTERSECT SELECT 'Viewed'" },
  { query: "SELECT event FROM events EXCEPT SELECT 'Viewed'" },
  { query: "SELECT 1;", rows: [[1]] },
  { query: "-- how many?\nSELECT /* all */ count() FROM events", rows: [["24"]] },
  { query: "FROM events SELECT count()", rows: [["24"]] },
  {
    query: "SELECT 'SETTINGS; DROP TABLE events -- file()' AS t",
    rows: [["SETTINGS; DROP TABLE events -- file()"]]
  }
]

const shapes: ReadonlyArray<string> = [
  "SELECT windowFunnel(604800000)(toUInt64(toUnixTimestamp64Milli(timestamp)), event = 'Signed Up', event = 'Order Completed') AS level FROM events GROUP BY person_id",
  "SELECT * FROM events LIMIT 5",
  "SELECT * EXCEPT(properties, context) FROM events LIMIT 5",
  "SELECT e.* FROM events AS e LIMIT 1",
  "SELECT * FROM people ORDER BY first_seen",
  "SELECT * FROM sessions ORDER BY start DESC",
  "SELECT e.event, p.ids FROM events AS e JOIN people AS p ON p.person_id = e.person_id",
  "SELECT e.event, p.ids FROM events AS e LEFT JOIN people AS p USING (person_id)",
  "SELECT s.start, count() FROM sessions s INNER JOIN events e ON e.person_id = s.person_id WHERE e.timestamp BETWEEN s.start AND s.end GROUP BY s.start",
  "SELECT a.event, b.event FROM events a ASOF JOIN events b ON a.person_id = b.person_id AND b.timestamp > a.timestamp",
  "SELECT p.person_id FROM people p LEFT ANTI JOIN events e ON e.person_id = p.person_id AND e.event = 'Refund'",
  "SELECT p.person_id FROM people p SEMI JOIN events e ON e.person_id = p.person_id",
  "SELECT * FROM people CROSS JOIN (SELECT 1 AS one)",
  "SELECT a.person_id FROM people a FULL OUTER JOIN sessions b ON a.person_id = b.person_id",
  "SELECT event, row_number() OVER (PARTITION BY person_id ORDER BY timestamp) AS n FROM events",
  "SELECT timestamp, lagInFrame(timestamp) OVER (PARTITION BY person_id ORDER BY timestamp ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM events",
  "SELECT event, lead(event) OVER (PARTITION BY person_id ORDER BY timestamp) FROM events",
  "SELECT sum(1) OVER w FROM events WINDOW w AS (PARTITION BY event ORDER BY timestamp)",
  "SELECT rank() OVER (ORDER BY n DESC), event FROM (SELECT event, count() AS n FROM events GROUP BY event)",
  "SELECT first_value(event) OVER (PARTITION BY person_id ORDER BY timestamp) FROM events",
  "SELECT avg(toFloat64OrNull(properties['total'])) OVER (ORDER BY timestamp ROWS 6 PRECEDING) FROM events",
  "SELECT * FROM (SELECT event, row_number() OVER (PARTITION BY event ORDER BY timestamp) AS n FROM events) WHERE n = 1",
  "SELECT event FROM events QUALIFY row_number() OVER (PARTITION BY event ORDER BY timestamp) = 1",
  "WITH a AS (SELECT event FROM events), b AS (SELECT * FROM a) SELECT count() FROM b",
  "WITH 5 AS n SELECT n, count() FROM events",
  "WITH (SELECT max(timestamp) FROM events) AS newest SELECT count() FROM events WHERE timestamp = newest",
  "WITH a AS (SELECT person_id, min(timestamp) AS first FROM events GROUP BY person_id) SELECT toStartOfWeek(first), count() FROM a GROUP BY 1",
  "SELECT (SELECT count() FROM people) AS people, (SELECT count() FROM events) AS events",
  "SELECT exists(SELECT 1 FROM events WHERE event = 'Viewed')",
  "SELECT event FROM events WHERE event IN ('Viewed', 'Signed Up') AND user_id NOT IN (SELECT 'x')",
  "SELECT arrayMap(x -> x * 2, [1, 2, 3])",
  "SELECT arrayFilter(x -> x LIKE '/%', groupArray(path)) FROM events",
  "SELECT arraySort(x -> x.1, groupArray((timestamp, event))) FROM events GROUP BY person_id",
  "SELECT person_id, arrayStringConcat(arrayCompact(arrayMap(x -> x.2, arraySort(groupArray((timestamp, path))))), ' > ') FROM events GROUP BY person_id",
  "SELECT arrayReverse([1, 2]), arrayDistinct([1, 1]), has([1], 1), length([1]), [1, 2][1]",
  "SELECT arrayFold((acc, x) -> acc + x, [1, 2], toInt64(0))",
  "SELECT arrayZip([1], ['a']), tupleElement((1, 'a'), 2), (1, 2).1",
  "SELECT arrayJoin(range(5))",
  "SELECT JSONExtractFloat(properties['total']), JSONExtractArrayRaw(properties['tags']) FROM events",
  "SELECT JSON_VALUE('{\"a\":{\"b\":1}}', '$.a.b'), JSONLength('[1,2]'), JSONHas('{\"a\":1}', 'a')",
  "SELECT JSONExtract('{\"a\":[1,2]}', 'a', 'Array(UInt8)')",
  "SELECT mapKeys(properties), mapValues(context), mapContains(properties, 'total') FROM events",
  "SELECT key, count() FROM events ARRAY JOIN mapKeys(properties) AS key GROUP BY key",
  "SELECT map('a', 1)['a'], mapFilter((k, v) -> k = 'total', properties) FROM events",
  "SELECT toDate(timestamp, 'Asia/Tokyo') AS day, count() FROM events GROUP BY day ORDER BY day WITH FILL",
  "SELECT toStartOfInterval(timestamp, INTERVAL 6 HOUR) AS t, count() FROM events GROUP BY t",
  "SELECT dateDiff('day', min(timestamp), max(timestamp)), now() > min(timestamp) FROM events",
  "SELECT formatDateTime(timestamp, '%Y-%m'), toDayOfWeek(timestamp), toHour(timestamp) FROM events",
  "SELECT timestamp + INTERVAL 1 DAY, timestamp - toIntervalHour(2), date_trunc('month', timestamp) FROM events",
  "SELECT event, count() FROM events GROUP BY event WITH TOTALS",
  "SELECT event, type, count() FROM events GROUP BY ROLLUP(event, type)",
  "SELECT event, type, count() FROM events GROUP BY GROUPING SETS ((event), (type))",
  "SELECT event, count() AS n FROM events GROUP BY ALL HAVING n > 1 ORDER BY n DESC NULLS LAST",
  "SELECT event, timestamp FROM events ORDER BY timestamp LIMIT 1 BY event",
  "SELECT event FROM events ORDER BY event LIMIT 3 WITH TIES",
  "SELECT quantiles(0.5, 0.9)(duration_seconds), quantileExact(0.5)(events), median(events) FROM sessions",
  "SELECT countIf(event = 'Viewed'), sumIf(1, type = 'page'), uniqIf(person_id, 1), avgOrNull(1) FROM events",
  "SELECT argMax(event, timestamp), argMin(event, timestamp), any(event), anyLast(event), topK(3)(event) FROM events",
  "SELECT groupUniqArray(event), groupArray(3)(event), uniq(person_id), uniqCombined(person_id) FROM events",
  "SELECT retention(event = 'Signed Up', event = 'Viewed') FROM events GROUP BY person_id",
  "SELECT sequenceMatch('(?1).*(?2)')(toDateTime(timestamp), event = 'Signed Up', event = 'Viewed') FROM events GROUP BY person_id",
  "SELECT stddevPop(events), varSamp(events), corr(events, duration_seconds), skewPop(events) FROM sessions",
  "SELECT CASE WHEN event LIKE 'S%' THEN 's' WHEN event ILIKE 'v%' THEN 'v' ELSE NULL END FROM events",
  "SELECT if(1, 'a', 'b'), multiIf(1, 2, 3), coalesce(NULL, 1), nullIf(1, 1), greatest(1, 2)",
  "SELECT lower(event), upperUTF8(event), concat(event, '!'), event || '?', substring(event, 1, 2), length(event) FROM events",
  "SELECT splitByChar('/', path), replaceRegexpAll(path, '/+', '/'), extract(path, '[a-z]+'), match(path, '^/h') FROM events",
  "SELECT domain('https://a.example/x?y=1'), path('https://a.example/x'), extractURLParameter('https://a/?y=1', 'y')",
  "SELECT cityHash64(event), hex(MD5(event)), sipHash64(event) % 10 FROM events",
  "SELECT CAST('1' AS UInt8), '1'::Int32, toUInt8OrNull('x'), toString(1), toDecimal64(1, 2), CAST([1], 'Array(Nullable(UInt8))')",
  "SELECT round(1.5), floor(2.5), sqrt(4), pow(2, 3), abs(-1), intDiv(7, 2), 7 % 2, -1 - -1",
  'SELECT event AS `Name of the event`, count() AS "How many" FROM events GROUP BY 1 ORDER BY 2',
  'SELECT `event`, "user_id" FROM `events`',
  "SELECT browser, os, device, country, channel, utm_source, referrer_domain, group_type, group_id, is_bot FROM events LIMIT 1",
  "SELECT 'é 漢 🎉', event = '🎉' FROM events LIMIT 1",
  "SELECT event, event FROM events LIMIT 1",
  "SELECT NULL, true, 1e3, 0xff, [], tuple(), ''"
]

export const honest: ReadonlyArray<Honest> = [
  ...counted,
  ...shapes.map((query) => ({ query }))
]
