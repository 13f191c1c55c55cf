import { ErrorMessage } from "@analytics/inference-protocol/ProtocolMessages"
import { datatypes } from "@analytics/inference-protocol/Tensor"
import { Schema } from "effect"
import type { DocumentDecoration } from "elysia"

/** As `{ schema }`, by which OpenAPI takes any JSON Schema. */
const media = (schema: Schema.Constraint) => ({
  "application/json": { schema: Schema.toJsonSchemaDocument(schema).schema as object }
})

const said = {
  400: "The request is wrong, or does not fit the model",
  401: "No key, or one that is not known",
  403: "The key may not do this",
  404: "No such model or version",
  408: "The body did not arrive in time",
  409: "The version does not get ready, or as many are ready as may be",
  413: "The body is too large",
  415: "Content-Encoding is neither gzip nor deflate",
  429: "Too many requests wait for the model; see Retry-After",
  500: "The model crashed, or the server did",
  503: "Not ready; see Retry-After",
  504: "The model did not end in time"
} as const

type Status = keyof typeof said

const failures = (statuses: ReadonlyArray<Status>) =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: said[status], content: media(ErrorMessage) }
    ])
  )

/** What any request about models can be told. */
const ofModels: ReadonlyArray<Status> = [400, 401, 403, 404, 503]

const keys =
  'With a key of no project, the query names one: `?projectId=`. What fails is `{"error": "…"}`.'

/** OpenAPI of a route that needs no key. */
export const openDocumentation = (
  summary: string,
  answer: Schema.Constraint
): DocumentDecoration => ({
  summary,
  responses: { 200: { description: "OK", content: media(answer) }, ...failures([503]) }
})

/** OpenAPI of a route that answers JSON. */
export const documentation = (
  summary: string,
  answer: Schema.Constraint
): DocumentDecoration => ({
  summary,
  description: keys,
  security: [{ key: [] }],
  responses: {
    200: { description: "OK", content: media(answer) },
    ...failures(ofModels)
  }
})

/** The same where there may be a body, such as `example`. */
export const repositoryDocumentation = (
  summary: string,
  answer: Schema.Constraint,
  example: object
): DocumentDecoration => ({
  ...documentation(summary, answer),
  requestBody: { content: { "application/json": { example } } },
  responses: {
    200: { description: "OK", content: media(answer) },
    ...failures([...ofModels, 408, 409, 413, 415])
  }
})

const description = `Tensors travel as JSON, or as binary data behind the JSON: then the header \`Inference-Header-Content-Length\` says how many bytes are JSON,
\`parameters.binary_data_size\` of an input how many of the bytes that follow are its, and \`parameters.binary_data\` of an output, or \`parameters.binary_data_output\`
of the request, that outputs are wanted so. Data types are ${datatypes.join(", ")}. \`data\` is flat or nested, row-major; \`null\` is NaN.
\`parameters.entity\` names whom the prediction is about: the same entity meets the same version while the traffic stays.
With \`parameters.log\` a request of one row keeps the output \`probability\` as traits of the user \`entity\`: \`predictions.<model>.probability\`, \`.version\` and \`.at\`. The answer does not wait for that.

${keys}`

const tensor = { name: "x", datatype: "FP32", shape: [2, 2] }

/** OpenAPI of an inference. */
export const inferDocumentation = (summary: string): DocumentDecoration => ({
  summary,
  description,
  security: [{ key: [] }],
  requestBody: {
    required: true,
    content: {
      "application/json": {
        examples: {
          JSON: {
            value: {
              id: "42",
              parameters: { entity: "user-7" },
              inputs: [{ ...tensor, data: [0.5, 1, null, 2] }]
            }
          },
          "JSON, binary answer": {
            value: {
              inputs: [
                {
                  ...tensor,
                  data: [
                    [0.5, 1],
                    [3, 2]
                  ]
                }
              ],
              outputs: [{ name: "y", parameters: { binary_data: true } }]
            }
          }
        }
      },
      "application/octet-stream": { schema: { type: "string", format: "binary" } }
    }
  },
  responses: {
    200: {
      description: "OK",
      content: {
        "application/json": {
          example: {
            id: "42",
            model_name: "churn",
            model_version: "3",
            outputs: [{ name: "y", datatype: "FP32", shape: [2, 1], data: [0.1, 0.7] }]
          }
        },
        "application/octet-stream": { schema: { type: "string", format: "binary" } }
      }
    },
    ...failures([...ofModels, 408, 413, 415, 429, 500, 504])
  }
})
