/** A process of the deployment: which image it runs, and how much memory it may use. */
export interface ProcessSpec {
  readonly name: string
  readonly image: string
  readonly entry?: string
  readonly memory: string
}

/** What runs, in the order in which it is started. */
export const processes: ReadonlyArray<ProcessSpec> = [
  { name: "analytics-api", image: "analytics-api", memory: "512m" },
  { name: "data-ingestion", image: "data-ingestion", memory: "512m" },
  {
    name: "loader",
    image: "data-ingestion",
    entry: "services/data-ingestion/src/loader.ts",
    memory: "512m"
  },
  { name: "ml-inference", image: "ml-inference", memory: "1g" },
  { name: "batch-processor", image: "batch-processor", memory: "1g" },
  { name: "reporting-engine", image: "reporting-engine", memory: "1g" }
]

/** Every image that docker/Dockerfile makes. */
export const imageNames = [
  "analytics-api",
  "data-ingestion",
  "ml-inference",
  "reporting-engine",
  "batch-processor",
  "migrations"
]
