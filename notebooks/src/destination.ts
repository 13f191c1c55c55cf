import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Schema } from "effect"
import { readFaulty } from "./examples/faultyProject.ts"
import type { Destination } from "./forward.ts"

/** `$STACK_DATA/stack.json`, as far as the notebooks need it. */
export const StackFile = Schema.Struct({
  services: Schema.Record(Schema.String, Schema.String),
  adminKey: Schema.String,
  demo: Schema.optionalKey(
    Schema.Struct({ secretKey: Schema.String, writeKey: Schema.String })
  )
})

/** `$STACK_DATA/demo.json`; `until` is when the demo's events end, in epoch milliseconds. */
export const DemoFile = Schema.Struct({
  complete: Schema.Boolean,
  until: Schema.optionalKey(Schema.Int)
})

/** undefined: there is no such file. */
export const readJson = async <A>(
  path: string,
  codec: Schema.Codec<A, unknown>
): Promise<A | undefined> => {
  const text = await readFile(path, "utf8").catch(() => undefined)
  return text === undefined
    ? undefined
    : Schema.decodeUnknownSync(codec)(JSON.parse(text))
}

/**
 * Where notebooks ask, read for each request, so that a stack that was started anew is found.
 * @param data the folder of the stack
 * @param key of a project in place of the examples
 */
export const destinationOf =
  (data: string, key: string | undefined) => async (): Promise<Destination> => {
    const stack = await readJson(join(data, "stack.json"), StackFile)
    if (stack === undefined) throw new Error("There is no stack.json.")
    const { demo, services } = stack
    if (key !== undefined)
      return {
        services,
        projects: [{ id: "own", name: "The project of ANALYTICS_KEY", secretKey: key }]
      }
    const faulty = await readFaulty(data)
    return {
      services,
      projects: [
        ...(demo === undefined
          ? []
          : [{ id: "demo", name: "The demo's shop", secretKey: demo.secretKey }]),
        ...(faulty === undefined
          ? []
          : [{ id: "faulty", name: "A shop with faults", secretKey: faulty.secretKey }])
      ]
    }
  }
