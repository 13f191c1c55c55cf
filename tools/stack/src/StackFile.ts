import { renameSync, writeFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, type Option, Schema } from "effect"
import { stackFilePath } from "./RunRecord.ts"

const DemoKeys = Schema.Struct({
  projectId: Schema.String,
  writeKey: Schema.String,
  secretKey: Schema.String
})

/** `$STACK_DATA/stack.json`: what programs beside the stack need to use it. */
export const StackFile = Schema.Struct({
  services: Schema.Record(Schema.String, Schema.String),
  postgres: Schema.String,
  clickhouse: Schema.String,
  adminKey: Schema.String,
  /** Absent when analytics-api was not asked for (`--only`). */
  demo: Schema.optionalKey(DemoKeys),
  pids: Schema.Record(Schema.String, Schema.Int)
})
export type StackFile = typeof StackFile.Type

/** `$STACK_DATA/demo.json`: the demo project, and whether its events were all sent. */
export const DemoFile = Schema.Struct({
  ...DemoKeys.fields,
  complete: Schema.Boolean
})
export type DemoFile = typeof DemoFile.Type

const read = <A>(path: string, codec: Schema.Codec<A, A>) =>
  Effect.promise(() => readFile(path, "utf8").catch(() => "")).pipe(
    Effect.map(Schema.decodeUnknownOption(Schema.fromJsonString(codec)))
  )

// A data directory that cannot be written is a defect: nobody could find the stack.
const write = (path: string, content: StackFile | DemoFile) =>
  Effect.sync(() => {
    const draft = `${path}.${process.pid}`
    writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
    renameSync(draft, path)
  })

export const readStackFile = (data: string): Effect.Effect<Option.Option<StackFile>> =>
  read(stackFilePath(data), StackFile)

export const writeStackFile = (data: string, content: StackFile) =>
  write(stackFilePath(data), content)

export const readDemoFile = (data: string): Effect.Effect<Option.Option<DemoFile>> =>
  read(join(data, "demo.json"), DemoFile)

export const writeDemoFile = (data: string, content: DemoFile) =>
  write(join(data, "demo.json"), content)
