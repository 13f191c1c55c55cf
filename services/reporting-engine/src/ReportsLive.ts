import { Layer } from "effect"
import { ReportRepo } from "./definitions/ReportRepo.ts"
import { Reports } from "./definitions/Reports.ts"
import { RunFiles } from "./files/RunFiles.ts"
import * as LiveReportRuns from "./runs/LiveReportRuns.ts"
import { RunRepo } from "./runs/RunRepo.ts"
import { Templates } from "./templates/Templates.ts"

/** Definitions, templates and runs over a Postgres, an object store and the renderer. */
export const ReportsLive = Layer.mergeAll(Reports.layer, LiveReportRuns.layer).pipe(
  Layer.provideMerge(Layer.mergeAll(ReportRepo.layer, RunRepo.layer, RunFiles.layer)),
  Layer.provide(Templates.layer)
)
