import { formatInstant } from "@analytics/reports/format/formatCell"
import { Effect } from "effect"
import { ReportRuns } from "../runs/ReportRuns.ts"
import { isEmpty } from "./isEmpty.ts"
import { askedRun, completeness, type Look, type Notices } from "./Making.ts"
import { ReportMessages } from "./ReportMessages.ts"
import { aboutRun } from "./SubscriptionRun.ts"
import type { Outcome } from "./SubscriptionWorker.ts"

/** How often it is looked whether the data has come, in milliseconds. */
const BETWEEN_LOOKS = 30_000

/** Makes the report of a time once its data is there, and says to whom it goes. */
export const sendReport = Effect.fn("sendReport")(function* (look: Look) {
  const { now, run, subscription } = look
  const runs = yield* ReportRuns
  const messages = yield* ReportMessages
  const { completeAt, watermark, written } = yield* completeness(look)
  const instant = (at: Date) => formatInstant(at.toISOString(), written)

  if (watermark < completeAt && now < run.giveUpAt) {
    const next = Math.min(now.getTime() + BETWEEN_LOOKS, run.giveUpAt.getTime())
    return {
      next: {
        state: "waiting",
        detail: `Waits for its data: all of it is there up to ${watermark.toISOString()}.`,
        dueAt: new Date(next),
        failures: 0,
        completeAt
      },
      outgoing: []
    } satisfies Outcome
  }

  const notices: Notices =
    watermark < completeAt
      ? [
          {
            kind: "incomplete",
            text: `All data is there up to ${instant(watermark)} only. It was waited for until ${instant(run.giveUpAt)} (${written.timezone}); what came later is missing.${subscription.revisions > 0 ? " A revised report follows when it changes the numbers." : ""}`
          }
        ]
      : []
  const about = aboutRun(run)
  const made = yield* runs.run(askedRun(look, { key: about, notices, watermark }))
  if (made.state !== "succeeded")
    return yield* Effect.die(new Error(made.error ?? "Its run is not done."))
  const document = yield* runs.kept(made)
  // A run that an earlier look made is as of its own watermark.
  const asOf = new Date(document.asOf)
  const incomplete = asOf < completeAt
  const known = {
    failures: 0,
    completeAt,
    incomplete,
    reportRun: made.id,
    asOf
  }
  if (subscription.skipEmpty && !incomplete && isEmpty(document))
    return {
      next: {
        ...known,
        state: "skipped",
        detail: "It has no number but 0 and no row, so nobody is sent it.",
        dueAt: now
      },
      outgoing: []
    } satisfies Outcome

  const { reviseEverySeconds, reviseForSeconds, revisions } = subscription
  const message = yield* messages.of(
    { subscription, run, incomplete, revision: 0, at: now },
    made,
    document
  )
  return {
    next: {
      ...known,
      state: "sent",
      detail:
        made.failedSections === 0
          ? null
          : `${made.failedSections} of its sections could not be made.`,
      sentAt: now,
      dueAt: new Date(
        now.getTime() + Math.min(reviseEverySeconds, reviseForSeconds) * 1000
      ),
      revisionsLeft: revisions,
      ...(revisions === 0
        ? {}
        : { reviseUntil: new Date(now.getTime() + reviseForSeconds * 1000) })
    },
    outgoing: [
      {
        projectId: subscription.projectId,
        about,
        topic: `subscription:${subscription.id}`,
        message,
        targets: subscription.destinations
      }
    ]
  } satisfies Outcome
})
