/**
 * The time stamp of files in a zip: noon of an instant's day in UTC. Zips keep local times
 * of 1980 to 2099, so this is a Date whose *local* fields are those, wherever it runs; at
 * noon no clock is ever put forward.
 */
export const zipTime = (instant: string): Date => {
  const at = Date.parse(instant)
  const bounds = [Date.UTC(1980, 0, 2), Date.UTC(2099, 11, 30)] as const
  const utc = new Date(
    Number.isNaN(at) ? bounds[0] : Math.min(bounds[1], Math.max(bounds[0], at))
  )
  return new Date(utc.getUTCFullYear(), utc.getUTCMonth(), utc.getUTCDate(), 12)
}
