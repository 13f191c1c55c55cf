import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { root } from "../repositoryPages.ts"
import { diagrams } from "./diagrams.ts"
import { drawDiagram } from "./drawDiagram.ts"

/** Where the picture of a diagram lies. */
export const fileOf = (name: string): string => join(root, `docs/images/${name}.svg`)

if (import.meta.main)
  for (const diagram of diagrams)
    await writeFile(fileOf(diagram.name), drawDiagram(diagram))
