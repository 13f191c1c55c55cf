/** A power of two, so that the lowest bits of a hash choose one. */
export const VIRTUAL_SHARDS = 64

/**
 * Which virtual shard a message belongs to: the same for every retry, in every process and
 * every version, for it decides which loader sees both. FNV-1a over UTF-16 code units.
 */
export const virtualShard = (projectId: number, messageId: string): number => {
  let hash = 0x811c9dc5
  for (let shift = 0; shift < 32; shift += 8)
    hash = Math.imul(hash ^ ((projectId >>> shift) & 0xff), 0x01000193)
  for (let at = 0; at < messageId.length; at++)
    hash = Math.imul(hash ^ messageId.charCodeAt(at), 0x01000193)
  // The low bits alone would hardly depend on the first characters.
  return ((hash ^ (hash >>> 15) ^ (hash >>> 24)) >>> 0) % VIRTUAL_SHARDS
}
