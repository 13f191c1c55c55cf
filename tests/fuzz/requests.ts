import { gzipSync } from "node:zlib"
import type { ProtocolRoute } from "@analytics/data-processing/protocols/Protocol"
import fc from "fast-check"
import { captureNames, capturesOf, targetOf, textOf } from "../captures/Captured.ts"

/** A request that some client might send, had it gone wrong. */
export interface Fuzzed {
  readonly method: "GET" | "POST"
  /** Path and query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array<ArrayBuffer>
}

/** What was really sent, from which everything else is made. */
export interface Seed {
  readonly path: string
  readonly query: string
  readonly body: string
}

export const seeds = async (): Promise<ReadonlyArray<Seed>> => {
  const all = await Promise.all(captureNames.map(capturesOf))
  return all.flat().map((captured) => {
    const [path = "", query = ""] = targetOf(captured).split("?")
    return { path: path.replace(/\/$/, ""), query, body: textOf(captured) }
  })
}

type Value = unknown

const long = "x".repeat(20_000)
const deep = Array.from({ length: 200 }).reduce<Value>((inner) => ({ a: inner }), 1)

/** Written as this text, which no JSON value of JavaScript is. */
const RAW = "@raw:"

const nasty: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(
    null,
    "",
    0,
    -1,
    true,
    [],
    {},
    [[]],
    [null],
    "\u0000",
    "\ud800",
    "null",
    "[object Object]",
    "$set",
    { $set: 1, $unset: "x", $set_once: [] },
    { __proto__: null, constructor: { prototype: 1 } },
    long,
    deep,
    8.64e15,
    -8.64e15,
    "0000-00-00T00:00:00Z",
    "9999-12-31T23:59:59.999999999+99:99",
    `${RAW}1e400`,
    `${RAW}123456789012345678901234567890`,
    `${RAW}-0`
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.double(),
  fc.bigInt().map((value) => `${RAW}${value}`)
)

interface Mutation {
  readonly at: number
  readonly kind: "replace" | "remove" | "wrap" | "rename" | "repeat"
  readonly value: Value
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom("replace", "replace", "remove", "wrap", "rename", "repeat"),
  value: nasty
})

type Container = Record<string, Value>

/** Every place in a value: who holds it, and under which name. */
const placesOf = (holder: Container, all: Array<[Container, string]> = []) => {
  for (const name of Object.keys(holder)) {
    all.push([holder, name])
    const value = holder[name]
    if (typeof value === "object" && value !== null && all.length < 2000)
      placesOf(value as Container, all)
  }
  return all
}

const mutated = (seed: Value, mutations: ReadonlyArray<Mutation>): Value => {
  const root: Container = { root: structuredClone(seed) }
  for (const { at, kind, ...mutation } of mutations) {
    // Values are drawn again and again: what is changed must be this request's own.
    const value = structuredClone(mutation.value)
    const places = placesOf(root)
    const [holder, name] = places[at % places.length] ?? [root, "root"]
    if (kind === "replace") holder[name] = value
    else if (kind === "wrap") holder[name] = [holder[name], value]
    else if (kind === "remove") delete holder[name]
    else if (kind === "rename") holder[written(value).slice(0, 50)] = holder[name]
    else holder[name] = Array.from({ length: 3 }, () => holder[name])
  }
  return root["root"]
}

const written = (value: Value): string =>
  (JSON.stringify(value) ?? "").replace(
    new RegExp(`"${RAW}(-?[0-9][0-9e]*)"`, "g"),
    "$1"
  )

const parsed = (text: string): Value => {
  try {
    return JSON.parse(text)
  } catch {
    const data = new URLSearchParams(text).get("data")
    return data === null ? text : parsed(Buffer.from(data, "base64").toString())
  }
}

const packings = [
  (text: string) => Buffer.from(text),
  (text: string) => Buffer.from(text),
  (text: string) => Buffer.from(text),
  (text: string) => gzipSync(text),
  (text: string) => Buffer.from(Buffer.from(text).toString("base64")),
  (text: string) => Buffer.from(`data=${encodeURIComponent(btoa(encodeURI(text)))}`),
  (text: string) =>
    Buffer.from(`data=${encodeURIComponent(Buffer.from(text).toString("base64"))}`),
  (text: string) => Buffer.from(text.slice(0, text.length / 2)),
  (text: string) => gzipSync(text).subarray(0, 20),
  () => Buffer.from([0x1f, 0x8b, 8, 0, 0xff, 0xfe]),
  () => Buffer.from("")
]

const headerSets: ReadonlyArray<Readonly<Record<string, string>>> = [
  {},
  { "content-type": "application/json" },
  { "content-type": "text/plain" },
  { "content-type": "application/x-www-form-urlencoded" },
  { "content-type": "multipart/form-data; boundary=x" },
  { authorization: "Basic Og==" },
  { authorization: "Bearer " },
  { "x-umami-cache": "not.a.token" },
  { "x-umami-cache": `${btoa("{}")}.${btoa("{}")}.x` },
  { origin: "null", "user-agent": "\u00ff" },
  { "x-forwarded-for": "999.1.1.1, ::1", prefer: "wait=x" },
  { "posthog-request-timestamp": "never", "posthog-attempt": "NaN" }
]

/** Requests to one endpoint, made of what clients sent there or to others like it. */
export const fuzzed = (
  route: Pick<ProtocolRoute, "path" | "methods">,
  all: ReadonlyArray<Seed>
): fc.Arbitrary<Fuzzed> => {
  const own = all.filter(({ path }) => path === route.path)
  const chosen = own.length > 0 ? own : all
  return fc
    .record({
      seed: fc.constantFrom(...chosen),
      method: fc.constantFrom(...route.methods),
      mutations: fc.array(mutation, { maxLength: 4 }),
      packing: fc.constantFrom(...packings),
      headers: fc.constantFrom(...headerSets),
      parameter: fc.option(
        fc.tuple(
          fc.constantFrom(
            "data",
            "verbose",
            "compression",
            "ver",
            "e",
            "ue_px",
            "cx",
            "_"
          ),
          fc.oneof(fc.string(), fc.json())
        )
      )
    })
    .map(({ headers, method, mutations, packing, parameter, seed }) => {
      const query = new URLSearchParams(seed.query)
      const inQuery = seed.body === "" && query.has("data")
      const from = inQuery ? (query.get("data") ?? "") : seed.body
      const text = written(
        mutated(
          inQuery ? parsed(`data=${encodeURIComponent(from)}`) : parsed(from),
          mutations
        )
      )
      if (method === "GET" && text !== '""')
        query.set("data", Buffer.from(text.slice(0, 4000)).toString("base64"))
      if (parameter !== null) query.set(parameter[0], parameter[1])
      const search = query.toString()
      const path = route.path.replaceAll(/:\w+/g, "a%20b")
      return {
        method,
        target: search === "" ? path : `${path}?${search}`,
        headers,
        body: new Uint8Array(method === "GET" ? [] : packing(text))
      }
    })
}
