import { fileURLToPath } from "node:url"

const launcher = fileURLToPath(new URL("./limitedMain.ts", import.meta.url))

export interface ProcessLimits {
  /** KiB of data segment, as `ulimit -d` counts. */
  readonly kib: number
  /** How much others go first; 0 by default. */
  readonly niceness?: number
}

/**
 * The command that runs Bun with limits from its first instruction and without core files.
 * The process is the program itself, with the same id. Needs no shell: images have none.
 *
 * @param args options of Bun, a script, its arguments
 */
export const limitedCommand = (
  { kib, niceness = 0 }: ProcessLimits,
  args: ReadonlyArray<string>
): Array<string> => [
  process.execPath,
  "--no-install",
  "--no-env-file",
  launcher,
  String(Math.ceil(kib)),
  String(niceness),
  process.execPath,
  ...args
]
