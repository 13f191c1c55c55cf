import { afterAll, beforeAll, expect, it, setDefaultTimeout } from "bun:test"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { runTrainer } from "../../src/types/train/trainer/runTrainer.ts"

// Processes take their time to start where many run.
setDefaultTimeout(60_000)

const program = join(import.meta.dir, "programs/obedient.ts")
let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "analytics-trainer-"))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const folderFor = async (what: string) => {
  const folder = await mkdtemp(join(root, "run-"))
  await writeFile(join(folder, "what"), what)
  return folder
}

const run = (folder: string, time = 60_000) => {
  const seen: Array<number> = []
  let pid = 0
  const effect = runTrainer(program, folder, { memory: 2 ** 29, time }, (line) =>
    Effect.sync(() => {
      seen.push(line.done)
      pid = Number(line.stage)
    })
  )
  return { effect, seen, pid: () => pid }
}

const isThere = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const gone = async (pid: number) => {
  for (let n = 0; n < 500 && isThere(pid); n++) await Bun.sleep(20)
  return !isThere(pid)
}

it.concurrent("tells of its progress in order, and ends", async () => {
  const { effect, pid, seen } = run(await folderFor("work"))
  await Effect.runPromise(effect)
  expect(seen).toEqual([1, 2, 3])
  expect(await gone(pid())).toBeTrue()
})

it.concurrent("fails with the reason that the trainer gives", async () => {
  const failure = await Effect.runPromise(
    Effect.flip(run(await folderFor("refuse")).effect)
  )
  expect(failure.detail).toBe("Nobody ever bought.")
})

it.concurrent("names the remedy when memory does not suffice", async () => {
  const { effect, pid, seen } = run(await folderFor("hog"))
  const failure = await Effect.runPromise(Effect.flip(effect))
  expect(failure.detail).toContain("512 MiB of memory")
  expect(failure.detail).toContain("`sample`")
  expect(seen).toEqual([1])
  expect(await gone(pid())).toBeTrue()
})

it.concurrent("ends what takes too long", async () => {
  const { effect, pid } = run(await folderFor("compute for ever"), 2000)
  const failure = await Effect.runPromise(Effect.flip(effect))
  expect(failure.detail).toContain("Training took longer")
  if (pid() !== 0) expect(await gone(pid())).toBeTrue()
})

it.concurrent("ends with the job, while this process goes on", async () => {
  const folder = await folderFor("compute for ever")
  const pid = await Effect.runPromise(
    Effect.gen(function* () {
      const begun = yield* Deferred.make<number>()
      const fiber = yield* Effect.forkChild(
        runTrainer(program, folder, { memory: 2 ** 29, time: 60_000 }, ({ stage }) =>
          Deferred.succeed(begun, Number(stage))
        )
      )
      const child = yield* Deferred.await(begun)
      expect(isThere(child)).toBeTrue()
      yield* Fiber.interrupt(fiber)
      expect(Exit.hasInterrupts(yield* Fiber.await(fiber))).toBeTrue()
      return child
    })
  )
  expect(await gone(pid)).toBeTrue()
})

it.concurrent("ends with its parent, however that one ends", async () => {
  const folder = await folderFor("compute for ever")
  const parent = Bun.spawn(
    [process.execPath, join(import.meta.dir, "programs/parent.ts"), program, folder],
    { stdin: "ignore", stdout: "pipe", stderr: "inherit" }
  )
  const { value } = await parent.stdout.getReader().read()
  const pid = Number(new TextDecoder().decode(value))
  expect(isThere(pid)).toBeTrue()
  parent.kill("SIGKILL")
  await parent.exited
  expect(await gone(pid)).toBeTrue()
})

it.concurrent("takes nothing for an answer that is none", async () => {
  const failure = await Effect.runPromise(
    Effect.flip(run(await folderFor("babble")).effect)
  )
  expect(failure.detail).toContain("nobody here understands")
})
