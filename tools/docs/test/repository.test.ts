import { beforeAll, describe, expect, it } from "bun:test"
import { checkLinks } from "../src/checkLinks.ts"
import { checkShell, checkTypes } from "../src/checkPrograms.ts"
import { checkSamples } from "../src/checkSamples.ts"
import { type Fault, sayFault } from "../src/Fault.ts"
import type { Page } from "../src/Page.ts"
import { existsInRepository, repositoryCommands } from "../src/repositoryCommands.ts"
import { repositoryPages } from "../src/repositoryPages.ts"
import { optedOut } from "../src/Sample.ts"

let pages: ReadonlyArray<Page>

beforeAll(async () => {
  pages = await repositoryPages()
})

const expectNone = (faults: ReadonlyArray<Fault>) =>
  expect(faults.map(sayFault)).toEqual([])

describe("every page of the repository", () => {
  it("has links that lead somewhere, and is linked from the index", () => {
    expectNone(checkLinks(pages, existsInRepository))
  })

  it("has samples that can be read, and few that are not run", async () => {
    expectNone(checkSamples(pages, await repositoryCommands()))
    const out = pages.flatMap(({ samples }) =>
      samples.filter((sample) => optedOut(sample) !== undefined)
    )
    process.stdout.write(`${out.length} samples of the pages are not run\n`)
  })

  it("has shell that bash can read", async () => {
    expectNone(await checkShell(pages))
  }, 60_000)

  it("has TypeScript that compiles", async () => {
    expectNone(await checkTypes(pages))
  }, 60_000)
})
