import { describe, expect, test } from "vitest";
import { keyText } from "../../../src/model/key.ts";
import type { CouchDatabase } from "../../../src/sources/couchdb/database.ts";
import { compareCouch, type CouchCompareOptions } from "../../../src/sources/couchdb/compare.ts";
import type { CompareEvent, VersionReader } from "../../../src/sources/source.ts";
import {
  context,
  doc,
  Instant,
  openPlace,
  restore,
  restoreRequest,
  rev,
  signal,
  snapshot,
  versionOf,
  type Place,
} from "./harness.ts";

const data = (text: string): string => Buffer.from(text).toString("base64");

/** An attachment as a member of `_attachments`. */
const one = (name: string, content: string): string =>
  `${JSON.stringify(name)}:{"content_type":"image/png","revpos":1,"data":"${data(content)}"}`;

const DOCS = [
  doc("a", ["a2", "a1"], '"v":1,"f":1.0,"big":9007199254740993'),
  doc("b", ["b1"], `"_attachments":{"t":{"content_type":"image/png","revpos":1,"data":"${data("hello")}"}}`),
  doc("split", ["x", "s"], '"v":"x"'),
  doc("split", ["y", "s"], '"v":"y"'),
  doc("gone", ["g2", "g1"], '"why":1', true),
  doc("_design/d", ["d"]),
];

async function compare(
  place: Place,
  target: string,
  reader: VersionReader,
  options: CouchCompareOptions = {},
  whole = true,
): Promise<{ differences: string[]; details: string[]; end: CompareEvent | undefined }> {
  const differences: string[] = [];
  const details: string[] = [];
  let end: CompareEvent | undefined;
  for await (const event of compareCouch(place.client, options, { target, reader, whole }, context)) {
    if (event.kind === "end") end = event;
    else {
      differences.push(`${keyText(event.difference.key)} ${event.difference.difference}`);
      details.push(event.difference.detail);
    }
  }
  return { differences, details, end };
}

/** A database, its instant, and a replica of it that a test then changes in one respect. */
async function twins(place: Place, change: (to: CouchDatabase) => Promise<unknown>): Promise<Instant> {
  const from = await place.fill("from", DOCS);
  await from.putLocal("mine", Buffer.from('{"n":1}'), signal);
  const instant = await snapshot(from, { settings: true, locals: ["mine"] });
  await restore(place.client, restoreRequest("to", instant));
  await change(place.database("to"));
  return instant;
}

async function replicate(to: CouchDatabase, ...texts: string[]): Promise<void> {
  const { rows } = await to.bulkDocs(
    texts.map((text) => Buffer.from(text)),
    { newEdits: false },
    signal,
  );
  expect(rows).toEqual([]);
}

describe("compare", () => {
  test("finds nothing between an instant and its replica, and counts what it compared", async () => {
    await using place = await openPlace();
    const instant = await twins(place, () => Promise.resolve());
    for (const deep of [false, true]) {
      const { differences, end } = await compare(place, "to", instant, { deep });
      expect(differences).toEqual([]);
      expect(end).toEqual({ kind: "end", items: 8, parts: 9, blobs: 1 });
    }
  });

  test.each<[string, string[], (to: CouchDatabase) => Promise<unknown>]>([
    ["a later edit", ["a state"], (to) => replicate(to, doc("a", ["a3", "a2", "a1"]))],
    ["a deletion", ["a state"], (to) => replicate(to, doc("a", ["a3", "a2", "a1"], "", true))],
    ["one conflict more", ["a state"], (to) => replicate(to, doc("a", ["other", "a1"]))],
    ["a deletion taken back", ["gone state"], (to) => replicate(to, doc("gone", ["g3", "g2", "g1"]))],
    ["a purged document", ["a missing"], (to) => to.purge(new Map([["a", [rev(["a2", "a1"])]]]), signal)],
    [
      "a purged deletion",
      ["gone missing"],
      (to) => to.purge(new Map([["gone", [rev(["g2", "g1"])]]]), signal),
    ],
    ["a purged conflict", ["split state"], (to) => to.purge(new Map([["split", [rev(["x", "s"])]]]), signal)],
    ["an extra document", ["new extra"], (to) => replicate(to, doc("new", ["n"]))],
    ["an extra deletion", ["new extra"], (to) => replicate(to, doc("new", ["n"], "", true))],
    ["a changed design document", ["_design/d state"], (to) => replicate(to, doc("_design/d", ["d2", "d"]))],
    [
      "another security object",
      ["_security settings"],
      (to) => to.putSecurity(Buffer.from('{"admins":{"names":["eve"]}}'), signal),
    ],
    ["another revision limit", ["_settings settings"], (to) => to.putRevsLimit(7, signal)],
    [
      "a changed local document",
      ["_local/mine body"],
      async (to) => {
        const text = await to.getLocal("mine", signal);
        const present = JSON.parse(text?.toString() ?? "{}") as { _rev: string };
        await to.putLocal("mine", Buffer.from(JSON.stringify({ _rev: present._rev, n: 2 })), signal);
      },
    ],
  ])("finds %s and nothing else", async (_, expected, change) => {
    await using place = await openPlace();
    const instant = await twins(place, change);
    const { differences } = await compare(place, "to", instant);
    expect(differences).toEqual(expected);
  });

  test("finds a document that took another's place by its id, not by the count", async () => {
    await using place = await openPlace();
    const instant = await twins(place, async (to) => {
      await to.purge(new Map([["a", [rev(["a2", "a1"])]]]), signal);
      await replicate(to, doc("new", ["n"]));
    });
    expect((await compare(place, "to", instant)).differences).toEqual(["a missing", "new extra"]);
    expect((await compare(place, "to", instant, {}, false)).differences).toEqual(["a missing"]);
  });

  test.each<[string, string, string, string[]]>([
    ["another value", '"v":1', '"v":2', ["- /v: 1; + /v: 2"]],
    ["an integer for a float", '"v":1.0', '"v":1', ["- /v: 1.0; + /v: 1"]],
    [
      "the last digit of a big integer",
      '"v":9007199254740993',
      '"v":9007199254740992',
      ["- /v: 9007199254740993; + /v: 9007199254740992"],
    ],
    ["another order of members", '"v":1,"w":2', '"w":2,"v":1', ['~ ["v","w"] → ["w","v"]']],
  ])("finds %s under the same revision", async (_, kept, there, details) => {
    await using place = await openPlace();
    await place.fill("to", [doc("a", ["x"], there)]);
    const instant = new Instant([versionOf("a", [Buffer.from(doc("a", ["x"], kept))])]);
    const found = await compare(place, "to", instant);
    expect(found.differences).toEqual(["a body"]);
    expect(found.details).toEqual(details.map((detail) => `${rev(["x"])}: ${detail}`));
  });

  test("takes other spellings of the same value for the same", async () => {
    await using place = await openPlace();
    await place.fill("to", [doc("a", ["x"], '"v":100.0,"s":"é","e":{}')]);
    const kept = doc("a", ["x"], '"v":1e2, "s":"\\u00e9", "e":{ }');
    const instant = new Instant([versionOf("a", [Buffer.from(kept)])]);
    expect((await compare(place, "to", instant)).differences).toEqual([]);
  });

  test("finds another ancestry of the same revision, as far as both tell it", async () => {
    await using place = await openPlace();
    await place.fill("to", [doc("a", ["x", "p"]), doc("b", ["x", "p", "q"])]);
    const cut = doc("b", ["x", "p", "q"]).replace(/,"[0-9a-f]{32}"\]/, "]");
    const instant = new Instant([
      versionOf("a", [Buffer.from(doc("a", ["x", "other"]))]),
      versionOf("b", [Buffer.from(cut)]),
    ]);
    const found = await compare(place, "to", instant);
    expect(found.differences).toEqual(["a state"]);
    expect(found.details[0]).toContain("ancestry");
  });

  test("finds attachments that are missing, too many or different", async () => {
    await using place = await openPlace();
    await place.fill("from", [
      doc("a", ["x"], `"_attachments":{${one("same", "1")},${one("lost", "2")},${one("other", "3")}}`),
    ]);
    await place.fill("to", [
      doc("a", ["x"], `"_attachments":{${one("same", "1")},${one("other", "4")},${one("more", "5")}}`),
    ]);
    const instant = await snapshot(place.database("from"));
    const found = await compare(place, "to", instant);
    expect(found.differences).toEqual(["a blob", "a blob", "a blob"]);
    expect(found.details.map((detail) => detail.split(" ")[1] ?? "").toSorted()).toEqual([
      '"lost"',
      '"more"',
      '"other"',
    ]);
  });

  test("finds content that differs under an equal digest only when it is asked to read it", async () => {
    await using place = await openPlace();
    const instant = await twins(place, () => Promise.resolve());
    const forged = new Instant(
      instant.all.map((version) => ({
        ...version,
        blobs: version.blobs.map((blob) => ({ ...blob, sha256: "0".repeat(64) })),
      })),
    );
    expect((await compare(place, "to", forged)).differences).toEqual([]);
    expect((await compare(place, "to", forged, { deep: true })).differences).toEqual(["b blob"]);
  });

  test("asks again for what the service failed to tell, and at last fails itself", async () => {
    await using place = await openPlace();
    const instant = await twins(place, () => Promise.resolve());
    place.server.faults.add({ kind: "bulk-get-error", every: 2, times: 2 });
    expect((await compare(place, "to", instant)).differences).toEqual([]);
    place.server.faults.add({ kind: "bulk-get-error", id: "a" });
    await expect(compare(place, "to", instant)).rejects.toMatchObject({ code: "source-unreachable" });
  });

  test("throws source-not-found when there is no such database", async () => {
    await using place = await openPlace();
    await expect(compare(place, "none", new Instant([]))).rejects.toMatchObject({ code: "source-not-found" });
  });
});
