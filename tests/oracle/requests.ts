import type { Interval } from "./buckets.ts"
import type { Filter, Pick } from "./filters.ts"

interface Common {
  readonly from: string
  readonly to: string
  readonly timezone: string
  readonly filters?: ReadonlyArray<Filter>
  readonly weekStart?: "monday" | "sunday"
}

export interface Series extends Pick {
  readonly measure: string
  readonly property?: string
}

export interface TrendsRequest extends Common {
  readonly kind: "trends"
  readonly series: ReadonlyArray<Series>
  readonly interval: Interval
  readonly breakdown?: ReadonlyArray<string>
  readonly breakdownLimit?: number
  readonly formula?: string
  readonly compare?: "previous_period" | { readonly from: string; readonly to: string }
}

export interface FunnelStep extends Pick {
  readonly event: string
  readonly optional?: boolean
}

export interface Exclusion {
  readonly event: string
  readonly fromStep: number
  readonly toStep: number
}

export interface FunnelRequest extends Common {
  readonly kind: "funnel"
  readonly steps: ReadonlyArray<FunnelStep>
  readonly order: "ordered" | "strict" | "unordered"
  readonly windowSeconds: number
  readonly exclusions?: ReadonlyArray<Exclusion>
  readonly breakdown?: readonly [string]
  /** Counted from 1. */
  readonly breakdownStep?: number
}

export interface RetentionRequest extends Omit<Common, "to"> {
  readonly kind: "retention"
  readonly to?: string
  readonly mode: "first_time" | "recurring"
  readonly start: Pick
  readonly return: Pick
  readonly interval: Interval
  readonly periods: number
  readonly onOrAfter?: boolean
  readonly windows?: "calendar" | "24h"
}

export interface StickinessRequest extends Common {
  readonly kind: "stickiness"
  readonly event?: string
  readonly interval: Interval
  readonly cumulative?: boolean
}

export interface LifecycleRequest extends Common {
  readonly kind: "lifecycle"
  readonly event?: string
  readonly interval: Interval
}

export interface SessionsRequest extends Common {
  readonly kind: "sessions"
  readonly interval: Interval
  readonly timeoutSeconds?: number
  readonly property?: string
  readonly breakdown?: ReadonlyArray<string>
}

export interface PathsRequest extends Common {
  readonly kind: "paths"
  readonly property?: string
  readonly collapseRepeats?: boolean
  readonly start?: string
  readonly end?: string
  readonly contains?: string
  readonly maxSteps?: number
  readonly positions?: boolean
  readonly minCount?: number
}

export interface PeopleRequest extends Common {
  readonly kind: "people"
  readonly event?: string
  readonly limit?: number
}

export interface EventsRequest extends Common {
  readonly kind: "events"
  readonly event?: string
  readonly limit?: number
}

export type Request =
  | TrendsRequest
  | FunnelRequest
  | RetentionRequest
  | StickinessRequest
  | LifecycleRequest
  | SessionsRequest
  | PathsRequest
  | PeopleRequest
  | EventsRequest

/** The events between two instants that the request's own filters keep. */
export const rangeOf = (request: { readonly from: string; readonly to: string }) => ({
  from: Date.parse(request.from),
  to: Date.parse(request.to)
})
