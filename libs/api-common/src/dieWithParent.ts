import { dlopen } from "bun:ffi"

/** On Linux the kernel ends this process with the one that started it, also in the middle of its work. */
export const dieWithParent = (): void => {
  if (process.platform !== "linux") return
  const PR_SET_PDEATHSIG = 1
  const SIGKILL = 9n
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64"
  for (const library of ["libc.so.6", `libc.musl-${machine}.so.1`])
    try {
      const { symbols } = dlopen(library, {
        prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" }
      })
      symbols.prctl(PR_SET_PDEATHSIG, SIGKILL, 0n, 0n, 0n)
      return
    } catch (error) {
      // Another C library; without one of them the end of what it reads ends the process.
      process.stderr.write(`${library}: ${error}\n`)
    }
}
