import { createHash } from "node:crypto"
import { gzipSync } from "node:zlib"
import script from "@analytics/tracker/browser/t.js.txt" with { type: "text" }
import { Elysia } from "elysia"

/** A page that was built against the last version must not wait for this one for long. */
const CACHE = "public, max-age=3600, stale-while-revalidate=86400"

const packed = gzipSync(script, { level: 9 })
const hash = createHash("sha256").update(script).digest("base64url").slice(0, 22)
// Weak, since it names the script and not the bytes of one encoding.
const etag = `W/"${hash}"`

const headers = {
  "content-type": "text/javascript; charset=utf-8",
  "cache-control": CACHE,
  etag,
  vary: "accept-encoding",
  // Pages of any origin load it, some of them with `crossorigin` and an integrity hash.
  "access-control-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
  "x-content-type-options": "nosniff"
}

/** `GET /t.js`: the script that pages load, which sends to where it came from. */
export const trackerRoutes = () =>
  new Elysia({ tags: ["events"] }).get(
    "/t.js",
    ({
      headers: { "accept-encoding": encodings = "", "if-none-match": known = "" }
    }) => {
      if (known.includes(hash)) return new Response(null, { status: 304, headers })
      return /\bgzip\b/.test(encodings)
        ? new Response(packed, { headers: { ...headers, "content-encoding": "gzip" } })
        : new Response(script, { headers })
    },
    {
      detail: {
        summary: "The script for web pages",
        description:
          '`<script defer src="https://…/t.js" data-key="wk_…"></script>` counts page views and sends to where the script came from.',
        responses: {
          200: {
            description: "JavaScript",
            content: { "text/javascript": { schema: { type: "string" } } }
          },
          304: { description: "It is the one that `If-None-Match` names" }
        }
      }
    }
  )
