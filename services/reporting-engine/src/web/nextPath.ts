/** A page of ours by its path: no other host, nothing to sign out with. */
const page =
  /^\/(?:(?:dashboards|reports|runs|alerts)(?:[/?][A-Za-z0-9._~%=&?/-]{0,500})?)?$/u

/** Where to go after signing in; the overview in place of anything else. */
export const nextPath = (asked: string | null | undefined): string =>
  asked != null && page.test(asked) ? asked : "/"

/** What was to be seen, to go on there once it is known who asks. */
export const wantedOf = ({ method, url }: Request): string => {
  const { pathname, search } = new URL(url)
  return method === "POST" ? "/" : nextPath(pathname + search)
}

/** The page that asks who it is, and then leads to where one wanted to go. */
export const loginFor = (request: Request): string => {
  const next = wantedOf(request)
  return next === "/" ? "/login" : `/login?next=${encodeURIComponent(next)}`
}
