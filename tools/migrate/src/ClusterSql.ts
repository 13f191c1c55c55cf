import { createHash } from "node:crypto"
import { localName, shardedBy, type Topology } from "@analytics/database/Topology"

/** One statement of a migration as a cluster takes it. */
export interface ClusterStatement {
  readonly sql: string
  /** Carried out by each node, which answers how it went; else replicas pass it on. */
  readonly onEveryNode: boolean
}

/**
 * Blocks of one table whose tokens are known: hours at five a second, the most there are, and
 * what a keeper lists in one answer. No insert is under way for longer than minutes.
 */
const WINDOW = 100_000
const SEVEN_DAYS = 604_800

const create =
  /^\s*CREATE\s+TABLE\s+(IF\s+NOT\s+EXISTS\s+)?(\w+)([\s\S]*?)\bENGINE\s*=\s*(\w*MergeTree)\b(?:\s*\(([^()]*)\))?([\s\S]*)$/i
const alter = /^\s*ALTER\s+TABLE\s+(\w+)\s+([\s\S]*)$/i
const drop = /^\s*DROP\s+TABLE\s+(IF\s+EXISTS\s+)?(\w+)\s*$/i
/** What a table over shards takes over from the tables behind it. */
const ofColumns = /^\s*(?:ADD|DROP|MODIFY|RENAME|COMMENT|CLEAR|ALTER)\s+COLUMN\b/i
/** Kept by each replica for itself. */
const ofSettings = /^\s*(?:MODIFY|RESET)\s+SETTING\b/i

/**
 * A statement of a migration file for the nodes of a cluster. Tables of `shardedBy` become a
 * replicated `<name>_local` in each shard under a table over all of them; every other table
 * becomes one whose replicas are all nodes.
 *
 * @param identity is the same whenever this statement is sent again, and no other's: nodes
 * that were told of a new table in two runs must hold the same one
 * @throws RangeError for what cannot be told to a cluster
 */
export const clusterStatements = (
  statement: string,
  topology: Topology,
  identity: string
): ReadonlyArray<ClusterStatement> => {
  const text = withoutComments(statement)
  const everyNode = (sql: string): ClusterStatement => ({ sql, onEveryNode: true })
  const on = topology.onCluster

  const created = create.exec(text)
  if (created) {
    const [, ifNot = "", table = "", columns = "", engine, args = "", rest = ""] =
      created
    const isSharded = Object.hasOwn(shardedBy, table)
    const place = isSharded ? "{shard}', '{replica}" : "all', '{shard}-{replica}"
    const parameters = args.trim() === "" ? "" : `, ${args.trim()}`
    const local = everyNode(
      `CREATE TABLE ${ifNot}${localName(table)} UUID '${uuidOf(identity)}' ${on}${columns}ENGINE = Replicated${engine}('/clickhouse/tables/{uuid}/${place}'${parameters})${withWindow(rest)}`
    )
    return isSharded
      ? [
          local,
          everyNode(
            `CREATE TABLE ${ifNot}${table} ${on} AS ${localName(table)} ENGINE = Distributed(${topology.clusterName}, currentDatabase(), ${localName(table)}, ${shardedBy[table]})`
          )
        ]
      : [local]
  }

  const altered = alter.exec(text)
  if (altered) {
    const [, table = "", change = ""] = altered
    if (ofSettings.test(change))
      return [everyNode(`ALTER TABLE ${localName(table)} ${on} ${change}`)]
    if (!Object.hasOwn(shardedBy, table)) return [{ sql: text, onEveryNode: false }]
    const local = everyNode(`ALTER TABLE ${localName(table)} ${on} ${change}`)
    return ofColumns.test(change)
      ? [local, everyNode(`ALTER TABLE ${table} ${on} ${forReading(change)}`)]
      : [local]
  }

  const dropped = drop.exec(text)
  if (dropped) {
    const [, ifExists = "", table = ""] = dropped
    // The table over the others first: nobody reads what is half gone.
    return [...new Set([table, localName(table)])].map((name) =>
      everyNode(`DROP TABLE ${ifExists}${name} ${on} SYNC`)
    )
  }

  if (/^\s*(?:SELECT|INSERT)\b/i.test(text)) return [{ sql: text, onEveryNode: false }]
  throw new RangeError(
    "a cluster takes CREATE TABLE … ENGINE = …MergeTree, ALTER TABLE, DROP TABLE, INSERT and SELECT of one table"
  )
}

/** Codecs and indexes mean nothing to a table that stores no rows. */
const forReading = (change: string): string =>
  change.replace(/\s+CODEC\s*\((?:[^()]|\([^()]*\))*\)/gi, "")

/** Only a first attempt that arrives twice meets it; later ones have tokens of their own. */
const withWindow = (rest: string): string => {
  const window = `replicated_deduplication_window = ${WINDOW}, replicated_deduplication_window_seconds = ${SEVEN_DAYS}`
  return /\bSETTINGS\b/i.test(rest)
    ? `${rest.trimEnd()}, ${window}`
    : `${rest.trimEnd()} SETTINGS ${window}`
}

const withoutComments = (statement: string): string =>
  statement
    .split("\n")
    .filter((line) => !/^\s*--/.test(line))
    .join("\n")
    .trim()

const uuidOf = (identity: string): string => {
  const hex = createHash("sha256").update(identity).digest("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
