import * as Kind from "@analytics/config/Kind"
import { Duration, Option, Schema } from "effect"
import { ofKind } from "../Rendered.ts"
import { check, type Program, programsOf } from "./Installation.ts"

const mebibyte = 1024 * 1024
const units = new Map([
  ["", 1],
  ["Ki", 1024],
  ["Mi", mebibyte],
  ["Gi", 1024 * mebibyte]
])

/** Bytes of a quantity of Kubernetes, such as `512Mi`. */
const bytesOf = (quantity: string | undefined): number => {
  const [, number, unit = ""] = /^(\d+)([KMG]i)?$/u.exec(quantity ?? "") ?? []
  return number === undefined
    ? Number.NaN
    : Number(number) * (units.get(unit) ?? Number.NaN)
}

const secondsOf = ({ environment }: Program, name: string): number =>
  Option.match(Kind.duration.parse(environment.variables.get(name) ?? ""), {
    onNone: () => Number.NaN,
    onSome: Duration.toSeconds
  })

const sizeOf = ({ environment }: Program, name: string): number =>
  Option.getOrElse(
    Kind.byteSize.parse(environment.variables.get(name) ?? "0 B"),
    () => 0
  )

/** What is left for taking the layers down once the last request was answered. */
const aftermath = 10

/** Endpoints are gone from every node and load balancer by then. */
const propagation = 5

export const drain = check(
  "drain",
  "have time to drain: HTTP_DRAIN_DELAY, HTTP_DRAIN_TIMEOUT and ten seconds before it is killed",
  (installation) =>
    programsOf(installation)
      .filter(({ workload }) => workload.kind !== "Job")
      .flatMap((program) => {
        const { pod, title } = program.workload
        const delay = secondsOf(program, "HTTP_DRAIN_DELAY")
        const timeout = secondsOf(program, "HTTP_DRAIN_TIMEOUT")
        const asked = [...installation.services.keys()].includes(program.workload.name)
        return [
          (pod.terminationGracePeriodSeconds ?? 30) >= delay + timeout + aftermath
            ? undefined
            : `is killed ${pod.terminationGracePeriodSeconds ?? 30} s after SIGTERM, but drains for ${delay + timeout} s`,
          !installation.production ||
          !asked ||
          program.workload.name === "loader" ||
          delay >= propagation
            ? undefined
            : `stops ${delay} s after SIGTERM, when requests still come in`
        ].flatMap((message) => (message === undefined ? [] : [{ at: title, message }]))
      })
)

/** What the settings of a program let it take, besides 256 MiB for itself. */
const taken = (program: Program): number =>
  sizeOf(program, "BATCH_MEMORY") +
  sizeOf(program, "REPORT_RENDER_MEMORY") *
    Number(program.environment.variables.get("REPORT_RENDERERS") ?? "1") +
  2 * sizeOf(program, "INGEST_MAX_PENDING_BYTES") +
  sizeOf(program, "ML_EXECUTOR_MEMORY")

export const memory = check(
  "memory-fits",
  "be allowed the memory that its settings let it take, and 256 MiB",
  (installation) =>
    programsOf(installation).flatMap((program) => {
      const [container] = program.workload.pod.containers
      const limit = bytesOf(container?.resources?.limits?.["memory"])
      const most = taken(program) + 256 * mebibyte
      return limit >= most
        ? []
        : [
            {
              at: program.workload.title,
              message: `may take ${Math.round(most / mebibyte)} MiB, and is killed at ${Math.round(limit / mebibyte)}`
            }
          ]
    })
)

export const disk = check(
  "disk-fits",
  "write where a volume is mounted, in volumes that are as large as what goes there and fit the limit of the node's disk",
  (installation) =>
    programsOf(installation).flatMap((program) => {
      const { pod, title } = program.workload
      const mounts = pod.containers.flatMap(({ volumeMounts = [] }) => volumeMounts)
      const sized = (pod.volumes ?? []).flatMap(({ emptyDir, name }) =>
        emptyDir === undefined ? [] : [{ name, bytes: bytesOf(emptyDir.sizeLimit) }]
      )
      const under = (path: string) =>
        mounts.find(({ mountPath }) => path.startsWith(`${mountPath}/`))?.name
      const problems: Array<string> = []
      for (const variable of ["STATE_DIR", "ML_CACHE_DIR"]) {
        const path = program.environment.variables.get(variable)
        if (path !== undefined && !sized.some(({ name }) => name === under(path)))
          problems.push(`${variable} is ${path}, where nothing can be written`)
      }
      if (!mounts.some(({ mountPath }) => mountPath === "/tmp"))
        problems.push("has no /tmp")
      const cache = program.environment.variables.get("ML_CACHE_DIR")
      const room = sized.find(({ name }) => name === under(cache ?? ""))?.bytes ?? 0
      if (cache !== undefined && room <= sizeOf(program, "ML_CACHE_SIZE"))
        problems.push("ML_CACHE_SIZE is more than its volume holds")
      const all = sized.reduce((sum, { bytes }) => sum + bytes, 0)
      const limit = bytesOf(pod.containers[0]?.resources?.limits?.["ephemeral-storage"])
      if (!(all <= limit))
        problems.push("its volumes are larger than its limit of disk")
      return problems.map((message) => ({ at: title, message }))
    })
)

const Autoscaler = Schema.Struct({
  spec: Schema.Struct({
    scaleTargetRef: Schema.Struct({ name: Schema.String }),
    maxReplicas: Schema.Int
  })
})
const Cluster = Schema.Struct({
  spec: Schema.Struct({
    postgresql: Schema.Struct({
      parameters: Schema.Struct({ max_connections: Schema.String })
    })
  })
})

/** Leases, listeners and probes of a process, beside its pool. */
const besides = 4
/** For the operator, backups and people. */
const reserved = 20

export const pools = check(
  "pools",
  "leave Postgres enough connections when every service runs as often as it may, and one more while it is replaced",
  (installation) => {
    const { rendered } = installation
    const most = new Map(
      ofKind(rendered, "HorizontalPodAutoscaler", Autoscaler).map(
        ({ is: { spec } }) => [spec.scaleTargetRef.name, spec.maxReplicas]
      )
    )
    const wanted = programsOf(installation)
      .filter(({ workload }) => workload.kind !== "Job")
      .reduce((sum, { environment, workload: { name, spec } }) => {
        const pods = (most.get(name) ?? spec.replicas ?? 1) + 1
        const pool = Number(environment.variables.get("DATABASE_POOL_SIZE") ?? "10")
        return sum + pods * (pool + besides)
      }, reserved)
    return ofKind(rendered, "Cluster", Cluster)
      .filter(
        ({ is }) => Number(is.spec.postgresql.parameters.max_connections) < wanted
      )
      .map(({ title }) => ({
        at: title,
        message: `max_connections is less than the ${wanted} that may be wanted`
      }))
  }
)
