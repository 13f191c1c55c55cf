import { ReportConfig } from "@analytics/config/ReportConfig"
import { EmailParts } from "@analytics/reports/email/EmailParts"
import type { ReportDocument } from "@analytics/reports/ReportDocument"
import { Context, Effect, Layer, Schema } from "effect"
import type { Message, MessageFile } from "../delivery/Message.ts"
import { DestinationRepo } from "../destinations/DestinationRepo.ts"
import { RunFiles } from "../files/RunFiles.ts"
import type { ReportsUnavailable } from "../ReportsUnavailable.ts"
import { Renderer } from "../rendering/Renderer.ts"
import type { RendersBusy } from "../rendering/RenderProblems.ts"
import { ReportRuns } from "../runs/ReportRuns.ts"
import type { Run } from "../runs/Run.ts"
import { composeReport, type Told } from "./composeReport.ts"

export type Telling = Pick<
  Told,
  "subscription" | "run" | "incomplete" | "revision" | "at"
>

const MOST_NAME = 60

/** `weekly-product-report-2026-03-02.pdf`: what it is, whoever's letters it was written in. */
const nameOf = (document: ReportDocument, scheduledFor: Date, name: string): string => {
  const plain = document.title
    .normalize("NFKD")
    .replaceAll(/[^A-Za-z0-9]+/gu, "-")
    .slice(0, MOST_NAME)
    .replaceAll(/^-+|-+$/gu, "")
    .toLowerCase()
  const day = scheduledFor.toISOString().slice(0, 10)
  return name.replace(/^report/u, `${plain === "" ? "report" : plain}-${day}`)
}

/** What is said of a report that was made: its message with its files and pictures. */
export class ReportMessages extends Context.Service<
  ReportMessages,
  {
    of(
      telling: Telling,
      made: Run,
      document: ReportDocument
    ): Effect.Effect<Message, ReportsUnavailable | RendersBusy>
  }
>()("@analytics/reporting-engine/subscriptions/ReportMessages") {
  static readonly layer = Layer.effect(
    ReportMessages,
    Effect.gen(function* () {
      const { publicUrl } = yield* ReportConfig
      const destinations = yield* DestinationRepo
      const files = yield* RunFiles
      const renderer = yield* Renderer
      const runs = yield* ReportRuns
      const partsOf = Schema.decodeUnknownEffect(EmailParts)

      /** The pictures of an e-mail are kept beside the run's files. */
      const email = Effect.fnUntraced(function* (made: Run, document: ReportDocument) {
        const { bytes } = yield* renderer.render(document, "email")
        const { html, images, text } = yield* Effect.orDie(
          partsOf(new TextDecoder().decode(bytes))
        )
        const kept = yield* Effect.forEach(images, (image) => {
          const name = `email-${image.filename}`
          const content = Buffer.from(image.bytes, "base64")
          return Effect.as(files.put(made, name, content), {
            cid: image.cid,
            name: image.filename,
            mediaType: image.mediaType,
            key: files.keyOf(made, name),
            bytes: content.byteLength,
            url: null
          })
        })
        return { html, text, images: kept }
      })

      return ReportMessages.of({
        of: Effect.fn("ReportMessages.of")(function* (telling, made, document) {
          const { projectId, destinations: ids } = telling.subscription
          const hasMail = yield* destinations.hasMail(projectId, ids)
          const mail = hasMail
            ? // As plain text it still says what it has to.
              yield* Effect.catchTag(email(made, document), "RenderFailed", () =>
                Effect.succeed({})
              )
            : {}
          const attached: ReadonlyArray<MessageFile> = yield* Effect.forEach(
            made.files.filter(({ format }) =>
              telling.subscription.formats.includes(format)
            ),
            ({ bytes, format, mediaType, name }) =>
              Effect.map(runs.link(made, format), (url) => ({
                name: nameOf(document, telling.run.scheduledFor, name),
                mediaType,
                key: files.keyOf(made, name),
                bytes,
                url
              }))
          )
          return composeReport({
            ...telling,
            ...mail,
            document,
            reportRunId: made.id,
            files: attached,
            link: `${publicUrl}/runs/${made.id}`
          })
        })
      })
    })
  )
}
