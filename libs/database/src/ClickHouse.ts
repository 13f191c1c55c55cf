import { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import {
  type ClickHouseClient,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient
} from "@clickhouse/client"
import {
  Context,
  Duration,
  Effect,
  Layer,
  Redacted,
  Schedule,
  type Scope,
  Semaphore,
  Stream
} from "effect"
import {
  ClickHouseError,
  isBehind,
  isConnectionLost,
  type Operation,
  translate
} from "./ClickHouseError.ts"
import { insertOverHttp } from "./insertOverHttp.ts"
import { poolOf, traceHeaders } from "./storeMetrics.ts"
import { clusterSettings, Topology } from "./Topology.ts"
import { untilException } from "./untilException.ts"

export interface RequestOptions {
  /** Values for `{name:Type}` placeholders. */
  readonly params?: Record<string, unknown>
  readonly settings?: ClickHouseSettings
  /** Default: random. By this id the query can be killed. */
  readonly queryId?: string
  /** How long to wait for the answer, instead of what is configured. */
  readonly timeout?: Duration.Duration
  /** Changes something: a lost connection is an error and not asked again. */
  readonly once?: boolean
}

export interface InsertRequest extends RequestOptions {
  /** A name, or a table function as SQL. */
  readonly table: string | { readonly function: string }
  readonly columns?: ReadonlyArray<string>
  /** The rows in `format`, sent as they are. */
  readonly body: Uint8Array<ArrayBuffer> | string
  readonly format:
    | "JSONEachRow"
    | "JSONCompactEachRow"
    | "RowBinary"
    | "Native"
    | "CSV"
    | "TabSeparated"
}

/** An answer by position: `rows[i][j]` belongs to `columns[j]`. 64-bit integers are strings. */
export interface Table {
  readonly columns: ReadonlyArray<{ readonly name: string; readonly type: string }>
  readonly rows: ReadonlyArray<ReadonlyArray<unknown>>
  /** Rows the engine looked at for it. */
  readonly rowsRead: number
  /** The same in bytes, before compression. */
  readonly bytesRead: number
}

/**
 * The event store over ClickHouse's HTTP interface; embedded and real servers alike.
 *
 * Answers are complete or errors: the server buffers them until the query has ended.
 * Interrupting an effect aborts its request and kills its query.
 */
export class ClickHouse extends Context.Service<
  ClickHouse,
  {
    /** Rows by column name. 64-bit integers are strings. A lost connection is retried once. */
    query<Row = Record<string, unknown>>(
      sql: string,
      options?: RequestOptions
    ): Effect.Effect<ReadonlyArray<Row>, ClickHouseError>
    /** The same by position, with column types. */
    table(sql: string, options?: RequestOptions): Effect.Effect<Table, ClickHouseError>
    /** The answer in any format, as bytes. */
    bytes(
      sql: string,
      options: RequestOptions & { readonly format: string }
    ): Effect.Effect<Uint8Array, ClickHouseError>
    /**
     * The answer in any format as it comes, read no faster than it is taken. A stream that
     * fails was not complete; one that is given up kills its query. Not retried, but for a
     * replica that lags when it is asked.
     */
    stream(
      sql: string,
      options: RequestOptions & { readonly format: string }
    ): Stream.Stream<Uint8Array, ClickHouseError>
    /** A statement without an answer. Never retried. */
    command(sql: string, options?: RequestOptions): Effect.Effect<void, ClickHouseError>
    /** One block of rows. Never retried: after an unclear end the caller reconciles. */
    insert(
      request: InsertRequest
    ): Effect.Effect<{ readonly writtenRows: number }, ClickHouseError>
    /** Asks the server to stop a query; returns at once, whether it ran or not. */
    kill(queryId: string): Effect.Effect<void, ClickHouseError>
    /** Kills a query and returns once the server no longer runs it; `timeout` after 30 s. */
    killAndWait(queryId: string): Effect.Effect<void, ClickHouseError>
    readonly ping: Effect.Effect<void, ClickHouseError>
    /** Where the tables lie. */
    readonly topology: Topology
  }
>()("@analytics/database/ClickHouse") {
  static readonly layer = Layer.effect(
    ClickHouse,
    Effect.flatMap(ClickHouseConfig, (config) => make(config))
  )
}

/** Whole answers only, and no 64-bit integer loses digits. */
const readSettings: ClickHouseSettings = {
  wait_end_of_query: 1,
  output_format_json_quote_64bit_integers: 1
}

export const make = Effect.fnUntraced(function* (
  config: ClickHouseConfig["Service"]
): Effect.fn.Return<ClickHouse["Service"], never, Scope.Scope> {
  const client = yield* Effect.acquireRelease(
    Effect.sync(() => connect(config)),
    (open) => Effect.promise(() => open.close())
  )

  const url = new URL(Redacted.value(config.url))
  const counted = poolOf("clickhouse", config.poolSize)
  const topology = new Topology(config.cluster)
  const ofAll: ClickHouseSettings =
    topology.cluster === undefined ? {} : clusterSettings

  const send = <A>(
    operation: Operation,
    queryId: string,
    run: (request: Sent) => Promise<A>,
    options: RequestOptions = {}
  ) =>
    counted(
      operation,
      sendOne(operation, queryId, run, {
        ...options,
        settings: { ...ofAll, ...options.settings }
      })
    )

  /** How long DDL waits for the nodes of a cluster. */
  const patience = (duration: Duration.Duration): ClickHouseSettings =>
    topology.cluster === undefined
      ? {}
      : {
          distributed_ddl_task_timeout: String(Math.ceil(Duration.toSeconds(duration)))
        }

  const kill = (queryId: string) =>
    send(
      "command",
      randomId(),
      (request) =>
        client.command({
          ...request,
          query: `KILL QUERY ${topology.onCluster} WHERE Settings['log_comment'] = {id:String} ASYNC`,
          query_params: { id: queryId }
        }),
      { settings: patience(Duration.seconds(5)) }
    ).pipe(Effect.timeoutOrElse(late("command", queryId, "10 seconds")), Effect.asVoid)

  /** One attempt, bounded in time, which leaves no query behind when it is given up. */
  const attempt = <A>(
    operation: Operation,
    options: RequestOptions,
    run: (request: Sent) => Promise<A>
  ) =>
    Effect.suspend(() => {
      const queryId = options.queryId ?? randomId()
      return send(operation, queryId, run, options).pipe(
        // Not awaited: who interrupts must not wait for a server that is down.
        Effect.onInterrupt(() => Effect.forkDetach(Effect.ignore(kill(queryId)))),
        Effect.timeoutOrElse(
          late(operation, queryId, options.timeout ?? config.requestTimeout)
        )
      )
    })

  const read = <A>(options: RequestOptions, run: (request: Sent) => Promise<A>) =>
    attempt(
      "read",
      { ...options, settings: { ...readSettings, ...options.settings } },
      run
    ).pipe(
      Effect.retry({
        times: 1,
        while: (error) => !options.once && isConnectionLost(error)
      }),
      Effect.retry({ while: isBehind, schedule: catchingUp })
    )

  /**
   * A cluster refuses a block while the one before it has no quorum, so that one process
   * sends those of a table one after another.
   */
  const turns = new Map<string, Semaphore.Semaphore>()
  const inTurn =
    (table: InsertRequest["table"]) =>
    <A, E, R>(insert: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
      if (topology.cluster === undefined || typeof table !== "string") return insert
      const turn = turns.get(table) ?? Semaphore.makeUnsafe(1)
      turns.set(table, turn)
      return turn.withPermit(insert)
    }

  const running = (queryId: string) =>
    read({ params: { id: queryId } }, (request) =>
      client
        .query({
          ...request,
          query: `SELECT 1 FROM ${topology.onEveryNode("system.processes")} WHERE Settings['log_comment'] = {id:String}`,
          format: "JSONEachRow"
        })
        .then((answer) => answer.json())
    ).pipe(Effect.map((rows) => rows.length > 0))

  return ClickHouse.of({
    query: <Row>(sql: string, options: RequestOptions = {}) =>
      read(options, (request) =>
        client
          .query({ ...request, query: sql, format: "JSONEachRow" })
          .then((answer) => answer.json<Row>())
      ).pipe(withSpan("query", sql)),
    table: (sql, options = {}) =>
      read(options, (request) =>
        client
          .query({ ...request, query: sql, format: "JSONCompact" })
          .then((answer) => answer.json<ReadonlyArray<unknown>>())
      ).pipe(
        Effect.map(({ meta = [], data, statistics }) => ({
          columns: meta,
          rows: data,
          rowsRead: statistics?.rows_read ?? 0,
          bytesRead: statistics?.bytes_read ?? 0
        })),
        withSpan("table", sql)
      ),
    bytes: (sql, options) =>
      read(options, (request) =>
        client
          .exec({ ...request, query: `${sql}\nFORMAT ${options.format}` })
          .then(({ stream }) => collect(stream))
      ).pipe(withSpan("bytes", sql)),
    stream: (sql, options) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const queryId = options.queryId ?? randomId()
          const controller = new AbortController()
          // Until its end is seen, somebody may have left.
          let ended = false
          yield* Effect.addFinalizer(() =>
            Effect.suspend(() => {
              if (ended) return Effect.void
              controller.abort()
              return Effect.forkDetach(Effect.ignore(kill(queryId)))
            })
          )
          const { response_headers, stream } = yield* send(
            "read",
            queryId,
            (request) =>
              client.exec({
                ...request,
                query: `${sql}\nFORMAT ${options.format}`,
                abort_signal: controller.signal
              }),
            {
              ...options,
              settings: {
                output_format_json_quote_64bit_integers: 1,
                ...options.settings
              }
            }
          ).pipe(
            Effect.timeoutOrElse(
              late("read", queryId, options.timeout ?? config.requestTimeout)
            ),
            // Nothing of it has come yet.
            Effect.retry({ while: isBehind, schedule: catchingUp })
          )
          return Stream.fromAsyncIterable<Uint8Array, ClickHouseError>(
            untilException(stream, response_headers),
            (cause) => translate("read", queryId, cause)
          ).pipe(
            Stream.onEnd(
              Effect.sync(() => {
                ended = true
              })
            )
          )
        })
      ).pipe(Stream.withSpan("ClickHouse.stream")),
    command: (sql, options = {}) =>
      attempt(
        "command",
        {
          ...options,
          settings: {
            wait_end_of_query: 1,
            ...patience(options.timeout ?? config.requestTimeout),
            ...options.settings
          }
        },
        (request) => client.command({ ...request, query: sql })
      ).pipe(Effect.asVoid, withSpan("command", sql)),
    insert: (request) =>
      attempt(
        "insert",
        { ...request, settings: { wait_end_of_query: 1, ...request.settings } },
        async (sent) => ({
          writtenRows: await insertOverHttp({
            url,
            query: insertSql(request),
            queryId: sent.query_id,
            settings: sent.clickhouse_settings,
            headers: sent.http_headers,
            body: request.body,
            signal: sent.abort_signal
          })
        })
      ).pipe(inTurn(request.table), withSpan("insert", targetOf(request.table))),
    kill,
    killAndWait: Effect.fn("ClickHouse.killAndWait")((queryId: string) =>
      kill(queryId).pipe(
        // Nodes of a cluster take it in after DDL that may run for long; what counts is
        // whether each of them still runs the query.
        Effect.catchIf(
          (error) => topology.cluster !== undefined && error.kind === "timeout",
          () => Effect.void
        ),
        Effect.andThen(running(queryId)),
        Effect.repeat({
          while: (alive) => alive,
          schedule: Schedule.spaced("50 millis")
        }),
        Effect.timeoutOrElse(late("command", queryId, "30 seconds")),
        Effect.asVoid
      )
    ),
    ping: read({}, (request) =>
      client
        .query({ ...request, query: "SELECT 1", format: "JSONEachRow" })
        .then((answer) => answer.json())
    ).pipe(Effect.asVoid),
    topology
  })
})

/** How long a read waits for a replica that has what was acknowledged. */
const catchingUp = Schedule.spaced("100 millis").pipe(
  Schedule.upTo({ duration: "10 seconds" })
)

const connect = (config: ClickHouseConfig["Service"]): ClickHouseClient =>
  createClient({
    url: Redacted.value(config.url),
    application: "analytics",
    max_open_connections: config.poolSize,
    // Ours ends first and kills the query, whatever a request may take.
    request_timeout: LONGEST_REQUEST,
    compression: { request: false, response: false },
    keep_alive: { enabled: true, eagerly_destroy_stale_sockets: true },
    use_multipart_params_auto: true,
    log: { level: ClickHouseLogLevel.OFF }
  })

/** In milliseconds. */
const LONGEST_REQUEST = 24 * 60 * 60 * 1000

/** What every request carries; both ids, because only one of them survives in each engine. */
interface Sent {
  readonly query_id: string
  readonly query_params?: Record<string, unknown>
  readonly clickhouse_settings: ClickHouseSettings
  readonly http_headers: Record<string, string>
  readonly abort_signal: AbortSignal
}

const sendOne = <A>(
  operation: Operation,
  queryId: string,
  run: (request: Sent) => Promise<A>,
  options: RequestOptions
): Effect.Effect<A, ClickHouseError> =>
  Effect.flatMap(traceHeaders, (headers) =>
    Effect.tryPromise({
      try: (signal) =>
        run({
          query_id: queryId,
          ...(options.params ? { query_params: options.params } : {}),
          clickhouse_settings: { ...options.settings, log_comment: queryId },
          http_headers: headers,
          abort_signal: signal
        }),
      catch: (cause) => translate(operation, queryId, cause)
    })
  )

const late = (operation: Operation, queryId: string, duration: Duration.Input) => ({
  duration,
  orElse: () =>
    Effect.fail(
      new ClickHouseError({
        kind: "timeout",
        reason: `no answer to a ${operation} in ${Duration.format(Duration.fromInputUnsafe(duration))}`,
        queryId
      })
    )
})

const insertSql = ({ table, columns, format }: InsertRequest): string => {
  const names = columns ? ` (${columns.map(quoteName).join(", ")})` : ""
  return `INSERT INTO ${targetOf(table)}${names} FORMAT ${format}`
}

const targetOf = (table: InsertRequest["table"]): string =>
  typeof table === "string" ? quoteName(table) : `FUNCTION ${table.function}`

/** An identifier as SQL text. */
export const quoteName = (name: string): string =>
  `\`${name.replace(/[`\\]/g, (character) => `\\${character}`)}\``

const withSpan = (name: string, statement: string) =>
  Effect.withSpan(`ClickHouse.${name}`, {
    kind: "client",
    attributes: {
      "db.system.name": "clickhouse",
      "db.operation.name": name,
      "db.query.text": statement.slice(0, 2000)
    }
  })

const randomId = (): string => crypto.randomUUID()

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Array<Uint8Array> = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
