import { tiltYaml } from "./TiltYaml.ts"

/**
 * What the stack runs besides the two stores and the migrations. A new service is one more
 * entry of `tilt.yaml`; everything else (ports, environment, logs, health, restart,
 * `stack.json`) follows from it.
 */
export interface ServiceSpec {
  readonly name: string
  /** Added to `STACK_PORT_BASE`. */
  readonly port: number
  readonly entry: string
  /** Services that run as well when `--only` names this one; all start at the same time. */
  readonly with: ReadonlyArray<string>
  /** Has a URL of its own in `stack.json`'s `services`; a worker has only a pid. */
  readonly public: boolean
  /** Variables besides the common ones; `{data}` is `STACK_DATA`, `{port+10}` the port (`{port}`) and 10. */
  readonly env: Readonly<Record<string, string>>
}

/** The port from which `tilt.yaml` counts, and `STACK_PORT_BASE` by default. */
const portBase = 4000

export const services: ReadonlyArray<ServiceSpec> = Object.entries(
  tiltYaml.services
).map(([name, { entry, local, port, worker }]) => ({
  name,
  port: port - portBase,
  entry,
  with: local?.with ?? [],
  public: worker !== true,
  env: local?.env ?? {}
}))

export const storePorts = { clickhouse: 23, postgres: 32 } as const
