import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs"

const maxBytes = 32 * 1024 * 1024

/** Appends to a file that keeps one predecessor (`.1`) and never exceeds 32 MiB. */
export const openLogFile = (path: string) => {
  let file = openSync(path, "a", 0o600)
  let size = fstatSync(file).size
  return {
    append: (text: string): void => {
      if (size > maxBytes) {
        closeSync(file)
        renameSync(path, `${path}.1`)
        file = openSync(path, "a", 0o600)
        size = 0
      }
      size += writeSync(file, text)
    },
    close: (): void => closeSync(file)
  }
}
