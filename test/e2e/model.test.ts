/**
 * Random edits, deletions, conflicts, purges and attachments between runs, against an oracle: what the server itself
 * answered at each instant. Afterwards every instant must still read exactly so (E1), and restore so (E6).
 */
import { describe, expect, it } from "vitest";
import { compareKeys, keyOf } from "../../src/model/key.ts";
import { compare } from "../../src/operations/compare.ts";
import { restore } from "../../src/operations/restore.ts";
import { openTimeline } from "../../src/operations/tasks.ts";
import { backUp, openHouse, type Couch, type House } from "./house.ts";

const DATABASE = "model";
const RUNS = 6;
const EDITS = 25;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

/** A document's leaves by revision, as raw text without `_revisions`. */
type Snapshot = ReadonlyMap<string, readonly string[]>;

function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const IDS = ["a", "b/c", "ü+%", "_design/d", "z\u{1F600}", "z\uE000", "k 1", "k 2", "k 3", "."];
const HEX_DIGITS = "0123456789abcdef".split("");
const BODIES = [
  `"n":12345678901234567890,"f":1.0`,
  `"10":1,"2":2,"x":{"__proto__":null,"e":1e2}`,
  `"s":"\\u2028 \\u0000 é","list":[1,[2,[3]]]`,
  `"empty":{}`,
];

const withoutHistory = (text: string): string =>
  text.replace(/"_revisions":\{"start":\d+,"ids":\[[^\]]*\]\},?/, "").replace(/,\}$/, "}");

class World {
  readonly couch: Couch;
  readonly random: () => number;

  constructor(couch: Couch, random: () => number) {
    this.couch = couch;
    this.random = random;
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)] as T;
  }

  async leaves(id: string): Promise<{ text: string; rev: string; deleted: boolean }[]> {
    const { text } = await this.couch.send(
      "POST",
      `${DATABASE}/_bulk_get?revs=true&att_encoding_info=true`,
      JSON.stringify({ docs: [{ id }] }),
    );
    const { results } = JSON.parse(text) as {
      results: { docs: { ok?: { _rev: string; _deleted?: boolean } }[] }[];
    };
    // The raw slices, in the server's order: each begins behind {"ok": and ends before the next entry.
    const slices = text
      .split('{"ok":')
      .slice(1)
      .map((slice) => slice.replace(/\}(,|\]\}(,|\]\}\s*$)[^]*)$/, ""));
    return (results[0]?.docs ?? []).flatMap(({ ok }, index) =>
      ok === undefined
        ? []
        : [{ text: slices[index] as string, rev: ok._rev, deleted: ok._deleted === true }],
    );
  }

  async edit(): Promise<void> {
    const id = this.pick(IDS);
    const leaves = await this.leaves(id);
    const live = leaves.filter((leaf) => !leaf.deleted);
    const head = `"_id":${JSON.stringify(id)}`;
    const leaf = this.pick(live);
    const attachment =
      this.random() < 0.3
        ? `,"_attachments":{"note ${Math.floor(this.random() * 3)}.txt":{"content_type":"${this.pick(["text/plain", "image/png"])}","data":"${btoa(String(this.random()).repeat(30))}"}}`
        : "";
    const choice = this.random();
    if (choice < 0.5 || leaf === undefined) {
      const rev = leaf === undefined ? "" : `,"_rev":"${leaf.rev}"`;
      await this.bulk(`{"docs":[{${head}${rev},${this.pick(BODIES)}${attachment}}]}`);
    } else if (choice < 0.65) {
      await this.bulk(`{"docs":[{${head},"_rev":"${leaf.rev}","_deleted":true,"why":1.0}]}`);
    } else if (choice < 0.9) {
      const [generation] = leaf.rev.split("-") as [string];
      const hash = [...Array(32)].map(() => this.pick(HEX_DIGITS)).join("");
      await this.bulk(
        `{"new_edits":false,"docs":[{${head},"_rev":"${generation}-${hash}",${this.pick(BODIES)}}]}`,
      );
    } else {
      const revs = this.random() < 0.5 ? [leaf.rev] : leaves.map(({ rev }) => rev);
      await this.couch.json("POST", `${DATABASE}/_purge`, { [id]: revs });
    }
  }

  async snapshot(): Promise<Snapshot> {
    const snapshot = new Map<string, readonly string[]>();
    for (const id of IDS) {
      const leaves = await this.leaves(id);
      if (leaves.length > 0) snapshot.set(id, leaves.map(({ text }) => withoutHistory(text)).sort());
    }
    return snapshot;
  }

  private async bulk(body: string): Promise<void> {
    const { status, text } = await this.couch.send("POST", `${DATABASE}/_bulk_docs`, body);
    if (status !== 201) throw new Error(`${status} ${text} for ${body}`);
  }
}

async function liveThrough(house: House, world: World): Promise<Map<number, Snapshot>> {
  const snapshots = new Map<number, Snapshot>();
  for (let run = 0; run < RUNS; run++) {
    const edits = run === 3 ? 0 : EDITS;
    for (let edit = 0; edit < edits; edit++) await world.edit();
    house.clock.advance(86_400_000);
    const report = await backUp(house, DATABASE);
    snapshots.set(Date.parse(report.instant as string), await world.snapshot());
  }
  return snapshots;
}

describe.each(SEEDS)("a random life of a database, seed %i", (seed) => {
  it("reads back exactly at every instant, and restores so", async () => {
    await using house = await openHouse();
    await house.couch.json("PUT", DATABASE);
    const world = new World(house.couch, randomOf(seed));
    const snapshots = await liveThrough(house, world);
    const timeline = await openTimeline(house.workspace, `prod/${DATABASE}`);
    expect(timeline.instants).toEqual([...snapshots.keys()]);
    for (const [instant, snapshot] of snapshots) {
      const view = timeline.at(instant);
      const scanned: string[] = [];
      for await (const batch of view.scanPresent()) {
        for (const { key, parts } of batch) {
          const id = key.toString();
          if (id === "_security" || id === "_settings") continue;
          scanned.push(id);
          expect(parts.map((part) => withoutHistory(part.toString())).sort(), `${id} at ${instant}`).toEqual(
            snapshot.get(id),
          );
        }
      }
      const expected = [...snapshot.keys()].sort((a, b) => compareKeys(keyOf(a), keyOf(b)));
      expect(scanned).toEqual(expected);
      for (const id of IDS) {
        const version = await view.get(keyOf(id));
        expect(version !== undefined && version.kind !== "purged", `${id} at ${instant}`).toBe(
          snapshot.has(id),
        );
      }
    }
    const at = new Date([...snapshots.keys()][seed % RUNS] as number).toISOString();
    const target = { collection: "restored" };
    const report = await restore(house.workspace, {
      task: timeline.task,
      at,
      scope: {},
      target,
      apply: true,
    });
    expect(report.failures).toEqual([]);
    expect(await compare(house.workspace, { task: timeline.task, at, target })).toMatchObject({
      equal: true,
      differences: [],
    });
  });
});
