import { idOf } from "@analytics/data-processing/Identity"
import type { IdHash } from "@analytics/data-processing/IdHash"
import {
  decodeLine,
  encodeLine,
  type InboxEvent
} from "@analytics/data-processing/InboxEvent"
import { isNamedIn, writtenIn } from "@analytics/data-processing/NamedIn"
import { outcomeOf, type Removal, type Removed } from "./Removal.ts"

/** What becomes of a line: it goes, it stays without an erased id, or it stays. */
export type Verdict =
  | { readonly goes: Removal; readonly as: Removed }
  | { readonly line: string }
  | undefined

/** Judges inbox lines of one project by removals of that project. */
export class Judge {
  readonly #removals: ReadonlyArray<Removal>
  readonly #idHash: IdHash
  readonly #hashes: ReadonlyArray<ReadonlySet<bigint>>
  readonly #ids: ReadonlyMap<string, number>
  /** Ids as they stand in a line; undefined where every line has to be read. */
  readonly #needles: ReadonlyArray<string> | undefined

  constructor(removals: ReadonlyArray<Removal>, idHash: IdHash) {
    this.#removals = removals
    this.#idHash = idHash
    this.#hashes = removals.map(({ idHashes }) => new Set(idHashes))
    const ids = new Map<string, number>()
    for (const removal of removals)
      for (const id of removal.ids)
        ids.set(id, Math.max(ids.get(id) ?? 0, removal.requestedAt))
    this.#ids = ids
    const areNamed = removals.every(
      ({ idHashes, kind, ids: own }) =>
        kind === "person" && own.length > 0 && own.length >= idHashes.length
    )
    this.#needles =
      areNamed && ids.size <= 100 ? [...ids.keys()].flatMap(writtenIn) : undefined
  }

  /** `false` is certain: no line of this text is concerned. */
  mayConcern(text: string): boolean {
    return this.#needles?.some((needle) => text.includes(needle)) ?? true
  }

  /** Of a line that cannot be read nothing but the text can tell whose it is. */
  ofText(line: string, projectId: number, receivedAt: number): Verdict {
    if (!this.mayConcern(line)) return undefined
    const event = readable(line)
    if (event !== undefined) return event.p === projectId ? this.of(event) : undefined
    const removal = this.#removals.find(
      (each) =>
        receivedAt <= each.requestedAt &&
        each.ids.some((id) => line.includes(JSON.stringify(id)))
    )
    return removal && { goes: removal, as: outcomeOf(removal.kind) }
  }

  of(event: InboxEvent): Verdict {
    const hash = this.#idHash.id(event.p, idOf(event))
    const goes = this.#removals.find(
      ({ from, ids, requestedAt, to }, index) =>
        event.r <= requestedAt &&
        (this.#hashes[index]?.has(hash) ||
          (event.q === "malformed" && ids.some((id) => isNamedIn(event, id))) ||
          (from !== null && to !== null && event.t >= from && event.t < to))
    )
    if (goes !== undefined) return { goes, as: outcomeOf(goes.kind) }
    const isErased = (id: string | undefined) =>
      id !== undefined && event.r <= (this.#ids.get(id) ?? -1)
    if (!isErased(event.a) && !isErased(event.v)) return undefined
    const { a, v, ...rest } = event
    return {
      line: encodeLine({
        ...rest,
        ...(a === undefined || isErased(a) ? {} : { a }),
        ...(v === undefined || isErased(v) ? {} : { v })
      })
    }
  }
}

const readable = (line: string): InboxEvent | undefined => {
  try {
    const event = decodeLine(line)
    return typeof event.m === "string" && typeof event.p === "number"
      ? event
      : undefined
  } catch {
    return undefined
  }
}
