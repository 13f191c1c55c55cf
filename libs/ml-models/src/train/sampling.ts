/** Marks the features a tree may use: that share of them, at least one. */
export const chooseColumns = (
  chosen: Uint8Array,
  share: number,
  random: () => number
) => {
  let wanted = Math.max(1, Math.round(share * chosen.length))
  for (let index = 0; index < chosen.length; index++) {
    const isChosen = random() * (chosen.length - index) < wanted
    chosen[index] = isChosen ? 1 : 0
    if (isChosen) wanted--
  }
}

/** Puts the chosen rows first, both parts in order. Gives how many are chosen. */
export const chooseRows = (order: Uint32Array, share: number, random: () => number) => {
  let inside = 0
  let outside = order.length
  for (let row = 0; row < order.length; row++) {
    if (share === 1 || random() < share) order[inside++] = row
    else order[--outside] = row
  }
  return inside
}
