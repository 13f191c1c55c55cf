import { dlopen, ptr } from "bun:ffi"
import { libchdbPath } from "chdb/libchdb"

/**
 * One node of a cluster: the engine's own HTTP and TCP servers in this process, for ever.
 * Arguments: the folder of its data, and its configuration file.
 */
const [folder = "", config = ""] = process.argv.slice(2)
const listen = [
  "SYSTEM START LISTEN TCP",
  "SYSTEM START LISTEN HTTP",
  // Servers end with the statements of a command line: the last one never ends.
  "SELECT sleepEachRow(3) FROM numbers(1e9) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0 FORMAT Null"
].join("; ")
const texts = [
  "clickhouse",
  `--path=${folder}`,
  `--config-file=${config}`,
  `--query=${listen}`
].map((text) => Buffer.from(`${text}\0`))
const argv = new BigUint64Array(texts.map((text) => BigInt(ptr(text))))
// Who started it may be killed, and nobody else would stop it.
dlopen("libc.so.6", { prctl: { args: ["i32", "u64"], returns: "i32" } }).symbols.prctl(
  1,
  9
)
const { symbols } = dlopen(libchdbPath(), {
  chdb_query_cmdline: { args: ["i32", "ptr"], returns: "ptr" }
})
symbols.chdb_query_cmdline(texts.length, ptr(argv))
