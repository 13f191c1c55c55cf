import fc from "fast-check"
import type { Leaf } from "./referenceTraits.ts"

const number = fc.oneof(
  fc.constantFrom(
    ...["1", "-3", "0", "0.1", "0.2", "1.5", "9007199254740993", "1e+21", "1e-7"],
    ...["9223372036854775807", "-9223372036854775808", "18446744073709551615"],
    ...["1.7976931348623157e+308", "100000000000000000000", "5e-324"]
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => JSON.stringify(n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).map(String)
)

const item = fc.oneof(
  number,
  fc.constantFrom(
    ...['"1"', '"a"', '"b,]\\"\\\\"', '"ü😀"', '""', "true", "{}"],
    ...['{"k":[1,"}"],"m":null}', '[1,"x"]', "[]"]
  )
)

const list = fc
  .array(fc.oneof(item, fc.constantFrom('"a"', '"b"', "null")), { maxLength: 4 })
  .map((elements): Leaf => ({ text: `[${elements.join(",")}]`, elements }))

const single = fc.oneof(
  number,
  fc.constantFrom('"a"', '"1"', "true", "{}", '"b,]\\"\\\\"', '"ü😀"')
)

const leaf = fc.oneof(
  single.map((text): Leaf => ({ text })),
  list
)
const truth = fc.constantFrom<Leaf>(
  { text: "true" },
  { text: "true" },
  { text: "false" },
  { text: '"true"' }
)

const trait = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.constantFrom("n", "n", "l", "o", "o.p", "o.p.q", "x\\.y", "x")
  },
  // No name at all, and names that are no traits.
  { weight: 1, arbitrary: fc.constantFrom("", ".p", "$add.n", "$clear", "$addy.n") }
)

const under = (name: string, of: fc.Arbitrary<Leaf>) =>
  fc.record({ name: trait.map((path) => `${name}.${path}`), leaf: of })

const change = fc.oneof(
  fc.record({ name: trait, leaf }),
  under("$set_once", leaf),
  under(
    "$add",
    fc.oneof(
      { weight: 5, arbitrary: number.map((text): Leaf => ({ text })) },
      { weight: 1, arbitrary: leaf }
    )
  ),
  under("$append", leaf),
  under("$prepend", leaf),
  under("$union", leaf),
  under("$remove", leaf),
  under("$unset", truth),
  {
    weight: 1,
    arbitrary: fc.record({
      name: fc.constantFrom("$clear", "$clear", "$add", "$clear.n", "$set_once"),
      leaf: truth
    })
  }
)

/** What happened to a person of three ids. Times are in hours. */
export const history = fc.record({
  events: fc.array(
    fc.record({
      id: fc.nat({ max: 2 }),
      at: fc.nat({ max: 4 }),
      known: fc.nat({ max: 3 }),
      prefix: fc.constantFrom("a", "Z", "é", "😀", "￿"),
      changes: fc.array(change, { minLength: 1, maxLength: 4 })
    }),
    { minLength: 1, maxLength: 9 }
  ),
  /** When the second id became the first's, and when the third did and was taken back. */
  linked: fc.nat({ max: 3 }),
  undone: fc.nat({ max: 3 })
})
export type History = typeof history extends fc.Arbitrary<infer A> ? A : never

const sumOf = (...numbers: ReadonlyArray<string>): History => ({
  events: numbers.map((text, at) => ({
    id: 0,
    at,
    known: 0,
    prefix: "a",
    changes: [
      { name: "$add.n", leaf: { text } },
      ...(at === 1 ? [{ name: "$append.l", leaf: { text } }] : [])
    ]
  })),
  linked: 0,
  undone: 0
})

/** Sums at the ends of what integers and doubles can hold, which chance seldom draws. */
export const extremes: ReadonlyArray<History> = [
  sumOf("18446744073709551615", "1", "1"),
  sumOf("18446744073709551615", "1", "-1"),
  sumOf("-9223372036854775808", "-1"),
  sumOf("-9223372036854775808", "18446744073709551615", "9223372036854775808"),
  sumOf("9007199254740993", "1.5", "1.5", "9007199254740993"),
  sumOf("1.7976931348623157e+308", "1.7976931348623157e+308"),
  sumOf("0.1", "0.2", "-0.1", "-0.2"),
  sumOf("1e+21", "1"),
  sumOf("100000000000000000000", "1")
]
