import {
  choice,
  flag,
  labels,
  list,
  number,
  object,
  ofModel,
  type Shape,
  text,
  texts
} from "./shapes.ts"

const selector = object(
  {},
  {
    group: text,
    version: text,
    kind: text,
    name: text,
    namespace: text,
    labelSelector: text
  }
)

const generated = {
  behavior: choice("create", "merge", "replace"),
  literals: texts,
  files: texts,
  envs: texts,
  type: text
}

const fields = {
  namespace: text,
  resources: texts,
  components: texts,
  labels: list(
    object({ pairs: labels }, { includeSelectors: flag, includeTemplates: flag })
  ),
  configMapGenerator: list(object({ name: text }, generated)),
  secretGenerator: list(object({ name: text }, generated)),
  generatorOptions: object(
    {},
    { disableNameSuffixHash: flag, labels, annotations: labels, immutable: flag }
  ),
  images: list(object({ name: text }, { newName: text, newTag: text, digest: text })),
  replicas: list(object({ name: text, count: number })),
  patches: list(object({}, { target: selector, patch: text, path: text })),
  replacements: list(
    object({
      source: object({}, { kind: text, name: text, fieldPath: text }),
      targets: list(
        object(
          { select: selector },
          { fieldPaths: texts, options: object({}, { create: flag }) }
        )
      )
    })
  ),
  metadata: ofModel("V1ObjectMeta")
}

/** A `kustomization.yaml` of either kind, which no API server ever sees. */
export const kustomizations: ReadonlyArray<Shape> = [
  object(
    {
      apiVersion: choice("kustomize.config.k8s.io/v1beta1"),
      kind: choice("Kustomization")
    },
    fields
  ),
  object(
    {
      apiVersion: choice("kustomize.config.k8s.io/v1alpha1"),
      kind: choice("Component")
    },
    fields
  )
]
