import { afterAll, describe, expect, it } from "bun:test"
import { makeTestApp, testRuntime } from "./testApp.ts"

const runtime = testRuntime()
// Over HTTP, because Bun's own router stands before the application's.
const app = makeTestApp(runtime).listen({ hostname: "127.0.0.1", port: 0 })
afterAll(async () => {
  await app.stop(true)
  await runtime.dispose()
})

const ask = (method: string, path: string) =>
  fetch(`http://127.0.0.1:${app.server?.port}${path}`, { method })

describe("a path that exists, with another method", () => {
  it("is 405 and says which there are", async () => {
    const response = await ask("GET", "/carts")
    expect(response.status).toBe(405)
    expect(response.headers.get("allow")).toBe("POST")
    expect(response.headers.get("content-type")).toBe("application/problem+json")
    expect(await response.json()).toEqual({
      type: "about:blank",
      title: "Method Not Allowed",
      status: 405,
      instance: "/carts",
      detail: "This path takes POST."
    })
  })

  it.each([
    ["PUT", "/carts/", "POST"],
    ["DELETE", "/fails/badly?x=1", "GET, HEAD"],
    ["OPTIONS", "/livez", "GET, HEAD"],
    ["POST", "/openapi.json", "GET, HEAD"]
  ])("counts for %s %s", async (method, path, allow) => {
    const response = await ask(method, path)
    expect(response.status).toBe(405)
    expect(response.headers.get("allow")).toBe(allow)
  })

  it("is not what HEAD is to GET", async () => {
    expect((await ask("HEAD", "/livez")).status).toBe(200)
    expect((await ask("HEAD", "/openapi.json")).status).toBe(200)
  })
})

describe("a path that does not exist", () => {
  it.each(["/nowhere", "/carts/1", "/fails", "/"])("is 404 for %s", async (path) => {
    for (const method of ["GET", "DELETE"]) {
      const response = await ask(method, path)
      expect(response.status).toBe(404)
      expect(response.headers.has("allow")).toBe(false)
    }
  })
})
