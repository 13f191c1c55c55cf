import type { Fault } from "./Fault.ts"
import type { Page } from "./Page.ts"
import { optedOut } from "./Sample.ts"
import type { Stack } from "./Stack.ts"

const said = (error: unknown) =>
  error instanceof Error ? error.message : String(error)

/** Runs statements in a transaction that is taken back, whatever they say of their own. */
const tryPostgres = async (url: string, text: string): Promise<string | undefined> => {
  const bare = text.replace(/^\s*(?:BEGIN|COMMIT)\s*;\s*$/gim, "")
  await using sql = new Bun.SQL(url, { max: 1 })
  try {
    await sql.begin(async (transaction) => {
      await transaction.unsafe(bare)
      throw new TakenBack()
    })
    return undefined
  } catch (error) {
    return error instanceof TakenBack ? undefined : said(error)
  }
}

class TakenBack extends Error {}

/** Has the engine read each statement without running it. */
const readByClickHouse = async (
  url: string,
  text: string
): Promise<string | undefined> => {
  const address = new URL(url)
  const { password, pathname, username } = address
  for (const statement of text.split(/;\s*(?:--.*)?$/m)) {
    if (statement.trim() === "") continue
    const query = new URLSearchParams({
      database: pathname.slice(1),
      query: "SELECT formatQuery({text:String})",
      param_text: statement
        .trim()
        .replaceAll("\\", "\\\\")
        .replaceAll("\n", "\\n")
        .replaceAll("\t", "\\t")
    })
    const response = await fetch(`${address.origin}/?${query}`, {
      headers: {
        "X-ClickHouse-User": decodeURIComponent(username),
        "X-ClickHouse-Key": decodeURIComponent(password)
      },
      signal: AbortSignal.timeout(20_000)
    })
    if (!response.ok) return await response.text()
  }
  return undefined
}

/** Tries what a page would say to a store itself. */
export const runStatements = async (
  page: Page,
  stack: Stack
): Promise<ReadonlyArray<Fault>> => {
  const faults: Array<Fault> = []
  for (const sample of page.samples) {
    const store = sample.options.get("store")
    if (sample.language !== "sql" || optedOut(sample) !== undefined) continue
    const reason =
      store === "postgres"
        ? await tryPostgres(stack.postgres, sample.text)
        : store === "clickhouse"
          ? await readByClickHouse(stack.clickhouse, sample.text)
          : undefined
    if (reason !== undefined)
      faults.push({ path: page.path, line: sample.line, reason })
  }
  return faults
}
