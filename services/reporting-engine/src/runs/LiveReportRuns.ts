import { createHash } from "node:crypto"
import { Drain } from "@analytics/api-common/Drain"
import { ReportConfig } from "@analytics/config/ReportConfig"
import { unstorableIn } from "@analytics/database/unstorable"
import type { RenderFormat } from "@analytics/reports/RenderFormat"
import {
  Cause,
  Clock,
  Duration,
  Effect,
  FiberSet,
  Layer,
  Option,
  Redacted,
  Schedule
} from "effect"
import { Analytics } from "../analytics/Analytics.ts"
import { ReportInvalid, ReportNotFound } from "../definitions/DefinitionProblems.ts"
import { ReportRepo } from "../definitions/ReportRepo.ts"
import { downloadName } from "../files/downloadName.ts"
import { LinkRefused } from "../files/LinkRefused.ts"
import { RunFiles } from "../files/RunFiles.ts"
import { isSigned, signedPath, signingKey } from "../files/signedLinks.ts"
import { Renderer } from "../rendering/Renderer.ts"
import { RenderFailed, RendersBusy } from "../rendering/RenderProblems.ts"
import { fileName } from "./fileName.ts"
import { makeDocument } from "./makeDocument.ts"
import { type Asked, type AskedRun, ReportRuns } from "./ReportRuns.ts"
import type { Run } from "./Run.ts"
import { RunNotFound } from "./RunProblems.ts"
import { RunRepo } from "./RunRepo.ts"

/** How often a run says that it is alive. */
const BEAT = "5 seconds"
/** A run that takes longer has failed. */
const LONGEST_RUN = "20 minutes"

/** Runs whose row another process keeps alive are waited for this long. */
const waiting = Schedule.spaced("500 millis")

export const layer = Layer.effect(
  ReportRuns,
  Effect.gen(function* () {
    const analytics = yield* Analytics
    const config = yield* ReportConfig
    const drain = yield* Drain
    const files = yield* RunFiles
    const renderer = yield* Renderer
    const reports = yield* ReportRepo
    const repo = yield* RunRepo
    const background = yield* FiberSet.make()
    // More could not be rendered at once, and would fail when it is their turn.
    const mostInBackground = config.renderers + config.renderQueue
    let beginning = 0
    const key = signingKey(Redacted.value(config.secret))

    const wanted = Effect.fnUntraced(function* ({ projectId, report }: Asked) {
      if ("definition" in report)
        return { ...report, reportId: null, reportVersion: null }
      const found = yield* reports.byId(projectId, report.id)
      if (Option.isNone(found)) return yield* new ReportNotFound({})
      const { id, ...newest } = found.value
      const isOther = report.version !== undefined && report.version !== newest.version
      const older = isOther ? yield* reports.versions(projectId, id) : []
      const { definition, name, version } =
        older.find((it) => it.version === report.version) ?? newest
      return { definition, name, reportId: id, reportVersion: version }
    })

    const making = (
      { asOf, at, notices = [], parameters = {}, projectId }: Asked,
      definition: Parameters<typeof makeDocument>[0]["definition"]
    ) =>
      makeDocument({
        projectId,
        definition,
        parameters,
        at,
        asOf,
        notices,
        sectionsAtOnce: config.sectionsAtOnce
      }).pipe(Effect.provideService(Analytics, analytics))

    const rendered = Effect.fnUntraced(function* (run: Run, format: RenderFormat) {
      const document = yield* files.document(run)
      const { bytes, extension, mediaType } = yield* renderer.render(document, format)
      const name = fileName(format, extension)
      yield* files.put(run, name, bytes)
      // An erasure took the document while it was rendered: what it says goes, too.
      if (!(yield* files.hasDocument(run))) {
        yield* files.remove(run)
        return yield* new RunNotFound({ detail: "Its files are gone." })
      }
      const sha256 = createHash("sha256").update(bytes).digest("hex")
      yield* repo.addFile(run.id, {
        format,
        name,
        mediaType,
        bytes: bytes.byteLength,
        sha256
      })
      const asOf = new Date(document.asOf)
      const download = downloadName(run.name, asOf, format, extension)
      return { name, download, mediaType, bytes }
    })

    const file = Effect.fnUntraced(function* (run: Run, format: RenderFormat) {
      if (run.state === "running")
        return yield* new RunNotFound({ detail: "It is still being made." })
      const known = run.files.find((it) => it.format === format)
      if (known === undefined) return yield* rendered(run, format)
      const { mediaType, name } = known
      const bytes = yield* files.get(run, name)
      const [, extension = format] = /\.([a-z]+)$/u.exec(name) ?? []
      const asOf = run.asOf ?? run.createdAt
      const download = downloadName(run.name, asOf, format, extension)
      return { name, download, mediaType, bytes }
    })

    const begun = Effect.fnUntraced(function* (asked: AskedRun) {
      // They are kept with the run before anybody reads them.
      const unstorable = unstorableIn(asked.parameters ?? {}, "/parameters")
      if (unstorable !== undefined)
        return yield* ReportInvalid.at(
          unstorable,
          "Expected text without U+0000 and lone surrogates"
        )
      const { definition, ...report } = yield* wanted(asked)
      const { mine, run } = yield* repo.begin({
        projectId: asked.projectId,
        ...report,
        parameters: asked.parameters ?? {},
        formats: [...new Set(asked.formats)],
        reason: asked.reason,
        key: asked.key ?? null,
        actor: asked.actor
      })
      return { definition, mine, run }
    })

    const get = Effect.fnUntraced(function* (projectId: number, id: string) {
      const found = yield* repo.byId(projectId, id)
      return Option.isSome(found) ? found.value : yield* new RunNotFound({})
    })
    /** Of a run that was there a moment ago. */
    const again = (run: Run) =>
      Effect.catchTag(get(run.projectId, run.id), "RunNotFound", Effect.die)

    const worked = Effect.fn("ReportRuns.work")(function* (
      asked: AskedRun,
      definition: Parameters<typeof makeDocument>[0]["definition"],
      run: Run
    ) {
      const work = Effect.gen(function* () {
        const document = yield* making(asked, definition)
        const documentSha256 = yield* files.putDocument(run, document)
        yield* repo.made(run.id, {
          asOf: document.asOf,
          from: document.from ?? document.asOf,
          to: document.to ?? document.asOf,
          documentSha256,
          failedSections: document.blocks.filter(({ type }) => type === "failed").length
        })
        for (const format of run.formats)
          yield* Effect.catchTag(rendered(run, format), "RunNotFound", Effect.die)
      })
      const beats = repo
        .beat(run.id)
        .pipe(
          Effect.ignore,
          Effect.repeat(Schedule.spaced(BEAT)),
          Effect.andThen(Effect.never)
        )
      yield* work.pipe(
        Effect.raceFirst(beats),
        Effect.timeoutOrElse({
          duration: LONGEST_RUN,
          orElse: () =>
            Effect.fail(
              new RenderFailed({ detail: `It took longer than ${LONGEST_RUN}.` })
            )
        }),
        Effect.onExit((exit) =>
          exit._tag === "Success"
            ? Effect.void
            : repo
                .finish(run.id, reasonOf(exit.cause))
                .pipe(
                  Effect.catch((error) =>
                    Effect.logWarning("a run ends once it was silent", error)
                  )
                )
        )
      )
      yield* repo.finish(run.id, null)
      return yield* again(run)
    })

    /** Takes a place among those that nobody waits for, if there is one. */
    const beginsInBackground = Effect.gen(function* () {
      if (beginning + (yield* FiberSet.size(background)) >= mostInBackground)
        return yield* new RendersBusy({
          detail: `${mostInBackground} runs are made in the background.`,
          retryAfter: 10
        })
      beginning++
    })
    const started = Effect.fnUntraced(function* (asked: AskedRun) {
      const { definition, mine, run } = yield* begun(asked)
      if (mine)
        yield* worked(asked, definition, run).pipe(
          Effect.catchCause((cause) =>
            Effect.logWarning("a run of a report failed", cause)
          ),
          drain.holds,
          FiberSet.run(background)
        )
      return run
    })

    /** Until somebody else has made it. */
    const awaited = (run: Run) =>
      again(run).pipe(
        Effect.repeat({ until: ({ state }) => state !== "running", schedule: waiting }),
        Effect.timeoutOrElse({ duration: LONGEST_RUN, orElse: () => again(run) })
      )

    yield* repo.failLost.pipe(
      Effect.catchCause((cause) =>
        Effect.logWarning("lost runs are not marked", cause)
      ),
      Effect.repeat(Schedule.spaced("30 seconds")),
      Effect.forkScoped
    )

    return ReportRuns.of({
      get: Effect.fn("ReportRuns.get")(get),
      document: Effect.fn("ReportRuns.document")(function* (asked) {
        const { definition } = yield* wanted(asked)
        return yield* making(asked, definition)
      }),
      run: Effect.fn("ReportRuns.run")(function* (asked) {
        const { definition, mine, run } = yield* begun(asked)
        return mine ? yield* worked(asked, definition, run) : yield* awaited(run)
      }),
      start: Effect.fn("ReportRuns.start")((asked) =>
        Effect.acquireUseRelease(
          beginsInBackground,
          () => started(asked),
          () => Effect.sync(() => beginning--)
        )
      ),
      kept: (run) => files.document(run),
      file: Effect.fn("ReportRuns.file")(file),
      linked: Effect.fn("ReportRuns.linked")(function* (link) {
        const { expires, format, projectId, runId } = link
        const now = yield* Clock.currentTimeMillis
        const path = `${projectId}/${runId}/${format}`
        if (!isSigned(key, path, expires, link.signature, now))
          return yield* new LinkRefused({})
        return yield* file(yield* get(projectId, runId), format)
      }),
      previous: repo.previous,
      link: Effect.fn("ReportRuns.link")(function* (run, format) {
        const now = yield* Clock.currentTimeMillis
        const until = now + Duration.toMillis(config.linkLifetime)
        const path = `${run.projectId}/${run.id}/${format}`
        return config.publicUrl + signedPath(key, path, Math.floor(until / 1000))
      })
    })
  })
)

/** Why a run failed, for whoever looks at its history. */
const reasonOf = (
  cause: Cause.Cause<{ readonly title: string; readonly detail?: string | undefined }>
): string =>
  Option.match(Cause.findErrorOption(cause), {
    onNone: () =>
      Cause.hasInterrupts(cause) ? "It was interrupted." : "It could not be made.",
    onSome: ({ detail, title }) =>
      detail === undefined ? title : `${title}: ${detail}`
  })
