import { beforeAll, describe, expect, it } from "bun:test"
import { checks } from "../src/cross/checks.ts"
import type { Installation } from "../src/cross/Installation.ts"
import { findKubectl } from "../src/Kubectl.ts"
import { type Manifest, show, titleOf } from "../src/Manifest.ts"
import { findings } from "../src/main.ts"
import { policies } from "../src/policies/policies.ts"
import { renderedOf } from "../src/Rendered.ts"
import { cache, installationOf, renderAll } from "../src/Repository.ts"
import { badFits } from "./badFits.ts"
import { type Bad, badPolicies } from "./badPolicies.ts"
import { spoil } from "./spoil.ts"

const patience = 60_000
const kubectl = await findKubectl(cache)
if (kubectl === undefined)
  process.stderr.write("Manifests are not rendered: there is no kubectl here.\n")

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
