import { compareLinks, type Link } from "@analytics/data-processing/Identity"
import { IdHash } from "@analytics/data-processing/IdHash"
import { Installation } from "@analytics/database/Installation"
import { Context, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { LinkRepo } from "../loader/LinkRepo.ts"
import { type LedgerUnavailable, unavailable } from "../loader/LoaderErrors.ts"
import type { Removal } from "./Removal.ts"
import { RemovalRepo } from "./RemovalRepo.ts"

const MOST_LINKS = 300_000
const NOW = Date.UTC(9999, 0, 1)

/**
 * Ids that turn out to belong to a person who is erased, by links of batches that were
 * under way when that was asked for: these were kept out of the ledger.
 */
export class FurtherIds extends Context.Service<
  FurtherIds,
  {
    /** Registers them as a removal of their own; false if there are none. */
    register(removal: Removal): Effect.Effect<boolean, LedgerUnavailable>
  }
>()("@analytics/data-ingestion/removals/FurtherIds") {
  static readonly layer = Layer.effect(
    FurtherIds,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const repo = yield* RemovalRepo
      const ledger = yield* LinkRepo
      const idHash = new IdHash(Redacted.value((yield* Installation).idHashKey))

      /** Links that an earlier removal took out tied whom that one removes, and nobody since. */
      const keptOut = Effect.fn("FurtherIds.keptOut")((removal: Removal) => {
        const knownAt = new Date(removal.knownAt)
        return sql<LinkRow>`
          SELECT kind, from_id AS "from", to_id AS "to", timestamp, message_id, known_at
            FROM ingest.removed_links AS l
           WHERE project_id = ${BigInt(removal.projectId)} AND undone_at IS NULL
             AND known_at <= ${knownAt}
             AND NOT EXISTS (
               SELECT 1 FROM ingest.removed_ids AS r
                WHERE r.project_id = l.project_id AND r.known_at < ${knownAt}
                  AND r.known_at >= l.known_at
                  AND r.id_key IN (ingest.id_key(l.from_id), ingest.id_key(l.to_id)))`.pipe(
          Effect.map((rows) => rows.map(linkOf)),
          unavailable
        )
      })

      return FurtherIds.of({
        register: Effect.fn("FurtherIds.register")(function* (removal) {
          const { id, knownAt, projectId, requestedAt } = removal
          const children = yield* repo.childrenOf(id)
          const ids = new Set([...removal.ids, ...children.flatMap((each) => each.ids)])
          if (ids.size === 0) return false
          const links = (yield* keptOut(removal)).filter(
            (link) => ids.has(link.from) || ids.has(link.to)
          )
          const others = new Set(
            links
              .flatMap((link) => [link.from, link.to])
              .filter((each) => !ids.has(each))
          )
          if (others.size === 0) return false
          return yield* ledger.locked(projectId, () =>
            Effect.gen(function* () {
              const more = yield* ledger.components(projectId, others, NOW, MOST_LINKS)
              const all = [...links, ...(more ?? [])]
              const found = tiedTo(ids, all)
              if (found.length === 0) return false
              yield* repo.register({
                id: crypto.randomUUID(),
                parent: id,
                projectId,
                kind: "person",
                ids: found,
                idHashes: found.map((each) => idHash.id(projectId, each)),
                from: null,
                to: null,
                requestedAt,
                knownAt
              })
              return true
            })
          )
        })
      })
    })
  )
}

/** Ids that these links make one person with `ids`: by aliases and earliest claims. */
export const tiedTo = (
  ids: ReadonlySet<string>,
  links: ReadonlyArray<Link>
): ReadonlyArray<string> => {
  const earliest = new Map<string, Link>()
  for (const link of links) {
    if (link.kind !== "claim") continue
    const known = earliest.get(link.from)
    if (known === undefined || compareLinks(link, known) < 0)
      earliest.set(link.from, link)
  }
  const ties = [...earliest.values(), ...links.filter(({ kind }) => kind === "alias")]
  const all = new Set(ids)
  for (let before = -1; before !== all.size; ) {
    before = all.size
    for (const { from, to } of ties)
      if (all.has(from) !== all.has(to)) all.add(from).add(to)
  }
  return [...all].filter((id) => !ids.has(id))
}

interface LinkRow extends Pick<Link, "kind" | "from" | "to" | "messageId"> {
  readonly timestamp: Date
  readonly knownAt: Date
}

const linkOf = (row: LinkRow): Link => ({
  ...row,
  timestamp: row.timestamp.getTime(),
  knownAt: row.knownAt.getTime()
})
