/** Losses of the same holdout: mean log loss of each way to foretell it. */
export interface Losses {
  readonly candidate: number
  /** Of the base rate that training saw, told to everybody. */
  readonly baseRate: number
  /** Of logistic regression, which may be the candidate itself. */
  readonly logistic: number
  /** Of the present champion; undefined: there is none. */
  readonly champion: number | undefined
}

export interface Verdict {
  readonly isBetter: boolean
  /** For people. */
  readonly reason: string
}

/** Whether a version is to take the champion's place. */
export const verdict = (
  { baseRate, candidate, champion, logistic }: Losses,
  margin: number
): Verdict => {
  if (!(candidate < baseRate))
    return no(
      `It is no better than the base rate (log loss ${told(candidate)} against ${told(baseRate)}): these features do not foretell the target.`
    )
  if (candidate > logistic)
    return no(
      `Logistic regression foretells the holdout better (log loss ${told(logistic)} against ${told(candidate)}).`
    )
  if (champion === undefined)
    return yes("It is better than the base rate, and there was no champion.")
  const wanted = champion * (1 - margin)
  return candidate <= wanted && candidate < champion
    ? yes(
        `It is better than the champion (log loss ${told(candidate)} against ${told(champion)}).`
      )
    : no(
        `The champion stays: its log loss on this holdout is ${told(champion)}, this one's ${told(candidate)}, and ${told(wanted)} was needed.`
      )
}

const no = (reason: string): Verdict => ({ isBetter: false, reason })
const yes = (reason: string): Verdict => ({ isBetter: true, reason })
const told = (loss: number) => loss.toFixed(4)

/** As far as probabilities of 32 bits can be told from 0 and 1. */
const LEAST = 1e-7

/** What a probability loses by a label. */
export const logLossOf = (probability: number, label: number): number => {
  const kept = Math.min(Math.max(probability, LEAST), 1 - LEAST)
  return -Math.log(label === 1 ? kept : 1 - kept)
}
