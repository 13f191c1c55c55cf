import { join } from "node:path"
import type { AnyElysia } from "elysia"
import { type About, documentOf } from "./OpenApiDocument.ts"

const folder = join(import.meta.dir, "../../../docs/openapi")

/** The checked-in document of a service, and what it must hold. */
export const openApiFile = (app: AnyElysia, about: About) => ({
  path: join(folder, `${about.title}.json`),
  content: `${JSON.stringify(documentOf(app, about), null, 2)}\n`
})
