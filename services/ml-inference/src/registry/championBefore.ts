import { Schema } from "effect"

/** What was done to a champion by the audit, newest first; `from`: what it was until then. */
export const ChampionMoves = Schema.Array(
  Schema.Struct({ action: Schema.String, from: Schema.NullOr(Schema.Int) })
)

/**
 * What the champion was before it became what it is; null: nothing. Each time that it was
 * rolled back takes back the newest change that was not: else two versions that followed
 * each other twice would be all that is ever gone back to.
 */
export const championBefore = (moves: typeof ChampionMoves.Type): number | null => {
  let undone = 0
  for (const { action, from } of moves)
    if (action === "alias.rolled_back") undone++
    else if (undone === 0) return from
    else undone--
  return null
}
