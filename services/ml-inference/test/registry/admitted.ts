import type { AdmittedVersion } from "../../src/registry/VersionRepo.ts"

/** A version as admission leaves it, of a file that is not there. */
export const admitted = (fields: Partial<AdmittedVersion> = {}): AdmittedVersion => ({
  id: crypto.randomUUID(),
  sha256: "0".repeat(64),
  bytes: 1,
  signature: {
    inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
    outputs: [{ name: "y", datatype: "FP32", shape: [-1, 2] }]
  },
  inspection: {
    bytes: 1,
    irVersion: 8,
    opsets: {},
    producer: { name: "", version: "" },
    inputs: [],
    outputs: [],
    operators: [],
    nodes: 0,
    unfoldedNodes: 0,
    functions: [],
    constants: {
      count: 0,
      bytes: 0,
      declaredBytes: 0,
      largest: [],
      largestMade: 0
    },
    external: { count: 0, locations: [] },
    trainingGraphs: 0,
    metadata: {}
  },
  golden: null,
  tolerance: 0,
  settings: {
    batching: { maxRows: 1, window: 0, queueRows: 1 },
    limits: { memory: 64 * 1024 * 1024, loadTime: 1, runTime: 1 },
    instances: 1
  },
  lineage: {},
  metrics: {},
  reference: {},
  ...fields
})
