import { type Connection, QueryClass } from "./Connection.ts"
import { engineError, toEngineError } from "./EngineError.ts"
import { Control, type Report, type Run } from "./Job.ts"
import { Libchdb } from "./Libchdb.ts"
import { guardInsert, guardStatement } from "./StatementGuard.ts"
import { noStatistics, type Statistics } from "./Statistics.ts"

/** A piece small enough that a cancelled insert stops soon, large enough to be free. */
const PIECE = 4 * 1024 * 1024

declare const self: Worker

const report = (message: Report, transfer: Array<ArrayBuffer> = []): void =>
  self.postMessage(message, transfer)

function* pieces(data: ReadonlyArray<Uint8Array>): Generator<Uint8Array> {
  for (const bytes of data) {
    for (let at = 0; at < bytes.length; at += PIECE)
      yield bytes.subarray(at, at + PIECE)
  }
}

/** Waits until the reader wants another block; false when it is gone. */
const awaitCredit = (control: Int32Array, stallMs: number): boolean => {
  while (Atomics.load(control, Control.credits) <= 0) {
    if (Atomics.wait(control, Control.credits, 0, stallMs) === "timed-out") {
      throw engineError(209, "SOCKET_TIMEOUT", "The reader took no data for too long")
    }
  }
  Atomics.sub(control, Control.credits, 1)
  return Atomics.load(control, Control.cancelled) === 0
}

const stream = (connection: Connection, { job, control }: Run): Statistics => {
  const stallMs = job.kind === "stream" ? job.stallMs : 0
  const blocks = connection.stream(job.sql, job.format)
  while (true) {
    const next = blocks.next()
    if (next.done) return next.value
    if (!awaitCredit(control, stallMs)) {
      // Closing the generator cancels the query in the engine.
      blocks.return(noStatistics)
      throw engineError(394, "QUERY_WAS_CANCELLED", "Query was cancelled")
    }
    report({ type: "block", bytes: next.value }, [next.value])
  }
}

const run = (connection: Connection, current: Run): Statistics => {
  const { job, control } = current
  const goOn = () => Atomics.load(control, Control.cancelled) === 0
  connection.execute(job.prologue)
  if (!goOn()) throw engineError(394, "QUERY_WAS_CANCELLED", "Query was cancelled")
  if (job.kind === "insert") {
    guardInsert(connection, job.sql, job.readonly)
    return connection.insert(job.sql, job.format, pieces(job.data), goOn)
  }
  const { queryClass } = guardStatement(connection, job.sql, job.readonly)
  if (job.kind === "stream" && queryClass === QueryClass.readOnly) {
    return stream(connection, current)
  }
  const { bytes, statistics } = connection.query(job.sql, job.format)
  if (bytes.byteLength > 0) report({ type: "block", bytes }, [bytes])
  return statistics
}

const library = Libchdb.load()

self.onmessage = (event: MessageEvent<Run>) => {
  let connection: Connection | undefined
  let last: Report
  try {
    connection = library.connect(event.data.job.connect)
    last = { type: "done", statistics: run(connection, event.data) }
  } catch (thrown) {
    last = { type: "failed", message: toEngineError(thrown).message }
  }
  // The connection is closed before the answer: whoever reads it sees an idle engine.
  connection?.close()
  report(last)
}
report({ type: "ready" })
