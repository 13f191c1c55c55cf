import { describe, expect, it } from "bun:test"
import fc from "fast-check"
import { byteRange, hasTag, type Part } from "../../src/files/byteRange.ts"
import { contentDisposition, downloadName } from "../../src/files/downloadName.ts"
import { isSigned, signedPath, signingKey } from "../../src/files/signedLinks.ts"

const asOf = new Date("2026-11-23T12:00:00Z")

describe("the name of a file", () => {
  it("is the report's with its date", () => {
    expect(downloadName("Weekly report", asOf, "pdf", "pdf")).toBe(
      "Weekly report 2026-11-23.pdf"
    )
    expect(downloadName("Übersicht 週報", asOf, "csv", "zip")).toBe(
      "Übersicht 週報 2026-11-23.csv.zip"
    )
    const long = downloadName("漢e\u0301".repeat(100), asOf, "csv", "zip")
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(255)
    expect(long).toMatch(/^(漢e\u0301)+漢? 2026-11-23\.csv\.zip$/u)
    expect(downloadName(" ../..\u0000 ", asOf, "pdf", "pdf")).toBe(
      "report 2026-11-23.pdf"
    )
  })

  it("is one name in every file system and one header, whatever the title", () => {
    const titles = fc.oneof(
      fc
        .array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 200 })
        .map((points) => String.fromCodePoint(...points)),
      fc.string({ unit: fc.constantFrom(..."a/\\\"'%;\r\n\t\0.. é漢🎉\u202e\u200d") })
    )
    fc.assert(
      fc.property(titles, (title) => {
        const name = downloadName(title, asOf, "csv", "zip")
        expect(name).toEndWith(" 2026-11-23.csv.zip")
        expect(name).not.toMatch(/[\p{Cc}\u202a-\u202e<>:"/\\|?*]/u)
        expect(name).not.toMatch(/^[. ]/u)
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
        const header = contentDisposition("attachment", name)
        expect(header).toMatch(
          /^attachment; filename="[^"\\%\p{Cc}]+"; filename\*=UTF-8''[\w!#$&+.^`|~%-]+$/u
        )
        const [, encoded = ""] = header.split("filename*=UTF-8''")
        expect(decodeURIComponent(encoded)).toBe(name)
        expect(
          new Headers({ "content-disposition": header }).get("content-disposition")
        ).toBe(header)
      })
    )
  })
})

describe("a range", () => {
  it("is a part of the file, all of it, or none", () => {
    const ranges: ReadonlyArray<
      readonly [string | undefined, Part | null | undefined]
    > = [
      [undefined, undefined],
      ["bytes=0-", { first: 0, last: 9 }],
      ["bytes=2-4", { first: 2, last: 4 }],
      ["bytes=2-999", { first: 2, last: 9 }],
      ["bytes=-3", { first: 7, last: 9 }],
      ["bytes=-99", { first: 0, last: 9 }],
      ["bytes=10-", null],
      ["bytes=-0", null],
      ["bytes=4-2", undefined],
      ["bytes=-", undefined],
      ["bytes=0-1,3-4", undefined],
      ["lines=1-2", undefined],
      ["bytes=1e3-", undefined]
    ]
    for (const [header, part] of ranges) expect(byteRange(header, 10)).toEqual(part)
    expect(byteRange("bytes=0-", 0)).toBeNull()
  })

  it("is not sent of what the client has", () => {
    expect(hasTag('"a", W/"b"', '"b"')).toBe(true)
    expect(hasTag("*", '"b"')).toBe(true)
    expect(hasTag('"a"', '"b"')).toBe(false)
    expect(hasTag(undefined, '"b"')).toBe(false)
  })
})

describe("a signature", () => {
  const key = signingKey("a secret of at least thirty-two characters")
  const read = (path: string) => {
    const url = new URL(path, "http://localhost")
    const expires = Number(url.searchParams.get("expires"))
    const signature = url.searchParams.get("signature") ?? ""
    return { file: url.pathname.slice("/v1/files/".length), expires, signature }
  }

  it("is of one file until one moment, by one secret", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 2_000_000_000 }),
        fc.nat({ max: 100 }),
        fc.integer({ min: -5, max: 5 }),
        (expires, run, later) => {
          const { file, signature } = read(signedPath(key, `7/${run}/pdf`, expires))
          const before = expires * 1000 - 1
          const good = (of: string, until: number, now: number, by = key) =>
            isSigned(by, of, until, signature, now)
          expect(good(file, expires, before)).toBe(true)
          expect(good(file, expires, expires * 1000)).toBe(false)
          expect(good(file, expires + later, 0)).toBe(later === 0 && expires > 0)
          expect(good(`${file}x`, expires, before)).toBe(false)
          expect(good(file, expires, before, signingKey("another secret"))).toBe(false)
        }
      )
    )
  })
})
