import { join } from "node:path"
import { eventTypes } from "./eventTypes.ts"

await Bun.write(join(import.meta.dir, "../src/client/NativeEvent.ts"), eventTypes())
