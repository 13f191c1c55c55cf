import { afterAll, beforeAll, expect, it } from "bun:test"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { EventSchema } from "@analytics/analytics-core/settings/ProjectSettings"
import fc from "fast-check"
import { eventTypes } from "../src/types/eventTypes.ts"

const schema = (events: EventSchema["events"]): EventSchema => ({
  mode: "observe",
  unknownEvents: "allow",
  events
})

it("is what a project expects of its events, name by name", () => {
  const text = eventTypes(
    "7",
    schema({
      "Signed Up": {},
      "Order Completed": {
        required: ["revenue", "cart.items", "note"],
        properties: {
          revenue: "number",
          count: ["integer", "number", "string"],
          "cart.items": "array",
          "cart.gift": "boolean",
          extra: "object",
          "file\\.name": "string",
          address: ["object", "string"],
          "address.city": "string"
        }
      }
    })
  )
  expect(
    text
  ).toBe(`// Written by \`bun run cli types 7\` from the project's settings: change them there.

/** Events by their names, with their properties. */
export interface Events {
  readonly "Order Completed": {
    readonly "address"?: {
      readonly "city"?: string
    } | string
    readonly "cart": {
      readonly "gift"?: boolean
      readonly "items": ReadonlyArray<unknown>
    }
    readonly "count"?: number | string
    readonly "extra"?: { readonly [name: string]: unknown }
    readonly "file.name"?: string
    readonly "note": unknown
    readonly "revenue": number
  }
  readonly "Signed Up": object
}
`)
})

const root = join(import.meta.dir, "../../..")
let folder: string
beforeAll(async () => {
  // Within the workspace, whose packages the compiler must find.
  folder = await mkdtemp(join(import.meta.dir, "compiled-"))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What the compiler says of a module, line by line. */
const compiled = async (text: string): Promise<ReadonlyArray<string>> => {
  const file = join(folder, "program.ts")
  await writeFile(file, text)
  const child = Bun.spawn(
    [
      ...[process.execPath, "x", "tsc", "--ignoreConfig", "--noEmit", "--strict"],
      ...["--target", "esnext", "--module", "preserve", "--types", "bun-types"],
      ...["--skipLibCheck", "--allowImportingTsExtensions", file]
    ],
    { cwd: root, stdin: "ignore", stdout: "pipe", stderr: "inherit", timeout: 60_000 }
  )
  const out = await new Response(child.stdout).text()
  await child.exited
  return out.trim().split("\n").filter(Boolean)
}

it("compiles, whatever the names are, and refuses what is not in it", async () => {
  const name = fc.string({ minLength: 1, maxLength: 8, unit: "binary" })
  const type = fc.constantFrom(
    "string",
    "number",
    "array",
    "object",
    "boolean" as const
  )
  const some = fc.sample(
    fc.dictionary(
      name,
      fc.record({
        required: fc.array(name, { maxLength: 3 }),
        properties: fc.dictionary(name, type, { maxKeys: 3 })
      })
    ),
    { numRuns: 20, seed: 20261123 }
  )
  const modules = some.map(
    (events, n) => `namespace M${n} { ${eventTypes("7", schema(events))} }`
  )
  const shop = schema({
    "Order Completed": { required: ["revenue"], properties: { revenue: "number" } },
    "Signed Up": { properties: { plan: "string" } }
  })
  const client = join(root, "libs/tracker/src/client/createClient.ts")
  const complaints = await compiled(`
import { createClient } from ${JSON.stringify(client)}
${eventTypes("7", shop)}
const client = createClient<Events>({ url: "http://127.0.0.1", key: "wk" })
client.track("Order Completed", { revenue: 1 }, { userId: "u" })
client.track("Signed Up", {}, { userId: "u" })
client.track("Signed Up")
/* wrong name */ client.track("Sign Up")
/* wrong type */ client.track("Order Completed", { revenue: "1" })
/* missing */ client.track("Order Completed", {})
/* unknown */ client.track("Signed Up", { plam: "pro" })
${modules.join("\n")}
`)
  const lines = (await Bun.file(join(folder, "program.ts")).text()).split("\n")
  const wrong = complaints.flatMap((complaint) => {
    const line = /program\.ts\((\d+),/.exec(complaint)?.[1]
    return line === undefined ? [] : [lines[Number(line) - 1]?.split("*/")[0]]
  })
  expect(wrong).toEqual([
    "/* wrong name ",
    "/* wrong type ",
    "/* missing ",
    "/* unknown "
  ])
}, 60_000)
