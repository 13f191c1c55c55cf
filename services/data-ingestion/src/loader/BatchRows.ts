import {
  type CountryOf,
  type Enrichment,
  enrich,
  NO_ENRICHMENT
} from "@analytics/data-processing/Enrichment"
import type { EventLine } from "@analytics/data-processing/EventLine"
import type { IdHash } from "@analytics/data-processing/IdHash"
import type { InboxEvent } from "@analytics/data-processing/InboxEvent"
import { JsonLeaves } from "@analytics/data-processing/JsonLeaves"
import { monthOf } from "@analytics/data-processing/Months"
import { encodeEvent, encodeMap } from "./EventRows.ts"
import { MonthlyPosts } from "./MonthlyPosts.ts"
import type { Post } from "./Post.ts"

/** Where an event of a batch comes from, and since when it is known. */
export interface RowPlace {
  readonly inboxId: bigint
  readonly index: number
  /** In milliseconds since 1970. */
  readonly knownAt: number
}

/** The rows of a batch for the event store, month by month. */
export class BatchRows {
  readonly #batchId: bigint
  readonly #idHash: IdHash
  readonly #countryOf: CountryOf
  readonly #posts = new MonthlyPosts()
  readonly #props = new JsonLeaves()
  readonly #context = new JsonLeaves()
  enrichmentFailures = 0

  constructor(batchId: bigint, idHash: IdHash, countryOf: CountryOf) {
    this.#batchId = batchId
    this.#idHash = idHash
    this.#countryOf = countryOf
  }

  /**
   * Encodes an event. Also where its row is not kept, because the store has it already: what
   * cannot be encoded must show in every attempt.
   *
   * @returns why it cannot be encoded; nothing is added then
   */
  add(line: EventLine, place: RowPlace, isKept: boolean): string | undefined {
    const { contextAt, event, propsAt } = line
    const post = this.#posts.of(monthOf(event.t))
    const start = post.rows.length
    try {
      encodeMap(post.rows, this.#props, line, propsAt)
      encodeMap(post.rows, this.#context, line, contextAt)
      const enrichment = this.#enrich(event, propsAt < 0 ? "" : this.#props.path)
      const { knownAt } = place
      encodeEvent(post.rows, event, enrichment, knownAt, this.#batchId, this.#idHash)
    } catch (cause) {
      post.rows.truncate(start)
      return String(cause)
    }
    if (isKept) post.endRow(event.p, event.m, place.inboxId, place.index)
    else post.rows.truncate(start)
    return undefined
  }

  /** Enrichment may fail, ingestion may not. */
  #enrich(event: InboxEvent, pathOfProperties: string): Enrichment {
    try {
      return enrich(event, this.#countryOf, pathOfProperties)
    } catch {
      this.enrichmentFailures++
      return NO_ENRICHMENT
    }
  }

  get posts(): ReadonlyArray<Post> {
    return this.#posts.list
  }
}
