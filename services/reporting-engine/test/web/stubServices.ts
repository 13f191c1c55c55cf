import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { Auth } from "@analytics/api-common/access/Auth"
import { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import { ProjectMissing } from "@analytics/api-common/access/ProjectMissing"
import { ReportConfig } from "@analytics/config/ReportConfig"
import { blocksHtml } from "@analytics/reports/html/blocksHtml"
import { Duration, Effect, Layer, Redacted } from "effect"
import { AlertNotFound } from "../../src/alerts/AlertProblems.ts"
import { Alerts } from "../../src/alerts/Alerts.ts"
import { Analytics } from "../../src/analytics/Analytics.ts"
import {
  AnalyticsRefused,
  AnalyticsUnavailable
} from "../../src/analytics/AnalyticsProblems.ts"
import { SharedLinks, SharedMissing } from "../../src/analytics/SharedLinks.ts"
import { ReportNotFound } from "../../src/definitions/DefinitionProblems.ts"
import { Reports } from "../../src/definitions/Reports.ts"
import { ReportsUnavailable } from "../../src/ReportsUnavailable.ts"
import { Renderer } from "../../src/rendering/Renderer.ts"
import { ReportRuns } from "../../src/runs/ReportRuns.ts"
import { RunNotFound } from "../../src/runs/RunProblems.ts"
import { RunRepo } from "../../src/runs/RunRepo.ts"
import {
  alertOf,
  dashboardOf,
  documentOf,
  evaluationOf,
  noticeOf,
  reportOf,
  runOf,
  sharedOf
} from "./things.ts"

import { id, isOf, type World } from "./World.ts"

const scopes: Readonly<Record<string, ReadonlyArray<string>>> = {
  "7": ["reports"],
  reader: ["query"],
  "8": ["reports"],
  other: ["models"]
}

export const authOf = (world: World) =>
  Layer.mock(Auth, {
    ofProject: Effect.fnUntraced(function* (header, wanted) {
      world.lookUps++
      const key = (header ?? "").replace("Bearer ", "")
      if (world.keysAway) return yield* new KeysUnavailable({})
      if (key === "admin") return yield* new ProjectMissing({})
      const has = scopes[key]
      if (has === undefined || world.revoked.has(key))
        return yield* new Unauthorized({})
      if (!wanted.some((scope: string) => has.includes(scope)))
        return yield* new Forbidden({})
      const projectId = key === "8" ? 8 : 7
      return { actor: key, projectId, until: Infinity, ends: Infinity }
    })
  })

export const analyticsOf = (world: World) => {
  const answering = <A>(answer: () => A) =>
    Effect.suspend(() => {
      if (world.isBroken) return Effect.die(new Error("a secret detail of a defect"))
      return world.analyticsAway
        ? Effect.fail(new AnalyticsUnavailable({}))
        : Effect.succeed(answer())
    })
  return Layer.mock(Analytics, {
    project: (projectId) =>
      Effect.succeed({
        id: projectId,
        name: `${world.text} ${projectId}`,
        timezone: "Europe/Berlin"
      }),
    dashboards: (projectId, cursor) =>
      cursor === "nonsense"
        ? Effect.fail(new AnalyticsRefused({ answered: 422 }))
        : answering(() => ({
            dashboards: [dashboardOf(id(projectId), world.text)],
            nextCursor: "the next & last"
          })),
    dashboardResult: (projectId, wanted) =>
      Effect.flatMap(
        answering(() => ({
          dashboard: { ...dashboardOf(wanted, world.text), timezone: null },
          asOf: "2026-11-23T12:00:00.000Z",
          warnings: [],
          tiles: [
            { type: "markdown" as const, id: "1", width: 4, markdown: world.text },
            {
              type: "problem" as const,
              id: "2",
              width: 8,
              insight: {
                id: id(1),
                name: world.text,
                description: "",
                query: { kind: "trends" },
                chart: { form: "line" as const },
                version: 1
              },
              problem: { detail: world.text }
            }
          ]
        })),
        (answer) =>
          isOf(projectId, wanted)
            ? Effect.succeed(answer)
            : Effect.fail(new AnalyticsRefused({ answered: 404 }))
      )
  })
}

export const storesOf = (world: World) => {
  const kept = <A>(answer: () => A) =>
    Effect.suspend(() =>
      world.storeAway
        ? Effect.fail(new ReportsUnavailable({}))
        : Effect.succeed(answer())
    )
  const mine = <A, E>(
    projectId: number,
    wanted: string,
    answer: () => A,
    missing: () => E
  ): Effect.Effect<A, E | ReportsUnavailable> =>
    isOf(projectId, wanted) ? kept(answer) : Effect.fail(missing())
  const run = (projectId: number) =>
    runOf(id(projectId), projectId, world.text, world.isRunning)
  return Layer.mergeAll(
    Layer.mock(Alerts, {
      list: ({ projectId }) =>
        kept(() => ({
          alerts: [alertOf(id(projectId), projectId, world.text, world.hasProblem)],
          nextCursor: id(9)
        })),
      get: ({ projectId }, wanted) =>
        mine(
          projectId,
          wanted,
          () => alertOf(wanted, projectId, world.text),
          () => new AlertNotFound({ alertId: wanted })
        ),
      evaluations: () =>
        kept(() => ({
          evaluations: [evaluationOf(world.text)],
          nextCursor: new Date("2026-11-22T00:00:00Z")
        })),
      notices: () =>
        kept(() => ({ notices: [noticeOf(id(1), world.text)], nextCursor: id(3) }))
    }),
    Layer.mock(Reports, {
      get: (projectId, wanted) =>
        mine(
          projectId,
          wanted,
          () => reportOf(wanted, world.text),
          () => new ReportNotFound({})
        ),
      page: (projectId, _, limit) =>
        kept(() =>
          Array.from({ length: limit }, () => reportOf(id(projectId), world.text))
        )
    }),
    Layer.mock(RunRepo, {
      page: (projectId, { limit }) =>
        kept(() => Array.from({ length: limit }, () => run(projectId)))
    }),
    Layer.mock(ReportRuns, {
      get: (projectId, wanted) =>
        mine(
          projectId,
          wanted,
          () => run(projectId),
          () => new RunNotFound({})
        ),
      kept: () => kept(() => documentOf(world.text)),
      file: (_, format) =>
        kept(() => ({
          name: `report.${format}`,
          download: `Week.${format}`,
          mediaType: "application/pdf",
          bytes: new TextEncoder().encode("a file")
        })),
      start: ({ actor, projectId, report }) =>
        "id" in report && isOf(projectId, report.id)
          ? kept(() => {
              world.started.push({ id: report.id, actor })
              return { ...run(projectId), id: id(5) }
            })
          : Effect.fail(new ReportNotFound({}))
    })
  )
}

export const sharedLinksOf = (world: World) =>
  Layer.mock(SharedLinks, {
    open: (token) => {
      if (world.analyticsAway) return Effect.fail(new AnalyticsUnavailable({}))
      return token === "sl_good"
        ? Effect.succeed(sharedOf(world.text))
        : Effect.fail(new SharedMissing({ ended: token === "ended" }))
    }
  })

export const RendererOfTest = Layer.succeed(Renderer, {
  render: (document) =>
    Effect.succeed({
      mediaType: "application/json",
      extension: "json",
      bytes: new TextEncoder().encode(JSON.stringify(blocksHtml(document)))
    })
})

export const configOf = (publicUrl: string) =>
  ReportConfig.layerOf({
    secret: Redacted.make("a secret of thirty-two characters"),
    publicUrl,
    batchProcessorUrl: "http://batch.test",
    sectionsAtOnce: 1,
    renderers: 1,
    renderMemory: 1,
    renderTimeout: Duration.seconds(1),
    renderQueue: 1,
    rendersPerProcess: 1,
    retention: Duration.days(1),
    linkLifetime: Duration.days(1)
  })
