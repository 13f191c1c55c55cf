import { Option, Result, Schema } from "effect"
import { type Finding, type Manifest, titleOf } from "../Manifest.ts"
import { clickHouseResources } from "./clickHouseResources.ts"
import { incomplete } from "./incomplete.ts"
import { kustomizations } from "./kustomization.ts"
import { misfits, modelOf } from "./misspelt.ts"
import { otherResources } from "./otherResources.ts"
import { postgresResources } from "./postgresResources.ts"
import type { Shape } from "./shapes.ts"

const custom = new Map(
  [...postgresResources, ...clickHouseResources, ...otherResources].map(
    ({ apiVersion, kind, shape }) => [`${apiVersion} ${kind}`, shape] as const
  )
)

/**
 * Everything the API server would refuse or silently drop: fields that do not exist, values
 * of another type, choices there are not, required fields that are missing, kinds unknown.
 */
export const strictSchema = async (
  manifests: ReadonlyArray<Manifest>
): Promise<ReadonlyArray<Finding>> => {
  const found = await Promise.all(
    manifests.map(async (manifest) => {
      const at = titleOf(manifest)
      const problems = await problemsOf(manifest)
      return problems.map((message): Finding => ({ rule: "schema", at, message }))
    })
  )
  return found.flat()
}

const problemsOf = async ({
  apiVersion,
  kind,
  raw
}: Manifest): Promise<ReadonlyArray<string>> => {
  const shape = custom.get(`${apiVersion} ${kind}`)
  if (shape !== undefined) return Option.toArray(misshapen(shape, raw))
  const model = modelOf(apiVersion, kind)
  return model === undefined
    ? [`there is no ${kind} in ${apiVersion}`]
    : [...misfits(raw, model, ""), ...(await incomplete(apiVersion, kind, raw))]
}

const misshapen = (shape: Shape, raw: unknown): Option.Option<string> =>
  Result.match(
    Schema.decodeUnknownResult(shape)(raw, {
      errors: "all",
      onExcessProperty: "error"
    }),
    { onFailure: ({ message }) => Option.some(message), onSuccess: () => Option.none() }
  )

/** The same for a `kustomization.yaml`; `at` is its path. */
export const strictKustomization = (
  at: string,
  raw: unknown
): ReadonlyArray<Finding> => {
  const tries = kustomizations.map((shape) => misshapen(shape, raw))
  const kind = isComponent(raw) ? 1 : 0
  return Option.match(tries[kind] ?? Option.none(), {
    onNone: () => [],
    onSome: (message) => [{ rule: "schema", at, message }]
  })
}

const isComponent = (raw: unknown): boolean =>
  typeof raw === "object" && raw !== null && "kind" in raw && raw.kind === "Component"
