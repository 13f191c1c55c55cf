import { dlopen, FFIType, ptr } from "bun:ffi"

// Becomes the program of its arguments, with limits: KiB of data segment, niceness, program,
// its arguments. What `ulimit` and `nice` of a shell would do, where there is no shell.

const symbols = {
  execv: { args: [FFIType.ptr, FFIType.ptr], returns: FFIType.i32 },
  nice: { args: [FFIType.i32], returns: FFIType.i32 },
  setrlimit: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 }
} as const

const load = () => {
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64"
  const libraries = ["libc.so.6", `libc.musl-${machine}.so.1`, "libSystem.B.dylib"]
  for (const library of libraries)
    try {
      return dlopen(library, symbols).symbols
    } catch {
      // The C library of another system.
    }
  throw new Error(`This machine has none of ${libraries.join(", ")}.`)
}

/** The same numbers in Linux and macOS. */
const RLIMIT_DATA = 2
const RLIMIT_CORE = 4

const run = ([kib, niceness, ...command]: ReadonlyArray<string>): never => {
  const { execv, nice, setrlimit } = load()
  const limit = (resource: number, bytes: number): void => {
    const both = new BigUint64Array([BigInt(bytes), BigInt(bytes)])
    if (setrlimit(resource, ptr(both)) !== 0)
      throw new Error(`Resource ${resource} cannot be limited to ${bytes} bytes.`)
  }
  // No core file: it would hold what the program was given.
  limit(RLIMIT_CORE, 0)
  limit(RLIMIT_DATA, Number(kib) * 1024)
  if (Number(niceness) > 0) nice(Number(niceness))
  const texts = command.map((text) => Buffer.from(`${text}\0`))
  const [program] = texts
  if (program === undefined) throw new Error("No program is named.")
  execv(
    ptr(program),
    ptr(new BigUint64Array([...texts.map((text) => BigInt(ptr(text))), 0n]))
  )
  throw new Error(`${command[0]} cannot be run.`)
}

if (import.meta.main) run(process.argv.slice(2))
