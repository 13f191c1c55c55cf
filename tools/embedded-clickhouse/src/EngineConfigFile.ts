import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { ServerConfig } from "./ServerConfig.ts"

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

const element = (name: string, content: string | number): string =>
  `<${name}>${content}</${name}>`

/** Merges and moves need few threads beside the queries of one machine. */
const BACKGROUND_THREADS = 4

/** The engine's configuration; `user_directories` here would be fatal to it. */
export const engineConfig = (config: ServerConfig): string =>
  element(
    "clickhouse",
    [
      element("max_server_memory_usage", config.maxMemory),
      element("background_pool_size", BACKGROUND_THREADS),
      element("mark_cache_size", Math.floor(config.maxMemory / 8)),
      element(
        "merge_tree",
        config.fsync
          ? element("fsync_after_insert", 1) + element("fsync_part_directory", 1)
          : element("fsync_after_insert", 0)
      ),
      config.backups === undefined
        ? ""
        : element("backups", element("allowed_path", escaped(config.backups)))
    ].join("\n")
  )

/** Writes it beside the data and returns its path. */
export const writeEngineConfig = (config: ServerConfig): string => {
  const file = join(config.path, "embedded-clickhouse.xml")
  writeFileSync(file, engineConfig(config))
  return file
}
