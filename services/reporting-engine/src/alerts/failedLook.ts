import type { EvidenceProblem } from "./AlertProblems.ts"
import { type AlertRow, stateOf } from "./AlertRow.ts"
import type { NewNotice, Outcome } from "./AlertWork.ts"
import { held } from "./held.ts"

const FIRST_DELAY = 5000
const LONGEST_DELAY = 300_000

/**
 * What comes of a look that found no answer: another one later, and, once it lasts, one
 * notice. What is refused will be refused again and is told at once.
 */
export const failedLook = (
  alert: AlertRow,
  now: number,
  problem: EvidenceProblem
): Outcome => {
  const { definition } = alert
  const since = alert.failingSince?.getTime() ?? now
  const limit = since + definition.failAfterSeconds * 1000
  const detail = (problem.detail ?? problem._tag).slice(0, 1000)
  const tells = !alert.outageTold && (problem._tag === "AlertInvalid" || now >= limit)
  const outage = tells ? alert.outage + 1 : alert.outage
  const notices: ReadonlyArray<NewNotice> = tells
    ? [
        {
          kind: "outage",
          key: `outage:${outage}`,
          content: { label: null, value: null, expected: null, reason: detail },
          ...held(definition, now)
        }
      ]
    : []
  const later =
    now + Math.min(FIRST_DELAY * 2 ** Math.min(alert.attempts, 10), LONGEST_DELAY)
  const isTold = alert.outageTold || tells
  return {
    state: stateOf(alert),
    evaluations: [],
    revisions: [],
    notices,
    nextBucket: alert.nextBucket.getTime(),
    nextAt: isTold ? later : Math.min(later, Math.max(limit, now + 1)),
    failure: { since, detail, attempts: alert.attempts + 1 },
    outage,
    outageTold: isTold
  }
}
