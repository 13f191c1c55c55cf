import { IdHash } from "@analytics/data-processing/IdHash"
import { Installation } from "@analytics/database/Installation"
import { Context, Effect, Layer, Option, Redacted, Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { LinkRepo } from "../loader/LinkRepo.ts"
import { type StoreUnavailable, unavailable } from "../StoreUnavailable.ts"
import { Hiding } from "./Hiding.ts"
import { Judge } from "./Judge.ts"
import type { Removal, RemovalKind } from "./Removal.ts"
import { RemovalLedger } from "./RemovalLedger.ts"
import { RemovalRepo } from "./RemovalRepo.ts"

/** Links of one person that are read to find their ids. */
const MOST_LINKS = 300_000
/** Later than any link: what counts now. */
const NOW = Date.UTC(9999, 0, 1)

export class RemovalNotFound extends HttpApiError.Problem<RemovalNotFound>()(
  "RemovalNotFound",
  {
    type: "urn:analytics:problem:removal-not-found",
    status: 404,
    title: "There is no such removal, or the project was deleted with it"
  }
) {}

export class RemovalRefused extends HttpApiError.Problem<RemovalRefused>()(
  "RemovalRefused",
  {
    type: "urn:analytics:problem:removal-refused",
    status: 409,
    title: "This cannot be removed"
  },
  { reason: Schema.Literals(["other_removal", "too_many_links", "project_deleted"]) }
) {}

/** Times are milliseconds since 1970. */
export interface Wanted {
  readonly id: string
  readonly projectId: number
  readonly kind: RemovalKind
  /** Of a person: any of their ids. */
  readonly ids: ReadonlyArray<string>
  readonly from: number | null
  readonly to: number | null
  /** After a restore: ids of which only hashes were kept, and up to when they count. */
  readonly idHashes?: ReadonlyArray<bigint>
  readonly requestedAt?: number
}

/** What of a project is erased or expires. */
export class Removals extends Context.Service<
  Removals,
  {
    /**
     * Removes a person with all ids that are linked to theirs, or a range. When it ends,
     * no query shows it any more. The same id again changes nothing.
     */
    register(wanted: Wanted): Effect.Effect<Removal, RemovalRefused | StoreUnavailable>
    get(id: string): Effect.Effect<Removal, RemovalNotFound | StoreUnavailable>
  }
>()("@analytics/data-ingestion/removals/Removals") {
  static readonly layer = Layer.effect(
    Removals,
    Effect.gen(function* () {
      const repo = yield* RemovalRepo
      const ledger = yield* LinkRepo
      const hiding = yield* Hiding
      const books = yield* RemovalLedger
      const idHash = new IdHash(Redacted.value((yield* Installation).idHashKey))

      /** Together with what was found to belong to it; done when all of it is. */
      const whole = Effect.fnUntraced(function* (removal: Removal) {
        const all = [removal, ...(yield* repo.childrenOf(removal.id))]
        const open = all.find((each) => each.doneAt === null)
        const counts: Record<string, number> = {}
        for (const each of all)
          for (const [place, found] of Object.entries(each.counts))
            counts[place] = (counts[place] ?? 0) + found
        return {
          ...removal,
          counts,
          ids: all.flatMap((each) => each.ids),
          idHashes: all.flatMap((each) => each.idHashes),
          doneAt: open === undefined ? removal.doneAt : null
        }
      })

      /** All ids that are one person with these, and these. */
      const personOf = Effect.fnUntraced(function* (
        projectId: number,
        ids: ReadonlyArray<string>
      ) {
        const links = yield* ledger.components(projectId, ids, NOW, MOST_LINKS)
        if (links === undefined)
          return yield* new RemovalRefused({
            reason: "too_many_links",
            detail: `The person has more than ${MOST_LINKS} links: undo some first.`
          })
        return [...new Set([...ids, ...links.flatMap(({ from, to }) => [from, to])])]
      })

      const insert = Effect.fnUntraced(function* (wanted: Wanted) {
        const { projectId } = wanted
        const ids =
          wanted.kind === "person" ? yield* personOf(projectId, wanted.ids) : []
        const hashes = new Set([
          ...ids.map((id) => idHash.id(projectId, id)),
          ...(wanted.idHashes ?? [])
        ])
        const added = yield* repo.register({
          ...wanted,
          parent: null,
          ids,
          idHashes: [...hashes]
        })
        if (Option.isNone(added))
          return yield* new RemovalRefused({
            reason: "project_deleted",
            detail: "The project was deleted, and with it everything in it."
          })
        return added.value
      })

      const known = Effect.fnUntraced(function* ({ id, kind, projectId }: Wanted) {
        const found = yield* repo.byId(id)
        if (Option.isNone(found)) return undefined
        if (found.value.projectId !== projectId || found.value.kind !== kind)
          return yield* new RemovalRefused({
            reason: "other_removal",
            detail: "Another removal has this id."
          })
        return found.value
      })

      return Removals.of({
        register: Effect.fn("Removals.register")(
          function* (wanted) {
            const removal =
              (yield* known(wanted)) ??
              (yield* ledger.locked(wanted.projectId, () =>
                // Of two that ask at the same time, the second finds the first.
                Effect.flatMap(known(wanted), (found) =>
                  found === undefined ? insert(wanted) : Effect.succeed(found)
                )
              ))
            yield* hiding.hide(removal)
            // Whoever looks through what is kept aside must not find it there.
            if (removal.doneAt === null)
              yield* books.sweepQuarantine(
                removal.projectId,
                new Judge([removal], idHash)
              )
            return yield* whole(removal)
          },
          Effect.catchTags({
            LedgerUnavailable: unavailable("removal"),
            ClickHouseError: unavailable("removal")
          })
        ),
        get: Effect.fn("Removals.get")(
          function* (id) {
            const found = yield* repo.byId(id)
            if (Option.isNone(found)) return yield* new RemovalNotFound({})
            return yield* whole(found.value)
          },
          Effect.catchTag("LedgerUnavailable", unavailable("removal"))
        )
      })
    })
  )
}
