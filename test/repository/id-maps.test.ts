import { describe, expect, it } from "vitest";
import type { TaskName } from "../../src/model/task.ts";
import { checkSmallObjects } from "../../src/repository/check/small-objects.ts";
import { openIdMap, type IdTarget, type StoredIdMap } from "../../src/repository/id-maps.ts";
import { idMapsOf } from "../../src/repository/paths.ts";
import { openSealedAt } from "../../src/repository/sealed-places.ts";
import { collect } from "../e2e/house.ts";
import { simulatedRepository } from "../simulation/sim-house.ts";

const signal = new AbortController().signal;
const TARGET: IdTarget = { source: "dr", url: "http://dr.example" };

function house() {
  const repository = simulatedRepository(1);
  const language = repository.keyring.taskName("prod", "watson-stt", "language-models");
  const acoustic = repository.keyring.taskName("prod", "watson-stt", "acoustic-models");
  const damaged: string[] = [];
  const open = async (
    task: TaskName,
    { target = TARGET, writable = true, siblings = [language, acoustic] } = {},
  ): Promise<StoredIdMap> =>
    openIdMap({
      repository,
      task,
      siblings: siblings.filter((sibling) => sibling !== task),
      target,
      writable,
      damaged: (path) => damaged.push(path),
      signal,
    });
  const paths = async (task: TaskName) =>
    (await collect(repository.storage.list(idMapsOf(task), {}))).map(({ path }) => path);
  return { repository, language, acoustic, open, paths, damaged };
}

describe("id maps", () => {
  it("are there again when they are opened anew, the newest mapping of an id last", async () => {
    const { language, open } = house();
    const map = await open(language);
    expect(map.isEmpty).toBe(true);
    await map.set("model", "old-1", "new-1");
    await map.set("model", "old-2", "new-2");
    await map.set("model", "old-1", "new-3");
    const again = await open(language);
    expect([again.get("model", "old-1"), again.get("model", "old-2"), again.get("speaker", "old-1")]).toEqual(
      ["new-3", "new-2", undefined],
    );
    expect(again.all()).toHaveLength(2);
  });

  it("write nothing for what is mapped already", async () => {
    const { language, open, paths } = house();
    await (await open(language)).set("model", "old", "new");
    await (await open(language)).set("model", "old", "new");
    expect(await paths(language)).toHaveLength(1);
  });

  it("know what other tasks of the source have mapped for the same target, and do not count it as their own", async () => {
    const { language, acoustic, open } = house();
    await (await open(language)).set("model", "old", "new");
    const map = await open(acoustic);
    expect(map.get("model", "old")).toBe("new");
    expect(map.all()).toEqual([]);
  });

  it("are apart for each target, and for another instance under the same name", async () => {
    const { language, open } = house();
    await (await open(language)).set("model", "old", "new");
    const elsewhere = { target: { source: "dr", url: "http://other.example" } };
    expect((await open(language, elsewhere)).isEmpty).toBe(true);
  });

  it("lose nothing when two restores record at the same time", async () => {
    const { language, open } = house();
    const [one, two] = await Promise.all([open(language), open(language)]);
    await Promise.all([one.set("model", "a", "1"), two.set("model", "b", "2"), one.set("model", "c", "3")]);
    const map = await open(language);
    expect(
      map
        .all()
        .map(({ kept }) => kept)
        .sort(),
    ).toEqual(["a", "b", "c"]);
  });

  it("take nothing in a preview", async () => {
    const { language, open, paths } = house();
    const map = await open(language, { writable: false });
    await expect(map.set("model", "old", "new")).rejects.toMatchObject({ code: "internal" });
    expect(await paths(language)).toEqual([]);
  });

  it("open in their place only, and check tells of one that does not", async () => {
    const { repository, language, open, paths, damaged } = house();
    await (await open(language)).set("model", "old", "new");
    const [path = ""] = await paths(language);
    expect(await openSealedAt(repository, path)).toEqual({
      mappings: [{ group: "model", kept: "old", target: "new" }],
    });
    expect(await collect(checkSmallObjects(repository, language, signal))).toEqual([]);
    const bytes = await repository.storage.read(path);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    await repository.storage.remove(path);
    await repository.storage.create(path, bytes);
    expect(await collect(checkSmallObjects(repository, language, signal))).toMatchObject([
      { path, severity: "warning", code: "object-damaged" },
    ]);
    expect((await open(language)).isEmpty).toBe(true);
    expect(damaged).toEqual([path]);
  });

  it("do not tell names of sources or ids in the repository's listing", async () => {
    const { language, open, paths } = house();
    await (await open(language)).set("model", "old", "new");
    expect((await paths(language)).join()).not.toMatch(/dr|old|new|model/);
  });
});
