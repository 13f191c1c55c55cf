import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  writeSync
} from "node:fs"
import { dirname } from "node:path"

/**
 * Appends to a file, whose folder is made if it is not there; when it is full it becomes
 * `<path>.1` and a new one begins.
 */
export const openLogFile = (path: string, maxBytes = 32 * 1024 * 1024) => {
  mkdirSync(dirname(path), { recursive: true })
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
