import { resolve } from "node:path"
import { buildPackage } from "./buildPackage.ts"

await buildPackage(resolve(process.argv[2] ?? "dist"))
