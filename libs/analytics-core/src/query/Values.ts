import { type Property, parseProperty } from "./Property.ts"
import { column, join, type Sql, sql, string } from "./Sql.ts"

/**
 * A property as a column of the event source.
 * - `plain`: text, `''` when missing, never anything but a string.
 * - `json`: the JSON text of the leaf, `''` when missing.
 */
export interface Value {
  readonly kind: "plain" | "json"
  readonly column: Sql
}

/** A value that hangs on the person (`user`) or on a group of theirs (`group`). */
export interface TraitColumn {
  readonly column: Sql
  readonly path: string
}

export interface GroupTraits {
  readonly type: string
  readonly traits: ReadonlyArray<TraitColumn>
}

/**
 * Collects the properties a query reads, each once, while its parts are compiled; then
 * `Source` gives the columns. Lives as long as one compilation.
 */
export class Values {
  private readonly byPath = new Map<string, { property: Property; value: Value }>()

  of(path: string): Value {
    const known = this.byPath.get(path)
    if (known) return known.value
    const property = parseProperty(path)
    const value: Value = {
      kind: property.of === "built-in" ? "plain" : "json",
      column: column("v", this.byPath.size)
    }
    this.byPath.set(path, { property, value })
    return value
  }

  /** `, props['plan'] AS v0` …: what one event row tells by itself. */
  get eventColumns(): Sql {
    return join(
      this.entries.flatMap(({ property, value }) => {
        const expression = eventExpression(property)
        return expression ? [sql`, ${expression} AS ${value.column}`] : []
      }),
      " "
    )
  }

  get userTraits(): ReadonlyArray<TraitColumn> {
    return this.entries.flatMap(({ property, value }) =>
      property.of === "user" ? [{ column: value.column, path: property.path }] : []
    )
  }

  get groupTraits(): ReadonlyArray<GroupTraits> {
    const byType = new Map<string, Array<TraitColumn>>()
    for (const { property, value } of this.entries) {
      if (property.of !== "group") continue
      const traits = byType.get(property.type) ?? []
      byType.set(property.type, traits)
      traits.push({ column: value.column, path: property.path })
    }
    return Array.from(byType, ([type, traits]) => ({ type, traits }))
  }

  /** Whether a column exists only once people are known. */
  get hasTraits(): boolean {
    return this.entries.some(({ property }) => isTrait(property))
  }

  private get entries() {
    return [...this.byPath.values()]
  }
}

const isTrait = (property: Property) =>
  property.of === "user" || property.of === "group"

const eventExpression = (property: Property): Sql | undefined => {
  switch (property.of) {
    case "built-in":
      return builtInColumns[property.column]
    case "event":
      return sql`props[${string(property.path)}]`
    case "context":
      return sql`context[${string(property.path)}]`
    default:
      return undefined
  }
}

const builtInColumns = {
  event: sql`event`,
  type: sql`type`,
  browser: sql`browser`,
  os: sql`os`,
  device: sql`device`,
  country: sql`country`,
  referrer_domain: sql`referrer_domain`,
  channel: sql`channel`,
  utm_source: sql`utm_source`,
  utm_medium: sql`utm_medium`,
  utm_campaign: sql`utm_campaign`,
  utm_term: sql`utm_term`,
  utm_content: sql`utm_content`,
  path: sql`path`
}
