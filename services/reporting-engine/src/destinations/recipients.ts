const ADDRESS =
  /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/iu

/** One recipient: a plain address, in lower case; undefined when it is none. */
export const addressOf = (given: string): string | undefined => {
  const address = given.trim().toLowerCase()
  const isShort = address.length <= 254 && address.indexOf("@") <= 64
  return isShort && ADDRESS.test(address) ? address : undefined
}

/** Whether the installation's list lets an address have e-mail. */
export const isAllowed = (list: ReadonlyArray<string>, address: string): boolean => {
  const domain = address.slice(address.lastIndexOf("@") + 1)
  return list.some((entry) => {
    const given = entry.toLowerCase().replace(/^@/u, "")
    return given === "*" || (given.includes("@") ? given === address : given === domain)
  })
}

/** Names who is refused, and what to do about it. */
export const refusalOf = (address: string): string =>
  `REPORT_RECIPIENTS does not allow ${address}: add the address or its domain there.`
