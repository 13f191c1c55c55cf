import { expect, it } from "bun:test"
import { parseManifests } from "../src/Manifest.ts"
import { strictKustomization, strictSchema } from "../src/schema/strictSchema.ts"

const wrong = async (yaml: string): Promise<string> =>
  (await strictSchema(parseManifests(yaml))).map(({ message }) => message).join("\n")

const deployment = (spec: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: a }
spec:
  selector: { matchLabels: { a: b } }
  template:
    metadata: { labels: { a: b } }
    spec: ${spec}
`

it("takes what is right", async () => {
  expect(await wrong(deployment('{ containers: [{ name: a, image: "a:1" }] }'))).toBe(
    ""
  )
})

it.each([
  ["{ containers: [{ name: a, image: a, readynessProbe: {} }] }", "readynessProbe"],
  ["{ containers: [{ name: a, image: a, args: run }] }", "args: is no list"],
  ['{ containers: [{ name: a, ports: [{ containerPort: "80" }] }] }', "containerPort"],
  ["{ containers: [{ name: a, ports: [{ containerPort: 80.5 }] }] }", "containerPort"],
  ["{ containers: [{ name: a, tty: 1 }] }", "tty: is no boolean"],
  ["{ containers: [{ image: a }] }", "missingProperty"],
  ["{ containers: [{ name: a, imagePullPolicy: Sometimes }] }", "enum"],
  ["{ containers: [{ name: a, resources: { limits: { cpu: much } } }] }", "quantity"],
  ["{ hostnetwork: true, containers: [] }", "hostnetwork"],
  ["{ containers: [{ name: a, envFrom: [{ configMapRef: { nam: a } }] }] }", "nam"],
  ["{ nodeSelector: [a], containers: [] }", "nodeSelector: is no object"]
])("refuses the pod %s", async (spec, says) => {
  expect(await wrong(deployment(spec))).toContain(says)
})

const custom = (apiVersion: string, kind: string, spec: string) =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: a }\nspec: ${spec}\n`

it.each([
  custom("v1", "Deploymnt", "{}"),
  custom("apps/v1beta1", "Deployment", "{}"),
  custom(
    "postgresql.cnpg.io/v1",
    "Cluster",
    "{ imageName: a, instances: '3', storage: { size: 1Gi } }"
  ),
  custom(
    "postgresql.cnpg.io/v1",
    "Cluster",
    "{ imageName: a, instances: 3, storage: { siz: 1Gi } }"
  ),
  custom(
    "postgresql.cnpg.io/v1",
    "Cluster",
    "{ imageName: a, instances: 3, storage: { size: 1Gi }, postgresql: { synchronous: { method: some, number: 1 } } }"
  ),
  custom(
    "postgresql.cnpg.io/v1",
    "ScheduledBackup",
    "{ schedule: '30 1 * * *', cluster: { name: a } }"
  ),
  custom(
    "barmancloud.cnpg.io/v1",
    "ObjectStore",
    "{ configuration: { destination: a } }"
  ),
  custom(
    "clickhouse.altinity.com/v1",
    "ClickHouseInstallation",
    "{ configuration: { clusters: [{ name: a, layout: { shards_count: 2 } }] } }"
  ),
  custom(
    "clickhouse.altinity.com/v1",
    "ClickHouseInstallation",
    "{ configuration: { clusters: [{ name: a, layout: { shardsCount: 2 }, pdbManaged: true }] } }"
  ),
  custom(
    "clickhouse.altinity.com/v1",
    "ClickHouseInstallation",
    "{ configuration: { clusters: [] }, templates: { podTemplates: [{ name: a, spec: { containers: [{ nam: a }] } }] } }"
  ),
  custom(
    "clickhouse-keeper.altinity.com/v1",
    "ClickHouseKeeperInstallation",
    "{ configuration: { clusters: [], zookeeper: {} } }"
  ),
  custom(
    "monitoring.coreos.com/v1",
    "ServiceMonitor",
    "{ selector: {}, endpoints: [{ port: a, intervall: 30s }] }"
  ),
  custom(
    "monitoring.coreos.com/v1",
    "ServiceMonitor",
    "{ selector: {}, endpoints: [{ port: a, interval: 30 }] }"
  ),
  custom(
    "external-secrets.io/v1",
    "ExternalSecret",
    "{ secretStoreRef: { name: a }, target: { nam: b } }"
  )
])("refuses %s", async (yaml) => {
  expect(await wrong(yaml)).not.toBe("")
})

it.each([
  { kind: "Kustomization", resource: ["a.yaml"] },
  { kind: "Kustomization", resources: "a.yaml" },
  { kind: "Kustomization", images: [{ name: "a", tag: "1" }] },
  { kind: "Kustomization", replicas: [{ name: "a", count: "1" }] },
  { kind: "Kustomization", configMapGenerator: [{ name: "a", behaviour: "merge" }] },
  { kind: "Component", patches: [{ target: { knd: "Deployment" } }] }
])("refuses a kustomization with %o", (fields) => {
  const version = fields.kind === "Component" ? "v1alpha1" : "v1beta1"
  const raw = { apiVersion: `kustomize.config.k8s.io/${version}`, ...fields }
  expect(strictKustomization("a", raw)).not.toEqual([])
})

it("takes the example of secrets from a manager", async () => {
  const file = `${import.meta.dir}/../../../k8s/secrets/external-secrets.yaml`
  expect(await wrong(await Bun.file(file).text())).toBe("")
})

it("takes the namespace", async () => {
  const file = `${import.meta.dir}/../../../k8s/namespaces/analytics.yaml`
  expect(await wrong(await Bun.file(file).text())).toBe("")
})
