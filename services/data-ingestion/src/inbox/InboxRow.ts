import { encodeFrame } from "@analytics/data-processing/InboxEvent"
import { MOST_MONTHS } from "@analytics/data-processing/Months"
import { uniqueId } from "@analytics/data-processing/UniqueId"
import type { Tracer } from "effect"
import type { MapNow } from "./ShardMap.ts"

export type Lane = "live" | "bulk"

/** Acknowledged-to-be events of one project, encoded, in the order of their request. */
export interface Submission {
  readonly projectId: number
  readonly lane: Lane
  /** The message of each line. */
  readonly messageIds: ReadonlyArray<string>
  /** The month of each line, `202503`; one number when it is the same for all. */
  readonly months: number | ReadonlyArray<number>
  readonly lines: ReadonlyArray<string>
  /** Of the request, where somebody looks at it. */
  readonly span?: Tracer.Span | undefined
  /** Told the ids of the rows that hold the lines. */
  readonly rowIds?: Set<bigint>
}

/** One row of `ingest.inbox`. */
export interface InboxRow {
  readonly id: bigint
  readonly shard: number
  readonly lane: Lane
  readonly events: number
  /** Size of the lines before compression. */
  readonly bytes: number
  readonly projectIds: ReadonlyArray<bigint>
  readonly projectCounts: ReadonlyArray<number>
  readonly months: ReadonlyArray<number>
  /** Of the shard map by which it was made. */
  readonly mapVersion: number
  /** W3C context of who acknowledged it, when that is not who writes the row. */
  readonly traceparent?: string | undefined
  readonly frame: Uint8Array
}

interface Draft {
  readonly id: bigint
  readonly shard: number
  readonly lane: Lane
  readonly lines: Array<string>
  readonly counts: Map<number, number>
  readonly months: Set<number>
  bytes: number
}

/**
 * One row per shard and lane, each with the events of each project counted; more only if
 * one would have more months than a batch may have.
 */
export const rowsOf = (
  submissions: ReadonlyArray<Submission>,
  map: MapNow
): Array<InboxRow> => {
  const drafts = new Map<string, Draft>()
  const full: Array<Draft> = []
  for (const submission of submissions) {
    const { lane, lines, months, projectId, rowIds } = submission
    const shards = map.shardsOf(projectId, submission.messageIds)
    // Those of an earlier attempt never were.
    rowIds?.clear()
    if (typeof shards === "number" && typeof months === "number") {
      const draft = draftFor(drafts, full, shards, lane, months)
      for (const line of lines) add(draft, line)
      count(draft, projectId, lines.length)
      rowIds?.add(draft.id)
    } else
      for (const [at, line] of lines.entries()) {
        const draft = draftFor(
          drafts,
          full,
          typeof shards === "number" ? shards : (shards[at] ?? 0),
          lane,
          typeof months === "number" ? months : (months[at] ?? 0)
        )
        add(draft, line)
        count(draft, projectId, 1)
        rowIds?.add(draft.id)
      }
  }
  return [...full, ...drafts.values()].map(({ counts, lines, months, ...draft }) => ({
    ...draft,
    events: lines.length,
    projectIds: [...counts.keys()].map(BigInt),
    projectCounts: [...counts.values()],
    months: [...months],
    mapVersion: map.version,
    frame: encodeFrame(lines)
  }))
}

const add = (draft: Draft, line: string): void => {
  draft.lines.push(line)
  draft.bytes += line.length + 1
}

const count = (draft: Draft, projectId: number, events: number): void => {
  draft.counts.set(projectId, (draft.counts.get(projectId) ?? 0) + events)
}

const draftFor = (
  drafts: Map<string, Draft>,
  full: Array<Draft>,
  shard: number,
  lane: Lane,
  month: number
): Draft => {
  const key = `${shard}:${lane}`
  const known = drafts.get(key)
  if (known !== undefined) {
    if (known.months.has(month)) return known
    if (known.months.size < MOST_MONTHS) {
      known.months.add(month)
      return known
    }
    full.push(known)
  }
  const draft: Draft = {
    id: uniqueId(),
    shard,
    lane,
    lines: [],
    counts: new Map(),
    months: new Set([month]),
    bytes: 0
  }
  drafts.set(key, draft)
  return draft
}

/** Events per project of all rows, in the order in which counters must be locked. */
export const countsOf = (
  rows: ReadonlyArray<InboxRow>
): ReadonlyArray<readonly [projectId: bigint, events: number]> => {
  const counts = new Map<bigint, number>()
  for (const row of rows)
    row.projectIds.forEach((projectId, at) => {
      counts.set(projectId, (counts.get(projectId) ?? 0) + (row.projectCounts[at] ?? 0))
    })
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
}
