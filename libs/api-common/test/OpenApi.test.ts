import { afterAll, describe, expect, it } from "bun:test"
import { makeTestApp, testRuntime } from "./testApp.ts"

const runtime = testRuntime()
const app = makeTestApp(runtime)
afterAll(() => runtime.dispose())

const get = (path: string) => app.handle(new Request(`http://localhost${path}`))

describe("/openapi.json", () => {
  it("documents requests and answers from the schemas that check them", async () => {
    const document = (await (await get("/openapi.json")).json()) as {
      paths: Record<string, unknown>
    }
    expect(document).toMatchObject({
      openapi: "3.1.1",
      info: { title: "carts" },
      paths: {
        "/carts": {
          post: {
            requestBody: {
              content: {
                "application/json": {
                  schema: {
                    required: ["name"],
                    additionalProperties: false,
                    properties: {
                      name: { type: "string", minLength: 1 },
                      items: { items: { additionalProperties: false } }
                    }
                  }
                }
              }
            },
            responses: { 201: {} }
          }
        },
        "/readyz": {
          get: {
            responses: {
              200: {},
              503: {
                description: "The service cannot take requests now",
                content: { "application/problem+json": {} }
              }
            }
          }
        }
      }
    })
    expect(Object.keys(document.paths)).not.toContain("/docs")
    expect(JSON.stringify(document)).not.toContain("$schema")
  })
})

describe("/docs", () => {
  it("is a page that asks no other host for anything", async () => {
    const page = await (await get("/docs")).text()
    expect(page).toContain('src="/docs/scalar.js"')
    expect(page).not.toMatch(/https?:/)
    const script = await get("/docs/scalar.js")
    expect(script.headers.get("content-type")).toContain("javascript")
    expect(await script.text()).toContain("createApiReference")
  })
})
