import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { type Asked, forward } from "../src/forward.ts"

const secretKey = "sk_of_the_project"
let service: ReturnType<typeof Bun.serve>
let seen: Array<string>

beforeAll(() => {
  service = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url)
      seen.push(
        [
          request.method,
          pathname + search,
          request.headers.get("authorization"),
          await request.text()
        ].join(" ")
      )
      return Response.json({ fine: true })
    }
  })
})
afterAll(() => service.stop(true))

const asked = (method: string, path: string, more: Partial<Asked> = {}) => {
  seen = []
  const body = async function* () {
    yield method === "POST" ? "{}" : ""
  }
  return forward(
    {
      method,
      path,
      headers: { host: "127.0.0.1:4016" },
      body: body(),
      signal: new AbortController().signal,
      ...more
    },
    async () => ({
      services: {
        "analytics-api": `http://127.0.0.1:${service.port}`,
        "data-ingestion": `http://127.0.0.1:${service.port}`
      },
      projects: [{ id: "demo", name: "The shop", secretKey }]
    })
  )
}

describe("forward", () => {
  it("asks as the project, whose key the page never sees", async () => {
    expect(await asked("POST", "demo/analytics-api/v1/query")).toEqual({
      status: 200,
      body: '{"fine":true}'
    })
    expect(seen).toEqual([`POST /v1/query Bearer ${secretKey} {}`])
    await asked("GET", "demo/data-ingestion/v1/quarantine/?limit=5")
    expect(seen).toEqual([`GET /v1/quarantine/?limit=5 Bearer ${secretKey} `])
    const { body } = await asked("GET", "projects")
    expect(JSON.parse(body)).toEqual([{ id: "demo", name: "The shop" }])
  })

  it.each([
    ["POST", "demo/analytics-api/v1/projects"],
    ["DELETE", "demo/analytics-api/v1/query"],
    ["GET", "demo/analytics-api/v1/../v1/projects"],
    ["GET", "demo/analytics-api/metrics"],
    ["POST", "demo/data-ingestion/v1/quarantine/replay"],
    ["DELETE", "demo/ml-inference/v1/models/buys"],
    ["PUT", "demo/ml-inference/v1/models/buys/aliases/champion"],
    ["GET", "other/data-ingestion/v1/accounting"],
    ["POST", "projects"]
  ])("refuses %s %s", async (method, path) => {
    expect((await asked(method, path)).status).toBe(404)
    expect(seen).toEqual([])
  })

  it.each([
    { origin: "https://example.com" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site", origin: "http://127.0.0.1:4016" }
  ])("refuses the page of somebody else: %j", async (headers) => {
    const path = "demo/analytics-api/v1/query"
    const all = { host: "127.0.0.1:4016", ...headers }
    expect((await asked("POST", path, { headers: all })).status).toBe(403)
    expect(seen).toEqual([])
  })

  it("says what to do when a service or all of the stack is not there", async () => {
    const gone = await asked("GET", "demo/ml-inference/v1/models")
    expect([gone.status, gone.body]).toEqual([
      503,
      expect.stringContaining("make start")
    ])
    const none = await forward(
      {
        method: "GET",
        path: "projects",
        headers: {},
        body: (async function* () {})(),
        signal: new AbortController().signal
      },
      () => Promise.reject(new Error("no file"))
    )
    expect([none.status, none.body]).toEqual([
      503,
      expect.stringContaining("make start")
    ])
  })

  it("bounds the question", async () => {
    const large = async function* () {
      yield "x".repeat(1024 * 1024 + 1)
    }
    const path = "demo/analytics-api/v1/query"
    expect((await asked("POST", path, { body: large() })).status).toBe(413)
    expect(seen).toEqual([])
  })
})
