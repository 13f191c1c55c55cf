/** A cohort of the answer of a retention query. */
export interface Cohort {
  readonly size: number
  readonly counts: ReadonlyArray<number>
}

/**
 * Without the period that the range ends in. Period p of a cohort is the bucket of the cohort
 * that began p later, so it is over when yet another one has begun.
 */
export const wholePeriods = <
  C extends Cohort & { readonly rates: ReadonlyArray<number> }
>(
  cohorts: ReadonlyArray<C>
): ReadonlyArray<C> =>
  cohorts.slice(0, -1).map((cohort, at) => {
    const whole = cohorts.length - 1 - at
    return {
      ...cohort,
      counts: cohort.counts.slice(0, whole),
      rates: cohort.rates.slice(0, whole)
    }
  })

/**
 * Who came back by period, of all cohorts whose period has come: a young cohort is in no
 * divisor of a period that it has not lived through.
 */
export const meanByPeriod = (
  cohorts: ReadonlyArray<Cohort>
): ReadonlyArray<{
  readonly period: number
  readonly people: number
  readonly returned: number
}> => {
  const length = Math.max(0, ...cohorts.map(({ counts }) => counts.length))
  return Array.from({ length }, (_, period) => {
    const there = cohorts.filter(({ counts }) => counts.length > period)
    return {
      period,
      people: there.reduce((sum, { size }) => sum + size, 0),
      returned: there.reduce((sum, { counts }) => sum + (counts[period] ?? 0), 0)
    }
  }).filter(({ people }) => people > 0)
}

/**
 * The first period from which on no later one is lower by more than a tenth of itself;
 * undefined when fewer than two follow.
 */
export const settled = <P extends { readonly share: number }>(
  periods: ReadonlyArray<P>
): P | undefined =>
  periods.find(
    ({ share }, at) =>
      at + 2 < periods.length &&
      periods.slice(at + 1).every((later) => later.share >= share * 0.9)
  )
