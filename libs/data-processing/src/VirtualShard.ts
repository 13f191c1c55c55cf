/** How many ranges of equal size the hashes of messages are divided into. */
export const VIRTUAL_SHARDS = 64

/**
 * Which virtual shard a message belongs to: the same for every retry, in every process and
 * every version, for it decides which loader sees both. It is the highest six bits of
 * `seen.hash`, so that what is known of a virtual shard is one range of that table.
 *
 * @param words of `IdHash.messageWords`: four of them, low first
 */
export const virtualShard = (words: Uint32Array, from = 0): number =>
  (words[from + 3] ?? 0) >>> 26
