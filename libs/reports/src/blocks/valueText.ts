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

const events: Readonly<Record<string, string>> = {
  $pageview: "Page view",
  $screen: "Screen view",
  $identify: "Identification",
  $group: "Group",
  $alias: "Alias"
}

/** An event, as a reader calls it. */
export const eventName = (event: string): string =>
  (Object.hasOwn(events, event) ? events[event] : undefined) ?? event

const builtIns: Readonly<Record<string, string>> = {
  $event: "Event",
  $type: "Type",
  $browser: "Browser",
  $os: "Operating system",
  $device: "Device",
  $country: "Country",
  $referrer_domain: "Referring site",
  $channel: "Channel",
  $utm_source: "UTM source",
  $utm_medium: "UTM medium",
  $utm_campaign: "UTM campaign",
  $utm_term: "UTM term",
  $utm_content: "UTM content",
  $path: "Page"
}

/** What a breakdown splits by, as a reader calls it. */
export const propertyName = (property: string): string =>
  (Object.hasOwn(builtIns, property) ? builtIns[property] : undefined) ?? property

/** The same of the `breakdown` of a query; undefined: it has none. */
export const dimensionName = (breakdown: unknown): string | undefined =>
  Array.isArray(breakdown) && breakdown.length > 0
    ? breakdown.map((it) => propertyName(String(it))).join(" · ")
    : undefined

interface Group {
  readonly breakdown: ReadonlyArray<unknown> | null
  readonly other: boolean
}

/**
 * The name of a group of an answer, of the `breakdown` that was asked for; undefined: there
 * are no groups.
 */
export const groupName = (
  { breakdown, other }: Group,
  asked?: unknown
): string | undefined => {
  if (other) return "Other"
  if (breakdown === null) return undefined
  const properties: ReadonlyArray<unknown> = Array.isArray(asked) ? asked : []
  return valuesText(
    breakdown.map((value, at) =>
      properties[at] === "$event" && typeof value === "string"
        ? eventName(value)
        : value
    )
  )
}
