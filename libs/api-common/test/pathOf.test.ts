import { afterAll, describe, expect, it } from "bun:test"
import { pathOf } from "../src/pathOf.ts"
import { makeTestApp, testRuntime } from "./testApp.ts"

const runtime = testRuntime()
const app = makeTestApp(runtime).listen({ hostname: "127.0.0.1", port: 0 })
afterAll(async () => {
  await app.stop(true)
  await runtime.dispose()
})

describe("the path of a request", () => {
  // Without a host Bun gives no whole URL.
  it.each(["a", "a:1", "", "localhost:4000", "analytics.example"])(
    "is told whatever its Host is: %j",
    async (host) => {
      const instance = async (method: string, path: string) => {
        const url = `http://127.0.0.1:${app.server?.port}${path}`
        const response = await fetch(url, { method, headers: { host } })
        return ((await response.json()) as { instance: string }).instance
      }
      expect(await instance("GET", "/fails/too-many?x=/")).toBe("/fails/too-many")
      expect(await instance("GET", "/fails/unforeseen")).toBe("/fails/unforeseen")
      expect(await instance("GET", "/carts/none?x=/")).toBe("/carts/none")
      expect(await instance("DELETE", "/carts")).toBe("/carts")
    }
  )

  it("is there even where a URL has none", () => {
    expect(pathOf(new Request("http://a?x=/b"))).toBe("/")
    expect(pathOf(new Request("https://a.example/b//c?x#y"))).toBe("/b//c")
  })
})
