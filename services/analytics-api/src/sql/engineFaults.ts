import type { ClickHouseError } from "@analytics/database/ClickHouseError"

/** What a client is told of the engine's codes; the engine's own text may quote data. */
const sentences: ReadonlyMap<number, string> = new Map([
  [10, "A column is not there"],
  [16, "A column is not there"],
  [42, "A function has too many or too few arguments"],
  [43, "A function takes no arguments of this type"],
  [44, "A function takes no such column"],
  [46, "A function does not exist"],
  [47, "A name is no column of the tables that are read"],
  [49, "The engine cannot run this query"],
  [53, "Types do not fit together"],
  [60, "A table does not exist"],
  [62, "It cannot be parsed"],
  [153, "Something is divided by zero"],
  [179, "A name stands for two expressions"],
  [184, "An aggregate stands where none may be"],
  [207, "A name could be one of several columns"],
  [215, "A column is neither aggregated nor grouped by"],
  [352, "A name could be one of several columns"],
  [386, "Types do not fit together"],
  [403, "The condition of a join is not supported"],
  [427, "A pattern is not RE2"],
  [457, "A parameter does not fit its type"]
])

/** Codes that say that a text or number could not be read as a type. */
const conversions = new Set([6, 26, 27, 38, 41, 69, 70, 72, 321, 376, 407, 467])

/** One sentence and the engine's code, which depend on the query and its own rows alone. */
export const engineFault = ({ code = 0 }: ClickHouseError): string => {
  const sentence =
    sentences.get(code) ??
    (conversions.has(code)
      ? "A value cannot be read as this type; try the function that ends in OrNull"
      : "The engine refuses it")
  return `${sentence} (engine code ${code})`
}

/** Where the text could not be read: the engine's message holds the position. */
export const syntaxFault = ({ reason }: ClickHouseError): string => {
  const position = /failed at position (\d+)/u.exec(reason)?.[1]
  return position === undefined
    ? "It is not one SQL statement"
    : `It cannot be parsed at character ${position}`
}
