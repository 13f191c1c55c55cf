import { fileURLToPath } from "node:url"
import type { AnyElysia } from "elysia"
import { Elysia } from "elysia"
import { type About, documentOf } from "./OpenApiDocument.ts"

/** The page needs no network: its script comes from the installed package. */
const scalarScript = fileURLToPath(
  new URL("./browser/standalone.js", import.meta.resolve("@scalar/api-reference"))
)

/** `/openapi.json` (OpenAPI 3.1) of the application that uses this, and `/docs` to read it. */
export const openApi =
  (about: About) =>
  <App extends AnyElysia>(app: App): App => {
    app.use(pages(about, app))
    return app
  }

const pages = (about: About, app: AnyElysia) =>
  new Elysia({ name: "@analytics/api-common/openapi", detail: { hide: true } })
    .get("/openapi.json", () => documentOf(app, about))
    .get("/docs", ({ set }) => {
      set.headers["content-type"] = "text/html; charset=utf-8"
      return page(about.title)
    })
    .get("/docs/scalar.js", () => Bun.file(scalarScript))

const page = (title: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
</head>
<body>
<div id="reference"></div>
<script src="/docs/scalar.js"></script>
<script>
Scalar.createApiReference("#reference", {
  url: "/openapi.json", withDefaultFonts: false, telemetry: false, hideClientButton: true
})
</script>
</body>
</html>
`
