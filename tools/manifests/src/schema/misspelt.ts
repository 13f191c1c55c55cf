import * as models from "@kubernetes/client-node/dist/gen/models/all.js"

/** How a generated model describes one of its fields. */
interface Field {
  readonly baseName: string
  readonly type: string
}

const fieldsOf = (model: unknown): ReadonlyArray<Field> | undefined => {
  if (typeof model !== "function" || !("attributeTypeMap" in model)) return undefined
  const map: unknown = model.attributeTypeMap
  return Array.isArray(map) ? map : undefined
}

const byName = new Map(
  Object.entries(models).flatMap(([name, model]) => {
    const fields = fieldsOf(model)
    return fields === undefined
      ? []
      : [[name, new Map(fields.map(({ baseName, type }) => [baseName, type]))] as const]
  })
)

/** `V1Deployment` for `apps/v1` and `Deployment`, if Kubernetes itself has that kind. */
export const modelOf = (apiVersion: string, kind: string): string | undefined => {
  const [group = "", version = ""] = apiVersion.includes("/")
    ? apiVersion.split("/")
    : ["", apiVersion]
  // A CRD may have the name of a kind of Kubernetes.
  if (group.includes(".") && !group.endsWith(".k8s.io")) return undefined
  const name = `${version.charAt(0).toUpperCase()}${version.slice(1)}${kind}`
  return byName.has(name) ? name : undefined
}

/** Every field of `value` that the model does not know, and values of another type. */
export const misfits = (value: unknown, model: string, path: string): Array<string> => {
  if (value === null || value === undefined) return [`${path}: is empty`]
  if (model === "string" || model === "number" || model === "boolean")
    return typeof value === model ? [] : [`${path}: is no ${model}`]
  const item = /^(?:Array|Set)<(.*)>$/u.exec(model)?.[1]
  if (item !== undefined)
    return Array.isArray(value)
      ? value.flatMap((each, index) => misfits(each, item, `${path}/${index}`))
      : [`${path}: is no list`]
  const entry = /^\{ \[key: string\]: (.*); \}$/u.exec(model)?.[1]
  if (entry !== undefined)
    return isObject(value)
      ? Object.entries(value).flatMap(([key, each]) =>
          misfits(each, entry, `${path}/${key}`)
        )
      : [`${path}: is no object`]
  const fields = byName.get(model)
  // Such as IntOrString, Date and raw JSON: the other check knows them.
  if (fields === undefined) return []
  if (!isObject(value)) return [`${path}: is no object`]
  return Object.entries(value).flatMap(([key, each]) => {
    const type = fields.get(key)
    return type === undefined
      ? [`${path}/${key}: there is no such field`]
      : misfits(each, type, `${path}/${key}`)
  })
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
