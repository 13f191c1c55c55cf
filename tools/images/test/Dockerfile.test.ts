import { expect, it } from "bun:test"
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { tiltYaml } from "@analytics/stack/TiltYaml"
import { imageNames, processes } from "../src/processes.ts"

const root = resolve(import.meta.dirname, "../../..")
const read = (path: string) => readFileSync(join(root, path), "utf8")
const dockerfile = read("docker/Dockerfile")
const manifest: {
  packageManager: string
  workspaces: { packages: ReadonlyArray<string> }
} = JSON.parse(read("package.json"))

it("is built on the Bun of the repository, by its engine alone", () => {
  const bases = [...dockerfile.matchAll(/^ARG \w+_IMAGE=(\S+)$/gm)].map(([, it]) => it)
  const version = manifest.packageManager.replace("bun@", "")
  expect(bases).toEqual([`oven/bun:${version}-slim`, `oven/bun:${version}-distroless`])
  // Engines fetch what such a line names from a registry.
  expect(dockerfile).not.toMatch(/^#\s*syntax\s*=/im)
  // What does not begin on an argument begins on a stage of this file.
  const stages = [...dockerfile.matchAll(/ AS (\w+)$/gm)].map(([, it = ""]) => it)
  for (const [, from = ""] of dockerfile.matchAll(/^FROM (?:\$\{)?([\w.]+)/gm))
    expect(["BUN_IMAGE", "RUNTIME_IMAGE", ...stages]).toContain(from)
})

it("gives both targets the same user, who is not root", () => {
  expect(dockerfile.match(/^USER .*$/gm)).toEqual([
    "USER 65532:65532",
    "USER 65532:65532"
  ])
})

it("sees the manifest of every workspace, and nothing that is kept secret", () => {
  const lines = read(".dockerignore").split("\n")
  expect(lines.find((line) => line !== "" && !line.startsWith("#"))).toBe("*")
  const seen = lines.filter((it) => it.startsWith("!")).map((it) => it.slice(1))
  for (const workspace of manifest.workspaces.packages) {
    const folder = workspace.replace("/*", "")
    expect(seen).toContain(workspace === folder ? `${folder}/package.json` : folder)
  }
  for (const kept of ["docker", ".git", ".data", "docs", "k8s"])
    expect(seen).not.toContain(kept)
  expect(lines).toContain("**/node_modules")
  expect(lines).toContain("**/.env*")
})

it("verifies the images and processes of tilt.yaml", () => {
  expect(imageNames.toSorted()).toEqual(Object.keys(tiltYaml.images).sort())
  const listed = Object.entries(tiltYaml.services).map(([name, { entry, image }]) => ({
    name,
    image,
    entry
  }))
  const verified = processes.map(({ entry, image, name }) => ({
    name,
    image,
    entry: entry ?? `services/${name}/src/main.ts`
  }))
  const byName = (a: { name: string }, b: { name: string }) =>
    a.name.localeCompare(b.name)
  expect(verified.toSorted(byName)).toEqual(listed.sort(byName))
})
