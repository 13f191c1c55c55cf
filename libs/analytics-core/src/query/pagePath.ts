import type { Value, Values } from "./Values.ts"

/**
 * The property that sessions begin and end with and that paths are made of. None named, it
 * is the path of the page: the first of `context.page.path` and `properties.path` that is
 * a text and not empty. The loader keeps it in a column, so that no map is read for it.
 */
export const stepValue = (property: string | undefined, values: Values): Value =>
  values.of(property ?? "$path")
