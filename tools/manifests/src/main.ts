import { join } from "node:path"
import { checks } from "./cross/checks.ts"
import { findKubectl } from "./Kubectl.ts"
import { type Finding, show } from "./Manifest.ts"
import { page } from "./policies/page.ts"
import { policies } from "./policies/policies.ts"
import { cache, checkKustomizations, installationOf, renderAll } from "./Repository.ts"
import { strictSchema } from "./schema/strictSchema.ts"

/** All that is wrong below `k8s/`. */
export const findings = async (kubectl: string): Promise<ReadonlyArray<Finding>> => {
  const rendered = await renderAll(kubectl)
  const found = [
    ...(await checkKustomizations()),
    ...(await strictSchema([...rendered.values()].flat()))
  ]
  // What a shape is wrong of cannot be looked at any further.
  if (found.length > 0) return found
  const installations = await Promise.all(
    (["dev", "prod"] as const).map((name) => installationOf(name, rendered))
  )
  return installations.flatMap((installation) => [
    ...policies
      .filter(({ productionOnly }) => installation.production || !productionOnly)
      .flatMap((policy) => policy.check(installation.rendered)),
    ...checks.flatMap((check) => check.check(installation))
  ])
}

/** `--write`: the page of the policies. */
const write = () =>
  Bun.write(join(import.meta.dirname, "../../../docs/operations/policies.md"), page())

/** `make manifests`: renders everything below `k8s/` and says what is wrong with it. */
const main = async (): Promise<number> => {
  if (process.argv.includes("--write")) await write()
  const kubectl = await findKubectl(cache)
  if (kubectl === undefined) {
    process.stderr.write("There is no kubectl: install one, or name it with KUBECTL.\n")
    return 1
  }
  const found = await findings(kubectl)
  process.stdout.write(
    found.length === 0
      ? `Everything below k8s/ renders and passes ${policies.length} policies and ${checks.length} checks.\n`
      : `${[...new Set(found.map(show))].join("\n")}\n`
  )
  return found.length === 0 ? 0 : 1
}

if (import.meta.main) process.exitCode = await main()
