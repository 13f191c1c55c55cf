/**
 * SQL of somebody who wants what is not theirs. Every text must be refused, or answer
 * nothing of another tenant; none may be an error of the service.
 */

/** Functions that tell of the server, other tables, files or hosts, wait, throw or run names. */
const functions = `
  file('/etc/passwd') | file('../../metadata') | dictGet('d', 'a', 1) | dictHas('d', 1) |
  dictGetOrDefault('d', 'a', 1, 2) | dictGetString('d', 'a', toUInt64(1)) |
  dictGetOrNull('d', 'a', 1) | dictIsIn('d', 1, 2) | dictGetHierarchy('d', 1) |
  joinGet('person_links', 'person', 1) | joinGetOrNull('seen', 'hash', 1) |
  getSetting('additional_table_filters') | getSettingOrDefault('x', 1) |
  getServerSetting('max_connections') | getMergeTreeSetting('index_granularity') |
  getMacro('shard') | getServerPort('tcp_port') | getClientHTTPHeader('Authorization') |
  hostName() | hostname() | FQDN() | fqdn() | version() | VERSION() | buildId() |
  currentUser() | user() | USER() | current_user() | authenticatedUser() | currentRoles() |
  currentDatabase() | database() | DATABASE() | SCHEMA() | current_database() |
  currentSchemas(true) | currentProfiles() | enabledRoles() | currentQueryID() |
  queryID() | query_id() | initialQueryID() | connectionId() | tcpPort() | uptime() |
  serverUUID() | serverTimezone() | timezone() | getOSKernelVersion() | revision() |
  displayName() | filesystemAvailable() | filesystemCapacity() | sleep(3) |
  sleepEachRow(1) | throwIf(1) | throwIf(1, 'tenant') | hasColumnInTable('analytics', 'events', 'project_id') |
  hasColumnInTable(currentDatabase(), 'seen', 'hash') | evalMLMethod(1, 2) |
  catboostEvaluate('/m', 1) | demangle('x') | addressToLine(1) | addressToSymbol(1) |
  zookeeperSessionUptime() | shardNum() | shardCount() | getSubcolumn(context, 'size0') |
  initializeAggregation('sumState', 1) | finalizeAggregation(unhex('00')) |
  runningAccumulate(unhex('00')) | arrayReduce('max', [1]) | arrayReduceInRanges('max', [(1, 1)], [1]) |
  sumState(1) | groupArrayState(event) | sumMerge(unhex('00')) | groupArrayMerge(event) |
  blockNumber() | rowNumberInAllBlocks() | neighbor(event, -1) | runningDifference(1) |
  logTrace('x') | toColumnTypeName(1) | dumpColumnStructure(1) | indexHint(1) |
  transactionID() | partitionId(event) | structureToCapnProtoSchema('a String') |
  formatRow('CSV', event) | formatQuery('SELECT 1') | generateSerialID('x') |
  aiGenerate('x') | aiClassify('a', ['b']) | encrypt('aes-128-ecb', 'a', 'b') |
  regionToName(1) | naiveBayesClassifier('m', event) | __getScalar('x') |
  __actionName('a', 'b') | __scalarSubqueryResult(1) | randomPrintableASCII(9) |
  globalVariable('version') | showCertificate() | hasThreadFuzzer() | isMergeTreePartCoveredBy('a', 'b') |
  lowCardinalityKeys(event) | defaultValueOfTypeName('AggregateFunction(sum, UInt64)') |
  CAST(unhex('00'), 'AggregateFunction(groupArray, String)') | CAST(event AS JSON) |
  CAST(event, concat('Aggregate', 'Function(sum, UInt8)')) | event::Dynamic |
  JSONExtract('{}', 'a', 'AggregateFunction(sum, UInt8)') | accurateCast(1, 'UInt8') |
  reinterpret(event, 'UInt64') | reinterpretAsUInt64(event) | getTypeSerializationStreams('String')
`
  .split("|")
  .map((text) => text.trim())

const called = functions.flatMap((call, index) => [
  `SELECT ${call}`,
  [
    `SELECT arrayMap(x -> ${call}, [1])`,
    `SELECT event FROM events WHERE toString(${call}) != ''`,
    `SELECT count() FROM events GROUP BY ${call} ORDER BY 1`,
    `WITH ${call} AS x SELECT x FROM events LIMIT 1`,
    `SELECT (SELECT ${call}) FROM people`,
    `SELECT if(1, ${call}, 1) FROM sessions`,
    `SELECT count() OVER (PARTITION BY ${call}) FROM events`,
    `SELECT event FROM events ORDER BY ${call} LIMIT 1 BY event`
  ][index % 8] ?? ""
])

const tableFunctions = `
  file('/etc/passwd') | file('*', 'CSV', 'a String') | url('http://127.0.0.1:1/', 'CSV', 'a String') |
  s3('http://127.0.0.1:1/b/k', 'CSV', 'a String') | remote('127.0.0.1', currentDatabase(), 'events') |
  remote('127.0.0.1', 'system.tables') | remoteSecure('127.0.0.1', 'system', 'one') |
  cluster('default', 'system', 'one') | clusterAllReplicas('default', system.one) |
  merge('events') | merge(currentDatabase(), '.*') | merge(REGEXP('.*'), 'events') |
  mergeTreeProjection(analytics, events, p_person) | mergeTreeIndex(analytics, events) |
  mergeTreeAnalyzeIndexes(analytics, events) | numbers(10) | zeros(3) | generateRandom('a String') |
  generate_series(1, 5) | values('a String', 'x') | null('a String') | input('a String') |
  view(SELECT * FROM person_links) | viewIfPermitted(SELECT 1 ELSE null('a Int8')) |
  viewExplain('EXPLAIN', '', (SELECT 1)) | dictionary('d') | mysql('h', 'd', 't', 'u', 'p') |
  postgresql('127.0.0.1:5432', 'analytics', 'projects', 'u', 'p') | sqlite('/a.db', 't') |
  mongodb('h', 'd', 'c', 'u', 'p', 'a String') | redis('h', 'k', 'k String') | jdbc('x', 'y') |
  hdfs('hdfs://h/f', 'CSV', 'a String') | azureBlobStorage('x') | deltaLake('x') | iceberg('x') |
  executable('sh', 'TSV', 'a String') | python('x') | format(CSV, 'a') | fuzzJSON('{}') |
  loop(events) | timeSeriesData('x') | hudi('x') | gcs('x') | urlCluster('c', 'u')
`
  .split("|")
  .map((text) => text.trim())

const read = tableFunctions.flatMap((table, index) => [
  `SELECT * FROM ${table}`,
  [
    `SELECT count() FROM events WHERE event IN ${table}`,
    `SELECT * FROM events JOIN ${table} AS t ON 1`,
    `WITH t AS (SELECT * FROM ${table}) SELECT * FROM t`
  ][index % 3] ?? ""
])

const tables = [
  ...'system.tables system.columns system.parts system.query_log system.processes system.settings system.users system.one system.numbers system.databases system.functions system.zookeeper information_schema.tables INFORMATION_SCHEMA.COLUMNS analytics.events default.events test.events person_links seen installation event_names `system`.`tables` `system.tables` "system"."tables" Events EVENTS `events ` events.events'.split(
    /\s(?![`])(?!$)/u
  )
].flatMap((table) => [
  `SELECT * FROM ${table}`,
  `SELECT event FROM events UNION ALL SELECT * FROM ${table}`,
  `SELECT 1 WHERE 1 IN ${table}`,
  `SELECT (SELECT count() FROM ${table})`
])

const statements = [
  "SHOW TABLES",
  "SHOW DATABASES",
  "SHOW CREATE TABLE events",
  "SHOW GRANTS",
  "SHOW PROCESSLIST",
  "DESCRIBE events",
  "DESCRIBE TABLE person_links",
  "EXISTS TABLE seen",
  "EXPLAIN SELECT 1",
  "EXPLAIN AST SELECT 1",
  "EXPLAIN ESTIMATE SELECT * FROM events",
  "SELECT * FROM (EXPLAIN SELECT 1)",
  "SELECT * FROM (DESCRIBE events)",
  "SELECT * FROM (SHOW TABLES)",
  "INSERT INTO events (project_id) VALUES (1)",
  "INSERT INTO events SELECT * FROM events",
  "INSERT INTO FUNCTION file('/tmp/x') SELECT * FROM events",
  "CREATE TABLE t (a Int8) ENGINE = Memory",
  "CREATE VIEW v AS SELECT * FROM events",
  "CREATE FUNCTION f AS x -> x",
  "CREATE TEMPORARY TABLE events (a Int8)",
  "DROP TABLE events",
  "TRUNCATE TABLE events",
  "ALTER TABLE events DELETE WHERE 1",
  "DELETE FROM events WHERE 1",
  "OPTIMIZE TABLE events FINAL",
  "RENAME TABLE events TO e",
  "DETACH TABLE events",
  "SET readonly = 0",
  "SET additional_table_filters = {}",
  "USE system",
  "KILL QUERY WHERE 1",
  "SYSTEM SHUTDOWN",
  "SYSTEM FLUSH LOGS",
  "BACKUP TABLE events TO Disk('d', 'b')",
  "GRANT ALL ON *.* TO x",
  "SELECT 1; SELECT 2",
  "SELECT 1; DROP TABLE events",
  "SELECT 1;;SELECT 2",
  "SELECT 1\n\nDROP TABLE events",
  "SELECT 1 -- ;\n; SHOW TABLES",
  "SELECT 1 /* ; */; SHOW TABLES",
  "; SELECT 1",
  "",
  " ",
  "--",
  "/*",
  "SELECT",
  "BEGIN TRANSACTION",
  "PARALLEL WITH SELECT 1"
]

const clauses = [
  "SELECT * FROM events SETTINGS additional_table_filters = {}",
  "SELECT * FROM events SETTINGS readonly = 0",
  "SELECT * FROM (SELECT * FROM events SETTINGS optimize_move_to_prewhere = 1)",
  "SELECT * FROM (SELECT 1 SETTINGS additional_table_filters = {'x': '1'})",
  "SELECT 1 UNION ALL SELECT 2 SETTINGS max_threads = 1",
  "SELECT * FROM events FORMAT JSON",
  "SELECT * FROM events FORMAT Null",
  "SELECT * FROM events INTO OUTFILE '/tmp/x'",
  "SELECT * FROM events INTO OUTFILE '/tmp/x' TRUNCATE FORMAT CSV",
  "SELECT * FROM events PREWHERE 1",
  "SELECT * FROM events PREWHERE intDiv(1, length(event) - 15)",
  "SELECT * FROM events FINAL",
  "SELECT * FROM events SAMPLE 1",
  "SELECT * FROM events SAMPLE 1 / 10 OFFSET 1 / 2",
  "SELECT _part, _table FROM events",
  "SELECT _table FROM (SELECT * FROM events)",
  "SELECT events._part_offset FROM events",
  "SELECT _partition_id, count() FROM events GROUP BY 1",
  "SELECT _database FROM events",
  "SELECT _shard_num FROM events",
  "SELECT project_id FROM events",
  "SELECT known_at FROM events",
  "SELECT batch_id FROM events",
  "SELECT id_hash FROM events",
  "SELECT props FROM events",
  "SELECT COLUMNS('.*') FROM events",
  "SELECT COLUMNS(project_id) FROM events",
  "SELECT events.COLUMNS('.*') FROM events",
  "SELECT * APPLY(hostName) FROM events",
  "SELECT * APPLY(x -> file('/etc/passwd')) FROM events",
  "SELECT * APPLY(toString) FROM events",
  "SELECT * REPLACE(hostName() AS event) FROM events",
  "SELECT * EXCEPT('event') FROM person_links",
  "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r",
  "WITH m AS MATERIALIZED (SELECT 1) SELECT * FROM m",
  "WITH events AS (SELECT * FROM events) SELECT * FROM events",
  "WITH people AS (SELECT * FROM events) SELECT * FROM people",
  "WITH `events` AS (SELECT project_id FROM events) SELECT * FROM events",
  "WITH person_links AS (SELECT 1) SELECT * FROM person_links",
  "SELECT * FROM (WITH seen AS (SELECT 1) SELECT * FROM seen) UNION ALL SELECT * FROM seen",
  "SELECT * FROM (WITH installation AS (SELECT 1) SELECT 1), installation",
  "WITH a AS (WITH events AS (SELECT 1 AS x) SELECT * FROM events) SELECT * FROM a, events",
  "SELECT * FROM events WHERE event IN seen",
  "SELECT * FROM events WHERE event IN (person_links)",
  "SELECT * FROM events WHERE event GLOBAL IN seen",
  "SELECT * FROM events WHERE event IN `system.tables`",
  "SELECT `a\n   TableIdentifier events` FROM events",
  "SELECT 1 AS `x (children 1)\n Set`",
  'SELECT "a\'b" FROM events',
  "SELECT 1 AS `)) UNION ALL SELECT * FROM person_links --`",
  "SELECT ' FROM events --\u2019 UNION SELECT * FROM system.tables",
  "SELECT * FROM events) UNION ALL SELECT * FROM (SELECT * FROM seen",
  "SELECT 1)) SELECT * FROM seen --",
  "SELECT * FROM events /* ) */ ) , seen (",
  "SELECT * FROM ( SELECT 1 ) ) , ( SELECT * FROM seen",
  "SELECT * FROM ｅｖｅｎｔｓ",
  "SELECT * FROM еvents",
  "SELECT\u00a0*\u00a0FROM\u00a0seen",
  "SELECT * FROM events\u0000; SELECT 1",
  "SELECT /*! * FROM seen */ 1 FROM seen",
  "SELECT * FROM/**/seen",
  "SELECT * FROM events WHERE event = 'x' OR 1 = 1 UNION DISTINCT SELECT id FROM installation",
  "SELECT * FROM events EXCEPT SELECT * FROM seen",
  "SELECT * FROM events INTERSECT SELECT * FROM seen",
  "SELECT * FROM events ARRAY JOIN file('/x') AS y",
  "SELECT * FROM events AS e, person_links AS p WHERE p.person = 1",
  "SELECT * FROM events LEFT JOIN seen ON 1 = 1",
  "SELECT * FROM events GLOBAL JOIN seen USING hash",
  "SELECT * FROM events PASTE JOIN seen",
  "SELECT {x:Identifier} FROM events",
  "SELECT * FROM {x:Identifier}",
  "SELECT * FROM {_database:Identifier}.events",
  "SELECT {_p0:UInt32}, {_p1:String}",
  "SELECT {p:Nullable(Nothing)}",
  "SELECT ?",
  "SELECT @@version",
  "SELECT @x := 1",
  "TABLE events",
  "FROM seen SELECT *",
  "VALUES (1)",
  "(SELECT 1)) UNION ALL (SELECT * FROM seen",
  "SELECT quantileState(0.5)(1)",
  "SELECT view(SELECT * FROM seen)",
  "SELECT exists(SELECT * FROM seen)",
  "SELECT * FROM events ORDER BY (SELECT hash FROM seen LIMIT 1)",
  "SELECT * FROM events LIMIT (SELECT count() FROM seen)",
  "SELECT * FROM events WINDOW w AS (ORDER BY hostName())",
  "SELECT * FROM events QUALIFY hostName() = 'x'",
  "SELECT * FROM events GROUP BY GROUPING SETS ((event), (hostName()))",
  "SELECT * FROM events ORDER BY event WITH FILL FROM 0 TO sleep(3)",
  "SELECT sum(1) OVER (ORDER BY (SELECT count() FROM seen)) FROM events",
  "SELECT sum(1) OVER (ORDER BY event ROWS BETWEEN getMacro('x') PRECEDING AND CURRENT ROW) FROM events",
  "SELECT event FROM events ORDER BY 1 WITH FILL FROM (1 IN seen) TO 3",
  "SELECT event FROM events ORDER BY 1 WITH FILL FROM 1 TO (SELECT count() FROM seen)",
  "SELECT sum(1) FILTER (WHERE 1 IN (seen)) FROM events",
  "SELECT event IN events FROM events",
  "SELECT `file`('/etc/passwd')",
  'SELECT "hostName"()',
  "SELECT event FROM events INTERPOLATE (event AS hostName())"
]

/** Other forms of names, texts and types, and what is cheap to write and dear to make. */
const forms = [
  "WITH a AS (SELECT 1 AS x), b AS (WITH a AS (SELECT project_id FROM events) SELECT * FROM a) SELECT * FROM b",
  "SELECT in(event, seen) FROM events",
  "SELECT globalIn(event, `seen`) FROM events",
  "SELECT notIn(event, (seen)) FROM events",
  "SELECT * FROM events AS `system.x`",
  "WITH (SELECT 1) AS seen SELECT * FROM seen",
  "SELECT (SELECT 1) AS seen, (SELECT * FROM seen)",
  "SELECT x FROM events ARRAY JOIN (SELECT groupArray(hash) FROM seen) AS x",
  "SELECT x FROM events ARRAY JOIN seen AS x",
  "SELECT 1 AS n, 2 AS m ORDER BY n WITH FILL FROM 0 TO 3 INTERPOLATE (m AS (SELECT count() FROM seen))",
  "SELECT event FROM events QUALIFY (SELECT count() FROM seen) = 1",
  "SELECT $a$x$a$ FROM seen",
  "SELECT \u2018x\u2019 FROM seen",
  "SELECT \u201cproject_id\u201d FROM events",
  "SELECT `a\\`` FROM seen",
  "SELECT 1 AS `a\\\\`, 2 AS `b` FROM events",
  "SELECT length(repeat('x', 1000000000))",
  "SELECT length(repeat(repeat('x', 1000000), 1000000))",
  "SELECT length(arrayWithConstant(1000000000, 'x'))",
  "SELECT toFixedString('x', 1000000000)",
  "SELECT match('x', '((a{1,1000}){1,1000}){1,1000}')",
  "SELECT number FROM (SELECT 1 AS number) ORDER BY number WITH FILL FROM 0 TO 10 STEP 0.0000000001",
  "SELECT 1::Variant(String, UInt8)",
  "SELECT CAST(1 AS Enum8('a' = 1))",
  "SELECT CAST('1', 'Nullable(AggregateFunction(sum, UInt8))')",
  "SELECT JSONExtract('{}', 'Dynamic')",
  "SELECT quantilesExact(0.5, hostName())(1)",
  "SELECT sumSimpleState(1)",
  "SELECT sumResample(0, 1000000000, 1)(1, 1)",
  "SELECT countMergeIf(1, 1)",
  "SELECT events.`_part` FROM events",
  "SELECT `__table1`.project_id FROM events",
  "SELECT identity(project_id) FROM events",
  "SELECT e.project_id FROM events AS e",
  "WITH events(x) AS (SELECT project_id FROM events) SELECT * FROM events",
  "SELECT 1 = ALL (seen)",
  "SELECT CASE WHEN 1 IN (seen) THEN 1 END",
  "SELECT POSITION('a' IN seen)",
  "SELECT event FROM events ORDER BY event COLLATE '../../etc/passwd'",
  "SELECT toTimezone(now(), '../../etc/passwd')",
  "SELECT 1 AS `a\\0b`",
  `SELECT ${"(".repeat(5000)}1${")".repeat(5000)}`,
  `SELECT ${"[".repeat(3000)}1${"]".repeat(3000)}`,
  `SELECT ${"- ".repeat(20_000)}1`,
  `SELECT ${"(SELECT ".repeat(60)}1${")".repeat(60)}`
]

const nestedUnions = (depth: number): string =>
  depth === 0
    ? "SELECT 1"
    : `WITH a${depth} AS (${nestedUnions(depth - 1)}) SELECT 1${" UNION ALL SELECT 1".repeat(10)}`

/** What one SELECT of a union names, the others see, and nothing else. */
const unions = [
  "WITH a AS (SELECT 1 AS x) SELECT x FROM a UNION ALL SELECT hash FROM seen",
  "WITH a AS (SELECT hash AS x FROM seen) SELECT 1 UNION ALL SELECT x FROM a",
  "WITH a AS (SELECT 1 AS x) SELECT x FROM a UNION ALL WITH b AS (SELECT * FROM seen) SELECT 1 FROM b",
  "WITH a AS (SELECT 1 AS x) SELECT x FROM a UNION ALL SELECT project_id FROM events",
  "WITH a AS (SELECT * FROM events) SELECT event FROM a UNION ALL SELECT project_id FROM a",
  "WITH events AS (SELECT 1 AS x) SELECT x FROM events UNION ALL SELECT x FROM events",
  "WITH seen AS (SELECT 1 AS x) SELECT x FROM seen UNION ALL SELECT * FROM seen",
  "WITH a AS (SELECT 1 AS x) SELECT x FROM a UNION ALL SELECT x FROM (WITH person_links AS (SELECT 1) SELECT * FROM person_links)",
  "WITH a AS (SELECT 1 AS x) SELECT x FROM a UNION ALL SELECT number FROM numbers(3)",
  "WITH a AS (SELECT * FROM merge('events')) SELECT 1 UNION ALL SELECT 2",
  "WITH a AS (SELECT 1) SELECT * FROM a UNION ALL SELECT 1 SETTINGS enable_global_with_statement = 1",
  "WITH a AS (SELECT 1) SELECT * FROM a UNION ALL SELECT 1 FORMAT JSON",
  "WITH hostName() AS h SELECT h UNION ALL SELECT h",
  "WITH x -> hostName() AS f SELECT f(1) UNION ALL SELECT f(2)",
  "WITH a AS (SELECT 1 AS x) SELECT 1 UNION ALL SELECT 1 WHERE 1 IN seen",
  "WITH a AS (SELECT 1 AS x) SELECT 1 UNION ALL SELECT 1 WHERE 1 IN a",
  "WITH a AS (SELECT 1 AS x) SELECT x FROM a EXCEPT SELECT hash FROM seen",
  "WITH a AS (SELECT 1 AS x) SELECT x FROM a INTERSECT (SELECT 1 UNION ALL SELECT hash FROM seen)",
  "WITH RECURSIVE a AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM a) SELECT x FROM a UNION ALL SELECT x FROM a",
  // A few lines that become a hundred thousand; of ten times as many the memory is gone.
  nestedUnions(4)
]

export const hostile: ReadonlyArray<string> = [
  ...new Set([
    ...called,
    ...read,
    ...tables,
    ...statements,
    ...clauses,
    ...forms,
    ...unions
  ])
]

/** Values that try to become more than values. */
export const hostileParams: ReadonlyArray<{
  readonly query: string
  readonly params: Readonly<Record<string, unknown>>
}> = [
  { query: "SELECT {x:Identifier}", params: { x: "project_id" } },
  { query: "SELECT * FROM {x:Identifier}", params: { x: "seen" } },
  { query: "SELECT {x:UInt8}", params: { x: "1; SELECT 2" } },
  {
    query: "SELECT CAST(1, {x:String})",
    params: { x: "AggregateFunction(sum, UInt8)" }
  },
  { query: "SELECT {_p0:UInt32}", params: {} },
  { query: "SELECT 1", params: { _p0: 2 } },
  { query: "SELECT 1", params: { _database: "system" } },
  { query: "SELECT {x:String}", params: {} },
  { query: "SELECT 1", params: { x: 1 } },
  { query: "SELECT {x:String}", params: { x: { a: 1 } } },
  { query: "SELECT {x:Map(String, String)}", params: { x: "{'a':hostName()}" } },
  { query: "SELECT {x:AggregateFunction(sum, UInt8)}", params: { x: "1" } },
  { query: "SELECT {x:Dynamic}", params: { x: "1" } }
]
