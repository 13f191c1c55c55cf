import type { Page } from "playwright-core"

/** How the variables of a notebook's runtime are: every cell is one or more. */
export interface NotebookState {
  readonly fulfilled: number
  readonly failed: ReadonlyArray<string>
  /** They wait for something that does not come. */
  readonly waiting: ReadonlyArray<string>
}

/**
 * Waits until every cell of the page has a value, failed, or waits for one that does.
 * The runtime is asked itself: what a cell shows does not tell whether another one ran.
 */
export const notebookState = (page: Page): Promise<NotebookState> =>
  page.evaluate<NotebookState>(`(async () => {
    const open = () => window.openFetches ?? 0
    const find = () => performance.getEntriesByType("resource")
      .find(({ name }) => name.includes("/notebook-kit/dist/src/runtime/index.js"))?.name
    const pause = (ms) => new Promise((done) => setTimeout(done, ms))
    while (find() === undefined) await pause(50)
    const { runtime } = await import(find())
    const pending = Symbol()
    const look = async () => {
      const found = { fulfilled: 0, failed: [], waiting: [] }
      for (const variable of runtime._variables) {
        if (!variable._reachable) continue
        const name = String(variable._name ?? variable._node?.id ?? variable._observer?._node?.id)
        const state = await Promise.race([
          Promise.resolve(variable._promise).then(() => "fulfilled", (error) => "failed: " + error),
          pause(0).then(() => pause(0)).then(() => pending)
        ])
        if (state === pending) found.waiting.push(name)
        else if (state === "fulfilled") found.fulfilled++
        else found.failed.push(name + " " + state)
      }
      return found
    }
    // Nothing moves any more: nothing was asked that is not answered, several times in a row.
    let last = ""
    for (let quiet = 0, end = Date.now() + 90000; quiet < 5 && Date.now() < end; ) {
      await pause(200)
      const now = JSON.stringify(await look())
      quiet = now === last && open() === 0 ? quiet + 1 : 0
      last = now
    }
    return look()
  })()`)

/** Counts what the page asks and has no answer to; before it is opened. */
export const countFetches = async (page: Page): Promise<void> => {
  await page.addInitScript(`
    window.openFetches = 0
    const fetched = window.fetch
    window.fetch = (...args) => {
      window.openFetches++
      return fetched(...args).finally(() => { window.openFetches-- })
    }`)
}
