import { randomBytes } from "node:crypto"
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"

/** Hexadecimal, so that it stands in a URL as it is. */
const secret = (): string => randomBytes(24).toString("hex")

/** The secrets of docker/compose.yaml, by the names of their files. */
const made = (): Readonly<Record<string, string>> => {
  const postgres = secret()
  const clickHouse = secret()
  return {
    ADMIN_KEY: secret(),
    SERVICE_KEY: secret(),
    REPORTING_SECRET: secret(),
    POSTGRES_PASSWORD: postgres,
    DATABASE_URL: `postgres://analytics:${postgres}@postgres:5432/analytics`,
    CLICKHOUSE_PASSWORD: clickHouse,
    CLICKHOUSE_URL: `http://analytics:${clickHouse}@clickhouse:8123/analytics`,
    OBJECT_STORE_ACCESS_KEY: secret().slice(0, 20),
    OBJECT_STORE_SECRET_KEY: secret()
  }
}

/**
 * Makes the secrets unless they are there: the stores remember their passwords. The files
 * may be read by everybody, since containers run as another user; the folder by nobody else.
 *
 * @returns whether they were made
 */
export const ensureSecrets = async (folder: string): Promise<boolean> => {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const whole = join(folder, ".complete")
  if ((await readFile(whole, "utf8").catch(() => "")) !== "") return false
  for (const [name, value] of Object.entries(made())) {
    const path = join(folder, name)
    await writeFile(path, value)
    await chmod(path, 0o444)
  }
  await writeFile(whole, "made\n")
  return true
}
