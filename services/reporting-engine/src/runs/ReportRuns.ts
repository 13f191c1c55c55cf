import type { RenderFormat } from "@analytics/reports/RenderFormat"
import type { ReportDocument } from "@analytics/reports/ReportDocument"
import { Context, type Effect, type Option } from "effect"
import type { AnalyticsProblem } from "../analytics/AnalyticsProblems.ts"
import type {
  ReportInvalid,
  ReportNotFound
} from "../definitions/DefinitionProblems.ts"
import type { Definition } from "../definitions/ReportDefinition.ts"
import type { LinkRefused } from "../files/LinkRefused.ts"
import type { ReportsUnavailable } from "../ReportsUnavailable.ts"
import type { RenderFailed, RendersBusy } from "../rendering/RenderProblems.ts"
import type { Run } from "./Run.ts"
import type { RunNotFound } from "./RunProblems.ts"

/** What is to be reported, and as of when. */
export interface Asked {
  readonly projectId: number
  /**
   * A stored report by its id, as it is or as it was in a version that is kept; or a
   * definition that is nowhere kept.
   */
  readonly report:
    | { readonly id: string; readonly version?: number }
    | { readonly name: string; readonly definition: Definition }
  readonly parameters?: Readonly<Record<string, unknown>>
  /** Epoch milliseconds: ranges such as `last_7d` end here. Without it: now. */
  readonly at?: number
  /** ISO 8601; without it the watermark of the moment. All sections are of the same. */
  readonly asOf?: string
  /** What readers must know besides; comes before what the making itself finds. */
  readonly notices?: ReportDocument["notices"]
}

export interface AskedRun extends Asked {
  readonly formats: ReadonlyArray<RenderFormat>
  /** `manual`, `subscription`, …: shown in the history. */
  readonly reason: string
  /** The same key again is the same run; another attempt when that one failed. */
  readonly key?: string
  /** Id of a key, `admin` or `service`. */
  readonly actor: string
}

export type MakeProblem =
  | AnalyticsProblem
  | ReportInvalid
  | ReportNotFound
  | ReportsUnavailable

/** A link, as it comes back; `expires` in epoch seconds. */
export interface LinkOfFile {
  readonly projectId: number
  readonly runId: string
  readonly format: RenderFormat
  readonly expires: number
  readonly signature: string
}

export interface ReportFile {
  /** In the object store. */
  readonly name: string
  /** Where it is saved. */
  readonly download: string
  readonly mediaType: string
  readonly bytes: Uint8Array
}

/** Makes documents of definitions, and keeps them with their files. */
export class ReportRuns extends Context.Service<
  ReportRuns,
  {
    /** Asks what its sections say. What cannot be answered is a `failed` block. */
    document(asked: Asked): Effect.Effect<ReportDocument, MakeProblem>
    /** Makes, renders and keeps; answers when it is done. */
    run(asked: AskedRun): Effect.Effect<Run, MakeProblem | RendersBusy | RenderFailed>
    /**
     * The same without waiting for it: the row of the run that has begun. `RendersBusy` when
     * as many are made so as may wait for being rendered.
     */
    start(asked: AskedRun): Effect.Effect<Run, MakeProblem | RendersBusy>
    get(
      projectId: number,
      runId: string
    ): Effect.Effect<Run, RunNotFound | ReportsUnavailable>
    /** The document of a run, as it was. */
    kept(run: Run): Effect.Effect<ReportDocument, RunNotFound | ReportsUnavailable>
    /** A file of a run; made of the kept document if it was not asked for then. */
    file(
      run: Run,
      format: RenderFormat
    ): Effect.Effect<
      ReportFile,
      RunNotFound | ReportsUnavailable | RendersBusy | RenderFailed
    >
    /** The newest run of a report that succeeded before this one. */
    previous(run: Run): Effect.Effect<Option.Option<Run>, ReportsUnavailable>
    /** A link to the file that needs no key and works for a while. */
    link(run: Run, format: RenderFormat): Effect.Effect<string>
    /** What a link leads to. */
    linked(
      link: LinkOfFile
    ): Effect.Effect<
      ReportFile,
      LinkRefused | RunNotFound | ReportsUnavailable | RendersBusy | RenderFailed
    >
  }
>()("@analytics/reporting-engine/runs/ReportRuns") {}
