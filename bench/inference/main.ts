import { createHash } from "node:crypto"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { InferenceSession, Tensor } from "onnxruntime-node"
import { load } from "./load.ts"
import { type BenchModel, models, requestOf, rowOf } from "./models.ts"

/**
 * Requests a second with one row each, beside the same route that answers without a model
 * and beside the bare runtime in one process: `bun bench/inference/main.ts [seconds each]`.
 * Load, service and executor are three processes; figures of two cores are low.
 */
const SECONDS = Number(process.argv[2] ?? 4)
const CLIENTS = [1, 8, 64]

/** Runs a second of the bare runtime, one row or 64 rows each. */
const bare = async (model: BenchModel, file: Uint8Array, rows: number) => {
  const session = await InferenceSession.create(file, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1
  })
  const row = rowOf(model)
  const data = new Float32Array(rows * row.length)
  for (let n = 0; n < rows; n++) data.set(row, n * row.length)
  const feeds = { [model.input.name]: new Tensor("float32", data, [rows, row.length]) }
  const run = () => session.run(feeds, [model.output.name])
  for (let n = 0; n < 50; n++) await run()
  const startedAt = performance.now()
  let runs = 0
  while (performance.now() - startedAt < 1000) {
    await run()
    runs++
  }
  const perSecond = (1000 * runs) / (performance.now() - startedAt)
  await session.release()
  return perSecond
}

const start = async (folder: string, how: string) => {
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, "server.ts"), folder, how],
    { stdio: ["pipe", "pipe", "inherit"] }
  )
  const { value } = await child.stdout.getReader().read()
  const port = Number(Buffer.from(value ?? []).toString())
  if (!(port > 0)) throw new Error("the server did not start")
  const stop = () => {
    child.stdin.end()
    return child.exited
  }
  return { port, pid: child.pid, stop }
}

const residentOf = async (pid: number) => {
  const status = await readFile(`/proc/${pid}/status`, "utf8")
  return Number(/VmRSS:\s+(\d+)/u.exec(status)?.[1]) / 1024
}

/** Of each executor of a server, MiB. */
const executorsOf = async (pid: number) => {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")
  return Promise.all(
    children
      .trim()
      .split(" ")
      .filter(Boolean)
      .map((it) => residentOf(Number(it)))
  )
}

const number = (value: number, digits = 0) => value.toFixed(digits).padStart(9)
const write = (line: string) => process.stdout.write(`${line}\n`)

const folder = await mkdtemp(join(tmpdir(), "analytics-bench-"))
try {
  const files = new Map(models.map((model) => [model, model.make()]))
  for (const [model, file] of files) {
    const sha256 = createHash("sha256").update(model.name).digest("hex")
    await Bun.write(join(folder, `${sha256}.onnx`), file)
  }
  write(
    "bare runtime, one process      runs/s of 1 row   rows/s of 64   one run of 1, µs"
  )
  const single = new Map<BenchModel, number>()
  for (const [model, file] of files) {
    const one = await bare(model, file, 1)
    const many = 64 * (await bare(model, file, 64))
    single.set(model, one)
    write(
      `${model.name.padEnd(30)} ${number(one)}       ${number(many)}     ${number(1e6 / one, 1)}`
    )
  }
  const served = await start(folder, "models")
  const ceiling = await start(folder, "none")
  write("")
  write(
    "model, form, batching     clients requests/s    p50 ms    p99 ms   of the ceiling  of bare runs"
  )
  for (const model of models)
    for (const clients of CLIENTS)
      for (const form of ["json", "binary"] as const) {
        const top = requestOf(model, model.name, form)
        await load(ceiling.port, top, clients, SECONDS / 4)
        const most = await load(ceiling.port, top, clients, SECONDS)
        const line = (label: string, it: typeof most) =>
          write(
            `${`${model.name} ${form} ${label}`.padEnd(26)} ${String(clients).padStart(6)} ${number(it.perSecond)}  ${number(it.p50, 3)} ${number(it.p99, 3)}        ${number(it.perSecond / most.perSecond, 2)}     ${number(it.perSecond / (single.get(model) ?? 1), 2)}`
          )
        line("ceiling", most)
        for (const [label, name] of [
          ["batched", model.name],
          ["single", `${model.name}-single`]
        ] as const) {
          const request = requestOf(model, name, form)
          await load(served.port, request, clients, SECONDS / 4)
          line(label, await load(served.port, request, clients, SECONDS))
        }
      }
  const memory = await executorsOf(served.pid)
  write("")
  write(`executors, MiB resident: ${memory.map((it) => it.toFixed(0)).join(", ")}`)
  write(`service, MiB resident: ${(await residentOf(served.pid)).toFixed(0)}`)
  await Promise.all([served.stop(), ceiling.stop()])
} finally {
  await rm(folder, { recursive: true, force: true })
}
