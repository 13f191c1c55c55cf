import type {
  EventSchema,
  ExpectedEvent,
  PropertyType
} from "@analytics/analytics-core/settings/ProjectSettings"
import { namesOf } from "@analytics/data-processing/settings/EventValue"

/** Properties by their names, those within others below them. */
interface Shape {
  types: ReadonlyArray<PropertyType>
  isRequired: boolean
  readonly within: Map<string, Shape>
}

const written: { readonly [type in PropertyType]: string } = {
  string: "string",
  number: "number",
  integer: "number",
  boolean: "boolean",
  array: "ReadonlyArray<unknown>",
  object: "{ readonly [name: string]: unknown }"
}

const emptyShape = (): Shape => ({ types: [], isRequired: false, within: new Map() })

const at = (shape: Shape, path: ReadonlyArray<string>): ReadonlyArray<Shape> => {
  const [name, ...rest] = path
  if (name === undefined) return []
  let next = shape.within.get(name)
  if (next === undefined) {
    next = emptyShape()
    shape.within.set(name, next)
  }
  return [next, ...at(next, rest)]
}

const shapeOf = ({ properties = {}, required = [] }: ExpectedEvent): Shape => {
  const whole = emptyShape()
  for (const [path, types] of Object.entries(properties)) {
    const shape = at(whole, namesOf(path)).at(-1)
    if (shape !== undefined) shape.types = typeof types === "string" ? [types] : types
  }
  // What is required within something requires that, too.
  for (const path of required)
    for (const shape of at(whole, namesOf(path))) shape.isRequired = true
  return whole
}

const fieldsOf = (shape: Shape, indent: string): string =>
  [...shape.within]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => {
      const mark = each.isRequired ? "" : "?"
      return `${indent}readonly ${JSON.stringify(name)}${mark}: ${typeOf(each, indent)}\n`
    })
    .join("")

const typeOf = (shape: Shape, indent: string): string => {
  const isParted = shape.within.size > 0
  const parted = isParted ? [`{\n${fieldsOf(shape, `${indent}  `)}${indent}}`] : []
  // What has parts may also be what has none: `"object" or "string"`.
  const others = shape.types.filter((type) => !isParted || type !== "object")
  const types = [...new Set([...parted, ...others.map((type) => written[type])])]
  return types.length === 0 ? "unknown" : types.join(" | ")
}

/** A TypeScript module with the tracks of a project, for `createClient<Events>`. */
export const eventTypes = (project: string, { events }: EventSchema): string => {
  const each = Object.entries(events).sort(([a], [b]) => (a < b ? -1 : 1))
  const fields = each.map(([name, expected]) => {
    const fields = fieldsOf(shapeOf(expected), "    ")
    const type = fields === "" ? "object" : `{\n${fields}  }`
    return `  readonly ${JSON.stringify(name)}: ${type}\n`
  })
  return `// Written by \`bun run cli types ${project}\` from the project's settings: change them there.

/** Events by their names, with their properties. */
export interface Events {
${fields.join("")}}
`
}
