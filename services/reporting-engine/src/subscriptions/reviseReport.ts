import {
  type Difference,
  differences,
  differenceText
} from "@analytics/reports/differences/differences"
import { formatInstant } from "@analytics/reports/format/formatCell"
import { plainLine } from "@analytics/reports/format/plainText"
import type { ReportDocument } from "@analytics/reports/ReportDocument"
import { Effect } from "effect"
import { Analytics } from "../analytics/Analytics.ts"
import { AnalyticsUnavailable } from "../analytics/AnalyticsProblems.ts"
import { ReportRuns } from "../runs/ReportRuns.ts"
import { changedInsights } from "./changedInsights.ts"
import { askedRun, type Look, type Notices } from "./Making.ts"
import { ReportMessages } from "./ReportMessages.ts"
import { aboutRun } from "./SubscriptionRun.ts"
import type { Outcome } from "./SubscriptionWorker.ts"

/** Differences that a report names one by one. */
const MOST_NAMED = 20

const failedIn = ({ blocks }: ReportDocument): number =>
  blocks.filter(({ type }) => type === "failed").length

const noticesOf = (
  found: ReadonlyArray<Difference>,
  before: ReportDocument
): Notices => {
  const said = formatInstant(before.asOf, before)
  const texts = [
    `Data came late. This report takes the place of the one as of ${said}; these numbers are others:`,
    ...found.slice(0, MOST_NAMED).map(differenceText),
    ...(found.length > MOST_NAMED
      ? [`and ${found.length - MOST_NAMED} more numbers.`]
      : [])
  ]
  return texts.map((text) => ({ kind: "revised", text }))
}

/**
 * Holds what was sent last against what would be said now, and sends that when a number
 * differs by more than the subscription tolerates.
 */
export const reviseReport = Effect.fn("reviseReport")(function* (look: Look) {
  const { now, run, subscription } = look
  const runs = yield* ReportRuns
  const messages = yield* ReportMessages
  const watermark = new Date(yield* (yield* Analytics).watermark)
  const isLast =
    run.reviseUntil === null || now >= run.reviseUntil || subscription.revisions === 0
  const dueAt = new Date(
    Math.min(
      now.getTime() + subscription.reviseEverySeconds * 1000,
      run.reviseUntil?.getTime() ?? Infinity
    )
  )
  const unchanged: Outcome = {
    next: {
      state: "sent",
      detail: run.failures > 0 ? null : run.detail,
      dueAt,
      failures: 0,
      ...(isLast ? { revisionsLeft: 0 } : {})
    },
    outgoing: []
  }
  // Without revisions nobody wants to hear of it any more.
  if (subscription.revisions === 0) return unchanged
  if (run.reportRun === null || run.asOf === null || watermark <= run.asOf)
    return unchanged
  const sentRun = yield* runs.get(subscription.projectId, run.reportRun)
  const before = yield* runs.kept(sentRun)
  const asked = { key: "", notices: [], watermark, like: sentRun }
  const after = yield* runs.document(askedRun(look, asked))
  // What cannot be asked now says nothing of late data.
  if (failedIn(after) > failedIn(before))
    return yield* new AnalyticsUnavailable({
      detail: "Some of its sections cannot be asked now."
    })
  const found = differences(before, after, subscription.tolerance)
  if (found.length === 0) return unchanged
  const changed = yield* changedInsights(sentRun)
  if (changed.length > 0)
    return {
      next: {
        ...unchanged.next,
        detail: `It is not looked at for late data any more: ${changed.map((name) => plainLine(name, 100)).join(", ")} asks something else since it was sent.`,
        revisionsLeft: 0
      },
      outgoing: []
    } satisfies Outcome

  const revision = run.revisions + 1
  const about = `${aboutRun(run)}#r${revision}`
  const made = yield* runs.run(
    askedRun(look, {
      key: about,
      notices: noticesOf(found, before),
      watermark,
      like: sentRun
    })
  )
  if (made.state !== "succeeded")
    return yield* Effect.die(new Error(made.error ?? "Its run is not done."))
  const document = yield* runs.kept(made)
  const incomplete = new Date(document.asOf) < (run.completeAt ?? run.scheduledFor)
  const message = yield* messages.of(
    { subscription, run, incomplete, revision, at: now },
    made,
    document
  )
  return {
    next: {
      state: "sent",
      detail: null,
      dueAt,
      failures: 0,
      incomplete,
      reportRun: made.id,
      asOf: new Date(document.asOf),
      revisionsLeft: isLast ? 0 : run.revisionsLeft - 1,
      revisions: revision,
      revisedAt: now
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
