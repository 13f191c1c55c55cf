/** The event store refuses blocks of many partitions, and each costs a POST and a part. */
export const MOST_MONTHS = 50

const DAY = 86_400_000
const months = new Map<number, number>()

/** The partition of an event time: `202503` for March 2025 in UTC. */
export const monthOf = (timestamp: number): number => {
  const day = Math.floor(timestamp / DAY)
  const known = months.get(day)
  if (known !== undefined) return known
  const date = new Date(timestamp)
  const month = date.getUTCFullYear() * 100 + date.getUTCMonth() + 1
  if (months.size > 50_000) months.clear()
  months.set(day, month)
  return month
}

/** The month of each event; one number when it is the same for all. */
export const monthsOf = (
  events: ReadonlyArray<{ readonly t: number }>
): number | ReadonlyArray<number> => {
  const all = events.map(({ t }) => monthOf(t))
  const [first] = all
  return first !== undefined && all.every((month) => month === first) ? first : all
}
