/** The longest that is kept of an address, in characters: an IPv6 address with IPv4 in it. */
const LONGEST = 45

/** `203.0.113.7:4711`, `[2001:db8::1]:4711`, `[2001:db8::1]` */
const withPort =
  /^(?:(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}|\[([\da-f:.]{2,45})\](?::\d{1,5})?)$/i

/**
 * The visitor's address as a proxy noted it: the first of a list, without the port that
 * some (Azure's Application Gateway) write behind it, which is another one for every
 * connection. What is no address stays as it is.
 */
export const addressIn = (header: string | null): string | undefined => {
  const first = header?.split(",", 1)[0]?.trim()
  if (first === undefined || first === "") return undefined
  const [, v4, v6] = withPort.exec(first.slice(0, 64)) ?? []
  return v4 ?? v6 ?? first.slice(0, LONGEST)
}
