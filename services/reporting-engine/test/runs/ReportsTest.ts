import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Auth } from "@analytics/api-common/access/Auth"
import { KeyLookup } from "@analytics/api-common/access/KeyLookup"
import { hashKey } from "@analytics/api-common/BearerKey"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { ReportConfig } from "@analytics/config/ReportConfig"
import * as FolderObjectStore from "@analytics/object-store/FolderObjectStore"
import { renderDocument } from "@analytics/reports/renderDocument"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { treaty } from "@elysiajs/eden"
import { Effect, Layer, Logger, ManagedRuntime, Option, Redacted } from "effect"
import { Elysia } from "elysia"
import { ReportRepo } from "../../src/definitions/ReportRepo.ts"
import { Reports } from "../../src/definitions/Reports.ts"
import { reportsRoutes } from "../../src/definitions/ReportsRoutes.ts"
import { filesRoutes } from "../../src/files/FilesRoutes.ts"
import { RunFiles } from "../../src/files/RunFiles.ts"
import { Renderer } from "../../src/rendering/Renderer.ts"
import * as LiveReportRuns from "../../src/runs/LiveReportRuns.ts"
import { renderRoutes } from "../../src/runs/RenderRoutes.ts"
import { RunRepo } from "../../src/runs/RunRepo.ts"
import { runsRoutes } from "../../src/runs/RunsRoutes.ts"
import { Templates } from "../../src/templates/Templates.ts"
import { templatesRoutes } from "../../src/templates/TemplatesRoutes.ts"
import { reportConfig } from "../delivery/DeliveryTest.ts"
import { analyticsOf, type ReportWorld } from "./ReportWorld.ts"

export const adminKey = "admin-key-of-this-test"

/** `7` and `8` are keys of these projects, `reader` one of project 7 that only looks. */
const keys = new Map(
  [
    { key: "7", projectId: 7, scopes: ["reports"] },
    { key: "8", projectId: 8, scopes: ["reports"] },
    { key: "reader", projectId: 7, scopes: ["query"] },
    { key: "other", projectId: 7, scopes: ["models"] }
  ].map(({ key, ...rest }) => [hashKey(Redacted.make(key)), { ...rest, keyId: key }])
)
const KeysOfTest = Layer.succeed(KeyLookup, {
  byHash: (hash) =>
    Effect.succeed(
      Option.map(Option.fromUndefinedOr(keys.get(hash)), (key) => ({
        ...key,
        kind: "secret" as const,
        expiresAt: null,
        revokedAt: null,
        projectDeletedAt: null
      }))
    )
})
const Access = AccessConfig.layerOf({
  adminKey: Redacted.make(adminKey),
  serviceKey: Redacted.make("service-key-of-this-test")
})

/** Renders here: processes have tests of their own. */
const rendererOf = (world: ReportWorld) =>
  Layer.succeed(Renderer, {
    render: (document, format) =>
      Effect.andThen(
        Effect.suspend(() => world.whileRendering),
        Effect.promise(() => renderDocument(document, format))
      )
  })

/** Repositories over a real Postgres and a folder of their own. */
export const reportStores = () =>
  Layer.mergeAll(ReportRepo.layer, RunRepo.layer, RunFiles.layer).pipe(
    Layer.provideMerge(ReportConfig.layerOf(reportConfig)),
    Layer.provideMerge(
      FolderObjectStore.layerOf(mkdtempSync(join(tmpdir(), "analytics-reports-")))
    ),
    Layer.provideMerge(TestPostgres.client),
    Layer.provideMerge(Logger.layer([]))
  )

/** Reports as the service makes them, in such a world. */
export const reportsIn = (world: ReportWorld) =>
  Layer.merge(Reports.layer, LiveReportRuns.layer).pipe(
    Layer.provideMerge(Layer.merge(Templates.layer, rendererOf(world))),
    Layer.provideMerge(analyticsOf(world)),
    Layer.provideMerge(reportStores())
  )

/** Their routes, and a client of them. */
export const startReports = (world: ReportWorld) => {
  const runtime = ManagedRuntime.make(
    Layer.merge(reportsIn(world), Auth.layer.pipe(Layer.provide([KeysOfTest, Access])))
  )
  const app = new Elysia()
    .use(jsonBody())
    .use(templatesRoutes(runtime))
    .use(reportsRoutes(runtime))
    .use(renderRoutes(runtime))
    .use(runsRoutes(runtime))
    .use(filesRoutes(runtime))
  return { app, runtime, api: treaty(app, { parseDate: false }) }
}

export const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })
export const owner = bearer("7")
