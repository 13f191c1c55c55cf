/** Where a node is reached on 127.0.0.1. */
export interface NodePorts {
  readonly tcp: number
  readonly http: number
}

/** What the cluster is called in the configuration of its nodes. */
export const CLUSTER = "analytics_shards"

const element = (name: string, content: string | number): string =>
  `<${name}>${content}</${name}>`

/** Bytes of a field of a request: questions with long lists, which are sent as forms. */
const LONGEST_FIELD = 256 * 1024 ** 2

/** The users of each node, in a file of its own; every server needs this setting. */
export const usersConfig: string = element(
  "clickhouse",
  [
    element(
      "profiles",
      element("default", element("http_max_field_value_size", LONGEST_FIELD))
    ),
    element(
      "users",
      element(
        "default",
        element("password", "") +
          element("networks", element("ip", "::/0")) +
          element("profile", "default") +
          element("quota", "default")
      )
    ),
    element("quotas", element("default", ""))
  ].join("\n")
)

/** The configuration of the node `at` of a cluster with a shard on each of `nodes`. */
export const nodeConfig = (
  nodes: ReadonlyArray<NodePorts>,
  at: number,
  users: string
): string => {
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
      element("users_config", users),
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
