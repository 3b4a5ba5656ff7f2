#!/usr/bin/env -S node --max-semi-space-size=4 --heap-growing-percent=50
/**
 * The entry of the `holdfast` command. The flags in its first line keep V8 from letting garbage pile up to hundreds of
 * MiB before it looks: a run then stays near 256 MiB, for about a tenth more of CPU time. Everything else is loaded
 * after the version of Node has been looked at, because an older one would fail on it with a message that helps nobody.
 */
const NEEDED_NODE = 24;

if (Number(process.versions.node.split(".")[0]) < NEEDED_NODE) {
  process.stderr.write(
    `holdfast: this is Node ${process.versions.node}; Holdfast needs Node ${NEEDED_NODE}. In a clone, "npx holdfast" and "npm run holdfast" bring it along.\n`,
  );
  process.exitCode = 2;
} else {
  const [{ systemClock }, { lazyOperations }, { processIo }, { run }, { processSignal }] = await Promise.all([
    import("../model/clock.ts"),
    import("./operations.ts"),
    import("./process-io.ts"),
    import("./run.ts"),
    import("./signals.ts"),
  ]);
  const words = process.argv.slice(2);
  const io = processIo();
  const quiet = words.includes("--json") || words.includes("--quiet") || words.includes("-q");
  const signal = processSignal((text) => {
    if (!quiet) void io.stderr.write(`\nholdfast: ${text}\n`);
  });
  process.exitCode = await run(words, { io, clock: systemClock, operations: lazyOperations, signal });
}
