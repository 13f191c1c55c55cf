import { variables } from "@analytics/config/variables"
import { Schema } from "effect"
import { ofKind } from "../Rendered.ts"
import { check, programsOf } from "./Installation.ts"

/** The last part of an image's name, and its tag. */
const partsOf = (image: string) => {
  const [, name = "", tag = ""] = /([^/:@]+)(?::([^@]+))?(?:@.*)?$/u.exec(image) ?? []
  return { name, tag }
}

export const images = check(
  "images",
  "run an image that is built, by the entry point that tilt.yaml names, watched in development alone",
  (installation) =>
    programsOf(installation).flatMap(({ workload: { kind, name, pod, title } }) => {
      const service = installation.services.get(name)
      const entry =
        kind === "Job" ? "tools/migrate/src/main.ts" : (service?.entry ?? "nothing")
      const image = kind === "Job" ? "migrations" : service?.image
      const [container] = pod.containers
      const problems: Array<string> = []
      if (!installation.images.includes(partsOf(container?.image ?? "").name))
        problems.push(`${container?.image} is none of the images that are built`)
      else if (partsOf(container?.image ?? "").name !== image)
        problems.push(`runs ${container?.image} instead of ${image}`)
      if (!container?.args?.includes(entry)) problems.push(`does not start ${entry}`)
      // Before the entry: what stands behind it is an argument of the program.
      if (
        kind !== "Job" &&
        installation.production === (container?.args?.[0] === "--watch")
      )
        problems.push(
          installation.production
            ? "watches its sources"
            : "does not begin anew when Tilt changes its sources"
        )
      return problems.map((message) => ({ at: title, message }))
    })
)

export const jobName = check(
  "job-name",
  "carry the version of its image in its name, as a Job cannot be changed",
  (installation) =>
    !installation.production
      ? []
      : programsOf(installation)
          .filter(({ workload }) => workload.kind === "Job")
          .flatMap(({ workload: { name, pod, title } }) => {
            const { tag } = partsOf(pod.containers[0]?.image ?? "")
            return name.endsWith(`-${tag.replaceAll(".", "-")}`)
              ? []
              : [{ at: title, message: `runs version ${tag}` }]
          })
)

const ClickHouse = Schema.Struct({
  spec: Schema.Struct({
    configuration: Schema.Struct({
      clusters: Schema.Array(Schema.Struct({ name: Schema.String }))
    })
  })
})

export const clusterName = check(
  "cluster-name",
  "name the cluster of the ClickHouseInstallation, all of those that read or write events",
  (installation) => {
    const names = ofKind(
      installation.rendered,
      "ClickHouseInstallation",
      ClickHouse
    ).flatMap(({ is }) => is.spec.configuration.clusters.map(({ name }) => name))
    const readers: ReadonlyArray<string> = variables.CLICKHOUSE_CLUSTER.of
    return programsOf(installation)
      .filter(({ workload: { kind, name } }) =>
        readers.includes(kind === "Job" ? "migrate" : name)
      )
      .map(({ environment, workload: { title } }) => ({
        title,
        named: environment.variables.get("CLICKHOUSE_CLUSTER")
      }))
      .filter(({ named }) =>
        names.length === 0 ? named !== undefined : !names.includes(named ?? "")
      )
      .map(({ named, title }) => ({
        at: title,
        message: `names the cluster ${named ?? "of one node"}, not ${names.join(" or ") || "none"}`
      }))
  }
)

/** Where all of them have to look for the same thing. */
const shared = ["OBJECT_STORE_URL", "OBJECT_STORE_ENDPOINT", "OBJECT_STORE_REGION"]

export const agreement = check(
  "agreement",
  "keep objects where the others look for them, and have the files of Secrets that there are",
  (installation) => {
    const programs = programsOf(installation)
    return [
      ...shared.flatMap((name) => {
        const readers = programs.filter(({ workload }) =>
          Object.entries(variables).some(
            ([each, { of }]) =>
              each === name && of.some((process) => process === workload.name)
          )
        )
        const values = new Set(
          readers.map(({ environment }) => environment.variables.get(name))
        )
        return values.size <= 1
          ? []
          : [
              {
                at: name,
                message: `is not the same everywhere: ${[...values].join(", ")}`
              }
            ]
      }),
      ...programs.flatMap(({ environment: { files }, workload: { title } }) =>
        files
          .filter(({ secret }) => !installation.secrets.has(secret))
          .map(({ secret }) => ({ at: title, message: `there is no Secret ${secret}` }))
      )
    ]
  }
)
