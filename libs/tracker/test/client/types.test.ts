import { expect, it } from "bun:test"
import { join } from "node:path"
import { eventTypes } from "../../scripts/eventTypes.ts"
import { World } from "./World.ts"

interface ShopEvents {
  readonly "Order Completed": { readonly revenue: number; readonly coupon?: string }
  readonly "Signed Up": { readonly plan?: "free" | "pro" }
}

it("has the types that are written from the schema of the service", async () => {
  const kept = Bun.file(join(import.meta.dir, "../../src/client/NativeEvent.ts"))
  // Else: bun run --filter @analytics/tracker types:write
  expect((await kept.text()).trim()).toBe(eventTypes().trim())
})

// What is asked here is asked by the compiler, of every commit.
it("knows the events of a project, and their properties", () => {
  const client = new World().client<ShopEvents>({ flushAt: 1000 })
  const who = { userId: "u" }
  client.track("Order Completed", { revenue: 1 }, who)
  client.track("Order Completed", { revenue: 1, coupon: "X" }, who)
  client.track("Signed Up", {}, who)
  client.track("Signed Up", undefined, who)
  client.track("Signed Up")
  // @ts-expect-error There is no such event.
  client.track("Order Complete", { revenue: 1 })
  // @ts-expect-error It has a required property.
  client.track("Order Completed")
  // @ts-expect-error And that is not of this type.
  client.track("Order Completed", { revenue: "1" })
  // @ts-expect-error Nor has it this one.
  client.track("Order Completed", { revenue: 1, cupon: "X" })
  // @ts-expect-error It is one of two.
  client.track("Signed Up", { plan: "gold" })
  // @ts-expect-error Not a field of what is known of an event.
  client.track("Signed Up", {}, { user: "u" })
  const any = new World().client({ flushAt: 1000 })
  any.track("Whatever", { nested: { value: [1, "a", null] } }, who)
  // @ts-expect-error Properties have names.
  any.track("Whatever", "value")
  expect(client.waiting()).toBe(4)
})
