import type { Browser } from "./Browser.ts"
import { start } from "./start.ts"

declare const window: Browser

start(window)
