import { Schema } from "effect"
import { ofKind, type Rendered, selects } from "../Rendered.ts"

const Services = Schema.Struct({
  spec: Schema.Struct({
    selector: Schema.Record(Schema.String, Schema.String),
    ports: Schema.Array(
      Schema.Struct({
        name: Schema.optionalKey(Schema.String),
        port: Schema.Int,
        targetPort: Schema.optionalKey(Schema.Union([Schema.Int, Schema.String]))
      })
    )
  })
})

/** A name in the cluster's DNS, and the pods behind it. */
export interface Address {
  readonly host: string
  readonly title: string
  readonly ports: ReadonlyArray<{
    readonly name: string | undefined
    readonly port: number
    /** Where the pods listen; undefined when none of their ports has that name. */
    readonly target: number | undefined
  }>
  readonly podLabels: Readonly<Record<string, string>> | undefined
}

/** Services of ours, and those that the operators make of their resources. */
export const addressesOf = (rendered: Rendered): ReadonlyArray<Address> => [
  ...ofKind(rendered, "Service", Services).map(({ is: { spec }, name, title }) => {
    const workload = rendered.workloads.find(({ podLabels }) =>
      selects({ matchLabels: spec.selector }, podLabels)
    )
    const listening = workload?.pod.containers.flatMap(({ ports = [] }) => ports) ?? []
    return {
      host: name,
      title,
      podLabels: workload?.podLabels,
      ports: spec.ports.map(({ name: port, port: number, targetPort = number }) => ({
        name: port,
        port: number,
        target: listening.find(
          (each) => each.name === targetPort || each.containerPort === targetPort
        )?.containerPort
      }))
    }
  }),
  ...rendered.manifests.flatMap(({ apiVersion, kind, name }): Array<Address> => {
    const made = ofOperators[`${apiVersion.split("/")[0]} ${kind}`]
    return made === undefined
      ? []
      : made.hosts(name).map((host) => ({
          host,
          title: `${kind}/${name}`,
          podLabels: made.podLabels(name),
          ports: made.ports.map((port) => ({ name: undefined, port, target: port }))
        }))
  })
]

const ofOperators: Readonly<
  Record<
    string,
    {
      readonly hosts: (name: string) => ReadonlyArray<string>
      readonly podLabels: (name: string) => Readonly<Record<string, string>>
      readonly ports: ReadonlyArray<number>
    }
  >
> = {
  "postgresql.cnpg.io Cluster": {
    hosts: (name) => [`${name}-rw`, `${name}-ro`, `${name}-r`],
    podLabels: (name) => ({ "cnpg.io/cluster": name }),
    ports: [5432]
  },
  "clickhouse.altinity.com ClickHouseInstallation": {
    hosts: (name) => [`clickhouse-${name}`],
    podLabels: (name) => ({ "clickhouse.altinity.com/chi": name }),
    ports: [8123, 9000]
  },
  "clickhouse-keeper.altinity.com ClickHouseKeeperInstallation": {
    hosts: (name) => [`keeper-${name}`],
    podLabels: (name) => ({ "clickhouse-keeper.altinity.com/chk": name }),
    ports: [2181]
  }
}
