import {
  type EventMatch,
  eventsOf,
  matchSql
} from "@analytics/analytics-core/query/eventMatch"
import {
  and,
  column,
  instant,
  integer,
  join,
  type Sql,
  sql
} from "@analytics/analytics-core/query/Sql"
import type { Values } from "@analytics/analytics-core/query/Values"
import { canonical } from "./canonical.ts"

export const DAY = 86_400_000

/** Events that something is counted of, in `[cut − days, cut)` or in all before the cut. */
export interface Windowed extends EventMatch {
  readonly days?: number
}

/**
 * The kinds of events that the columns of one statement ask about, each tested once per
 * row, and how far back they reach. Lives as long as one compilation.
 */
export class Matches {
  private readonly known = new Map<string, { match: EventMatch; column: Sql }>()
  private longest = 0

  private readonly values: Values

  constructor(values: Values) {
    this.values = values
  }

  /** Whether a row is one of those, `days` looked back. */
  in({ days, event, filters }: Windowed): Sql {
    this.longest = Math.max(this.longest, days ?? Number.POSITIVE_INFINITY)
    const match = {
      ...(event === undefined ? {} : { event }),
      ...(filters === undefined ? {} : { filters })
    }
    const key = canonical(match)
    const known = this.known.get(key) ?? {
      match,
      column: column("m", this.known.size)
    }
    this.known.set(key, known)
    return days === undefined
      ? known.column
      : and([known.column, sql`age <= ${integer(days * DAY)}`])
  }

  /** In days; infinite: since ever. */
  get reach(): number {
    return this.longest
  }

  get events() {
    return eventsOf([...this.known.values()].map(({ match }) => match))
  }

  /** `, … AS m0, … AS m1`, over rows of the source. */
  get columns(): Sql {
    return join(
      Array.from(
        this.known.values(),
        ({ column, match }) => sql`, ${matchSql(match, this.values)} AS ${column}`
      ),
      " "
    )
  }
}

/** Milliseconds from an event to the cut: at least 1. */
export const ageSql = (cut: number): Sql =>
  sql`toUnixTimestamp64Milli(${instant(cut)}) - toUnixTimestamp64Milli(timestamp)`
