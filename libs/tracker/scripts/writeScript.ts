import { join } from "node:path"
import { buildScript } from "./buildScript.ts"

await Bun.write(join(import.meta.dir, "../src/browser/t.js.txt"), await buildScript())
