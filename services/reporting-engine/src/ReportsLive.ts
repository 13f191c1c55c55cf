import { DeletedProjects } from "@analytics/api-common/access/DeletedProjects"
import { Layer } from "effect"
import { ReportRepo } from "./definitions/ReportRepo.ts"
import { Reports } from "./definitions/Reports.ts"
import { RunFiles } from "./files/RunFiles.ts"
import * as Removal from "./removal/Removal.ts"
import * as LiveReportRuns from "./runs/LiveReportRuns.ts"
import { RunRepo } from "./runs/RunRepo.ts"
import { Templates } from "./templates/Templates.ts"

/** Definitions, templates and runs over a Postgres, an object store and the renderer. */
export const ReportsLive = Layer.mergeAll(
  Reports.layer,
  LiveReportRuns.layer,
  Removal.layer
).pipe(
  Layer.provideMerge(Layer.mergeAll(ReportRepo.layer, RunRepo.layer, RunFiles.layer)),
  Layer.provide(Layer.merge(Templates.layer, DeletedProjects.layer))
)
