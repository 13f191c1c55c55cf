/**
 * What the stack runs besides the two stores and the migrations. A new service is one more
 * entry here; everything else (ports, environment, logs, health, restart, `stack.json`)
 * follows from it.
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
  /** Variables besides the common ones; `{data}` is `STACK_DATA`. */
  readonly env: Readonly<Record<string, string>>
}

export const services: ReadonlyArray<ServiceSpec> = [
  {
    name: "analytics-api",
    port: 0,
    entry: "services/analytics-api/src/main.ts",
    with: [],
    public: true,
    env: {}
  },
  {
    name: "data-ingestion",
    port: 1,
    entry: "services/data-ingestion/src/main.ts",
    with: ["analytics-api"],
    public: true,
    env: { STATE_DIR: "{data}/data-ingestion" }
  },
  {
    name: "loader",
    port: 10,
    entry: "services/data-ingestion/src/loader.ts",
    with: [],
    public: false,
    env: {}
  }
]

export const storePorts = { clickhouse: 23, postgres: 32 } as const
