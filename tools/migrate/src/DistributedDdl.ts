import type { ClickHouse } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { ddlSettings } from "@analytics/database/Topology"
import { Duration, Effect, Schema } from "effect"

/** Answers to a repeated CREATE, DROP or ALTER that say it was carried out before. */
export const alreadySo: ReadonlySet<number> = new Set([
  10, // NOT_FOUND_COLUMN_IN_BLOCK: DROP COLUMN again
  15, // DUPLICATE_COLUMN
  44, // ILLEGAL_COLUMN: ADD COLUMN or INDEX again
  57, // TABLE_ALREADY_EXISTS
  60, // UNKNOWN_TABLE: DROP again
  81, // UNKNOWN_DATABASE: DROP again
  82 // DATABASE_ALREADY_EXISTS
])

/** Some nodes did not carry out what others may have. */
export class NodesDiffer extends Schema.TaggedError<NodesDiffer>()("NodesDiffer", {
  /** What each of them said. */
  nodes: Schema.Array(Schema.String),
  /** Whether no node has carried it out. */
  nowhere: Schema.Boolean
}) {
  override get message() {
    return this.nodes.join("; ")
  }
}

const TABLE_ALREADY_EXISTS = 57

interface NodeAnswer {
  readonly host: string
  readonly port: number
  /** The engine's code; null of a node that has not answered. */
  readonly status: number | string | null
  readonly error: string | null
}

/** Longer than `distributed_ddl_task_timeout` of `ddlSettings`. */
const PATIENCE = Duration.minutes(6)

/**
 * A statement `ON CLUSTER`, done when every node has carried it out.
 *
 * @param again takes for done what a node says it has already, after a run that was cut off
 */
export const tellNodes = Effect.fn("DistributedDdl.tellNodes")(function* (
  clickhouse: ClickHouse["Service"],
  sql: string,
  again: boolean
): Effect.fn.Return<void, ClickHouseError | NodesDiffer> {
  // Not by the code of a table that is there: so is called also an id that still belongs to
  // one that was dropped a moment ago.
  const text = again
    ? sql.replace(/^CREATE TABLE (?!IF NOT EXISTS )/, "CREATE TABLE IF NOT EXISTS ")
    : sql
  const answers = yield* clickhouse.query<NodeAnswer>(text, {
    settings: ddlSettings,
    timeout: PATIENCE,
    // Sent again, nodes would refuse what they have done, as if nothing had happened.
    once: true
  })
  const isDone = ({ status }: NodeAnswer) =>
    status !== null &&
    (Number(status) === 0 ||
      (again &&
        Number(status) !== TABLE_ALREADY_EXISTS &&
        alreadySo.has(Number(status))))
  const left = answers.filter((answer) => !isDone(answer))
  if (left.length > 0)
    return yield* new NodesDiffer({
      nodes: left.map(
        ({ error, host, port, status }) =>
          `${host}:${port} ${status === null ? "has not answered: it does it when it is back" : `refused it: ${error}`}`
      ),
      nowhere: !again && answers.every(({ status }) => Number(status ?? 0) !== 0)
    })
})
