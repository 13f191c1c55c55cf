import { type Enrichment, NO_ENRICHMENT } from "@analytics/data-processing/Enrichment"
import type { EventLine } from "@analytics/data-processing/EventLine"
import { idOf } from "@analytics/data-processing/Identity"
import { IdHash } from "@analytics/data-processing/IdHash"
import type { InboxEvent } from "@analytics/data-processing/InboxEvent"
import { JsonLeaves } from "@analytics/data-processing/JsonLeaves"
import { RowBuffer } from "@analytics/data-processing/RowBuffer"

/** The columns of `events` in the order in which they are written: the maps, then the rest. */
export const eventColumns = [
  "props",
  "context",
  "project_id",
  "event",
  "type",
  "timestamp",
  "received_at",
  "known_at",
  "message_id",
  "user_id",
  "anonymous_id",
  "previous_id",
  "id_hash",
  "group_type",
  "group_id",
  "is_bot",
  "browser",
  "os",
  "device",
  "country",
  "referrer_domain",
  "channel",
  "utm_source",
  "utm_medium",
  "utm_campaign",
  "utm_term",
  "utm_content",
  "path",
  "batch_id"
] as const

/** Appends all of a row of `events` but the maps, which stand before it. */
export const encodeEvent = (
  rows: RowBuffer,
  event: InboxEvent,
  { client, campaign, ...added }: Enrichment,
  knownAt: number,
  batchId: bigint,
  idHash: IdHash
): void => {
  rows.uint32(event.p)
  rows.string(event.e)
  rows.string(event.y)
  rows.dateTime64(event.t)
  rows.dateTime64(event.r)
  rows.dateTime64(knownAt)
  rows.string(event.m)
  rows.string(event.u ?? "")
  rows.string(event.a ?? "")
  rows.string(event.v ?? "")
  rows.words(idHash.idWords(event.p, idOf(event)), 0, 2)
  rows.string(event.gt ?? "")
  rows.string(event.g ?? "")
  rows.uint8(client.isBot ? 1 : 0)
  rows.string(client.browser)
  rows.string(client.os)
  rows.string(client.device)
  rows.string(added.country)
  rows.string(added.referrerDomain)
  rows.string(added.channel)
  rows.string(campaign.source)
  rows.string(campaign.medium)
  rows.string(campaign.campaign)
  rows.string(campaign.term)
  rows.string(campaign.content)
  rows.string(added.path)
  rows.uint64(batchId)
}

/** Appends a map of the leaves of the object that begins at `at`; empty if that is -1. */
export const encodeMap = (
  rows: RowBuffer,
  leaves: JsonLeaves,
  { bytes, end }: Pick<EventLine, "bytes" | "end">,
  at: number
): void => {
  const start = rows.beginSized()
  rows.endSized(start, at < 0 ? 0 : leaves.write(bytes, at, rows, end))
}

/** One row of every kind of value, as we write it. */
export const sampleRow = (): Uint8Array<ArrayBuffer> => {
  const line = Buffer.from('{"a":{"b":1.5},"c":"x","d":[true,null]}')
  const event: InboxEvent = {
    p: 1,
    m: "sample",
    t: 0,
    r: 0,
    y: "track",
    e: "sample",
    u: "u",
    a: "a"
  }
  const rows = new RowBuffer(1024)
  for (let map = 0; map < 2; map++)
    encodeMap(rows, new JsonLeaves(), { bytes: line, end: line.length }, 0)
  encodeEvent(rows, event, NO_ENRICHMENT, 0, 0n, new IdHash(new Uint8Array(16)))
  return rows.view()
}
