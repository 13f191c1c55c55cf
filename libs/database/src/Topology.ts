import type { ClickHouseSettings } from "@clickhouse/client"

/**
 * Tables whose rows are split over the shards of a cluster, and by what. All others lie
 * whole on every node, so that joins with them are local everywhere.
 */
export const shardedBy: Readonly<Record<string, string>> = {
  events: "id_hash",
  seen: "toUInt64(hash)"
}

const SUFFIX = "_local"

/** The table that holds a shard's rows of `table`. */
export const localName = (table: string): string =>
  Object.hasOwn(shardedBy, table) ? `${table}${SUFFIX}` : table

/** Which table's rows a stored table holds, on one node and on many alike. */
export const logicalName = (stored: string): string => {
  const table = stored.endsWith(SUFFIX) ? stored.slice(0, -SUFFIX.length) : stored
  return Object.hasOwn(shardedBy, table) ? table : stored
}

/**
 * Where the tables of the event store lie: on one node (`cluster` undefined), or on the
 * nodes of a cluster that the server's configuration names. Answers SQL for both.
 */
export class Topology {
  readonly cluster: string | undefined

  constructor(cluster?: string) {
    this.cluster = cluster === "" ? undefined : cluster
  }

  /** As an identifier. */
  get clusterName(): string {
    return quoted(this.cluster ?? "")
  }

  /** `ON CLUSTER …`, or nothing on one node. */
  get onCluster(): string {
    return this.cluster === undefined ? "" : `ON CLUSTER ${this.clusterName}`
  }

  /**
   * A change of a table's rows, wherever they lie: `DELETE WHERE …`. A replicated table
   * passes it on to its replicas; those of other shards have to be told.
   */
  alter(table: string, change: string): string {
    return Object.hasOwn(shardedBy, table) && this.cluster !== undefined
      ? `ALTER TABLE ${quoted(localName(table))} ${this.onCluster} ${change}`
      : `ALTER TABLE ${quoted(table)} ${change}`
  }

  /** The table of a node in which rows of `table` lie. */
  stored(table: string): string {
    return this.cluster === undefined ? table : localName(table)
  }

  /** Takes every row out. */
  truncate(table: string): string {
    return this.cluster === undefined
      ? `TRUNCATE TABLE IF EXISTS ${quoted(table)}`
      : `TRUNCATE TABLE IF EXISTS ${quoted(localName(table))} ${this.onCluster} SYNC`
  }

  /** What stands behind FROM to read a table of the system on every node. */
  onEveryNode(systemTable: string): string {
    return this.cluster === undefined
      ? systemTable
      : `clusterAllReplicas(${this.clusterName}, ${systemTable})`
  }

  /**
   * What stands behind FROM to read every copy of a table's rows: each as often as there
   * are replicas of it.
   */
  everyCopyOf(table: string): string {
    return this.cluster === undefined
      ? quoted(table)
      : `clusterAllReplicas(${this.clusterName}, currentDatabase(), ${quoted(localName(table))})`
  }
}

/**
 * What every request of a cluster's client carries. Each answers a way in which shards and
 * replicas lose or repeat rows; a default of the server or of a user must not change it.
 */
export const clusterSettings: ClickHouseSettings = {
  // An answer to an INSERT means that the rows of every shard lie on most of its replicas,
  // and that replicas take the blocks of a table in one order.
  distributed_foreground_insert: 1,
  insert_quorum: "auto",
  insert_quorum_parallel: 0,
  // A replica that lacks a block of the quorum refuses to answer, and another is asked.
  select_sequential_consistency: "1",
  skip_unavailable_shards: 0,
  fallback_to_stale_replicas_for_distributed_queries: 0,
  // A person's ids lie on several shards: states are merged where the query came in.
  distributed_group_by_no_merge: "0",
  optimize_distributed_group_by_sharding_key: 0,
  // A subquery over a table of many shards is asked once, and its answer sent to all.
  distributed_product_mode: "global",
  alter_sync: "2"
}

/** The same for DDL: whoever waits learns of each node how it went. */
export const ddlSettings: ClickHouseSettings = {
  distributed_ddl_output_mode: "never_throw",
  distributed_ddl_task_timeout: "300"
}

const quoted = (name: string): string =>
  `\`${name.replace(/[`\\]/g, (character) => `\\${character}`)}\``
