/** Where a node is reached on 127.0.0.1. */
export interface NodePorts {
  readonly tcp: number
  readonly http: number
}

/** What the cluster is called in the configuration of its nodes. */
export const CLUSTER = "analytics_shards"

const element = (name: string, content: string | number): string =>
  `<${name}>${content}</${name}>`

/** The configuration of the node `at` of a cluster with a shard on each of `nodes`. */
export const nodeConfig = (nodes: ReadonlyArray<NodePorts>, at: number): string => {
  const shards = nodes.map(({ tcp }) =>
    element(
      "shard",
      element("internal_replication", "true") +
        element("replica", element("host", "127.0.0.1") + element("port", tcp))
    )
  )
  return element(
    "clickhouse",
    [
      element("logger", element("level", "error")),
      element("listen_host", "127.0.0.1"),
      element("tcp_port", nodes[at]?.tcp ?? 0),
      element("http_port", nodes[at]?.http ?? 0),
      element("max_server_memory_usage", 3 * 1024 ** 3),
      element("background_pool_size", 2),
      element("merge_tree", element("fsync_after_insert", 0)),
      element("remote_servers", element(CLUSTER, shards.join(""))),
      element(
        "macros",
        element("shard", at + 1) + element("replica", "a") + element("cluster", CLUSTER)
      )
    ].join("\n")
  )
}
