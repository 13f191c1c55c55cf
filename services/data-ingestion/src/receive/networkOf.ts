/** Behind an IPv4 address. */
const PORT = /^(\d+\.\d+\.\d+\.\d+):\d+$/

/**
 * Who a request comes from, as far as its sender cannot choose it: the last address that
 * a proxy noted, which is the nearest one's, else that of the connection; without the port
 * that some of them add. Of IPv6 the half that a provider hands out.
 */
export const networkOf = (headers: Headers, address: string | undefined): string => {
  const noted = headers.get("x-forwarded-for")?.split(",").at(-1)?.trim()
  const from = (noted || address || "").slice(0, 53).replace(PORT, "$1")
  return from.includes(":") && !from.includes(".") ? from.split(":", 4).join(":") : from
}
