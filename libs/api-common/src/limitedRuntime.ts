/**
 * Variables for a process of Bun under `ulimit -d`. By itself it sets aside a gigabyte
 * each for compiled code, for its allocator and for the shapes of objects, and all of
 * that counts: it runs without a compiler where the limit refuses that, and does not
 * even start at limits from 1,060 to 1,250 MiB. With these it takes 170 MiB and
 * `compiled` from the start.
 *
 * @param compiled bytes for compiled JavaScript
 */
export const limitedRuntime = (compiled: number): Readonly<Record<string, string>> => ({
  BUN_JSC_jitMemoryReservationSize: String(compiled),
  BUN_JSC_structureHeapSizeInKB: String(128 * 1024),
  MIMALLOC_ARENA_EAGER_COMMIT: "0"
})
