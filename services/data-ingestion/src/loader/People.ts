import { BoundedCache } from "@analytics/data-processing/BoundedCache"
import { followerChanges } from "@analytics/data-processing/Followers"
import type { Link } from "@analytics/data-processing/Identity"
import { IdHash } from "@analytics/data-processing/IdHash"
import { type PersonChange, personChanges } from "@analytics/data-processing/Persons"
import { RowBuffer } from "@analytics/data-processing/RowBuffer"
import { ClickHouse } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Installation } from "@analytics/database/Installation"
import { Context, Effect, Layer, Metric, Redacted } from "effect"
import { LinkRepo } from "./LinkRepo.ts"
import { type LinkSet, pairOf, tellsAsMuch } from "./LinkSet.ts"
import type { LedgerUnavailable } from "./LoaderErrors.ts"
import * as LoaderMetrics from "./LoaderMetrics.ts"

/** Pairs that are known to be in the ledger, so that most events cost no look-up. */
const KNOWN_PAIRS = 200_000
/** Ids of one look-up in the store: 210 KB of SQL. */
const LOOK_UP = 10_000

/** How many links of the ledger one resolution may read. */
export interface Limits {
  /** Beyond these, new ids follow who they belong to. */
  readonly walk: number
  /** As many more for each new link. */
  readonly walkPerLink: number
  /** The most that fits into memory and time: beyond, people stay as they were. */
  readonly most: number
}

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
    /**
     * Writes anew who the people of these ids are, from `since` on. `false` if that needs
     * more links than may be read.
     */
    restore(
      projectId: number,
      ids: ReadonlyArray<string>,
      since: number
    ): Effect.Effect<boolean, LedgerUnavailable | ClickHouseError>
  }
>()("@analytics/data-ingestion/loader/People") {
  static readonly layerOf = (limits: Limits) =>
    Layer.effect(
      People,
      Effect.gen(function* () {
        const ledger = yield* LinkRepo
        const clickHouse = yield* ClickHouse
        const idHash = new IdHash(Redacted.value((yield* Installation).idHashKey))
        const known = new BoundedCache<string, Link>(KNOWN_PAIRS)
        const cacheKey = (
          projectId: number,
          pair: Pick<Link, "kind" | "from" | "to">
        ) => `${projectId} ${pairOf(pair)}`

        let lastUndone = 0n
        let lastRemoval = 0n
        /** The next message with the pair of an undone or erased link ties it again. */
        const forgetUndone = Effect.gen(function* () {
          const removal = yield* ledger.removals
          if (removal > lastRemoval) known.clear()
          lastRemoval = removal
          for (;;) {
            const undone = yield* ledger.undoneAfter(lastUndone)
            for (const link of undone) {
              known.delete(cacheKey(link.projectId, link))
              lastUndone = link.id
            }
            if (undone.length === 0) return
          }
        })

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

        /** Resolves whole people, from all their links. */
        const resolveWhole = Effect.fnUntraced(function* (
          projectId: number,
          links: ReadonlyArray<Link>,
          again: boolean,
          version: bigint,
          most: number
        ) {
          const since = Math.min(...links.map(({ knownAt }) => knownAt))
          const ids = links.flatMap(({ from, to }) => [from, to])
          const components = yield* ledger.components(projectId, ids, since, most)
          if (components === undefined) return false
          const added = new Set(links.map(identityOf))
          const changes = personChanges(
            components,
            since,
            (link) => !again && added.has(identityOf(link)),
            (id) => idHash.id(projectId, id)
          )
          yield* write(projectId, changes, version)
          return true
        })

        /** New ids that belong to somebody become who that is, at every instant. */
        const follow = Effect.fn("People.follow")(function* (
          projectId: number,
          claims: ReadonlyArray<Link>,
          version: bigint
        ) {
          const owners = new Map(
            claims.map(({ to }) => [to, idHash.id(projectId, to)] as const)
          )
          const told = new Map<bigint, Array<{ person: bigint; knownAt: number }>>()
          const hashes = [...owners.values()]
          for (let at = 0; at < hashes.length; at += LOOK_UP) {
            const { rows } = yield* clickHouse.table(
              // Hashes are our own numbers, and too many for a parameter.
              `SELECT toString(id_hash), toUnixTimestamp64Milli(known_at) AS at,
                    toString(argMax(person, version))
               FROM person_links
               LEFT JOIN (
                 SELECT id_hash, max(known_until) AS gone FROM removals
                  WHERE project_id = {project:UInt32} AND is_range = 0
                  GROUP BY id_hash) AS removed USING (id_hash)
              WHERE project_id = {project:UInt32} AND known_at > gone
                AND id_hash IN (${hashes.slice(at, at + LOOK_UP).join(", ")})
              GROUP BY id_hash, known_at
              ORDER BY id_hash, at`,
              {
                params: { project: projectId },
                settings: { max_query_size: "8388608" }
              }
            )
            for (const [hash, knownAt, person] of rows) {
              const key = BigInt(String(hash))
              const row = { person: BigInt(String(person)), knownAt: Number(knownAt) }
              const known = told.get(key)
              if (known === undefined) told.set(key, [row])
              else known.push(row)
            }
          }
          const changes = claims.flatMap((claim) => {
            const own = owners.get(claim.to) ?? 0n
            return followerChanges(claim, told.get(own) ?? [], own)
          })
          yield* write(projectId, changes, version)
        })

        /**
         * After the ledger is committed and under a lock, from all of it: of two loaders
         * that each added one half of a chain, the second to come here sees both.
         */
        const resolve = Effect.fn("People.resolve")(
          (projectId: number, links: ReadonlyArray<Link>, again: boolean) =>
            ledger.locked(projectId, (version) =>
              Effect.gen(function* () {
                const few = limits.walk + limits.walkPerLink * links.length
                if (yield* resolveWhole(projectId, links, again, version, few)) return
                // Somebody has very many links. New ids cost no walk over all of them.
                const claims = yield* ledger.followers(projectId, links)
                const following = new Set(claims)
                const others = links.filter((link) => !following.has(link))
                if (
                  others.length > 0 &&
                  !(yield* resolveWhole(projectId, others, again, version, limits.most))
                ) {
                  yield* Metric.update(LoaderMetrics.unresolvedLinks, others.length)
                  yield* Effect.logError(
                    "a person has too many links; new ones are kept but not followed"
                  ).pipe(
                    Effect.annotateLogs({ project_id: projectId, links: others.length })
                  )
                }
                if (claims.length > 0) yield* follow(projectId, claims, version)
              })
            )
        )

        return People.of({
          restore: Effect.fn("People.restore")((projectId, ids, since) =>
            ledger.locked(projectId, (version) =>
              Effect.gen(function* () {
                const components = yield* ledger.components(
                  projectId,
                  ids,
                  since,
                  limits.most
                )
                if (components === undefined) return false
                const changes = personChanges(
                  components,
                  since,
                  () => false,
                  (id) => idHash.id(projectId, id)
                )
                yield* write(projectId, changes, version)
                return true
              })
            )
          ),
          record: Effect.fn("People.record")(function* (batchId, byProject, again) {
            if (byProject.size > 0) yield* forgetUndone
            for (const [projectId, set] of byProject) {
              const links = set.all.filter((link) => {
                const before = again ? undefined : known.get(cacheKey(projectId, link))
                return before === undefined || !tellsAsMuch(before, link)
              })
              if (links.length === 0) continue
              const added = yield* ledger.add(projectId, batchId, links)
              const concerned = again
                ? yield* ledger.addedBy(projectId, batchId, links)
                : added
              if (concerned.length > 0) yield* resolve(projectId, concerned, again)
              for (const link of links) known.set(cacheKey(projectId, link), link)
            }
          })
        })
      })
    )

  static readonly layer = People.layerOf({
    walk: 10_000,
    walkPerLink: 4,
    most: 300_000
  })
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
