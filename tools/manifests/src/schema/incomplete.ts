import { Schema } from "effect"

const Problem = Schema.Struct({
  instancePath: Schema.String,
  keyword: Schema.String,
  params: Schema.Record(Schema.String, Schema.Unknown)
})
const Problems = Schema.Array(Problem)

/** Made from Kubernetes' OpenAPI document: its errors are left beside the function. */
interface Validate {
  (object: unknown): boolean
  readonly errors?: unknown
}

const isValidate = (value: unknown): value is Validate => typeof value === "function"

/** `IoK8sApiNetworkingV1NetworkPolicy` for `networking.k8s.io/v1` and `NetworkPolicy`. */
const schemaName = (apiVersion: string, kind: string): string => {
  const [group = "", version = ""] = apiVersion.includes("/")
    ? apiVersion.split("/")
    : ["core", apiVersion]
  return `IoK8sApi${capital(group.split(".")[0] ?? "")}${capital(version)}${kind}`
}

const capital = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

/**
 * What an object of Kubernetes itself lacks, and values that no server takes: required
 * fields, choices, quantities, whole numbers. It does not notice a field too many.
 */
export const incomplete = async (
  apiVersion: string,
  kind: string,
  raw: unknown
): Promise<ReadonlyArray<string>> => {
  const name = schemaName(apiVersion, kind)
  const { validate }: { readonly validate: unknown } = await import(
    `kubernetes-models/_schemas/${name}.js`
  )
  if (!isValidate(validate)) throw new Error(`${name} has no validator`)
  if (validate(unfolded(kind, raw))) return []
  return Schema.decodeUnknownSync(Problems)(validate.errors).map(
    ({ instancePath, keyword, params }) =>
      `${instancePath}: ${keyword} ${JSON.stringify(params)}`
  )
}

/** kubectl folds long base64 into lines, which servers take and the validator does not. */
const unfolded = (kind: string, raw: unknown): unknown =>
  kind === "Secret" && typeof raw === "object" && raw !== null && "data" in raw
    ? {
        ...raw,
        data: Object.fromEntries(
          Object.entries(raw.data ?? {}).map(([name, value]) => [
            name,
            typeof value === "string" ? value.replaceAll(/\s/gu, "") : value
          ])
        )
      }
    : raw
