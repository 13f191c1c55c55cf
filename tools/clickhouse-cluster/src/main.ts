import { resolve } from "node:path"
import { parseArgs } from "node:util"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect } from "effect"
import * as ClickHouseCluster from "./ClickHouseCluster.ts"

const { values } = parseArgs({
  options: {
    path: { type: "string", default: ".data/clickhouse-cluster" },
    shards: { type: "string", default: "2" }
  }
})

/** `bun tools/clickhouse-cluster/src/main.ts [--shards 2] [--path folder]` */
const program = Effect.gen(function* () {
  const { cluster, url } = yield* ClickHouseCluster.start({
    dataDir: resolve(values.path),
    shards: Number(values.shards)
  })
  yield* Console.log(`CLICKHOUSE_URL=${url}/analytics CLICKHOUSE_CLUSTER=${cluster}`)
  return yield* Effect.never
})

if (import.meta.main) NodeRuntime.runMain(Effect.scoped(program))
