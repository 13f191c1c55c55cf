import { afterAll, describe, expect, it } from "bun:test"
import { rmSync } from "node:fs"
import { Effect, ManagedRuntime } from "effect"
import { ImportSources } from "../../src/types/import/ImportSources.ts"
import { importLayer, makeFolder } from "./importTest.ts"
import { cert, key } from "./testCertificate.ts"

const folder = makeFolder()
const content = "userId,event\nu,e\n"
const asked: Array<string> = []

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  tls: { cert, key },
  fetch: (request) => {
    const { pathname, searchParams } = new URL(request.url)
    asked.push(`${request.headers.get("host")?.split(":")[0]}${pathname}`)
    const location = searchParams.get("to")
    if (pathname === "/hop" && location !== null)
      return new Response(null, { status: 302, headers: { location } })
    if (pathname === "/round")
      return new Response(null, { status: 307, headers: { location: "/round" } })
    if (pathname === "/large") return new Response("x".repeat(2 * 1024 * 1024))
    return pathname === "/file"
      ? new Response(content)
      : new Response("", { status: 404 })
  }
})
const { port } = server

/** Names of tests; what counts as public here is this server alone. */
const addresses: Record<string, ReadonlyArray<string>> = {
  "data.example.test": ["127.0.0.1"],
  "other.example.test": ["127.0.0.1"],
  "inside.example.test": ["10.0.0.1"],
  "unnamed.example.test": ["127.0.0.1"]
}
const hosts = Object.keys(addresses).map((name) => `${name}:${port}`)
const runtime = ManagedRuntime.make(
  importLayer(folder, {
    hosts,
    network: {
      ca: cert,
      resolve: async (host) => addresses[host] ?? Promise.reject(new Error("unknown")),
      isPublic: (address) => address === "127.0.0.1"
    }
  })
)
afterAll(async () => {
  await runtime.dispose()
  await server.stop(true)
  rmSync(folder.root, { recursive: true })
}, 60_000)

const job = { id: crypto.randomUUID(), projectId: 1 }
const find = (path: string, host = "data.example.test") =>
  runtime.runPromise(
    Effect.flatMap(ImportSources, (sources) =>
      sources.find({ url: `https://${host}:${port}${path}` }, job)
    ).pipe(
      Effect.map(({ bytes }) => `found ${bytes}`),
      Effect.catch((error) => Effect.succeed(`${error._tag}: ${error.detail}`))
    )
  )
const to = (url: string) => `/hop?to=${encodeURIComponent(url)}`

describe("a file of another host", () => {
  it("is fetched under its name from the address that was checked", async () => {
    expect(await find("/file")).toBe(`found ${content.length}`)
    expect(asked.splice(0)).toEqual(["data.example.test/file"])
  })

  it("is followed to other hosts that are allowed", async () => {
    const there = `https://other.example.test:${port}/file`
    expect(await find(to(there))).toBe(`found ${content.length}`)
    expect(await find(to("/file"))).toBe(`found ${content.length}`)
    expect(asked.splice(0)).toEqual([
      "data.example.test/hop",
      "other.example.test/file",
      "data.example.test/hop",
      "data.example.test/file"
    ])
  })

  it.each([
    [`https://inside.example.test:${port}/file`, /JobFailed: .*not public/u],
    ["https://127.0.0.1/file", /JobFailed: .*does not allow 127/u],
    ["https://169.254.169.254/latest", /JobFailed: .*does not allow/u],
    ["http://data.example.test/file", /JobFailed: .*Only `https/u],
    ["file:///etc/passwd", /JobFailed: .*Only `https/u],
    ["//elsewhere.example/x", /JobFailed: .*does not allow/u],
    [`https://u:p@data.example.test:${port}/file`, /JobFailed: .*password/u]
  ] as const)("is not followed to %s", async (url, reason) => {
    expect(await find(to(url))).toMatch(reason)
    expect(asked.splice(0)).toEqual(["data.example.test/hop"])
  })

  it("is given up when it leads nowhere, is missing, or is too large", async () => {
    expect(await find("/round")).toMatch(/^JobFailed: .*more than 5 times/u)
    expect(asked.splice(0)).toHaveLength(6)
    expect(await find("/none")).toMatch(/^JobFailed: .*404/u)
    expect(await find("/large")).toMatch(/^JobFailed: .*BATCH_IMPORT_MAX_BYTES/u)
    asked.splice(0)
  })

  it("is not taken from who cannot prove the name", async () => {
    expect(await find("/file", "unnamed.example.test")).toMatch(/^JobUnavailable: /u)
    expect(asked.splice(0)).toEqual([])
  })

  it("is not fetched when the name came to lead elsewhere meanwhile", async () => {
    const before = addresses["data.example.test"]
    addresses["data.example.test"] = ["127.0.0.1", "::ffff:10.0.0.1"]
    expect(await find("/file")).toMatch(/^JobFailed: .*not public/u)
    if (before !== undefined) addresses["data.example.test"] = before
    expect(asked.splice(0)).toEqual([])
  })
})
