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
  /** Variables besides the common ones; `{data}` is `STACK_DATA`, `{port+10}` the port (`{port}`) and 10. */
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
  },
  {
    name: "batch-processor",
    port: 4,
    entry: "services/batch-processor/src/main.ts",
    with: ["analytics-api", "data-ingestion"],
    public: true,
    env: { BATCH_RUNNER_PORT: "{port+10}", OBJECT_STORE_URL: "file://{data}/objects" }
  },
  {
    name: "ml-inference",
    port: 2,
    entry: "services/ml-inference/src/main.ts",
    with: ["analytics-api"],
    public: true,
    env: { ML_CACHE_DIR: "{data}/ml-cache", OBJECT_STORE_URL: "file://{data}/objects" }
  },
  {
    name: "reporting-engine",
    port: 3,
    entry: "services/reporting-engine/src/main.ts",
    with: ["analytics-api", "data-ingestion"],
    public: true,
    env: {
      OBJECT_STORE_URL: "file://{data}/objects",
      REPORTING_PUBLIC_URL: "http://127.0.0.1:{port}"
    }
  }
]

export const storePorts = { clickhouse: 23, postgres: 32 } as const
