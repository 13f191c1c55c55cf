import { browsers, type Product, products, type Source, sources } from "./catalogue.ts"
import { makeRandom, type Random } from "./random.ts"

const minute = 60_000
const day = 24 * 60 * minute

/** An event of the shop as its client library would send it. */
export interface ShopEvent {
  readonly type: "page" | "track" | "identify"
  readonly event?: string
  readonly name?: string
  readonly messageId: string
  readonly timestamp: string
  readonly userId?: string
  readonly anonymousId: string
  readonly properties?: Readonly<Record<string, unknown>>
  readonly traits?: Readonly<Record<string, unknown>>
  readonly context: Readonly<Record<string, unknown>>
}

/** A visitor and all that they did, which the analytics must find out again. */
export interface Shopper {
  readonly events: ReadonlyArray<ShopEvent>
}

/** What the shop is like: the same values give the same events, ids included. */
export interface ShopOptions {
  readonly seed: number
  readonly shoppers: number
  readonly days: number
  /** The end of the story, in milliseconds since 1970. */
  readonly until: number
}

/** One shopper on one device, signed in or not. */
class Visit {
  readonly events: Array<ShopEvent> = []
  userId: string | undefined
  anonymousId: string
  private readonly number: number
  private clock: number
  private readonly source: Source
  private readonly browser: string

  constructor(number: number, random: Random, clock: number) {
    this.number = number
    this.clock = clock
    this.anonymousId = `anon-${number}`
    this.browser = random.pick(browsers)
    this.source = sourceOf(random.next())
  }

  /** No two events of one shopper fall on the same millisecond. */
  moveTo(time: number) {
    this.clock = Math.floor(time) + 1
  }

  get now() {
    return this.clock
  }

  private send(event: Pick<ShopEvent, "type"> & Partial<ShopEvent>, path: string) {
    this.events.push({
      ...event,
      messageId: `demo-${this.number}-${this.events.length}`,
      timestamp: new Date(this.clock).toISOString(),
      anonymousId: this.anonymousId,
      ...(this.userId === undefined ? {} : { userId: this.userId }),
      context: {
        userAgent: this.browser,
        page: {
          path,
          url: `https://shop.example.com${path}`,
          referrer: this.source.referrer
        },
        campaign: this.source.campaign
      }
    })
  }

  page(name: string, path: string) {
    this.send({ type: "page", name }, path)
  }

  track(event: string, path: string, properties: ShopEvent["properties"] = {}) {
    this.send({ type: "track", event, properties }, path)
  }

  identify(plan: string) {
    this.userId = `user-${this.number}`
    const email = `shopper${this.number}@example.com`
    this.send({ type: "identify", traits: { plan, email } }, "/account")
  }
}

const sourceOf = (place: number): Source => {
  let sum = 0
  for (const source of sources) {
    sum += source.share
    if (place < sum) return source
  }
  return sources[0]
}

const lookAround = (visit: Visit, random: Random): ReadonlyArray<Product> => {
  const seen: Array<Product> = []
  const looks = 1 + random.below(4)
  for (let i = 0; i < looks; i++) {
    const product = random.pick(products)
    visit.page("Product", `/p/${product.sku}`)
    visit.moveTo(visit.now + random.wait(15_000))
    visit.track("Product Viewed", `/p/${product.sku}`, product)
    visit.moveTo(visit.now + random.wait(minute))
    seen.push(product)
  }
  return seen
}

const signUp = (visit: Visit, random: Random) => {
  visit.identify(random.chance(0.2) ? "plus" : "free")
  visit.track("Signed Up", "/account", { method: random.pick(["email", "google"]) })
  visit.moveTo(visit.now + random.wait(minute))
}

const buy = (visit: Visit, random: Random, cart: ReadonlyArray<Product>) => {
  visit.track("Checkout Started", "/checkout", { items: cart.length })
  visit.moveTo(visit.now + random.wait(3 * minute))
  if (visit.userId === undefined && random.chance(0.7)) signUp(visit, random)
  if (!random.chance(visit.userId === undefined ? 0.35 : 0.72)) return
  const total = cart.reduce((sum, product) => sum + product.price, 0)
  visit.track("Order Completed", "/thanks", {
    order_id: `order-${visit.anonymousId}-${visit.events.length}`,
    revenue: Math.round(total * 100) / 100,
    currency: "EUR",
    products: cart.map(({ sku, price }) => ({ sku, price }))
  })
}

const session = (visit: Visit, random: Random) => {
  visit.page("Home", "/")
  visit.moveTo(visit.now + random.wait(minute))
  if (random.chance(0.3)) return
  if (visit.userId === undefined && random.chance(0.06)) signUp(visit, random)
  const seen = lookAround(visit, random)
  const cart = seen.filter(() => random.chance(0.28))
  for (const product of cart) {
    visit.track("Product Added", `/p/${product.sku}`, { ...product, quantity: 1 })
    visit.moveTo(visit.now + random.wait(minute))
  }
  if (cart.length > 0 && random.chance(0.55)) buy(visit, random, cart)
}

const shopper = (number: number, options: ShopOptions): Shopper => {
  const random = makeRandom(options.seed * 1_000_003 + number)
  const start = options.until - options.days * day
  // Most visits are by day, and the shop grows a little over the weeks.
  const firstDay = Math.floor(options.days * random.next() ** 0.85)
  const hour = 8 + Math.abs(random.next() + random.next() - 1) * 14
  const visit = new Visit(number, random, start + firstDay * day + hour * 60 * minute)
  const loyal = random.chance(0.35)
  while (visit.now < options.until - 60 * minute) {
    session(visit, random)
    if (!random.chance(loyal ? 0.85 : 0.3)) break
    visit.moveTo(visit.now + random.wait(loyal ? 5 * day : 9 * day) + 45 * minute)
    // A new device: the person is known again once they sign in.
    if (visit.userId !== undefined && random.chance(0.25)) {
      const user = visit.userId
      visit.userId = undefined
      visit.anonymousId = `anon-${number}-${visit.events.length}`
      visit.page("Home", "/")
      visit.moveTo(visit.now + random.wait(minute))
      visit.userId = user
    }
  }
  const end = new Date(options.until).toISOString()
  return { events: visit.events.filter((event) => event.timestamp < end) }
}

/** Everybody who came to the shop. */
export const makeShoppers = (options: ShopOptions): ReadonlyArray<Shopper> =>
  Array.from({ length: options.shoppers }, (_, number) => shopper(number, options))
