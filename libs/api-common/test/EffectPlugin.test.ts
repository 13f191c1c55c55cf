import { afterAll, describe, expect, it } from "bun:test"
import { makeTestApp, testRuntime } from "./testApp.ts"

const runtime = testRuntime()
const app = makeTestApp(runtime)
afterAll(() => runtime.dispose())

const get = (path: string) => app.handle(new Request(`http://localhost${path}`))

const post = (body: string | Uint8Array | ReadableStream, type = "application/json") =>
  app.handle(
    new Request("http://localhost/carts", {
      method: "POST",
      headers: { "content-type": type },
      body
    })
  )

describe("a request that fits", () => {
  it("is answered with the status that the route names", async () => {
    const response = await post('{"name":"a"}')
    expect(response.status).toBe(201)
    expect(await response.json()).toEqual({ name: "a" })
  })

  it("is read as JSON whatever its Content-Type says", async () => {
    expect((await post('{"name":"a"}', "text/plain")).status).toBe(201)
  })
})

describe("a request that does not fit", () => {
  it("hears every reason, by JSON Pointer, and never its own values", async () => {
    const response = await post(
      '{"name":"","a/b~c":"SECRET","items":[{"price":1},{"SECRET":"SECRET"}],"extra":"SECRET"}'
    )
    expect(response.status).toBe(422)
    expect(response.headers.get("content-type")).toBe("application/problem+json")
    expect(await response.json()).toEqual({
      type: "urn:analytics:problem:invalid-request",
      title: "The request does not match its schema",
      status: 422,
      instance: "/carts",
      errors: [
        {
          pointer: "/extra",
          detail: "There is no such field; remove it or correct its name"
        },
        { pointer: "/name", detail: "Expected a value with a length of at least 1" },
        { pointer: "/a~1b~0c", detail: "Expected number" },
        {
          pointer: "/items/1/SECRET",
          detail: "There is no such field; remove it or correct its name"
        },
        { pointer: "/items/1/price", detail: "This field is required" }
      ]
    })
  })

  it("names no more than a hundred reasons", async () => {
    const items = Array.from({ length: 120 }, () => ({}))
    const response = await post(JSON.stringify({ name: "a", items }))
    const body = (await response.json()) as { errors: ReadonlyArray<unknown> }
    expect(body.errors).toHaveLength(100)
  })

  it.each([
    ["broken JSON", "{"],
    ["invalid UTF-8", new Uint8Array([0x22, 0xff, 0x22])]
  ])("is 400 for %s", async (_, body) => {
    const response = await post(body)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      type: "about:blank",
      title: "Malformed body",
      status: 400,
      instance: "/carts",
      detail: "The body must be valid JSON in UTF-8."
    })
  })

  it("is 422 without a body", async () => {
    expect((await post("")).status).toBe(422)
  })

  it("is 413 over the limit, also when its length was not announced", async () => {
    const large = JSON.stringify({ name: "x".repeat(1000) })
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode(large))
    })
    for (const body of [large, endless]) {
      const response = await post(body)
      expect(response.status).toBe(413)
      expect(await response.json()).toMatchObject({
        title: "The body is too large",
        detail: "At most 1000 bytes are read; send less at once."
      })
    }
  })

  it("is 404 for a path that does not exist", async () => {
    const response = await get("/nowhere")
    expect(response.status).toBe(404)
    expect(response.headers.get("content-type")).toBe("application/problem+json")
    expect(await response.json()).toMatchObject({ title: "Not Found", status: 404 })
  })
})

describe("a program that fails", () => {
  it("challenges when it asks for a key", async () => {
    const response = await get("/fails/unauthorized")
    expect(response.status).toBe(401)
    expect(response.headers.get("www-authenticate")).toBe("Bearer")
  })

  it("says in whole seconds when to come back", async () => {
    const response = await get("/fails/too-many")
    expect(response.status).toBe(429)
    expect(response.headers.get("retry-after")).toBe("2")
  })

  it("hides its defects", async () => {
    const response = await get("/fails/badly")
    expect(response.status).toBe(500)
    expect(await response.json()).toEqual({
      type: "about:blank",
      title: "Internal Server Error",
      status: 500,
      instance: "/fails/badly"
    })
  })
})
