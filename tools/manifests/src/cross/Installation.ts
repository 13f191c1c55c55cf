import type { Finding } from "../Manifest.ts"
import type { Rendered } from "../Rendered.ts"
import type { Workload } from "../Workload.ts"
import { type Environment, environmentOf } from "./Environment.ts"

/** A service as `tilt.yaml` has it. */
export interface Service {
  readonly image: string
  /** The program, as a path from the root of the repository. */
  readonly entry: string
  readonly port: number
}

/** Everything that is applied to one cluster, and what it has to agree with. */
export interface Installation {
  readonly rendered: Rendered
  /** What the files of Secrets hold, by `postgres-app/uri`. */
  readonly secrets: ReadonlyMap<string, string>
  readonly services: ReadonlyMap<string, Service>
  /** The images there are. */
  readonly images: ReadonlyArray<string>
  readonly production: boolean
}

/** One of the programs of this repository, with what it finds in its container. */
export interface Program {
  readonly workload: Workload
  readonly environment: Environment
}

/** The programs; stores and helpers are left out. */
export const programsOf = ({
  rendered,
  services
}: Installation): ReadonlyArray<Program> =>
  rendered.workloads
    .filter(({ kind, name }) => services.has(name) || kind === "Job")
    .map((workload) => ({ workload, environment: environmentOf(workload, rendered) }))

/** Whether objects fit each other. */
export interface Check {
  readonly id: string
  readonly asks: string
  readonly check: (installation: Installation) => ReadonlyArray<Finding>
}

export const check = (
  id: string,
  asks: string,
  find: (
    installation: Installation
  ) => ReadonlyArray<{ readonly at: string; readonly message: string }>
): Check => ({
  id,
  asks,
  check: (installation) => find(installation).map((found) => ({ rule: id, ...found }))
})
