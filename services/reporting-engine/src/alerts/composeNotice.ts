import { wallClockLabel } from "@analytics/analytics-core/query/TimeZone"
import type { AlertDefinition } from "./AlertDefinition.ts"
import type { NoticeRow } from "./AlertRow.ts"
import { shown } from "./judge.ts"
import { timelineOfAlert } from "./judgeBuckets.ts"

type Told = Pick<NoticeRow, "kind" | "key" | "at" | "content">

export interface ComposedNotice {
  readonly title: string
  readonly summary: string
  readonly text: string
  readonly facts: ReadonlyArray<{ readonly label: string; readonly value: string }>
}

/**
 * One message of all notices of an alert that go out together, oldest first: what was held
 * through a night and is over by its end is told as over.
 */
export const composeNotice = (
  definition: AlertDefinition,
  notices: ReadonlyArray<Told>
): ComposedNotice => {
  const { name } = definition
  const { zone } = timelineOfAlert(definition)
  const lines = notices.map((notice) => {
    const { kind, content } = notice
    const bucket = content.label === null ? "" : ` (${content.label})`
    const at = wallClockLabel(zone, Math.floor(notice.at.getTime() / 1000) * 1000)
    return `${at} ${verbs[kind]}${bucket}: ${content.reason}`
  })
  const last = notices.at(-1)
  const [first, ...others] = lines
  return {
    title: `${headline(notices)}: ${name}`,
    summary: others.length === 0 ? (first ?? name) : lines.join("\n"),
    text: [
      `Alert: ${name}`,
      ...(definition.description === "" ? [] : [definition.description]),
      "",
      ...lines,
      "",
      `Evaluated by the ${definition.interval} in ${definition.timezone}.`
    ].join("\n"),
    facts: last === undefined ? [] : factsOf(last)
  }
}

const verbs: Readonly<Record<NoticeRow["kind"], string>> = {
  fired: "fired",
  resolved: "resolved",
  late: "fired by late data, and is over",
  outage: "cannot be evaluated",
  recovered: "is evaluated again",
  skipped: "left buckets out"
}

const factsOf = ({ content }: Told) => [
  ...(content.label === null ? [] : [{ label: "Bucket", value: content.label }]),
  ...(content.value === null ? [] : [{ label: "Value", value: shown(content.value) }]),
  ...(content.expected === null
    ? []
    : [{ label: "Held against", value: shown(content.expected) }])
]

/** What readers must know first: what is so now, and what was meanwhile. */
const headline = (notices: ReadonlyArray<Told>): string => {
  const kinds = new Set(notices.map(({ kind }) => kind))
  const state = notices.findLast(({ kind }) => kind === "fired" || kind === "resolved")
  if (state?.kind === "fired") return "Firing"
  if (state) return kinds.has("fired") ? "Fired, and resolved since" : "Resolved"
  if (kinds.has("outage"))
    return kinds.has("recovered")
      ? "Could not be evaluated for a time"
      : "Cannot be evaluated"
  if (kinds.has("late")) return "Fired by late data"
  return kinds.has("recovered") ? "Evaluated again" : "Buckets left out"
}
