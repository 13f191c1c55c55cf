import { spawn } from "node:child_process"
import { glob } from "node:fs/promises"
import { dirname } from "node:path"
import { type Manifest, parseManifests } from "./Manifest.ts"

/** A render takes a tenth of a second; one that hangs fails. */
const patience = 60_000

/** `kubectl kustomize <folder>`, which needs no cluster. */
export const render = async (
  kubectl: string,
  folder: string
): Promise<ReadonlyArray<Manifest>> => parseManifests(await kustomize(kubectl, folder))

const kustomize = (kubectl: string, folder: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(kubectl, ["kustomize", folder], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: patience
    })
    const out: Array<Buffer> = []
    const err: Array<Buffer> = []
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk))
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk))
    child.on("error", reject)
    child.on("close", (code) =>
      code === 0
        ? resolve(Buffer.concat(out).toString())
        : reject(new Error(`${folder}: ${Buffer.concat(err).toString().trim()}`))
    )
  })

/** Folders below `root` that can be applied, components left out; sorted. */
export const overlays = async (root: string): Promise<ReadonlyArray<string>> => {
  const found: Array<string> = []
  for await (const file of glob("{overlays,platform}/**/kustomization.yaml", {
    cwd: root
  }))
    found.push(dirname(file))
  return found.sort()
}
