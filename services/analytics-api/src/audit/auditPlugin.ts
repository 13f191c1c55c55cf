import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { pathOf } from "@analytics/api-common/pathOf"
import type { RequestNotes } from "@analytics/api-common/RequestNotes"
import { DateTime, Effect, type ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import { Audit } from "./Audit.ts"
import type { AuditEntry } from "./AuditEntry.ts"

/** Records every request of somebody known, when it was answered. */
export const auditPlugin = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Audit, ER>
) =>
  new Elysia({ name: "@analytics/analytics-api/audit" })
    .use(effectPlugin(runtime))
    .onAfterResponse({ as: "global" }, ({ notes, request, route, set, startedAt }) => {
      // Without a known key nothing was read or written.
      if (notes?.facts["actor"] === undefined) return
      const status = typeof set.status === "number" ? set.status : 200
      const elapsedMs = Math.round(performance.now() - startedAt)
      const action = `${request.method} ${route}`
      runtime.runFork(
        Effect.gen(function* () {
          const at = yield* DateTime.now
          yield* (yield* Audit).record({
            ...told(notes),
            at,
            action,
            // A path that holds a secret is not written down.
            target: textIn(notes.facts, "target") ?? pathOf(request),
            status,
            elapsedMs
          })
        })
      )
    })

/** What is known of whoever asked, and of the query. */
export const told = ({
  facts
}: RequestNotes): Pick<
  AuditEntry,
  "actor" | "projectId" | "kind" | "queryHash" | "rowsRead" | "bytesRead"
> => ({
  actor: textIn(facts, "actor") ?? "unknown",
  projectId: numberIn(facts, "projectId"),
  kind: textIn(facts, "kind"),
  queryHash: textIn(facts, "queryHash"),
  rowsRead: numberIn(facts, "rowsRead"),
  bytesRead: numberIn(facts, "bytesRead")
})

type Facts = RequestNotes["facts"]

const textIn = (facts: Facts, name: string): string | null => {
  const fact = facts[name]
  return typeof fact === "string" ? fact : null
}

const numberIn = (facts: Facts, name: string): number | null => {
  const fact = facts[name]
  return typeof fact === "number" ? fact : null
}
