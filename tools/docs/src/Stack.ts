import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Schema } from "effect"

const StackFile = Schema.fromJsonString(
  Schema.Struct({
    services: Schema.Record(Schema.String, Schema.String),
    postgres: Schema.String,
    clickhouse: Schema.String,
    demo: Schema.Struct({
      projectId: Schema.String,
      writeKey: Schema.String,
      secretKey: Schema.String
    })
  })
)

/** A running stack with its demo project, as samples see it. */
export interface Stack {
  readonly data: string
  readonly api: string
  readonly secretKey: string
  /** URLs of the stores, with their passwords. */
  readonly postgres: string
  readonly clickhouse: string
  /** What a page says, as it must be said to this stack. */
  readonly localized: (text: string) => string
  /** What this stack said, as a page would say it. */
  readonly published: (text: string) => string
}

/** The services in the order of their ports, from 4000. */
const order = [
  "analytics-api",
  "data-ingestion",
  "ml-inference",
  "reporting-engine",
  "batch-processor"
]

const replaced = (pairs: ReadonlyArray<readonly [string, string]>) => (text: string) =>
  pairs.reduce((rest, [from, to]) => rest.replaceAll(from, to), text)

/** Reads `stack.json` in its folder. */
export const readStack = async (data: string): Promise<Stack> => {
  const text = await readFile(join(data, "stack.json"), "utf8")
  const { clickhouse, demo, postgres, services } = Schema.decodeSync(StackFile)(text)
  const hosts = order.map(
    (name, at) =>
      [`127.0.0.1:${4000 + at}`, new URL(services[name] ?? "").host] as const
  )
  const keys = [
    ["wk_…", demo.writeKey],
    ["sk_…", demo.secretKey]
  ] as const
  return {
    data,
    api: services["analytics-api"] ?? "",
    secretKey: demo.secretKey,
    postgres,
    clickhouse,
    localized: replaced([...hosts, ...keys]),
    published: replaced([...hosts, ...keys].map(([page, stack]) => [stack, page]))
  }
}
