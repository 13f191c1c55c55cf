import { Result } from "effect"

/** Arithmetic on series: `(A - B) / A * 100`. */
export type Formula =
  | { readonly number: number }
  | { readonly series: string }
  | { readonly operator: Operator; readonly left: Formula; readonly right: Formula }

type Operator = "+" | "-" | "*" | "/"

const MAX_DEPTH = 50

/** Reads a formula over these series names; the failure says what is wrong with it. */
export const parseFormula = (
  text: string,
  names: ReadonlyArray<string>
): Result.Result<Formula, string> => {
  const tokens = tokenize(text)
  if (typeof tokens === "string") return Result.fail(tokens)
  let at = 0
  let depth = 0

  const sum = (): Formula => chain(product, "+", "-")
  const product = (): Formula => chain(unary, "*", "/")
  const chain = (operand: () => Formula, ...operators: ReadonlyArray<Operator>) => {
    let left = operand()
    for (;;) {
      const operator = operators.find((known) => known === tokens[at])
      if (operator === undefined) return left
      at++
      left = { operator, left, right: operand() }
    }
  }
  const unary = (): Formula => {
    if (++depth > MAX_DEPTH) throw new Unreadable("The formula nests too deep")
    const token = tokens[at++]
    if (token === undefined) throw new Unreadable("The formula ends too early")
    const value =
      token === "-" ? negated(unary()) : token === "(" ? group() : leaf(token)
    depth--
    return value
  }
  const negated = (right: Formula): Formula => ({
    operator: "-",
    left: { number: 0 },
    right
  })
  const group = (): Formula => {
    const inner = sum()
    if (tokens[at++] !== ")") throw new Unreadable("A closing parenthesis is missing")
    return inner
  }
  const leaf = (token: string): Formula => {
    if (/^[\d.]/u.test(token)) return { number: Number(token) }
    if (names.includes(token)) return { series: token }
    throw new Unreadable(
      /^\p{L}/u.test(token)
        ? `No series is called ${token}; there are ${names.join(", ")}`
        : `${token} cannot stand here`
    )
  }

  try {
    const formula = sum()
    return at < tokens.length
      ? Result.fail(`${tokens[at]} cannot stand here`)
      : Result.succeed(formula)
  } catch (error) {
    if (error instanceof Unreadable) return Result.fail(error.message)
    throw error
  }
}

/** Ends the descent; never leaves this module. */
class Unreadable extends Error {}

const token =
  /\s*(?:([\p{L}_][\p{L}\p{N}_]*)|(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)|([-+*/()]))\s*/uy

const tokenize = (text: string): ReadonlyArray<string> | string => {
  const tokens: Array<string> = []
  token.lastIndex = 0
  while (token.lastIndex < text.length) {
    const start = token.lastIndex
    const found = token.exec(text)
    if (!found) return `Character ${start + 1} is no name, number or operator`
    tokens.push(found[1] ?? found[2] ?? found[3] ?? "")
  }
  return tokens
}

/** Null wherever an operand is null, a divisor is zero, or no finite number comes out. */
export const evaluate = (
  formula: Formula,
  numberOf: (series: string) => number | null
): number | null => {
  if ("number" in formula) return formula.number
  if ("series" in formula) return numberOf(formula.series)
  const left = evaluate(formula.left, numberOf)
  const right = evaluate(formula.right, numberOf)
  if (left === null || right === null) return null
  const value = calculate(formula.operator, left, right)
  return Number.isFinite(value) ? value : null
}

const calculate = (operator: Operator, left: number, right: number): number => {
  switch (operator) {
    case "+":
      return left + right
    case "-":
      return left - right
    case "*":
      return left * right
    case "/":
      return left / right
  }
}
