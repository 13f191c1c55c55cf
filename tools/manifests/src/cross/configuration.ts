import type { Process, Variable } from "@analytics/config/Variable"
import { variables } from "@analytics/config/variables"
import { Result } from "effect"
import { check, type Program, programsOf } from "./Installation.ts"

const known = new Map<string, Variable<unknown>>(Object.entries(variables))

/** Read by the runtime itself. */
const ofTheRuntime = new Set(["NODE_EXTRA_CA_CERTS"])

/** Given by the image. */
const ofTheImage = new Set(["NODE_ENV", "HOST", "LOG_FORMAT"])

const isProcess = (name: string): name is Process =>
  [...known.values()].some(({ of }) => of.some((each) => each === name))

/** The process that `docs/configuration.md` means: the Job runs the program `migrate`. */
const processOf = ({ workload: { kind, name } }: Program): Process | undefined => {
  const process = kind === "Job" ? "migrate" : name
  return isProcess(process) ? process : undefined
}

const named = (name: string) =>
  known.get(name) ?? known.get(name.replace(/_FILE$/u, ""))

export const configuration = check(
  "configuration",
  "give each program the variables that it reads, every one that it needs, with values that it takes, secrets as files that are mounted",
  (installation) =>
    programsOf(installation).flatMap((program) => {
      const process = processOf(program)
      const { title } = program.workload
      if (process === undefined) return [{ at: title, message: "is no known program" }]
      return [
        ...program.environment.problems,
        ...[...program.environment.variables].flatMap(([name, value]) =>
          misgiven(process, program, name, value)
        ),
        ...missing(process, program)
      ].map((message) => ({ at: title, message }))
    })
)

const misgiven = (
  process: Process,
  { environment: { files, variables: given } }: Program,
  name: string,
  value: string | undefined
): ReadonlyArray<string> => {
  if (ofTheRuntime.has(name)) return []
  const variable = named(name)
  if (variable === undefined) return [`there is no variable ${name}`]
  if (!variable.of.includes(process)) return [`${process} does not read ${name}`]
  if (!known.has(name)) {
    if (given.has(name.replace(/_FILE$/u, ""))) return [`${name} is also given as text`]
    return files.some(({ path }) => path === value)
      ? []
      : [`${name} names ${value}, which no Secret is mounted as`]
  }
  // Where an object is kept is not shown in errors, but is no secret.
  if (variable.label.includes("secret")) return [`${name} is a secret, but no file`]
  if (value === undefined) return []
  return Result.isSuccess(variable.read(value))
    ? []
    : [`${name} must be ${variable.label}, not ${value}`]
}

const missing = (
  process: Process,
  { environment: { variables: given } }: Program
): ReadonlyArray<string> =>
  [...known]
    .filter(
      ([name, { fallback, of }]) =>
        of.includes(process) &&
        // Addresses of this machine are defaults for a laptop.
        (fallback === "required" || /127\.0\.0\.1|^`\.data\//u.test(fallback)) &&
        !ofTheImage.has(name)
    )
    .filter(([name]) => !given.has(name) && !given.has(`${name}_FILE`))
    .map(([name]) => `lacks ${name}`)
