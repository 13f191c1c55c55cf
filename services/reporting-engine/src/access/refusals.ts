import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import { ProjectMissing } from "@analytics/api-common/access/ProjectMissing"
import { sent } from "@analytics/api-common/WireSchema"
import { Schema } from "effect"
import { ReportsUnavailable } from "../ReportsUnavailable.ts"

/** What any route of a project may answer. */
export const refusals = {
  401: sent(Unauthorized),
  403: sent(Forbidden),
  422: sent(ProjectMissing),
  503: sent(Schema.Union([ReportsUnavailable, KeysUnavailable]))
}
export const security = [{ key: [] }]
