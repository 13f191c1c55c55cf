import ipaddr from "ipaddr.js"

/**
 * Whether an address is one of the public internet: not private, loopback, link-local,
 * shared, reserved, multicast, nor an IPv6 address that stands for an IPv4 one
 * (an IPv4-mapped one is judged as the address it holds).
 */
export const isPublicAddress = (address: string): boolean =>
  ipaddr.isValid(address) && ipaddr.process(address).range() === "unicast"
