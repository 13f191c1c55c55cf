import * as jq from "jq-wasm"

const isFlag = (word: string) => /^-[a-zA-Z]+$/.test(word)

/** `jq [flags] FILTER` of standard input, for machines without jq. */
export const run = async (words: ReadonlyArray<string>, input: string) => {
  const filter = words.find((word) => !isFlag(word)) ?? "."
  const flags = words.filter(isFlag).flatMap((word) => [...word.slice(1)])
  const output = await jq.raw(
    input,
    filter,
    flags.map((letter) => `-${letter}`)
  )
  return output === "" ? "" : `${output.trimEnd()}\n`
}

if (import.meta.main)
  process.stdout.write(await run(process.argv.slice(2), await Bun.stdin.text()))
