import type { Verified } from "./Verify.ts"

const megabytes = (bytes: number) => (bytes / 1_000_000).toFixed(1)

/** Sizes and times, for a terminal. */
export const tableOf = ({ images, processes }: Verified): string => {
  const built = images.map(({ name, ownSize, seconds, size }) => [
    name,
    megabytes(size),
    megabytes(ownSize),
    seconds.toFixed(1)
  ])
  const run = processes.map(({ drained, process, ready }) => [
    process.name,
    process.memory,
    ready.toFixed(1),
    drained.toFixed(1)
  ])
  return `\n${rows([["image", "MB", "without base", "built in s"], ...built])}\n${rows([
    ["process", "memory", "ready in s", "drained in s"],
    ...run
  ])}`
}

const rows = (cells: ReadonlyArray<ReadonlyArray<string>>): string =>
  cells
    .map(([name = "", ...rest]) =>
      [name.padEnd(18), ...rest.map((cell) => cell.padStart(14))].join("")
    )
    .join("\n")
    .concat("\n")
