import { join } from "node:path"
import { reference } from "../src/reference.ts"

await Bun.write(join(import.meta.dir, "../../../docs/configuration.md"), reference())
