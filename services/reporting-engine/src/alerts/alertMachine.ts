import type { Verdict } from "./judge.ts"

/** What an alert remembers from one bucket to the next. Instants in epoch milliseconds. */
export interface AlertState {
  readonly phase: "ok" | "firing"
  /** How often it fired; names the transition that a notice is about. */
  readonly episode: number
  /** Whether this episode was told. */
  readonly told: boolean
  /** When the last episode was told. */
  readonly toldAt: number | null
  /** Start of the bucket at which this episode began; of the last one, when it is over. */
  readonly firedBucket: number | null
  readonly acknowledged: boolean
}

export const initialState: AlertState = {
  phase: "ok",
  episode: 0,
  told: false,
  toldAt: null,
  firedBucket: null,
  acknowledged: false
}

export interface NoticePolicy {
  /** After an episode was told no other is for so long, in milliseconds. */
  readonly cooldown: number
  readonly tellResolved: boolean
}

export interface Judged {
  readonly bucket: number
  readonly verdict: Verdict
  /** When it is judged. */
  readonly at: number
  /** Why nothing may be told of it. */
  readonly mutedBy: string | null
}

export type NoticeKind =
  | "fired"
  | "resolved"
  | "late"
  | "outage"
  | "recovered"
  | "skipped"

export interface Transition {
  readonly state: AlertState
  readonly notice?: { readonly kind: NoticeKind; readonly key: string }
  /** Why an episode that is not told yet was not told now. */
  readonly withheld?: string
}

/** The next bucket. What could not be judged changes nothing. */
export const judged = (
  state: AlertState,
  { at, bucket, mutedBy, verdict }: Judged,
  policy: NoticePolicy
): Transition => {
  if (verdict === "unknown") return { state }
  if (verdict === "ok") {
    if (state.phase === "ok") return { state }
    const over: AlertState = { ...state, phase: "ok", acknowledged: false }
    return state.told && policy.tellResolved
      ? {
          state: over,
          notice: { kind: "resolved", key: `resolved:${state.episode}` }
        }
      : { state: over }
  }
  const firing: AlertState =
    state.phase === "firing"
      ? state
      : {
          ...state,
          phase: "firing",
          episode: state.episode + 1,
          told: false,
          firedBucket: bucket,
          acknowledged: false
        }
  if (firing.told || firing.acknowledged) return { state: firing }
  const withheld = mutedBy ?? cooling(firing, at, policy)
  // It is told with the first bucket that still fires once nothing is in the way.
  if (withheld !== null) return { state: firing, withheld }
  return {
    state: { ...firing, told: true, toldAt: at },
    notice: { kind: "fired", key: `fired:${firing.episode}` }
  }
}

/** A bucket that was judged before and is another one with late data. */
export const revised = (
  state: AlertState,
  before: Verdict,
  { isLatest, ...now }: Judged & { readonly isLatest: boolean },
  policy: NoticePolicy
): Transition => {
  // What no longer fires is ended by the next bucket, in its turn.
  if (now.verdict !== "breach" || before === "breach" || state.phase === "firing")
    return { state }
  if (isLatest) return judged(state, now, policy)
  const withheld = now.mutedBy ?? cooling(state, now.at, policy)
  // Buckets after it were fine: it is over already, and told as one that was.
  return withheld === null
    ? { state, notice: { kind: "late", key: `late:${now.bucket}` } }
    : { state, withheld }
}

const cooling = (
  { toldAt }: AlertState,
  at: number,
  { cooldown }: NoticePolicy
): string | null =>
  toldAt !== null && at < toldAt + cooldown
    ? `The cooldown lasts until ${new Date(toldAt + cooldown).toISOString()}`
    : null
