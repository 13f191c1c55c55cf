import { Option, Schema } from "effect"
import type { InboxRow } from "../inbox/InboxRow.ts"
import type { LogEntry, LogMessage } from "./LogTopic.ts"

/** What a message says of its frame. */
const About = Schema.Struct({
  /** The installation it is of. */
  i: Schema.String,
  lane: Schema.Literals(["live", "bulk"]),
  events: Schema.Int,
  bytes: Schema.Int,
  projects: Schema.Array(Schema.Tuple([Schema.Int, Schema.Int])),
  months: Schema.Array(Schema.Int),
  /** W3C context of the commit. */
  trace: Schema.optionalKey(Schema.String)
})

/** A row of the inbox before it is known to which shard it goes. */
export interface LogFrame extends Omit<InboxRow, "id" | "shard" | "mapVersion"> {
  readonly installation: string
}

export const entryOf = (
  installation: string,
  row: InboxRow,
  traceparent: string | null
): LogEntry => ({
  about: JSON.stringify({
    i: installation,
    lane: row.lane,
    events: row.events,
    bytes: row.bytes,
    projects: row.projectIds.map((id, at) => [Number(id), row.projectCounts[at] ?? 0]),
    months: row.months,
    ...(traceparent === null ? {} : { trace: traceparent })
  } satisfies typeof About.Encoded),
  frame: row.frame
})

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(About))

/** `undefined` if it is none of ours. */
export const frameOf = ({ about, frame }: LogMessage): LogFrame | undefined =>
  Option.getOrUndefined(
    Option.map(decode(about), ({ i, projects, trace, ...rest }) => ({
      ...rest,
      installation: i,
      traceparent: trace,
      projectIds: projects.map(([id]) => BigInt(id)),
      projectCounts: projects.map(([, events]) => events),
      frame
    }))
  )
