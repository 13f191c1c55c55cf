import type { ServicesConfig } from "@analytics/config/ServicesConfig"
import type { ClickHouse } from "@analytics/database/ClickHouse"
import type { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect, Schema } from "effect"
import type { HttpClient } from "effect/http"
import { SqlClient } from "effect/sql"
import { JobRun } from "../../jobs/JobRun.ts"
import { JobFailed, type JobType, JobUnavailable } from "../../jobs/JobType.ts"
import { forgetCatalogue } from "../removal/forgetCatalogue.ts"
import { countMessages, emptyMessages } from "../removal/namedMessages.ts"
import { countReports, removeReports } from "../removal/namedReports.ts"
import { Kept, keptOf, look, register, untilDone } from "../removal/removals.ts"
import {
  countObjects,
  noteForBackups,
  removeObjects
} from "../removal/removedObjects.ts"
import { Certificate, certificateOf, remains } from "./Certificate.ts"
import { ErasePayload, idsOf, kindOf, rangeOf } from "./ErasePayload.ts"
import { Scanned, scan } from "./scan.ts"

const Places = Schema.Record(Schema.String, Schema.Int)

/** Removes a person, or a range of time, from everywhere, and certifies it. */
export const erase: JobType<
  typeof ErasePayload,
  typeof Certificate,
  | ServicesConfig
  | HttpClient.HttpClient
  | ClickHouse
  | SqlClient.SqlClient
  | ObjectStore
> = {
  name: "erase",
  description:
    "Erases a person with all linked ids, or a range of time: hidden from every answer at once, then gone from both stores, quarantine, inbox, exports, uploads and kept reports. Ends with a certificate.",
  of: "project",
  payload: ErasePayload,
  result: Certificate,
  limits: {
    perProject: 5,
    inAll: 20,
    waiting: 1000,
    time: 24 * 3_600_000,
    memory: 64,
    attempts: 20
  },
  run: Effect.fnUntraced(function* ({ id, payload, projectId }) {
    if (projectId === null) return yield* Effect.die("an erasure is of a project")
    const { log, step } = yield* JobRun
    const range = rangeOf(payload)
    const asked = idsOf(payload)
    const removal = { id, projectId, kind: kindOf(payload) }

    const hidden = yield* step(
      "register",
      Kept,
      Effect.map(
        register({
          ...removal,
          ...(range === undefined
            ? { ids: asked }
            : {
                from: new Date(range.from).toISOString(),
                to: new Date(range.to).toISOString()
              })
        }),
        keptOf
      )
    )
    const requestedAt = Date.parse(hidden.requestedAt)
    yield* log("info", "no query shows it any more", {
      ids: hidden.idHashes.length
    })
    // All ids as texts, while data-ingestion knows them: no step keeps these.
    const known = yield* look(id)
    const ids = [...new Set([...asked, ...known.ids])]
    const terms = (idHashes: ReadonlyArray<string>) => ({
      ...{ jobId: id, projectId, ids, idHashes, range, requestedAt }
    })

    const before = yield* step("scan before", Scanned, scan(terms(hidden.idHashes)))
    const objects = yield* step(
      "count files",
      Schema.Struct({ exports: Schema.Int, uploads: Schema.Int }),
      countObjects(projectId, requestedAt)
    )
    const reports = yield* step(
      "count reports",
      Schema.Int,
      countReports(projectId, ids, requestedAt)
    )
    const messages = yield* step(
      "count messages",
      Schema.Int,
      countMessages(projectId, ids, requestedAt)
    )
    yield* step("remove files", Schema.Void, removeObjects(projectId, requestedAt))
    const note = (idHashes: ReadonlyArray<string>) =>
      noteForBackups({
        ...removal,
        idHashes,
        from: range === undefined ? null : new Date(range.from).toISOString(),
        to: range === undefined ? null : new Date(range.to).toISOString(),
        requestedAt: hidden.requestedAt
      })
    yield* step("note for backups", Schema.Void, note(hidden.idHashes))
    const forgotten = yield* step("forget", Places, forgetCatalogue(projectId))
    const done = yield* step("remove", Kept, Effect.map(untilDone(id), keptOf))
    // Now, since one that was being made may have asked before the removal was known.
    yield* step(
      "remove reports",
      Schema.Void,
      removeReports(projectId, ids, Date.now())
    )
    yield* step(
      "empty messages",
      Schema.Void,
      emptyMessages(projectId, ids, Date.now())
    )
    yield* step("note all ids for backups", Schema.Void, note(done.idHashes))

    const after = yield* step("scan after", Scanned, scan(terms(done.idHashes)))
    const left = yield* step(
      "count files left",
      Schema.Struct({ exports: Schema.Int, uploads: Schema.Int }),
      countObjects(projectId, requestedAt)
    )
    const reportsLeft = yield* step(
      "count reports left",
      Schema.Int,
      countReports(projectId, ids, requestedAt)
    )
    const messagesLeft = yield* step(
      "count messages left",
      Schema.Int,
      countMessages(projectId, ids, requestedAt)
    )
    const found = {
      ...after.places,
      ...left,
      reports: reportsLeft,
      messages: messagesLeft
    }
    const rest = remains(found)
    if (rest.length > 0)
      return yield* new JobFailed({
        detail: `It is still found in ${rest.join(", ")}. Retry the job; if it stays, somebody has to look.`
      })
    const verifiedAt = yield* step(
      "verified",
      Schema.String,
      Effect.sync(() => new Date().toISOString())
    )
    if (range === undefined) yield* step("forget who it was", Schema.Void, redact(id))
    return certificateOf({
      removal: done,
      kind: removal.kind,
      textsKnown: known.state !== "done",
      before: { ...before.places, ...objects, reports, messages },
      after: found,
      mentions: after.mentions,
      forgotten,
      verifiedAt
    })
  })
}

/** The job itself must not keep the id that it was about. */
const redact = Effect.fnUntraced(function* (id: string) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    UPDATE jobs.jobs SET payload = ${JSON.stringify({ ids: ["[erased]"] })}::jsonb
     WHERE id = ${id}::uuid`.pipe(
    Effect.mapError(
      (error) => new JobUnavailable({ what: "Postgres", detail: error._tag })
    )
  )
})
