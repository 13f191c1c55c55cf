import type { Endpoint } from "@analytics/data-processing/segment/SegmentRequest"

const track = {
  type: "track",
  event: "Order Completed",
  userId: "u-42",
  messageId: "5f0c2c1e-9a55-4c1e-8a0f-1d2e3c4b5a69",
  timestamp: "2026-03-01T10:00:00.123Z",
  properties: { revenue: 39.9, currency: "USD" }
}

const bodies: { readonly [endpoint in Endpoint]: object } = {
  track,
  identify: { userId: "u-42", anonymousId: "a-7", traits: { plan: "pro" } },
  page: { anonymousId: "a-7", name: "Home", properties: { path: "/" } },
  screen: { userId: "u-42", name: "Main" },
  group: { userId: "u-42", groupId: "g-1", traits: { name: "ACME" } },
  alias: { userId: "u-42", previousId: "a-7" },
  batch: { batch: [track], sentAt: "2026-03-01T10:00:01.000Z" }
}

const summaries: { readonly [endpoint in Endpoint]: string } = {
  track: "Something that a person did",
  identify: "Who a person is, and their traits",
  page: "A page that was seen",
  screen: "A screen that was seen",
  group: "A group that a person belongs to",
  alias: "Two ids that are one person",
  batch: "Many events at once"
}

const description = `Authorization: Basic with the write key as user, Bearer, or \`writeKey\` in query or body.
The Content-Type does not matter; gzip is recognised. An event without \`messageId\` gets one; one with a
\`messageId\` that was sent before is stored once. Each event has its own verdict: \`rejected\` names those that
were refused and why. 200 means that the accepted events are durable.

\`X-Ingest-Lane: bulk\` is for imports: they leave most of the loader to live events.
\`Prefer: wait=10\` holds the answer until the events are stored, at most so many seconds; \`Preference-Applied\`
says that they are. After 429 and 503 send the same events again.`

/** OpenAPI for one endpoint: a summary and an example of the body. */
export const documentation = Object.fromEntries(
  Object.entries(bodies).map(([endpoint, example]) => [
    endpoint,
    {
      summary: summaries[endpoint as Endpoint],
      description,
      security: [{ key: [] }],
      requestBody: {
        required: true,
        content: { "application/json": { schema: { type: "object" }, example } }
      }
    }
  ])
) as { readonly [endpoint in Endpoint]: object }
