import type { ProtocolRoute } from "@analytics/data-processing/protocols/Protocol"

/** OpenAPI for one method of an endpoint: a summary and an example of the body. */
export const documentationOf = (
  { documentation, protocol }: ProtocolRoute,
  method: "GET" | "POST"
): object => {
  const { description, example, hidden, schema, summary } = documentation
  return {
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [protocol === "segment" ? "events" : protocol],
    security: [{ key: [] }],
    ...(method === "GET"
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              "application/json": {
                schema: schema ?? { type: "object" },
                ...(example === undefined ? {} : { example })
              }
            }
          }
        }),
    ...(hidden === true ? { hide: true } : {})
  }
}
