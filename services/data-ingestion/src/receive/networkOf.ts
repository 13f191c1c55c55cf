/**
 * Who a request comes from, as far as its sender cannot choose it: the last address that
 * a proxy noted, which is the nearest one's, else that of the connection. Of IPv6 the half
 * that a provider hands out.
 */
export const networkOf = (headers: Headers, address: string | undefined): string => {
  const noted = headers.get("x-forwarded-for")?.split(",").at(-1)?.trim()
  const from = (noted || address || "").slice(0, 45)
  return from.includes(":") && !from.includes(".") ? from.split(":", 4).join(":") : from
}
