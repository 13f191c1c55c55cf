import type { Browser } from "./Browser.ts"
import { start } from "./start.ts"

declare const window: Browser

// Of the bundle this is always so, and the condition is left out of it.
if (import.meta.main) start(window)
