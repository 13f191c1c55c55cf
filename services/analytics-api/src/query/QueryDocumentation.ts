import { documentedKinds } from "@analytics/analytics-core/query/Query"
import { Predicate, Schema } from "effect"
import type { DocumentDecoration } from "elysia"

type Json = Record<string, unknown>

/** The JSON Schema of a codec's wire form, without references: OpenAPI would misread them. */
export const wireSchema = (codec: Schema.Constraint): unknown => {
  const { schema, definitions } = Schema.toJsonSchemaDocument(codec, {
    onExcessProperty: "error"
  })
  return expand(schema, definitions, 0)
}

/** Filters hold filters; one level is enough to understand them. */
const expand = (node: unknown, definitions: Json, depth: number): unknown => {
  if (Array.isArray(node)) return node.map((item) => expand(item, definitions, depth))
  if (!Predicate.isObject(node)) return node
  const reference: unknown = Reflect.get(node, "$ref")
  if (Predicate.isString(reference)) {
    const definition = definitions[reference.replace("#/$defs/", "")]
    return depth < 1 && definition !== undefined
      ? expand(definition, definitions, depth + 1)
      : { type: "object", description: "A filter, as around this one" }
  }
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, expand(value, definitions, depth)])
  )
}

const description = `One endpoint for every question; \`kind\` decides which fields there are. Unknown fields are refused.

Common fields: \`from\` and \`to\` (instants, half-open) or \`range\` (\`today\`, \`yesterday\`, \`last_7d\`, \`this_month\`, \`last_month\` …),
\`timezone\` (IANA, default the project's), \`filters\`, \`cohort\` (only people of \`/v1/cohorts/{id}\` count), \`weekStart\`, \`asOf\` (an earlier watermark), \`includeBots\`.

A filter is \`{ property, op, value }\`, \`{ and: [] }\`, \`{ or: [] }\` or \`{ not }\`; those of a list all hold. Types are distinct:
\`1\` is not \`"1"\`. An integer beyond 2^53 is written, and leaves, as a string of its digits; such a string matches both.

Every answer is computed at a watermark (\`meta.asOf\`) and says so. A client that goes away cancels its query.

\`Accept\` chooses the form: \`application/json\`, or a table of the result as \`application/x-ndjson\`, \`text/csv\` or \`application/vnd.apache.arrow.stream\`
(Arrow IPC; a column has the same type in every answer of its kind, and one that holds any JSON is JSON text of the extension type \`arrow.json\`).
As a table, \`events\`, \`people\` and listed \`sessions\` come with all their pages unless \`limit\` or \`cursor\` is given.`

/** OpenAPI of `POST /v1/query`: the request of every kind with an example. */
export const queryDocumentation: DocumentDecoration = {
  summary: "Ask a question about events",
  description,
  security: [{ key: [] }],
  requestBody: {
    required: true,
    content: {
      "application/json": {
        schema: {
          oneOf: documentedKinds.map(({ request }) => wireSchema(request)),
          discriminator: { propertyName: "kind" }
        } as object,
        examples: Object.fromEntries(
          documentedKinds.map(({ kind, example }) => [
            kind,
            { summary: kind, value: example }
          ])
        )
      }
    }
  }
}
