import type { Inspection } from "./Inspection.ts"

/** What a file may hold to be served. */
export interface OnnxPolicy {
  /** Domains of operators, with the newest version that the runtime reads. */
  readonly opsets: Readonly<Record<string, number>>
  /** Newest that the runtime reads. */
  readonly irVersion: number
  /** `<domain>.<type>`, although its domain is among them. */
  readonly refusedOperators: ReadonlyArray<string>
  /** With functions unfolded. */
  readonly nodes: number
  readonly inputs: number
  readonly outputs: number
  /** Bytes of constants as their shapes say. */
  readonly constantBytes: number
  /** Elements of one tensor that is made of a constant shape. */
  readonly madeElements: number
}

/**
 * Fits onnxruntime 1.30 with its CPU kernels (versions tried out against it). A file that
 * passes may still ask for too much while it runs; the limits of its process are for that.
 */
export const defaultOnnxPolicy: OnnxPolicy = {
  opsets: {
    "ai.onnx": 26,
    "ai.onnx.ml": 5,
    "com.microsoft": 1,
    // What onnxruntime's own optimiser leaves in files that it wrote.
    "com.microsoft.nchwc": 1
  },
  irVersion: 13,
  // EPContext names a file of an accelerator; the others call into Python.
  refusedOperators: [
    "com.microsoft.EPContext",
    "com.microsoft.ATen",
    "com.microsoft.PythonOp",
    "com.microsoft.PythonOpGrad"
  ],
  nodes: 200_000,
  inputs: 256,
  outputs: 256,
  constantBytes: 2 ** 32,
  madeElements: 2 ** 28
}

/** Why the file is not served; nothing: it may be tried. Sentences for people. */
export const refusals = (
  inspection: Inspection,
  policy: OnnxPolicy = defaultOnnxPolicy
): ReadonlyArray<string> => [
  ...versions(inspection, policy),
  ...operators(inspection, policy),
  ...[
    inspection.external.count > 0 &&
      `It keeps ${inspection.external.count} tensors in other files (${quoted(inspection.external.locations)}); save it as one file.`,
    inspection.unfoldedNodes > policy.nodes &&
      `It has ${inspection.unfoldedNodes} nodes; at most ${policy.nodes} are served.`,
    inspection.outputs.length === 0 && "It has no outputs.",
    inspection.inputs.length > policy.inputs &&
      `It has ${inspection.inputs.length} inputs; at most ${policy.inputs} are served.`,
    inspection.outputs.length > policy.outputs &&
      `It has ${inspection.outputs.length} outputs; at most ${policy.outputs} are served.`,
    inspection.constants.declaredBytes > policy.constantBytes &&
      `Its constants take ${inspection.constants.declaredBytes} bytes; at most ${policy.constantBytes} are served.`,
    inspection.constants.largestMade > policy.madeElements &&
      `It makes a tensor of ${inspection.constants.largestMade} elements; at most ${policy.madeElements} are served.`
  ].filter((reason) => reason !== false)
]

function* versions(inspection: Inspection, policy: OnnxPolicy) {
  if (inspection.irVersion > policy.irVersion || inspection.irVersion < 1) {
    yield `It is of IR version ${inspection.irVersion}; versions 1 to ${policy.irVersion} are served.`
  }
  for (const [domain, newest] of Object.entries(policy.opsets)) {
    const version = inspection.opsets[domain]
    if (version !== undefined && (version > newest || version < 1)) {
      yield `It asks for version ${version} of the operators of ${domain}; versions 1 to ${newest} are served.`
    }
  }
}

/** A domain that is imported and not used does no harm: exporters often leave some. */
function* operators(inspection: Inspection, policy: OnnxPolicy) {
  const own = new Set(
    inspection.functions.map(({ domain, name }) => `${domain}.${name}`)
  )
  const refused = new Set<string>()
  for (const { domain, type } of inspection.operators) {
    const name = `${domain}.${type}`
    const served = Object.hasOwn(policy.opsets, domain) || own.has(name)
    if (!served || policy.refusedOperators.includes(name)) refused.add(name)
  }
  if (refused.size > 0) {
    yield `It uses operators that are not served: ${quoted([...refused])}.`
  }
}

const quoted = (names: ReadonlyArray<string>) =>
  names.slice(0, 5).join(", ") + (names.length > 5 ? " and others" : "")
