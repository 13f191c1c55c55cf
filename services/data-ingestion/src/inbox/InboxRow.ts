import { encodeFrame } from "@analytics/data-processing/InboxEvent"
import { uniqueId } from "@analytics/data-processing/UniqueId"

export type Lane = "live" | "bulk"

/** Acknowledged-to-be events of one project, encoded, in the order of their request. */
export interface Submission {
  readonly projectId: number
  readonly lane: Lane
  /** The loader shard of each line; one number when it is the same for all. */
  readonly shards: number | ReadonlyArray<number>
  readonly lines: ReadonlyArray<string>
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
  readonly frame: Uint8Array
}

interface Draft {
  readonly id: bigint
  readonly shard: number
  readonly lane: Lane
  readonly lines: Array<string>
  readonly counts: Map<number, number>
  bytes: number
}

/** One row per shard and lane, each with the events of each project counted. */
export const rowsOf = (submissions: ReadonlyArray<Submission>): Array<InboxRow> => {
  const drafts = new Map<string, Draft>()
  for (const { lane, lines, projectId, rowIds, shards } of submissions) {
    if (typeof shards === "number") {
      const draft = draftFor(drafts, shards, lane)
      for (const line of lines) add(draft, line)
      count(draft, projectId, lines.length)
      rowIds?.add(draft.id)
    } else
      for (const [at, line] of lines.entries()) {
        const draft = draftFor(drafts, shards[at] ?? 0, lane)
        add(draft, line)
        count(draft, projectId, 1)
        rowIds?.add(draft.id)
      }
  }
  return [...drafts.values()].map(({ counts, lines, ...draft }) => ({
    ...draft,
    events: lines.length,
    projectIds: [...counts.keys()].map(BigInt),
    projectCounts: [...counts.values()],
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

const draftFor = (drafts: Map<string, Draft>, shard: number, lane: Lane): Draft => {
  const key = `${shard}:${lane}`
  const known = drafts.get(key)
  if (known !== undefined) return known
  const draft: Draft = {
    id: uniqueId(),
    shard,
    lane,
    lines: [],
    counts: new Map(),
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
