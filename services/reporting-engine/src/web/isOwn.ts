/**
 * Whether a form is our own page's: another site's must not sign anybody in, nor have
 * anything made. Browsers say it themselves (`Sec-Fetch-Site`) over TLS, and always where
 * a form comes from; who sends neither is no browser.
 */
export const isOwn = ({ headers }: Request): boolean => {
  const site = headers.get("sec-fetch-site")
  if (site !== null) return site === "same-origin" || site === "none"
  const origin = headers.get("origin")
  if (origin === null) return true
  return URL.canParse(origin) && new URL(origin).host === headers.get("host")
}
