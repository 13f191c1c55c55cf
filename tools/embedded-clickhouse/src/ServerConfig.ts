import { readFileSync } from "node:fs"
import { totalmem } from "node:os"
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import type { Credentials } from "./Authentication.ts"

export interface ServerConfig {
  /** Directory of the data. */
  readonly path: string
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Bytes the engine may use; a query above it fails with code 241. */
  readonly maxMemory: number
  /** Directory BACKUP and RESTORE may use. */
  readonly backups: string | undefined
  readonly credentials: Credentials | undefined
  /** SELECTs and DDL at once. */
  readonly queries: number
  /** INSERTs with data at once. */
  readonly inserts: number
  /** Statements that may wait for a thread, of each of the two. */
  readonly queue: number
  readonly maxBody: number
  readonly fsync: boolean
}

const GIB = 1024 ** 3

/** Half the machine, at most 4 GiB: services and Postgres run beside it. */
const defaultMemory = (): number =>
  Math.max(GIB / 2, Math.min(4 * GIB, Math.floor(totalmem() / 2)))

const options = {
  path: { type: "string" },
  host: { type: "string" },
  port: { type: "string" },
  "max-memory": { type: "string" },
  backups: { type: "string" },
  user: { type: "string" },
  queries: { type: "string" },
  inserts: { type: "string" },
  queue: { type: "string" },
  "max-body": { type: "string" },
  fsync: { type: "string" }
} as const

type Name = keyof typeof options

export type Environment = Readonly<Record<string, string | undefined>>

/** `--max-body` is also EMBEDDED_CLICKHOUSE_MAX_BODY, or a file named by …_MAX_BODY_FILE. */
const fromEnvironment = (name: string, env: Environment): string | undefined => {
  const variable = `EMBEDDED_CLICKHOUSE_${name.toUpperCase().replaceAll("-", "_")}`
  const file = env[`${variable}_FILE`]
  return env[variable] ?? (file ? readFileSync(file, "utf8").trim() : undefined)
}

const integer = (name: string, text: string, least: number): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < least) {
    throw new Error(
      `--${name} must be a whole number of at least ${least}, not "${text}"`
    )
  }
  return value
}

/** Reads flags, then the environment. The password comes from the environment alone. */
export const serverConfig = (
  args: ReadonlyArray<string>,
  env: Environment
): ServerConfig => {
  const { values } = parseArgs({ args: [...args], options, strict: true })
  const text = (name: Name): string | undefined =>
    values[name] ?? fromEnvironment(name, env)
  const count = (name: Name, fallback: number, least = 1): number =>
    integer(name, text(name) ?? String(fallback), least)
  const password = fromEnvironment("password", env)
  const user = text("user") ?? (password === undefined ? undefined : "default")
  const backups = text("backups")
  return {
    path: resolve(text("path") ?? ".data/clickhouse"),
    host: text("host") ?? "127.0.0.1",
    port: count("port", 8123, 0),
    maxMemory: count("max-memory", defaultMemory(), GIB / 4),
    backups: backups === undefined ? undefined : resolve(backups),
    credentials: user === undefined ? undefined : { user, password: password ?? "" },
    queries: count("queries", 12),
    inserts: count("inserts", 4),
    queue: count("queue", 256, 0),
    maxBody: count("max-body", 256 * 1024 ** 2),
    fsync: text("fsync") !== "off"
  }
}
