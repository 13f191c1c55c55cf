import { describe, expect, it } from "bun:test"
import { Result } from "effect"
import { parse } from "../src/Migration.ts"
import { align, pending, revertible } from "../src/Plan.ts"

const text =
  "-- migrate:up\nCREATE TABLE a (x int);\n\n-- migrate:down\nDROP TABLE a;\n"

describe("parse", () => {
  it("reads both directions of a dbmate file", () => {
    expect(parse("20260101000000_make_a.sql", text, "postgres")).toMatchObject({
      version: "20260101000000",
      name: "make_a",
      up: { statements: ["CREATE TABLE a (x int)"], transactional: true },
      down: { statements: ["DROP TABLE a"], transactional: true }
    })
  })

  it("gives another checksum to any other text", () => {
    const one = parse("1_a.sql", text, "postgres")
    expect(parse("1_a.sql", text.replace("int", "text"), "postgres").checksum).not.toBe(
      one.checksum
    )
    expect(parse("1_a.sql", text, "postgres").checksum).toBe(one.checksum)
  })

  it("allows one statement outside a transaction, and no more", () => {
    const alone =
      "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON a (x);\n-- migrate:down\n"
    expect(parse("1_a.sql", alone, "postgres").up.transactional).toBe(false)
    expect(() =>
      parse("1_a.sql", alone.replace("x);", "x); SELECT 1;"), "postgres")
    ).toThrow("one statement")
  })

  it.each([
    ["a.sql", text, "the name"],
    ["1_a.sql", "CREATE TABLE a (x int);", "migrate:up"],
    ["1_a.sql", "-- migrate:down\n-- migrate:up\nSELECT 1;", "migrate:up"],
    ["1_a.sql", "-- migrate:up\n-- migrate:down\n", "nothing to do"]
  ])("refuses %s with %j", (file, content, reason) => {
    expect(() => parse(file, content, "postgres")).toThrow(reason)
  })
})

describe("align", () => {
  const file = (version: string) =>
    parse(`${version}_m${version}.sql`, `${text}-- ${version}`, "postgres")
  const files = ["1", "2", "10"].map(file)
  const applied = (version: string, checksum = file(version).checksum) => ({
    version,
    name: `m${version}`,
    checksum,
    appliedAt: new Date(0)
  })
  const entriesOf = (versions: ReadonlyArray<string>) =>
    Result.getOrThrow(
      align(
        "postgres",
        files,
        versions.map((version) => applied(version))
      )
    )
  const reasonOf = (rows: ReadonlyArray<ReturnType<typeof applied>>, only = files) =>
    Result.getOrThrow(Result.flip(align("postgres", only, rows))).message

  it("finds what is left to do, in the order of numbers", () => {
    const entries = entriesOf(["1"])
    expect(pending(entries).map((entry) => entry.version)).toEqual(["2", "10"])
    expect(pending(entries, "2").map((entry) => entry.version)).toEqual(["2"])
  })

  it("finds what to take back, newest first", () => {
    expect(
      revertible(entriesOf(["1", "2", "10"]), "1").map((entry) => entry.version)
    ).toEqual(["10", "2"])
  })

  it("refuses a file that changed, vanished or was skipped", () => {
    expect(reasonOf([applied("1", "another")])).toContain("was changed")
    expect(reasonOf([applied("1"), applied("2")], files.slice(0, 1))).toContain("gone")
    expect(reasonOf([applied("1"), applied("10")])).toContain("older than 10")
  })
})
