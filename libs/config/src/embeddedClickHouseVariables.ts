import * as Kind from "./Kind.ts"
import { defaulted, optional, type Process } from "./Variable.ts"

const of: ReadonlyArray<Process> = ["embedded-clickhouse"]
const count = Kind.wholeNumber({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

/** Of the embedded engine when it is run by itself; the local stack passes flags instead. */
export const embeddedClickHouseVariables = {
  EMBEDDED_CLICKHOUSE_PATH: defaulted(Kind.text, ".data/clickhouse", {
    of,
    description: "Folder of the data."
  }),
  EMBEDDED_CLICKHOUSE_HOST: defaulted(Kind.text, "127.0.0.1", {
    of,
    description: "Address to listen on."
  }),
  EMBEDDED_CLICKHOUSE_PORT: defaulted(count, "8123", {
    of,
    description: "Port to listen on; 0 takes a free one."
  }),
  EMBEDDED_CLICKHOUSE_MAX_MEMORY: optional(count, {
    of,
    description:
      "Bytes the engine may use. Without it half the machine's memory, at most 4 GiB."
  }),
  EMBEDDED_CLICKHOUSE_BACKUPS: optional(Kind.text, {
    of,
    description: "Folder that BACKUP and RESTORE may use."
  }),
  EMBEDDED_CLICKHOUSE_USER: optional(Kind.text, {
    of,
    description: "User that clients must name; `default` when only a password is set."
  }),
  EMBEDDED_CLICKHOUSE_PASSWORD: optional(Kind.secret, {
    of,
    description: "Password that clients must send."
  }),
  EMBEDDED_CLICKHOUSE_QUERIES: defaulted(count, "12", {
    of,
    description: "SELECTs and DDL statements at once."
  }),
  EMBEDDED_CLICKHOUSE_INSERTS: defaulted(count, "4", {
    of,
    description: "INSERTs with data at once."
  }),
  EMBEDDED_CLICKHOUSE_QUEUE: defaulted(count, "256", {
    of,
    description: "Statements that may wait for a thread, of each of the two."
  }),
  EMBEDDED_CLICKHOUSE_MAX_BODY: defaulted(count, "268435456", {
    of,
    description: "Bytes of the largest request body."
  }),
  EMBEDDED_CLICKHOUSE_FSYNC: defaulted(Kind.oneOf("on", "off"), "on", {
    of,
    description:
      "`off` only for tests: an acknowledged insert may be lost with the machine."
  })
}
