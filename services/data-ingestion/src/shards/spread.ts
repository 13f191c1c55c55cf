/** A virtual shard that changes hands. */
interface Move {
  readonly virtualShard: number
  readonly from: number
  readonly to: number
}

/**
 * What has to move so that the shards 0 to `count` - 1 have equal shares of the virtual
 * shards, give or take one. Only what must moves, the highest first, so that most shards
 * keep a range.
 *
 * @param map the shard of each virtual shard
 */
export const spread = (
  map: ReadonlyArray<number>,
  count: number
): ReadonlyArray<Move> => {
  const held = Array.from({ length: count }, () => 0)
  for (const shard of map) if (shard < count) held[shard] = (held[shard] ?? 0) + 1
  // Those that have most already keep the larger shares.
  const ranked = held.map((_, shard) => shard)
  ranked.sort((a, b) => (held[b] ?? 0) - (held[a] ?? 0) || a - b)
  const room = new Map(
    ranked.map((shard, rank) => [
      shard,
      Math.floor(map.length / count) + (rank < map.length % count ? 1 : 0)
    ])
  )
  const homeless: Array<{ virtualShard: number; from: number }> = []
  for (const [virtualShard, from] of map.entries()) {
    const left = room.get(from) ?? 0
    if (left > 0) room.set(from, left - 1)
    else homeless.push({ virtualShard, from })
  }
  const moves: Array<Move> = []
  for (const [to, left] of [...room].toSorted(([a], [b]) => a - b))
    for (const each of homeless.splice(0, left)) moves.push({ ...each, to })
  return moves
}
