import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { chown, readFile, stat } from "node:fs/promises"
import { Effect } from "effect"
import { EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"

/** The user the server runs as; `undefined` stands for the current one. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => existsSync(path))

/**
 * Postgres refuses to run as root, so root runs it as the owner of the data directory,
 * else as `postgres`, else as `nobody`. No account is ever created.
 */
export const accountFor = (dataDir: string) =>
  Effect.tryPromise({
    try: async (): Promise<Account | undefined> => {
      if (process.getuid?.() !== 0) return undefined
      const owner = await stat(dataDir).catch(() => undefined)
      if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
      return (await fromPasswd("postgres")) ?? (await fromPasswd("nobody"))
    },
    catch: (cause) =>
      new EmbeddedPostgresError({ reason: "cannot choose a user for Postgres", cause })
  }).pipe(
    Effect.filterOrFail(
      (account) => account !== undefined || process.getuid?.() !== 0,
      () =>
        new EmbeddedPostgresError({
          reason:
            "Postgres cannot run as root and there is neither a postgres nor a nobody user"
        })
    )
  )

async function fromPasswd(name: string): Promise<Account | undefined> {
  const passwd = await readFile("/etc/passwd", "utf8")
  const fields = passwd
    .split("\n")
    .map((line) => line.split(":"))
    .find((line) => line[0] === name)
  return fields && { uid: Number(fields[2]), gid: Number(fields[3]) }
}

export const own = (path: string, account: Account | undefined): Promise<void> =>
  account ? chown(path, account.uid, account.gid) : Promise.resolve()

/**
 * The command line that runs `command` as `account`.
 *
 * setpriv also lets the server pass through directories that only root may enter (a clone
 * below /root or in a private temporary folder), and asks the kernel to stop the server
 * when its parent dies without a word, so that nothing is left behind.
 */
export const asAccount = (
  account: Account | undefined,
  command: ReadonlyArray<string>
): ReadonlyArray<string> => [...prefixFor(account), ...command]

/** How to spawn as `account` where setpriv cannot. */
export const spawnIdentity = (account: Account | undefined): Partial<Account> =>
  account && prefixFor(account).length === 0 ? account : {}

const prefixes = new Map<number | undefined, ReadonlyArray<string>>()

/** Empty where setpriv is missing or may not do this, as in a container without rights. */
function prefixFor(account: Account | undefined): ReadonlyArray<string> {
  const known = prefixes.get(account?.uid)
  if (known) return known
  const [program, ...args] = setprivCommand(account)
  const works =
    program !== undefined && spawnSync(program, [...args, "true"]).status === 0
  const prefix = works ? [program, ...args] : []
  prefixes.set(account?.uid, prefix)
  return prefix
}

function setprivCommand(account: Account | undefined): ReadonlyArray<string> {
  if (setpriv === undefined) return []
  const identity = account
    ? [
        `--reuid=${account.uid}`,
        `--regid=${account.gid}`,
        "--clear-groups",
        // Else access(2) forgets the capability, and initdb finds no programs.
        "--securebits=+no_setuid_fixup",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override"
      ]
    : []
  return [setpriv, ...identity, "--pdeathsig=INT", "--"]
}
