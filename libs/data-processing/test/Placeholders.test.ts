import { describe, expect, it } from "bun:test"
import { isPlaceholder } from "../src/Placeholders.ts"

describe("isPlaceholder", () => {
  it.each([
    "",
    "  ",
    "NULL",
    " Anonymous\t",
    "[object Object]",
    "NaN",
    "0",
    "-1",
    "TRUE",
    "00000000-0000-0000-0000-000000000000"
  ])("%p stands for nobody", (id) => expect(isPlaceholder(id)).toBe(true))

  it.each([
    "u1",
    "00",
    "1",
    "nullable",
    "anonymous1",
    " a ",
    "00000000-0000-0000-0000-000000000001"
  ])("%p is somebody", (id) => expect(isPlaceholder(id)).toBe(false))
})
