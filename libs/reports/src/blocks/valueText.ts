/** A value of a breakdown, of a path or of a property, as a reader sees it. */
export const valueText = (value: unknown): string => {
  if (value === null || value === undefined) return "(none)"
  if (value === "") return "(empty)"
  if (typeof value === "string") return value
  return JSON.stringify(value)
}

/** Several beside each other. */
export const valuesText = (values: ReadonlyArray<unknown>): string =>
  values.map(valueText).join(" · ")

interface Group {
  readonly breakdown: ReadonlyArray<unknown> | null
  readonly other: boolean
}

/** The name of a group of an answer; undefined: there are no groups. */
export const groupName = ({ breakdown, other }: Group): string | undefined =>
  other ? "Other" : breakdown === null ? undefined : valuesText(breakdown)
