import { describe, expect, it } from "bun:test"
import { openApiDocument } from "../src/openApiDocument.ts"

describe("docs/openapi/analytics-api.json", () => {
  it("is what the routes say (else: bun run openapi:write)", async () => {
    const { content, path } = openApiDocument()
    expect(await Bun.file(path).text()).toBe(content)
  })

  it("names a request schema and every kind of answer of each control route", () => {
    const document = JSON.parse(openApiDocument().content)
    const created = document.paths["/v1/projects"].post
    const schema = created.requestBody.content["application/json"].schema
    expect(schema).toMatchObject({
      additionalProperties: false,
      required: ["name"],
      properties: { timezone: { type: "string", examples: ["Europe/Berlin"] } },
      examples: [{ name: "Shop", timezone: "Europe/Berlin" }]
    })
    expect(Object.keys(created.responses)).toEqual(["201", "401", "403", "503"])
    expect(created.security).toEqual([{ key: [] }])
  })
})
