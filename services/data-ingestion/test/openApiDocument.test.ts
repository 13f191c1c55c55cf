import { expect, it } from "bun:test"
import { openApiDocument } from "../src/openApiDocument.ts"

it("is checked in as the routes say", async () => {
  const { content, path } = openApiDocument()
  expect(await Bun.file(path).text()).toBe(content)
})
