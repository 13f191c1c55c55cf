/**
 * Expressions that would fail, or come out differently, if a neighbour's row took part in
 * their evaluation: the neighbour's `total` is 7, its texts hold the marker.
 */
const perRow = [
  "intDiv(1, toInt32OrZero(properties['total']) - 7)",
  "intDiv(1, length(user_id) - 15)",
  "intDiv(1, length(browser) - 15)",
  "intDiv(1, length(path) - 15)",
  "intDiv(1, toUInt8(event != 'Only theirs'))",
  "modulo(1, length(browser) - 15)",
  "toUInt64(replaceOne(user_id, 'u', ''))",
  "toDate(concat('2025-01-0', replaceOne(user_id, 'u', '')))",
  "toDecimal32(replaceOne(user_id, 'u', ''), 4)",
  "CAST(replaceOne(user_id, 'u', ''), 'UInt8')",
  "toInt8(length(user_id)) + toUInt8(if(path LIKE '%secret%', 'x', '1'))",
  "JSONExtract(if(properties['total'] = '7', '{', '1'), 'UInt8')",
  "factorial(toUInt8(length(user_id) * 2))",
  "repeat('x', if(length(user_id) = 15, 100000000000, 1))",
  "arrayElement([1, 2], if(length(user_id) = 15, 0, 1))",
  "parseDateTimeBestEffort(concat('2025-01-0', replaceOne(user_id, 'u', '')))",
  "toFixedString(user_id, 3)",
  "toUUID(if(length(user_id) = 15, 'x', '00000000-0000-0000-0000-000000000000'))",
  "match('a', if(length(user_id) = 15, '(', 'a'))",
  "char(intDiv(65, length(group_id) + length(user_id) - 15))"
]

const whole = [
  "SELECT count() FROM events WHERE event = 'tenant-b-secret'",
  "SELECT arraySort(groupUniqArray(event)), arraySort(groupUniqArray(user_id)) FROM events",
  "SELECT arraySort(groupUniqArray(path)), arraySort(groupUniqArray(browser)) FROM events",
  "SELECT ids, traits FROM people ORDER BY first_seen",
  "SELECT entry, exit, start FROM sessions ORDER BY start",
  "SELECT count() FROM people WHERE has(ids, 'tenant-b-secret')",
  "SELECT uniqExact(user_id), uniq(message_id), topK(100)(event) FROM events",
  "SELECT DISTINCT arrayJoin(mapKeys(properties)) AS k FROM events ORDER BY k",
  "SELECT min(timestamp), max(timestamp), count() FROM events WHERE 1 = 1 OR event != ''",
  "SELECT a.event FROM events AS a CROSS JOIN people AS p ORDER BY ALL LIMIT 20",
  "SELECT count() FROM events AS a RIGHT JOIN people AS p ON a.person_id = p.person_id AND a.path != ''",
  "SELECT event FROM events UNION DISTINCT SELECT entry FROM sessions ORDER BY 1",
  "SELECT count() FROM events WHERE timestamp > '2000-01-01' AND intDiv(1, toUnixTimestamp(timestamp) - 1741338000) >= 0",
  "SELECT * FROM (WITH a AS (SELECT * FROM events) SELECT count(), max(intDiv(1, length(user_id) - 15)) FROM a UNION ALL SELECT count(), max(intDiv(1, length(browser) - 15)) FROM a) ORDER BY ALL",
  "SELECT * FROM (WITH intDiv(1, length(user_id) - 15) AS x SELECT max(x) FROM events UNION ALL SELECT min(x) FROM events) ORDER BY ALL",
  "SELECT person_id = '1001' FROM people ORDER BY 1",
  "SELECT count() FROM people WHERE intDiv(1, toUInt64(person_id) - 1001) >= 0",
  "SELECT count() FROM sessions WHERE intDiv(1, length(entry) - 15) >= 0",
  "SELECT event FROM events ORDER BY intDiv(1, length(user_id) - 15), timestamp LIMIT 1"
]

export const oracles: ReadonlyArray<string> = [
  ...perRow.flatMap((expression, index) => [
    `SELECT count() FROM events WHERE toString(${expression}) != 'none'`,
    [
      `SELECT ${expression} AS x FROM events ORDER BY timestamp`,
      `SELECT max(${expression}) FROM events WHERE event = 'Order Completed'`,
      `SELECT count() FROM events GROUP BY ${expression} ORDER BY 1`,
      `SELECT e.event FROM events AS e JOIN people AS p ON e.person_id = p.person_id AND toString(${expression}) != 'x' ORDER BY e.timestamp`,
      `SELECT count() FROM (SELECT * FROM events ORDER BY toString(${expression}) LIMIT 3)`
    ][index % 5] ?? ""
  ]),
  ...whole
]
