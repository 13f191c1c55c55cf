import { Effect } from "effect"
import { ready } from "../jobs/JobTypes.ts"
import { backup } from "./backup/backup.ts"
import { cohortRefresh } from "./cohort-refresh/cohortRefresh.ts"
import { compactLinks } from "./compact-links/compactLinks.ts"
import { erase } from "./erase/erase.ts"
import { exportType } from "./export/export.ts"
import { importFile } from "./import/importFile.ts"
import { modelQuality } from "./model-quality/modelQuality.ts"
import { noop } from "./noop/noop.ts"
import { reconcile } from "./reconcile/reconcile.ts"
import { report } from "./report/report.ts"
import { restore } from "./restore/restore.ts"
import { retain } from "./retain/retain.ts"
import { score } from "./score/score.ts"
import { train } from "./train/train.ts"

/** Every kind of work there is. */
export const jobTypes = Effect.all([
  ready(noop),
  ready(importFile),
  ready(exportType),
  ready(backup),
  ready(restore),
  ready(reconcile),
  ready(compactLinks),
  ready(erase),
  ready(retain),
  ready(cohortRefresh),
  ready(train),
  ready(score),
  ready(modelQuality),
  ready(report)
])
