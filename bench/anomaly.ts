/**
 * How often the anomaly guard cries wolf and how often it misses one, with the thresholds of the default policy.
 *
 *     node bench/anomaly.ts [histories of each kind]
 *
 * Deterministic: the same table on every machine.
 */
import { alarmsOf, detections, ORDINARY, seedsFrom, STRIKES } from "./anomaly/histories.ts";

const HISTORIES = Number(process.argv[2] ?? 100);
const seeds = seedsFrom(1, HISTORIES);

console.log(`| ordinary life of a year (${HISTORIES} each) | marked runs in 1,000 | histories with a mark |`);
console.log("|---|---|---|");
for (const [name, life] of Object.entries(ORDINARY)) {
  const { runs, alarms, histories } = alarmsOf(life, seeds);
  console.log(`| ${name} | ${((alarms / runs) * 1_000).toFixed(2)} | ${histories} |`);
}
console.log(`\n| attack or accident (${HISTORIES} each) | marked on its first day |`);
console.log("|---|---|");
for (const [name, strike] of Object.entries(STRIKES)) {
  console.log(`| ${name} | ${detections(strike, seeds)} |`);
}
