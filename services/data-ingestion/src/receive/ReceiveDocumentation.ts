import type { ProtocolRoute } from "@analytics/data-processing/protocols/Protocol"

/** Whether a protocol answers by `Answer` and problem details, as ours and Segment's do. */
export const hasVerdicts = ({ protocol }: ProtocolRoute): boolean =>
  protocol === "segment" || protocol === "native"

const answers = {
  200: "Taken, in the words of this protocol",
  400: "Cannot be read, or names what was refused",
  401: "No key, or one that nobody knows; some protocols say it by 400",
  413: "Too many bytes or events",
  429: "Over a limit: `Retry-After` says when to come back",
  503: "Cannot be made durable now: `Retry-After` says when to come back"
}

const responses = Object.fromEntries(
  Object.entries(answers).map(([status, description]) => [status, { description }])
)

/** OpenAPI for one method of an endpoint: a summary and an example of the body. */
export const documentationOf = (
  route: ProtocolRoute,
  method: "GET" | "POST"
): object => {
  const { documentation, protocol } = route
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
    ...(hasVerdicts(route) ? {} : { responses }),
    ...(hidden === true ? { hide: true } : {})
  }
}
