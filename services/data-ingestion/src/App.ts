import type { Health } from "@analytics/api-common/Health"
import { healthRoutes } from "@analytics/api-common/HealthRoutes"
import { methodNotAllowed } from "@analytics/api-common/MethodNotAllowed"
import { openApi } from "@analytics/api-common/OpenApi"
import type { AccessConfig } from "@analytics/config/AccessConfig"
import type { ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import type { Accounting } from "./accounting/Accounting.ts"
import { accountingRoutes } from "./accounting/AccountingRoutes.ts"
import { importRoutes } from "./import/ImportRoutes.ts"
import type { KeyRing } from "./keys/KeyRing.ts"
import { type LinkServices, linkRoutes } from "./links/LinkRoutes.ts"
import { type QualityServices, qualityRoutes } from "./quality/QualityRoutes.ts"
import type { Quarantine } from "./quarantine/Quarantine.ts"
import { quarantineRoutes } from "./quarantine/QuarantineRoutes.ts"
import { receiptRoutes } from "./receipts/ReceiptRoutes.ts"
import type { Receipts } from "./receipts/Receipts.ts"
import { type ReceiveServices, receiveRoutes } from "./receive/ReceiveRoutes.ts"
import { reconcileRoutes } from "./reconcile/ReconcileRoutes.ts"
import type { Reconciliation } from "./reconcile/Reconciliation.ts"
import type { HistoryRepo } from "./removals/HistoryRepo.ts"
import { historyRoutes } from "./removals/HistoryRoutes.ts"
import { removalRoutes } from "./removals/RemovalRoutes.ts"
import type { Removals } from "./removals/Removals.ts"
import { type ShardServices, shardRoutes } from "./shards/ShardRoutes.ts"
import { trackerRoutes } from "./tracker/TrackerRoutes.ts"
import type { ViolationRepo } from "./violations/ViolationRepo.ts"
import { violationRoutes } from "./violations/ViolationRoutes.ts"
import { type HoldServices, holdRoutes } from "./watermark/HoldRoutes.ts"
import type { Watermark } from "./watermark/Watermark.ts"
import { watermarkRoutes } from "./watermark/WatermarkRoutes.ts"

/** Everything a handler of this service may ask for. */
export type AppServices =
  | ReceiveServices
  | LinkServices
  | Accounting
  | Receipts
  | Reconciliation
  | Quarantine
  | QualityServices
  | ViolationRepo
  | KeyRing
  | Watermark
  | HoldServices
  | Removals
  | HistoryRepo
  | ShardServices
  | AccessConfig
  | Health

export type AppRuntime = ManagedRuntime.ManagedRuntime<AppServices, unknown>

export const about = {
  title: "data-ingestion",
  version: "1",
  description: "Takes events in, and tells what became of each."
}

/**
 * The whole HTTP surface. The routes that receive come first, so that the hooks of the
 * others, which read bodies too, do not run for every event.
 */
export const makeApp = (runtime: AppRuntime) =>
  new Elysia()
    .use(receiveRoutes(runtime))
    .use(trackerRoutes())
    .use(importRoutes(runtime))
    .use(methodNotAllowed)
    .use(openApi(about))
    .use(healthRoutes(runtime))
    .use(accountingRoutes(runtime))
    .use(receiptRoutes(runtime))
    .use(quarantineRoutes(runtime))
    .use(violationRoutes(runtime))
    .use(qualityRoutes(runtime))
    .use(watermarkRoutes(runtime))
    .use(holdRoutes(runtime))
    .use(linkRoutes(runtime))
    .use(removalRoutes(runtime))
    .use(historyRoutes(runtime))
    .use(reconcileRoutes(runtime))
    .use(shardRoutes(runtime))

/** The client side of this API: `treaty<App>(url)`. */
export type App = ReturnType<typeof makeApp>
