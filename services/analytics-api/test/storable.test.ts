import { afterAll, describe, expect, it, setDefaultTimeout } from "bun:test"
import { ManagedRuntime } from "effect"
import { makeApp } from "../src/App.ts"
import { adminKey, ControlTest } from "./ControlTest.ts"

setDefaultTimeout(60_000)

const runtime = ManagedRuntime.make(ControlTest)
const app = makeApp(runtime)
afterAll(() => runtime.dispose(), 60_000)

const ask = (method: string, path: string, body?: unknown, headers: object = {}) =>
  app.handle(
    new Request(`http://localhost${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
  )

/** What JSON and addresses allow, and a column of Postgres perhaps not. */
const values = [
  "a\0b",
  "\ud800",
  "\\x00",
  "%00",
  "1e400",
  "NaN",
  "4294967296",
  "9007199254740991",
  "9223372036854775808"
]

const made = async () => {
  const response = await ask("POST", "/v1/projects", { name: "Shop" })
  const { id, secretKey } = (await response.json()) as { id: number; secretKey: string }
  return { id, headers: { authorization: `Bearer ${secretKey}` } }
}
const project = made()
const path = async () => `/v1/projects/${(await project).id}`

const inAddress = (text: string) => encodeURIComponent(text.toWellFormed())

type Send = (value: string) => Promise<Response> | Response

describe("what Postgres cannot store", () => {
  it.each<[string, Send]>([
    ["the name of a project", (name) => ask("POST", "/v1/projects", { name })],
    ["its new name", async (name) => ask("PATCH", await path(), { name })],
    ["a time zone", async (timezone) => ask("PATCH", await path(), { timezone })],
    [
      "the name of a key",
      async (name) => ask("POST", `${await path()}/keys`, { kind: "write", name })
    ],
    [
      "the end of a key",
      async (expiresAt) =>
        ask("POST", `${await path()}/keys`, { kind: "write", expiresAt })
    ],
    [
      "a setting",
      async (host) =>
        ask("PATCH", `${await path()}/settings`, { exclusions: { hosts: [host] } })
    ],
    ["an id in a path", (id) => ask("GET", `/v1/projects/${inAddress(id)}`)],
    ["a filter", (actor) => ask("GET", `/v1/audit?actor=${inAddress(actor)}`)],
    ["a project asked for", (id) => ask("GET", `/v1/audit?projectId=${inAddress(id)}`)],
    ["a cursor", (cursor) => ask("GET", `/v1/audit?cursor=${inAddress(cursor)}`)],
    [
      "a search",
      async (text) => {
        const { headers } = await project
        const query = `search=${inAddress(text)}&event=${inAddress(text)}`
        return ask("GET", `/v1/catalogue/properties?${query}`, undefined, headers)
      }
    ]
  ])("is refused, and never a fault of the store, as %s", async (_, send) => {
    for (const value of values)
      expect([value, (await send(value)).status < 500]).toEqual([value, true])
  })
})
