import { compareLinks, type Link } from "@analytics/data-processing/Identity"
import { Context, Effect, Layer, Option } from "effect"
import { HttpApiError } from "effect/http-api"
import { LinkRepo } from "../loader/LinkRepo.ts"
import { type StoreUnavailable, unavailable } from "../StoreUnavailable.ts"
import { type LinkName, UndoRepo } from "./UndoRepo.ts"
import { Undos } from "./Undos.ts"

/** Links of one answer. */
const MOST_LINKS = 1000
/** Later than any link: only what counts now. */
const NOW = Date.UTC(9999, 0, 1)

export class LinkNotFound extends HttpApiError.Problem<LinkNotFound>()("LinkNotFound", {
  type: "urn:analytics:problem:link-not-found",
  status: 404,
  title: "There is no such link"
}) {}

/** Why ids are one person. */
export interface Tied {
  /** In the order in which they count: by event time, then message. Undone ones too. */
  readonly links: ReadonlyArray<Link>
  /** Whether there are more. */
  readonly truncated: boolean
}

export interface Undone {
  /** From which watermark on, in milliseconds since 1970. */
  readonly undoneAt: number
  /** Whether the people are written; else a loader does it within seconds. */
  readonly restored: boolean
}

/** The ledger of identity: what ties ids together, and how to take it back. */
export class Links extends Context.Service<
  Links,
  {
    /** The links of the person whom an id belongs to. */
    ofId(projectId: number, id: string): Effect.Effect<Tied, StoreUnavailable>
    undo(
      projectId: number,
      link: LinkName
    ): Effect.Effect<Undone, LinkNotFound | StoreUnavailable>
  }
>()("@analytics/data-ingestion/links/Links") {
  static readonly layer = Layer.effect(
    Links,
    Effect.gen(function* () {
      const ledger = yield* LinkRepo
      const undos = yield* UndoRepo
      const restoring = yield* Undos

      return Links.of({
        ofId: Effect.fn("Links.ofId")(
          function* (projectId, id) {
            const found = yield* ledger.components(projectId, [id], NOW, MOST_LINKS)
            const links = found ?? []
            const ids = [
              ...new Set([id, ...links.flatMap(({ from, to }) => [from, to])])
            ]
            const undone = yield* undos.touching(projectId, ids, MOST_LINKS)
            const all = [...links, ...undone].sort(compareLinks)
            return {
              links: all.slice(0, MOST_LINKS),
              truncated: found === undefined || all.length > MOST_LINKS
            }
          },
          Effect.catchTag("LedgerUnavailable", unavailable("links"))
        ),
        undo: Effect.fn("Links.undo")(
          function* (projectId, link) {
            const undoneAt = yield* undos.begin(projectId, link)
            if (Option.isNone(undoneAt)) return yield* new LinkNotFound({})
            const restored = yield* restoring.finish(false, projectId).pipe(
              Effect.timeout("10 seconds"),
              Effect.catch((error) =>
                Effect.as(
                  Effect.logWarning("a loader has to finish an undo", error),
                  false
                )
              )
            )
            return { undoneAt: undoneAt.value, restored }
          },
          Effect.catchTag("LedgerUnavailable", unavailable("undo"))
        )
      })
    })
  )
}
