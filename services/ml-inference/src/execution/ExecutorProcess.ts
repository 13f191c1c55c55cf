import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { limitedCommand } from "@analytics/api-common/limitedCommand"
import { limitedRuntime } from "@analytics/api-common/limitedRuntime"
import type { Socket } from "bun"
import { Schema } from "effect"
import {
  type ExecutorLimits,
  ExecutorLost,
  leastMemory,
  ModelRefused,
  type RunEnd,
  RunRefused,
  Signature
} from "./Executors.ts"
import { FrameReader } from "./FrameReader.ts"
import * as Frames from "./frames.ts"

declare module "bun" {
  /** Its types have the options and leave the function out. */
  function connect<Data = undefined>(
    options: FdSocketOptions<Data>
  ): Promise<Socket<Data>>
}

const entry = fileURLToPath(new URL("./executorMain.ts", import.meta.url))

/** Bytes for compiled JavaScript, of which an executor has little. */
const compilerMemory = 16 * 1024 * 1024

/** Characters of stderr that are kept, the last ones. */
const keptOfStderr = 4096

const decodeSignature = Schema.decodeSync(Schema.fromJsonString(Signature))

/** The process of one model, with callbacks; `SpawnedExecutors` makes Effects of it. */
export class ExecutorProcess {
  /** What became of loading. */
  readonly loaded: Promise<Signature | ModelRefused | ExecutorLost>
  /** Ends with the process. */
  readonly lost: Promise<ExecutorLost>
  readonly #child: Bun.Subprocess<"ignore", "ignore", "pipe">
  readonly #limits: ExecutorLimits
  readonly #frames = new FrameReader()
  #socket: Socket | undefined
  #unsent: Uint8Array | undefined
  /** Runs asked for while another is on; whoever asks bounds them. */
  readonly #waiting: Array<() => void> = []
  #answer: ((frame: Uint8Array | ExecutorLost) => void) | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #overdue: string | undefined
  #gone: ExecutorLost | undefined
  #stderr = ""

  constructor(path: string, limits: ExecutorLimits) {
    this.#limits = limits
    const kib = Math.max(limits.memory, leastMemory) / 1024
    const command = ["--no-install", "--no-env-file", entry, path]
    this.#child = Bun.spawn(limitedCommand({ kib }, command), {
      stdio: ["ignore", "ignore", "pipe", "socket-fd"],
      // Nothing of this service's settings: they name its stores and its keys.
      env: {
        PATH: process.env["PATH"],
        BUN_ENABLE_CRASH_REPORTING: "0",
        ...limitedRuntime(compilerMemory)
      },
      cwd: "/"
    })
    this.loaded = new Promise((resolve) =>
      this.#expect(limits.loadTime, "loading", (frame) =>
        resolve(this.#read(frame, loadedOf))
      )
    )
    const read = this.#readStderr()
    this.lost = this.#child.exited.then(async () => {
      await Promise.race([read, Bun.sleep(100)])
      const lost = this.#lostAs()
      this.#gone = lost
      this.#settle(lost)
      return lost
    })
    this.#connect().catch(() => this.#child.kill("SIGKILL"))
  }

  get pid(): number {
    return this.#child.pid
  }

  /** The last of what the process wrote to stderr. */
  get stderr(): string {
    return this.#stderr
  }

  submit(
    inputs: ReadonlyArray<Frames.Joined>,
    outputs: ReadonlyArray<string>,
    done: (end: RunEnd) => void
  ): void {
    const gone = this.#gone
    if (gone !== undefined) queueMicrotask(() => done(gone))
    else if (Frames.bytesOf(inputs) > Frames.largestFrame / 2)
      queueMicrotask(() => done(tooLarge))
    else if (this.#answer !== undefined)
      this.#waiting.push(() => this.submit(inputs, outputs, done))
    else {
      const names = outputs.length > 0 ? outputs : undefined
      this.#expect(this.#limits.runTime, "a run", (frame) =>
        done(this.#read(frame, (whole) => endOf(whole, names)))
      )
      this.#send(Frames.encodeRun(inputs, outputs))
    }
  }

  /** Resident bytes; 0 once it is gone. */
  async memory(): Promise<number> {
    if (this.#gone !== undefined) return 0
    if (process.platform === "linux") {
      const text = await readFile(`/proc/${this.pid}/statm`, "utf8").catch(() => "")
      return Number(text.split(" ")[1] ?? 0) * 4096
    }
    const ps = Bun.spawn(["ps", "-o", "rss=", "-p", String(this.pid)], {
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 5000
    })
    return Number((await new Response(ps.stdout).text()).trim()) * 1024
  }

  async end(): Promise<void> {
    this.#child.kill("SIGKILL")
    await this.lost
  }

  #expect(
    time: number,
    what: string,
    answer: (frame: Uint8Array | ExecutorLost) => void
  ): void {
    this.#answer = answer
    this.#timer = setTimeout(() => {
      this.#overdue = `${what} took longer than ${time} ms`
      this.#child.kill("SIGKILL")
    }, time)
  }

  /** A process that writes what cannot be read is of no use any more. */
  #read<A>(frame: Uint8Array | ExecutorLost, read: (frame: Uint8Array) => A) {
    if (frame instanceof ExecutorLost) return frame
    try {
      return read(frame)
    } catch {
      this.#child.kill("SIGKILL")
      const detail = "the process answered what cannot be read"
      return new ExecutorLost({ reason: "crash", detail })
    }
  }

  #settle(frame: Uint8Array | ExecutorLost): void {
    clearTimeout(this.#timer)
    const answer = this.#answer
    this.#answer = undefined
    answer?.(frame)
    if (this.#gone !== undefined) for (const next of this.#waiting.splice(0)) next()
    else if (this.#answer === undefined) this.#waiting.shift()?.()
  }

  async #connect(): Promise<void> {
    const fd = this.#child.stdio[3]
    if (typeof fd !== "number") throw new Error("Bun gave no descriptor of the channel")
    this.#socket = await Bun.connect({
      fd,
      socket: {
        data: (_, chunk) => {
          // It is being killed: whoever comes next must not meet that.
          if (this.#overdue !== undefined) return
          const frame = this.#frames.take(chunk)
          if (frame === "malformed") this.#child.kill("SIGKILL")
          else if (frame !== undefined) this.#settle(frame)
        },
        drain: () => this.#flush(),
        // An executor that closes its channel can be asked nothing any more.
        close: () => this.#child.kill("SIGKILL"),
        error: () => this.#child.kill("SIGKILL")
      }
    })
    this.#flush()
  }

  #send(frame: Uint8Array): void {
    this.#unsent = frame
    this.#flush()
  }

  #flush(): void {
    const unsent = this.#unsent
    if (unsent === undefined || this.#socket === undefined) return
    const written = this.#socket.write(unsent)
    // Closed: whoever waits learns it when the process has ended.
    if (written < 0) return
    this.#unsent = written < unsent.byteLength ? unsent.subarray(written) : undefined
  }

  async #readStderr(): Promise<void> {
    const decoder = new TextDecoder()
    for await (const chunk of this.#child.stderr)
      this.#stderr = (this.#stderr + decoder.decode(chunk, { stream: true })).slice(
        -keptOfStderr
      )
  }

  #lostAs(): ExecutorLost {
    if (this.#overdue !== undefined)
      return new ExecutorLost({ reason: "deadline", detail: this.#overdue })
    if (
      /bad_alloc|out of memory|cannot allocate|failed to allocate/iu.test(this.#stderr)
    )
      return new ExecutorLost({
        reason: "memory",
        detail: `it asked for more than its ${this.#limits.memory} bytes`
      })
    const { exitCode, signalCode } = this.#child
    return new ExecutorLost({
      reason: "crash",
      detail: `the process ended with ${signalCode ?? `code ${exitCode}`}`
    })
  }
}

const tooLarge = new RunRefused({
  detail: `the inputs of a run may have ${Frames.largestFrame / 2} bytes at most`
})

const loadedOf = (frame: Uint8Array): Signature | ModelRefused => {
  const text = Frames.textOf(frame)
  return Frames.kindOf(frame) === Frames.kinds.loaded
    ? decodeSignature(text)
    : new ModelRefused({ detail: text })
}

const endOf = (frame: Uint8Array, names: ReadonlyArray<string> | undefined): RunEnd =>
  Frames.kindOf(frame) === Frames.kinds.outputs
    ? {
        _tag: "Outputs",
        outputs: Frames.decodeTensors(frame, names).tensors,
        took: Frames.nanosecondsOf(frame)
      }
    : new RunRefused({ detail: Frames.textOf(frame) })
