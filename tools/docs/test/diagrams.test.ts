import { expect, it } from "bun:test"
import { readFile } from "node:fs/promises"
import { diagrams } from "../src/diagrams/diagrams.ts"
import { drawDiagram } from "../src/diagrams/drawDiagram.ts"
import { fileOf } from "../src/diagrams/main.ts"

it("the pictures are those of their descriptions (bun tools/docs/src/diagrams/main.ts)", async () => {
  for (const diagram of diagrams)
    expect(await readFile(fileOf(diagram.name), "utf8")).toBe(drawDiagram(diagram))
})

it("boxes lie within the picture and not on each other", () => {
  for (const { boxes, height } of diagrams) {
    const solid = boxes.filter(({ kind }) => kind !== "area")
    for (const a of boxes) {
      expect(a.x).toBeGreaterThanOrEqual(0)
      expect(a.x + a.w).toBeLessThanOrEqual(960)
      expect(a.y + a.h).toBeLessThanOrEqual(height)
    }
    for (const a of solid)
      for (const b of solid)
        if (a.id < b.id)
          expect(
            a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y
          ).toBe(true)
  }
})
