import { createHash } from "node:crypto"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { InferenceSession, Tensor } from "onnxruntime-node"
import { type Load, load } from "./load.ts"
import { type BenchModel, models, requestOf, rowOf } from "./models.ts"

/**
 * Requests a second with one row each, beside the same route that answers without a model
 * and beside the bare runtime in one process, in turns; the middle of the rounds:
 * `bun bench/inference/main.ts [seconds each]`. Load, service and executor are three
 * processes: on two cores they take time from each other, and "µs" says how much each used.
 */
const SECONDS = Number(process.argv[2] ?? 2)
const ROUNDS = 3
/** Requests until Bun has compiled what one passes; before that nothing is told apart. */
const WARM_UP = 60_000
/** Seconds it may take. */
const WARM_UP_TIME = 20
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

/** Microseconds that a process has computed. */
const computed = async (pid: number) => {
  const text = await readFile(`/proc/${pid}/stat`, "utf8")
  const [user, system] = text.slice(text.lastIndexOf(")")).split(" ").slice(12)
  return 10_000 * (Number(user) + Number(system))
}

const children = async (pid: number) => {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")
  return text.trim().split(" ").filter(Boolean).map(Number)
}

const computedByAll = async (pids: ReadonlyArray<number>) =>
  (await Promise.all(pids.map(computed))).reduce((all, each) => all + each, 0)

const warmUp = async (port: number, request: Uint8Array) => {
  let sent = 0
  for (let second = 0; second < WARM_UP_TIME && sent < WARM_UP; second++)
    sent += (await load(port, request, 64, 1)).perSecond
}

interface Target {
  readonly label: string
  readonly server: { readonly port: number; readonly pid: number }
  readonly request: Uint8Array
}

interface Measured extends Load {
  /** Microseconds of the service and of the executors for one request. */
  readonly service: number
  readonly executors: number
}

const measure = async (
  { request, server }: Target,
  clients: number
): Promise<Measured> => {
  const executors = await children(server.pid)
  const before = [await computed(server.pid), await computedByAll(executors)] as const
  const startedAt = performance.now()
  const found = await load(server.port, request, clients, SECONDS)
  const requests = (found.perSecond * (performance.now() - startedAt)) / 1000
  return {
    ...found,
    service: ((await computed(server.pid)) - before[0]) / requests,
    executors: ((await computedByAll(executors)) - before[1]) / requests
  }
}

const middle = (values: ReadonlyArray<number>) =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ??
  Number.NaN

const number = (value: number, digits = 0, width = 9) =>
  value.toFixed(digits).padStart(width)
const write = (line: string) => process.stdout.write(`${line}\n`)

/** Each target in turn, round after round; ratios are those of one round. */
const compare = async (
  name: string,
  targets: readonly [Target, ...ReadonlyArray<Target>],
  clients: number,
  bareRuns: number
) => {
  const rounds: Array<ReadonlyArray<Measured>> = []
  for (let round = 0; round < ROUNDS; round++) {
    const found: Array<Measured> = []
    for (const target of targets) found.push(await measure(target, clients))
    rounds.push(found)
  }
  const of = (at: number, value: (it: Measured, ceiling: Measured) => number) =>
    middle(
      rounds.flatMap((round) => {
        const [ceiling] = round
        const it = round[at]
        return it === undefined || ceiling === undefined ? [] : [value(it, ceiling)]
      })
    )
  targets.forEach(({ label }, at) => {
    const perSecond = of(at, (it) => it.perSecond)
    write(
      [
        `${name} ${label}`.padEnd(22),
        String(clients).padStart(7),
        number(perSecond),
        number(
          of(at, (it) => it.p50),
          2,
          7
        ),
        number(
          of(at, (it) => it.p99),
          2,
          7
        ),
        number(
          of(at, (it, ceiling) => it.perSecond / ceiling.perSecond),
          2,
          11
        ),
        number(perSecond / bareRuns, 2, 11),
        number(
          of(at, (it) => it.service),
          0,
          11
        ),
        number(
          of(at, (it) => it.executors),
          0,
          10
        )
      ].join(" ")
    )
  })
}

const folder = await mkdtemp(join(tmpdir(), "analytics-bench-"))
try {
  const files = new Map(models.map((model) => [model, model.make()]))
  for (const [model, file] of files) {
    const sha256 = createHash("sha256").update(model.name).digest("hex")
    await Bun.write(join(folder, `${sha256}.onnx`), file)
  }
  write("bare runtime, one process   runs/s of 1 row   rows/s in runs of 64")
  const single = new Map<BenchModel, number>()
  for (const [model, file] of files) {
    const one = await bare(model, file, 1)
    single.set(model, one)
    write(
      `${model.name.padEnd(27)} ${number(one, 0, 15)} ${number(64 * (await bare(model, file, 64)), 0, 22)}`
    )
  }
  const served = await start(folder, "models")
  const ceiling = await start(folder, "none")
  write("")
  write(
    "                       clients requests/s p50 ms  p99 ms of ceiling of bare runs service µs executor µs"
  )
  for (const model of models)
    for (const form of ["json", "binary"] as const) {
      const target = (label: string, server: Target["server"], name: string) => ({
        label,
        server,
        request: requestOf(model, name, form)
      })
      const targets = [
        target("ceiling", ceiling, model.name),
        target("joined", served, model.name),
        target("single", served, `${model.name}-single`)
      ] as const
      for (const { request, server } of targets) await warmUp(server.port, request)
      for (const clients of CLIENTS)
        await compare(
          `${model.name} ${form}`,
          targets,
          clients,
          single.get(model) ?? Number.NaN
        )
    }
  const resident = await Promise.all((await children(served.pid)).map(residentOf))
  write("")
  write(`MiB resident: service ${(await residentOf(served.pid)).toFixed(0)}, executors`)
  write(resident.map((it) => it.toFixed(0)).join(", "))
  await Promise.all([served.stop(), ceiling.stop()])
} finally {
  await rm(folder, { recursive: true, force: true })
}
