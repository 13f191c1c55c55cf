import { BatchConfig } from "@analytics/config/BatchConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import * as Postgres from "@analytics/database/Postgres"
import * as NodeClusterHttp from "@effect/platform-node/NodeClusterHttp"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Duration, Effect, Layer, Option } from "effect"
import {
  ClusterWorkflowEngine,
  HttpRunner,
  K8sHttpClient,
  RunnerAddress,
  RunnerHealth,
  Runners,
  ShardingConfig,
  SqlMessageStorage,
  SqlRunnerStorage
} from "effect/cluster"
import { FetchHttpClient, HttpRouter } from "effect/http"
import { RpcSerialization } from "effect/rpc"

/** Its tables, `cluster_*`, lie in the schema `jobs`, and its connections are its own. */
const StorageLive = Layer.unwrap(
  Effect.map(PostgresConfig, (config) =>
    Postgres.layerWith(config, {
      applicationName: "analytics jobs engine",
      startupParameters: { search_path: "jobs" }
    })
  )
)

const ShardingLive = Layer.unwrap(
  Effect.map(BatchConfig, (config) => {
    const { runnerExpiry, runnerHost, runnerListenHost, runnerPort: port } = config
    return ShardingConfig.layer({
      runnerAddress: Option.some(RunnerAddress.make(runnerHost, port)),
      runnerListenAddress: Option.map(runnerListenHost, (host) =>
        RunnerAddress.make(host, port)
      ),
      shardLockExpiration: runnerExpiry,
      shardLockRefreshInterval: Duration.divideUnsafe(runnerExpiry, 3),
      runnerHealthCheckInterval: "3 seconds",
      refreshAssignmentsInterval: "1 second",
      // What is missed when a runner goes is found by this; the rest is told at once.
      entityMessagePollInterval: "2 seconds",
      // A step may end by itself for so long before it is broken off and begun elsewhere.
      entityTerminationTimeout: "3 seconds",
      simulateRemoteSerialization: false
    })
  })
)

/** By fetch: the requests of undici fail under Bun. */
const ClientLive = HttpRunner.layerClientProtocolHttpDefault.pipe(
  Layer.provide(FetchHttpClient.layer)
)

/** A runner that does not answer within a few seconds is not waited for. */
const PingLive = Layer.effect(
  RunnerHealth.RunnerHealth,
  Effect.map(Runners.Runners, (runners) =>
    RunnerHealth.RunnerHealth.of({
      isAlive: (address) =>
        runners
          .ping(address)
          .pipe(
            Effect.timeout("2 seconds"),
            Effect.retry({ times: 2 }),
            Effect.isSuccess
          )
    })
  )
).pipe(Layer.provide(Runners.layerRpc), Layer.provide(ClientLive))

/** Its certificate is one of `NODE_EXTRA_CA_CERTS`. */
const KubernetesLive = K8sHttpClient.layer.pipe(
  Layer.provide([FetchHttpClient.layer, NodeFileSystem.layer])
)

const HealthLive = Layer.unwrap(
  Effect.map(BatchConfig, ({ k8sLabels, k8sNamespace, runnerHealth }) =>
    runnerHealth === "ping"
      ? PingLive
      : RunnerHealth.layerK8s({
          namespace: Option.getOrUndefined(k8sNamespace),
          labelSelector: Option.getOrUndefined(k8sLabels)
        }).pipe(Layer.provide(KubernetesLive))
  )
)

const RunnerLive = HttpRouter.serve(HttpRunner.layerHttpOptions({ path: "/" }), {
  disableLogger: true,
  disableListenLog: true
}).pipe(Layer.provide([NodeClusterHttp.layerHttpServer, ClientLive]))

/** This process as a runner: what it does for the others, and what they do for it. */
export const layer = ClusterWorkflowEngine.layer.pipe(
  Layer.provideMerge(RunnerLive),
  Layer.provide(HealthLive),
  Layer.provideMerge(
    SqlMessageStorage.layer.pipe(Layer.provide(NodeCrypto.layerDigest))
  ),
  Layer.provide(Layer.orDie(SqlRunnerStorage.layer)),
  Layer.provide(ShardingLive),
  Layer.provide(RpcSerialization.layerSchemaBinary({})),
  Layer.provide(StorageLive)
)
