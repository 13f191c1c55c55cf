import { idOf } from "@analytics/data-processing/Identity"
import type { IdHash } from "@analytics/data-processing/IdHash"
import type { InboxEvent } from "@analytics/data-processing/InboxEvent"
import { outcomeOf, type Removal, type Removed } from "./Removal.ts"

interface Until {
  readonly seq: bigint
  readonly requestedAt: number
}

interface Range extends Until {
  readonly from: number
  readonly to: number
  readonly removed: Removed
}

/** What of one project is removed. */
class OfProject {
  /** No event that was received later is. */
  latest = 0
  readonly people = new Map<bigint, Array<Until>>()
  readonly ranges: Array<Range> = []
}

export type RemovalTerms = Pick<
  Removal,
  "seq" | "projectId" | "kind" | "idHashes" | "from" | "to" | "requestedAt"
>

/** Which events are covered by a removal, from memory. */
export class RemovedEvents {
  readonly #projects = new Map<number, OfProject>()
  readonly #idHash: IdHash

  constructor(idHash: IdHash) {
    this.#idHash = idHash
  }

  add({ seq, ...removal }: RemovalTerms): void {
    const { requestedAt } = removal
    let project = this.#projects.get(removal.projectId)
    if (project === undefined) {
      project = new OfProject()
      this.#projects.set(removal.projectId, project)
    }
    project.latest = Math.max(project.latest, requestedAt)
    for (const hash of removal.idHashes) {
      const known = project.people.get(hash)
      if (known === undefined) project.people.set(hash, [{ seq, requestedAt }])
      else known.push({ seq, requestedAt })
    }
    if (removal.from !== null && removal.to !== null)
      project.ranges.push({
        seq,
        requestedAt,
        from: removal.from,
        to: removal.to,
        removed: outcomeOf(removal.kind)
      })
  }

  /** The event, without a device or an earlier id that a removal up to `upTo` covers. */
  withoutRemoved(event: InboxEvent, upTo: bigint): InboxEvent {
    const project = this.#projects.get(event.p)
    if (project === undefined || event.r > project.latest) return event
    if (project.people.size === 0) return event
    const isRemoved = (id: string | undefined): boolean =>
      id !== undefined &&
      (project.people
        .get(this.#idHash.id(event.p, id))
        ?.some(({ requestedAt, seq }) => seq <= upTo && event.r <= requestedAt) ??
        false)
    const { a, v, ...rest } = event
    const own = { a: isRemoved(a), v: isRemoved(v) }
    if (!own.a && !own.v) return event
    return {
      ...rest,
      ...(a === undefined || own.a ? {} : { a }),
      ...(v === undefined || own.v ? {} : { v })
    }
  }

  /** How the event is to be counted if a removal up to `seq` covers it. */
  removedAs(event: InboxEvent, upTo: bigint): Removed | undefined {
    const project = this.#projects.get(event.p)
    if (project === undefined || event.r > project.latest) return undefined
    const covers = ({ seq, requestedAt }: Until) =>
      seq <= upTo && event.r <= requestedAt
    if (project.people.size > 0) {
      const person = project.people.get(this.#idHash.id(event.p, idOf(event)))
      if (person?.some(covers)) return "erased"
    }
    return project.ranges.find(
      (range) => event.t >= range.from && event.t < range.to && covers(range)
    )?.removed
  }
}
