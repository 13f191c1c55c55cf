import { sql } from "./Sql.ts"
import type { Value, Values } from "./Values.ts"

/** The page of an event: `context.page.path`, else `properties.path`. */
export const pagePath = (values: Values): Value => {
  const ofPage = values.of("context.page.path").column
  const ofEvent = values.of("path").column
  return { kind: "json", column: sql`if(${ofPage} != '', ${ofPage}, ${ofEvent})` }
}

/** The property that sessions begin and end with and that paths are made of. */
export const stepValue = (property: string | undefined, values: Values): Value =>
  property === undefined ? pagePath(values) : values.of(property)
