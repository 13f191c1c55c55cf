import { beforeAll, describe, expect, it } from "bun:test"
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { checks } from "../src/cross/checks.ts"
import { secretsOf } from "../src/cross/Environment.ts"
import type { Installation } from "../src/cross/Installation.ts"
import { findKubectl } from "../src/Kubectl.ts"
import { type Manifest, show, titleOf } from "../src/Manifest.ts"
import { findings } from "../src/main.ts"
import { policies } from "../src/policies/policies.ts"
import { renderedOf } from "../src/Rendered.ts"
import { cache, installationOf, renderAll } from "../src/Repository.ts"
import { render } from "../src/render.ts"
import { strictSchema } from "../src/schema/strictSchema.ts"
import { badFits } from "./badFits.ts"
import { type Bad, badPolicies } from "./badPolicies.ts"
import { spoil } from "./spoil.ts"

const patience = 60_000
const kubectl = await findKubectl(cache)
if (kubectl === undefined)
  process.stderr.write("Manifests are not rendered: there is no kubectl here.\n")

/** The files below `values/` that the Secrets are made from. */
const secretFiles = async (folder: string): Promise<ReadonlyArray<string>> => {
  const text = await readFile(join(folder, "kustomization.yaml"), "utf8")
  return [...text.matchAll(/=values\/(\w+)/gu)].flatMap(([, file]) => file ?? [])
}

describe.skipIf(kubectl === undefined)("manifests", () => {
  let production: Installation

  beforeAll(async () => {
    const rendered = await renderAll(kubectl ?? "", ["overlays/prod", "platform"])
    production = await installationOf("prod", rendered)
  }, patience)

  const spoilt = ({ edits = [], more }: Bad): Installation => ({
    ...production,
    rendered: renderedOf(
      spoil(
        production.rendered.manifests,
        edits.map(([title, pointer, value]) => [whole(title), pointer, value]),
        more
      )
    )
  })

  /** With the hash of the ConfigMap that starts so. */
  const whole = (title: string) => {
    const names = production.rendered.manifests.map((each: Manifest) => titleOf(each))
    return names.includes(title)
      ? title
      : (names.find((name) => name.startsWith(`${title}-`)) ?? title)
  }

  it(
    "render, and nothing is wrong with them",
    async () => {
      expect((await findings(kubectl ?? "")).map(show)).toEqual([])
    },
    patience
  )

  it(
    "make every Secret that pods mount, from files beside them",
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "secrets-"))
      try {
        await cp(join(import.meta.dir, "../../../k8s/secrets"), folder, {
          recursive: true,
          filter: (source) => !source.endsWith("values")
        })
        await mkdir(join(folder, "values"))
        for (const file of await secretFiles(folder))
          await writeFile(join(folder, "values", file), `value of ${file}`)
        const made = await render(kubectl ?? "", folder)
        expect((await strictSchema(made)).map(show)).toEqual([])
        const secrets = secretsOf(renderedOf(made))
        expect(secrets.get("clickhouse-app/uri")).toBe("value of CLICKHOUSE_URL")
        const lacking = [...production.secrets.keys()].filter(
          (name) => !secrets.has(name)
        )
        expect(lacking).toEqual(["postgres-app/uri"])
      } finally {
        await rm(folder, { recursive: true })
      }
    },
    patience
  )

  for (const [index, bad] of badPolicies.entries())
    it(`${bad.rule} notices bad example ${index}`, () => {
      const policy = policies.find(({ id }) => id === bad.rule)
      expect(policy?.check(production.rendered).map(show)).toEqual([])
      expect(policy?.check(spoilt(bad).rendered)).not.toEqual([])
    })

  for (const [index, bad] of badFits.entries())
    it(`${bad.rule} notices bad example ${index}`, () => {
      const check = checks.find(({ id }) => id === bad.rule)
      expect(check?.check(production).map(show)).toEqual([])
      expect(check?.check(spoilt(bad))).not.toEqual([])
    })
})

it("has a bad example of every policy and every check", () => {
  const shown = new Set([...badPolicies, ...badFits].map(({ rule }) => rule))
  const lacking = [...policies, ...checks].filter(({ id }) => !shown.has(id))
  expect(lacking.map(({ id }) => id)).toEqual([])
})
