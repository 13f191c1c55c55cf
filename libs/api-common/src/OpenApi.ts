import { fileURLToPath } from "node:url"
import { openapi } from "@elysiajs/openapi"
import { Elysia } from "elysia"

export interface About {
  readonly title: string
  readonly version: string
  readonly description: string
}

/** The page needs no network: its script comes from the installed package. */
const scalarScript = fileURLToPath(
  new URL("./browser/standalone.js", import.meta.resolve("@scalar/api-reference"))
)

/** `/openapi.json` (OpenAPI 3.1, from the routes' own schemas) and `/docs` to read it. */
export const openApi = ({ description, title, version }: About) =>
  new Elysia({ name: "@analytics/api-common/openapi" })
    .use(
      openapi({
        provider: null,
        specPath: "/openapi.json",
        openapiVersion: "3.1.1",
        exclude: { paths: ["/docs", "/docs/scalar.js", "/openapi.json"] },
        documentation: {
          info: { title, version, description },
          components: {
            securitySchemes: {
              key: {
                type: "http",
                scheme: "bearer",
                description: "A key of a project, or the admin key where that is said"
              }
            }
          }
        }
      })
    )
    .get("/docs", ({ set }) => {
      set.headers["content-type"] = "text/html; charset=utf-8"
      return page(title)
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
