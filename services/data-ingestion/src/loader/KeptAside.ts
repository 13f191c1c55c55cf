import { type EventLine, lineText } from "@analytics/data-processing/EventLine"
import type { InboxEvent } from "@analytics/data-processing/InboxEvent"
import type { Dropped, Quarantined } from "./Batch.ts"

/** Why an event cannot be stored. */
export interface Fault {
  readonly reason: string
  readonly detail: string
}

/** Events of a batch that are not stored, for whoever wants to see or mend them. */
export class KeptAside {
  /** Whole events, in inbox order. */
  readonly quarantined: Array<Quarantined> = []
  /** What settings of their projects dropped: no more than that they were there. */
  readonly dropped: Array<Dropped> = []

  quarantine({ detail, reason }: Fault, line: EventLine): void {
    const { m, p, r } = line.event
    this.quarantined.push({
      projectId: p,
      messageId: m,
      reason,
      detail,
      event: lineText(line),
      receivedAt: r
    })
  }

  /** A line that nobody can read. `receivedAt` is in milliseconds since 1970. */
  quarantineText(
    { detail, reason }: Fault,
    projectId: number,
    event: string,
    receivedAt: number
  ): void {
    this.quarantined.push({
      projectId,
      messageId: "",
      reason,
      detail,
      event,
      receivedAt
    })
  }

  drop({ m, p, r, t }: InboxEvent, reason: string): void {
    this.dropped.push({
      projectId: p,
      messageId: m,
      reason,
      timestamp: t,
      receivedAt: r
    })
  }
}
