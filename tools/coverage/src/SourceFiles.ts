import { Glob } from "bun"

const patterns = ["libs/*/src/**/*.ts", "services/*/src/**/*.ts", "tools/*/src/**/*.ts"]

/** Every source file of the repository that holds code, relative to its root, sorted. */
export const sourceFiles = (root: string): ReadonlyArray<string> =>
  patterns
    .flatMap((pattern) => [...new Glob(pattern).scanSync({ cwd: root })])
    .filter((file) => !file.includes("node_modules"))
    .sort()
