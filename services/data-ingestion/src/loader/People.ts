import { BoundedCache } from "@analytics/data-processing/BoundedCache"
import type { Link } from "@analytics/data-processing/Identity"
import { IdHash } from "@analytics/data-processing/IdHash"
import { type PersonChange, personChanges } from "@analytics/data-processing/Persons"
import { RowBuffer } from "@analytics/data-processing/RowBuffer"
import { ClickHouse } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Installation } from "@analytics/database/Installation"
import { Context, Effect, Layer, Redacted } from "effect"
import { LinkRepo } from "./LinkRepo.ts"
import { type LinkSet, pairOf, tellsAsMuch } from "./LinkSet.ts"
import type { LedgerUnavailable } from "./LoaderErrors.ts"

/** Pairs that are known to be in the ledger, so that most events cost no look-up. */
const KNOWN_PAIRS = 200_000

/** Who belongs together, from the links of a batch to the rows that queries read. */
export class People extends Context.Service<
  People,
  {
    /**
     * Puts links into the ledger and resolves the people they concern.
     *
     * @param again an earlier attempt may have got half-way: resolve even what is in
     *   the ledger already
     */
    record(
      batchId: bigint,
      links: ReadonlyMap<number, LinkSet>,
      again: boolean
    ): Effect.Effect<void, LedgerUnavailable | ClickHouseError>
  }
>()("@analytics/data-ingestion/loader/People") {
  static readonly layer = Layer.effect(
    People,
    Effect.gen(function* () {
      const ledger = yield* LinkRepo
      const clickHouse = yield* ClickHouse
      const idHash = new IdHash(Redacted.value((yield* Installation).idHashKey))
      const known = new BoundedCache<string, Link>(KNOWN_PAIRS)
      const cacheKey = (projectId: number, link: Link) => `${projectId} ${pairOf(link)}`

      const write = (
        projectId: number,
        changes: ReadonlyArray<PersonChange>,
        version: bigint
      ) =>
        changes.length === 0
          ? Effect.void
          : clickHouse.insert({
              table: "person_links",
              columns: ["project_id", "id_hash", "person", "known_at", "version"],
              body: encodeChanges(idHash, projectId, changes, version),
              format: "RowBinary",
              settings: { async_insert: 0 }
            })

      /**
       * After the ledger is committed and under a lock, from all of it: of two loaders
       * that each added one half of a chain, the second to come here sees both.
       */
      const resolve = Effect.fn("People.resolve")(
        (projectId: number, links: ReadonlyArray<Link>, again: boolean) =>
          ledger.locked(projectId, (version) =>
            Effect.gen(function* () {
              const since = Math.min(...links.map(({ knownAt }) => knownAt))
              const ids = links.flatMap(({ from, to }) => [from, to])
              const components = yield* ledger.components(projectId, ids, since)
              const added = new Set(links.map(identityOf))
              const changes = personChanges(
                components,
                since,
                (link) => !again && added.has(identityOf(link)),
                (id) => idHash.id(projectId, id)
              )
              yield* write(projectId, changes, version)
            })
          )
      )

      return People.of({
        record: Effect.fn("People.record")(function* (batchId, byProject, again) {
          for (const [projectId, set] of byProject) {
            const links = set.all.filter((link) => {
              const before = again ? undefined : known.get(cacheKey(projectId, link))
              return before === undefined || !tellsAsMuch(before, link)
            })
            if (links.length === 0) continue
            const added = yield* ledger.add(projectId, batchId, links)
            const concerned = again ? links : added
            if (concerned.length > 0) yield* resolve(projectId, concerned, again)
            for (const link of links) known.set(cacheKey(projectId, link), link)
          }
        })
      })
    })
  )
}

const identityOf = (link: Link): string =>
  `${pairOf(link)}\0${link.timestamp} ${link.messageId}`

const encodeChanges = (
  idHash: IdHash,
  projectId: number,
  changes: ReadonlyArray<PersonChange>,
  version: bigint
) => {
  const rows = new RowBuffer()
  for (const { id, person, knownAt } of changes) {
    rows.uint32(projectId)
    rows.words(idHash.idWords(projectId, id), 0, 2)
    rows.uint64(person)
    rows.dateTime64(knownAt)
    rows.uint64(version)
  }
  return rows.view()
}
