import { describe, expect, it } from "bun:test"
import { GroupCommit } from "../../src/inbox/GroupCommit.ts"

interface Commit {
  readonly items: ReadonlyArray<string>
  readonly slot: number
  readonly end: (error?: Error) => void
}

/** Commits that end when the test says so. */
const harness = (slots: number, maxBytes = 100) => {
  const commits: Array<Commit> = []
  let started = () => {}
  const group = new GroupCommit<string>({
    slots,
    maxBytes,
    commit: (items, slot) =>
      new Promise<void>((resolve, reject) => {
        commits.push({
          items,
          slot,
          end: (error) => (error ? reject(error) : resolve())
        })
        started()
      })
  })
  const untilCommits = (count: number) =>
    new Promise<void>((resolve) => {
      started = () => commits.length >= count && resolve()
      started()
    })
  return { group, commits, untilCommits }
}

describe("GroupCommit", () => {
  it("commits together what arrives while a commit is in flight", async () => {
    const { commits, group, untilCommits } = harness(1)
    const first = group.submit({ item: "a", bytes: 1 })
    await untilCommits(1)
    const others = ["b", "c", "d"].map((item) => group.submit({ item, bytes: 1 }))
    expect(commits.map(({ items }) => items)).toEqual([["a"]])
    commits[0]?.end()
    await first
    await untilCommits(2)
    expect(commits[1]?.items).toEqual(["b", "c", "d"])
    commits[1]?.end()
    await Promise.all(others)
    expect(group.pendingBytes).toBe(0)
  })

  it("shares one commit among requests of the same turn", async () => {
    const { commits, group, untilCommits } = harness(3)
    for (const item of ["a", "b", "c"]) void group.submit({ item, bytes: 1 })
    await untilCommits(1)
    expect(commits.map(({ items }) => items)).toEqual([["a", "b", "c"]])
  })

  it("never lets two commits share a slot, nor one grow beyond its limit", async () => {
    const { commits, group, untilCommits } = harness(2, 10)
    const sizes = [6, 6, 20, 3, 3]
    const all = sizes.map((bytes, n) => group.submit({ item: String(n), bytes }))
    await untilCommits(2)
    expect(commits.map(({ slot }) => slot)).toEqual([0, 1])
    for (let n = 0; n < 4; n++) {
      await untilCommits(n + 1)
      commits[n]?.end()
    }
    await Promise.all(all)
    expect(commits.map(({ items }) => items)).toEqual([["0"], ["1"], ["2"], ["3", "4"]])
  })

  it("starts a second commit only when enough is queued", async () => {
    const { commits, group, untilCommits } = harness(3)
    const all = [group.submit({ item: "a", bytes: 20 })]
    await untilCommits(1)
    all.push(group.submit({ item: "b", bytes: 9 }))
    await new Promise<void>((resolve) => setImmediate(resolve))
    expect(commits.length).toBe(1)
    all.push(group.submit({ item: "c", bytes: 1 }))
    await untilCommits(2)
    expect(commits[1]?.items).toEqual(["b", "c"])
    for (const commit of commits) commit.end()
    await Promise.all(all)
  })

  it("tells only those whose commit failed", async () => {
    const { commits, group, untilCommits } = harness(1)
    const first = group.submit({ item: "a", bytes: 1 })
    await untilCommits(1)
    const second = group.submit({ item: "b", bytes: 1 })
    commits[0]?.end(new Error("gone"))
    expect(first).rejects.toThrow("gone")
    await untilCommits(2)
    commits[1]?.end()
    await second
  })

  it("knows how long the oldest waits, and when nothing is left", async () => {
    const { commits, group, untilCommits } = harness(1)
    expect(group.age(performance.now())).toBe(0)
    await group.drained()
    const only = group.submit({ item: "a", bytes: 5 })
    expect(group.pendingBytes).toBe(5)
    await untilCommits(1)
    expect(group.age(performance.now() + 1000)).toBeGreaterThanOrEqual(1000)
    let drained = false
    const end = group.drained().then(() => {
      drained = true
    })
    expect(drained).toBe(false)
    commits[0]?.end()
    await only
    await end
  })
})
