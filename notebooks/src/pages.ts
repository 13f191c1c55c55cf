import type { Plugin } from "vite"
import { docsPage } from "./docsPage.ts"
import { type Destination, forward } from "./forward.ts"

const prefix = "/stack/"

/** Nothing of any page is loaded from, or sent to, anywhere but this server. */
const policy = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join("; ")

/**
 * What the server of the notebooks adds to Vite's: the way to the stack, the documentation,
 * and the refusal of whoever came by another name than this machine's own.
 */
export const pages = (options: {
  readonly repository: string
  readonly destination: () => Promise<Destination>
}): Plugin => ({
  name: "notebook-pages",
  configureServer({ middlewares }) {
    middlewares.use((request, response, next) => {
      const { headers, method = "GET", url = "/" } = request
      const end = (status: number, type: string, body: string | Uint8Array) => {
        response.writeHead(status, {
          "content-type": type,
          "cache-control": "no-store"
        })
        response.end(body)
      }
      response.setHeader("content-security-policy", policy)
      response.setHeader("x-content-type-options", "nosniff")
      if (!/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/u.test(headers.host ?? ""))
        return end(403, "text/plain", "Open it by 127.0.0.1 or localhost.")
      if (url.startsWith(prefix)) {
        const gone = new AbortController()
        response.on("close", () => gone.abort())
        const asked = {
          method,
          path: url.slice(prefix.length),
          headers,
          body: request,
          signal: gone.signal
        }
        forward(asked, options.destination).then(
          ({ body, status }) => end(status, "application/json", body),
          next
        )
        return
      }
      if (url.startsWith("/docs/")) {
        docsPage(options.repository, url).then(
          (page) =>
            page === undefined
              ? end(404, "text/plain", "There is no such page.")
              : end(200, page.type, page.body),
          next
        )
        return
      }
      next()
    })
  }
})
