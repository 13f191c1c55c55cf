import { expect, it } from "bun:test"
import { openApiDocument } from "../src/openApiDocument.ts"

it("docs/openapi/reporting-engine.json is what the routes say (else: bun run openapi:write)", async () => {
  const { content, path } = openApiDocument()
  expect(await Bun.file(path).text()).toBe(content)
})
