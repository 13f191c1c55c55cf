import { expect, it } from "bun:test"
import { IdHash } from "@analytics/data-processing/IdHash"
import { encodeLine, type InboxEvent } from "@analytics/data-processing/InboxEvent"
import { testInstallation } from "@analytics/testing/testInstallation"
import { Judge } from "../../src/removals/Judge.ts"
import type { Removal } from "../../src/removals/Removal.ts"

const person: Removal = {
  seq: 1n,
  id: "r",
  projectId: 1,
  kind: "person",
  parent: null,
  ids: ['u"1'],
  idHashes: [],
  from: null,
  to: null,
  requestedAt: 1000,
  knownAt: 1000,
  counts: {},
  hiddenAt: null,
  removedAt: null,
  doneAt: null
}

const malformed = (sent: unknown, r = 1000): InboxEvent => ({
  p: 1,
  m: "m",
  t: r,
  r,
  y: "track",
  e: "$malformed",
  d: { sent: JSON.stringify(sent) },
  q: "malformed"
})

it("erases what is no event but names the person as some value", () => {
  const judge = new Judge([person], new IdHash(testInstallation.idHashKey))
  const verdict = (event: InboxEvent) => judge.ofText(encodeLine(event), 1, event.r)
  expect(verdict(malformed({ e: "?", uid: 'u"1' }))).toMatchObject({
    goes: { id: "r" }
  })
  expect(verdict(malformed({ e: "?", uid: 'u"12' }))).toBeUndefined()
  // Received after the request, it is another matter.
  expect(verdict(malformed({ e: "?", uid: 'u"1' }, 1001))).toBeUndefined()
  // An event says for itself whose it is.
  const { q: _, ...sound } = malformed({ uid: 'u"1' })
  expect(verdict({ ...sound, u: "other" })).toBeUndefined()
})
