import { ExecutorProcess } from "../../src/execution/ExecutorProcess.ts"
import { floats } from "./tensors.ts"

/** A service that is in the middle of a run: `orphaning.ts <model>` prints its executor. */
const executor = new ExecutorProcess(process.argv[2] ?? "", {
  memory: 1024 ** 3,
  loadTime: 30_000,
  runTime: 600_000
})
await executor.loaded
const { bytes, ...rest } = floats("x", [[1, 2]])
executor.submit([{ ...rest, parts: [bytes] }], [], () => {})
process.stdout.write(`${executor.pid}\n`)
