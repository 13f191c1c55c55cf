import type { Rendering } from "@analytics/reports/RenderFormat"
import type { Rendered, ReportDocument } from "@analytics/reports/ReportDocument"
import { Context, type Effect } from "effect"
import type { RenderFailed, RendersBusy } from "./RenderProblems.ts"

/**
 * Makes files of documents, in processes of their own: what a document costs in time and
 * memory, and whatever it makes the libraries do, ends with its process.
 */
export class Renderer extends Context.Service<
  Renderer,
  {
    /** The same document and format give the same bytes. */
    render(
      document: ReportDocument,
      format: Rendering
    ): Effect.Effect<Rendered, RendersBusy | RenderFailed>
  }
>()("@analytics/reporting-engine/rendering/Renderer") {}
