import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { ManagedRuntime } from "effect"
import { makeApp } from "../src/App.ts"
import { adminKey, ControlTest } from "./ControlTest.ts"

const runtime = ManagedRuntime.make(ControlTest)
const app = makeApp(runtime)
beforeAll(() => runtime.context().then(() => {}), 60_000)
afterAll(() => runtime.dispose())

const routes = [
  ["POST", "/v1/projects"],
  ["PATCH", "/v1/projects/1/settings"],
  ["POST", "/v1/projects/1/keys"],
  ["POST", "/v1/people/links/undo"]
] as const

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`

const statuses = async (body: string, more: Record<string, string> = {}) => {
  const found: Array<number> = []
  for (const [method, path] of routes) {
    const headers = { authorization: `Bearer ${adminKey}`, ...more }
    const request = new Request(`http://localhost${path}`, { method, body, headers })
    found.push((await app.handle(request)).status)
  }
  return found
}

describe("a body that nests", () => {
  it("deeper than the stack is malformed", async () => {
    for (const body of [nested(100_000), `{"name":${nested(100_000)}}`])
      expect(await statuses(body)).toEqual(routes.map(() => 400))
  }, 60_000)

  it("so deep is told how deep it may be, and what to do", async () => {
    const headers = { authorization: `Bearer ${adminKey}` }
    const request = (body: string) =>
      new Request("http://localhost/v1/projects", { method: "POST", body, headers })
    const detailOf = async (body: string) => {
      const problem = (await (await app.handle(request(body))).json()) as object
      return "detail" in problem ? problem.detail : undefined
    }
    expect(await detailOf(nested(1001))).toBe(
      "Arrays and objects may lie 1000 levels deep in each other; send the same with fewer levels."
    )
    expect(await detailOf("[")).toBe("The body must be valid JSON in UTF-8.")
  })

  it("less deep is refused by its schema", async () => {
    for (const body of [nested(1000), `{"name":${nested(999)}}`]) {
      expect(await statuses(body)).toEqual(routes.map(() => 422))
      expect(await statuses(body, { "idempotency-key": "k" })).toEqual(
        routes.map(() => 422)
      )
    }
  }, 60_000)
})
