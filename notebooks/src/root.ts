import { resolve } from "node:path"

/** The folder of the notebooks. */
export const root = resolve(import.meta.dirname, "..")
