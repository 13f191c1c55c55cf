import { resolve } from "node:path"
import { ensureSecrets } from "./Secrets.ts"

const folder = resolve(import.meta.dirname, "../../../docker/secrets")

if (import.meta.main) {
  const isMade = await ensureSecrets(folder)
  process.stdout.write(`${folder}: ${isMade ? "made" : "there already"}\n`)
}
