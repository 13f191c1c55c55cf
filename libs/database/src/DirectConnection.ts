import { connect as connectSocket, type Socket } from "node:net"
import * as PgConnection from "@effect/sql-pg/PgConnection"
import {
  Deferred,
  Duration,
  Effect,
  Fiber,
  Redacted,
  Schedule,
  Schema,
  type Scope
} from "effect"
import type { SqlError } from "effect/sql/SqlError"

/** The session is gone, and every lock and temporary table of it. */
export class ConnectionLost extends Schema.TaggedError<ConnectionLost>()(
  "ConnectionLost",
  { reason: Schema.String }
) {}

/** One session outside any pool, for locks that live as long as their connection. */
export interface DirectConnection {
  readonly processId: number
  /** Runs one statement. Rows keep the names that SQL gave them. */
  query<Row = Record<string, unknown>>(
    sql: string,
    params?: ReadonlyArray<unknown>
  ): Effect.Effect<ReadonlyArray<Row>, SqlError>
  /** Fails as soon as the session ended or stopped answering. Race the work against it. */
  readonly lost: Effect.Effect<never, ConnectionLost>
}

export interface Options {
  readonly url: Redacted.Redacted
  readonly applicationName?: string
  /** How often an idle session is asked for a sign of life, and how long it may take. Default 5 s. */
  readonly heartbeat?: Duration.Input
  /**
   * After how long without a sign of life the server ends the session, and with it its
   * locks: of a machine that is gone nobody closes the socket. Default 30 s.
   */
  readonly idleTimeout?: Duration.Input
}

/**
 * The server looks after the client, too: of a machine that is gone without a word it would
 * otherwise keep the session, and its locks, for the two hours of the system's default.
 */
const SERVER_KEEPALIVE = `SELECT set_config('tcp_keepalives_idle', '10', false),
  set_config('tcp_keepalives_interval', '5', false),
  set_config('tcp_keepalives_count', '3', false),
  set_config('tcp_user_timeout', '25000', false)`

/**
 * Opens a session and watches it: a closed socket is seen at once, a silent peer after
 * two heartbeats. While a statement runs, no heartbeat is sent.
 */
export const make: (
  options: Options
) => Effect.Effect<DirectConnection, SqlError, Scope.Scope> = Effect.fn(
  "DirectConnection.make"
)(function* (options: Options) {
  const lost = yield* Deferred.make<never, ConnectionLost>()
  const fail = (reason: string) =>
    Deferred.doneUnsafe(lost, Effect.fail(new ConnectionLost({ reason })))
  const url = new URL(Redacted.value(options.url))
  const mode = url.searchParams.get("sslmode") ?? "disable"
  const connection = yield* PgConnection.make({
    url: options.url,
    applicationName: options.applicationName,
    // Our own socket, because the driver does not tell when it closes.
    stream: () => watched(url, fail),
    ...(/^(require|verify)/.test(mode) ? { ssl: { servername: url.hostname } } : {})
  })
  yield* connection.query(SERVER_KEEPALIVE, [], false)
  const idle = Duration.toMillis(options.idleTimeout ?? "30 seconds")
  yield* connection.query(`SET idle_session_timeout = ${Math.ceil(idle)}`)
  const heartbeat = options.heartbeat ?? "5 seconds"
  let inFlight = 0
  const run = (sql: string, params: ReadonlyArray<unknown>, prepare: boolean) =>
    Effect.suspend(() => {
      inFlight += 1
      return connection.query(sql, params, prepare)
    }).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          inFlight -= 1
        })
      )
    )

  yield* signOfLife(() => inFlight > 0, connection).pipe(
    Effect.timeout(heartbeat),
    Effect.repeat(Schedule.spaced(heartbeat)),
    Effect.catch((error) => Effect.sync(() => fail(`no heartbeat: ${error.message}`))),
    Effect.forkScoped
  )

  return {
    processId: connection.processId,
    query: <Row>(sql: string, params: ReadonlyArray<unknown> = []) =>
      Effect.map(
        run(sql, params, params.length > 0),
        (result) => result.rows as ReadonlyArray<Row>
      ),
    lost: Deferred.await(lost)
  }
})

/** Detached, because an interrupted statement first waits for the server's consent. */
const signOfLife = (busy: () => boolean, connection: PgConnection.PgConnection) =>
  Effect.suspend(() =>
    busy()
      ? Effect.void
      : Effect.flatMap(Effect.forkDetach(connection.query("SELECT 1")), Fiber.join)
  )

function watched(url: URL, fail: (reason: string) => void): Socket {
  const host = decodeURIComponent(url.hostname) || "127.0.0.1"
  const socket = connectSocket({ host, port: Number(url.port || 5432) })
  socket.setNoDelay(true)
  socket.setKeepAlive(true, 10_000)
  socket.on("close", () => fail("the connection closed"))
  return socket
}
