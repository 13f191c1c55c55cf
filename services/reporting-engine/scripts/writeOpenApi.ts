import { openApiDocument } from "../src/openApiDocument.ts"

const { content, path } = openApiDocument()
await Bun.write(path, content)
