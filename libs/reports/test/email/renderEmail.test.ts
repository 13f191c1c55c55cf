import { describe, expect, test } from "bun:test"
import { renderEmail } from "../../src/email/renderEmail.ts"
import { hostileReport } from "../support/hostileReport.ts"
import { pageParts, unsafe } from "../support/pageParts.ts"
import { sampleReport } from "../support/sampleReport.ts"

const options = {
  href: "https://reports.example.org/r/1?a=1&b=2",
  attached: true,
  footer: [
    { text: "Unsubscribe <here>", href: "https://reports.example.org/u/1" },
    { text: "Bad", href: "javascript:alert(1)" }
  ]
}

describe("a mail", () => {
  test("has its charts as pictures within it, and a text for each", async () => {
    const mail = renderEmail(sampleReport, options)
    const { elements } = await pageParts(mail.html)
    expect(unsafe(elements)).toEqual([])
    const pictures = elements.filter(({ tag }) => tag === "img")
    expect(pictures.map(({ attributes }) => attributes.get("src"))).toEqual(
      mail.images.map(({ cid }) => `cid:${cid}`)
    )
    expect(pictures.length).toBe(8)
    for (const { attributes } of pictures)
      expect(attributes.get("alt")?.length).toBeGreaterThan(10)
    for (const { bytes } of mail.images)
      expect(bytes.slice(0, 4)).toEqual(new Uint8Array([0x89, 0x50, 0x4e, 0x47]))
    expect(elements.some(({ tag }) => tag === "style")).toBe(false)
    expect(mail.html).toContain('href="https://reports.example.org/r/1?a=1&amp;b=2"')
    expect(mail.html).toContain("Unsubscribe &lt;here&gt;</a>")
    expect(mail.text).toContain("Unsubscribe <here>: https://reports.example.org/u/1")
    expect(mail.text).toContain("Revenue: €182,450.50 (−4% from €190,120.25, February)")
    expect(mail.text).toContain("This section could not be made: The query took longer")
  })

  test("stays small and safe, whatever people write", async () => {
    const mail = renderEmail(hostileReport, options)
    expect(unsafe((await pageParts(mail.html)).elements)).toEqual([])
    expect(Buffer.byteLength(mail.html)).toBeLessThan(102_000)
    expect(mail.text.length).toBeLessThan(110_000)
    expect(mail.html).toContain("The report goes on; this mail ends here.")
    expect(mail.images.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(
      4_000_000
    )
    expect(mail.html.isWellFormed() && mail.text.isWellFormed()).toBe(true)
    expect(mail.text).not.toContain("\u0000")
  })
})
