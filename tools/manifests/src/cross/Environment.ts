import { Schema } from "effect"
import { ofKind, type Rendered } from "../Rendered.ts"
import type { Workload } from "../Workload.ts"

const ConfigMap = Schema.Struct({ data: Schema.Record(Schema.String, Schema.String) })
const Secret = Schema.Struct({ data: Schema.Record(Schema.String, Schema.String) })

/** Where the content of a mounted file comes from: `postgres-app/uri`. */
export interface SecretFile {
  readonly path: string
  readonly secret: string
}

/** What a container finds: variables, where a value is known, and files of Secrets. */
export interface Environment {
  readonly variables: ReadonlyMap<string, string | undefined>
  /** Given twice, or by a ConfigMap that is not there. */
  readonly problems: ReadonlyArray<string>
  readonly files: ReadonlyArray<SecretFile>
}

export const environmentOf = (workload: Workload, rendered: Rendered): Environment => {
  const maps = new Map(
    ofKind(rendered, "ConfigMap", ConfigMap).map(({ is, name }) => [name, is.data])
  )
  const variables = new Map<string, string | undefined>()
  const problems: Array<string> = []
  const set = (name: string, value: string | undefined) => {
    if (variables.has(name)) problems.push(`${name} is given twice`)
    variables.set(name, value)
  }
  for (const { env = [], envFrom = [] } of workload.pod.containers) {
    for (const { configMapRef } of envFrom) {
      const data = maps.get(configMapRef?.name ?? "")
      if (data === undefined)
        problems.push(`the ConfigMap ${configMapRef?.name} is not there`)
      for (const [name, value] of Object.entries(data ?? {})) set(name, value)
    }
    for (const { name, value } of env) set(name, value)
  }
  return { variables, problems, files: filesOf(workload) }
}

const filesOf = ({ pod }: Workload): ReadonlyArray<SecretFile> =>
  pod.containers.flatMap(({ volumeMounts = [] }) =>
    volumeMounts.flatMap(({ mountPath, name }) =>
      (pod.volumes?.find((volume) => volume.name === name)?.projected?.sources ?? [])
        .flatMap(({ secret }) => (secret === undefined ? [] : [secret]))
        .flatMap((secret) =>
          (secret.items ?? []).map(({ key, path }) => ({
            path: `${mountPath}/${path}`,
            secret: `${secret.name}/${key}`
          }))
        )
    )
  )

/** Values of the Secrets that are among the objects, by `postgres-app/uri`. */
export const secretsOf = (rendered: Rendered): ReadonlyMap<string, string> =>
  new Map(
    ofKind(rendered, "Secret", Secret).flatMap(({ is: { data }, name }) =>
      Object.entries(data).map(
        ([key, value]) =>
          [`${name}/${key}`, Buffer.from(value, "base64").toString()] as const
      )
    )
  )

/** The value of a variable, read from its file where it is given by one. */
export const settingOf = (
  { files, variables }: Environment,
  secrets: ReadonlyMap<string, string>,
  name: string
): string | undefined => {
  const path = variables.get(`${name}_FILE`)
  if (path === undefined) return variables.get(name)
  const file = files.find((each) => each.path === path)
  return file === undefined ? undefined : secrets.get(file.secret)
}
