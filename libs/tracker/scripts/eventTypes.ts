import { NativeEvent } from "@analytics/analytics-core/events/NativeEvent"
import { Schema } from "effect"

/** JSON Schema, as far as events use it. */
interface JsonSchema {
  readonly $ref?: string
  readonly type?: string
  readonly description?: string
  readonly enum?: ReadonlyArray<string | number | boolean>
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly items?: JsonSchema
  readonly properties?: { readonly [name: string]: JsonSchema }
  readonly required?: ReadonlyArray<string>
}

const union = (types: ReadonlyArray<string>): string => [...new Set(types)].join(" | ")

const typeOf = (schema: JsonSchema): string => {
  if (schema.$ref !== undefined)
    throw new Error(
      `${schema.$ref}: references are not read; write what it is in place`
    )
  if (schema.anyOf) return union(schema.anyOf.map(typeOf))
  if (schema.enum) return union(schema.enum.map((value) => JSON.stringify(value)))
  switch (schema.type) {
    case "string":
    case "boolean":
      return schema.type
    case "number":
    case "integer":
      return "number"
    case "array":
      return `ReadonlyArray<${typeOf(schema.items ?? {})}>`
    case "object":
      return schema.properties ? `{\n${fieldsOf(schema)}\n}` : "Values"
    default:
      return "unknown"
  }
}

const fieldsOf = ({ properties = {}, required = [] }: JsonSchema): string =>
  Object.entries(properties)
    .map(([name, schema]) => {
      const note = schema.description ? `  /** ${schema.description} */\n` : ""
      const mark = required.includes(name) ? "" : "?"
      return `${note}  readonly ${name}${mark}: ${typeOf(schema)}`
    })
    .join("\n")

/** `src/client/NativeEvent.ts`: what the service takes, as its JSON Schema says. */
export const eventTypes = (): string => {
  const document = Schema.toJsonSchemaDocument(NativeEvent)
  const { anyOf = [] } = document.schema as JsonSchema
  const kinds = anyOf.map((schema) => {
    const [type = ""] = schema.properties?.["type"]?.enum ?? []
    const name = String(type)
    return { name: `${name[0]?.toUpperCase()}${name.slice(1)}Event`, schema }
  })
  return `// Written by \`bun run --filter @analytics/tracker types:write\` from the schema that the
// service reads events by.

/** Names and JSON values. */
export interface Values {
  readonly [name: string]: unknown
}

${kinds
  .map(({ name, schema }) => `export interface ${name} {\n${fieldsOf(schema)}\n}`)
  .join("\n\n")}

/** One event as \`/v1/events\` takes it. */
export type NativeEvent =
${kinds.map(({ name }) => `  | ${name}`).join("\n")}
`
}
