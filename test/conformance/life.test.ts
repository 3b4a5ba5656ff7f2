/**
 * Both kinds that there are get through the same life.
 */
import { Random } from "../simulation/random.ts";
import { SimHouse, simulatedRepository, TASK_TEXT } from "../simulation/sim-house.ts";
import { editRandomly } from "../simulation/world.ts";
import { openHouse } from "../e2e/house.ts";
import { describeLife } from "./life.ts";

const EDITS = 10;

describeLife("fake", async () => {
  const house = new SimHouse(simulatedRepository(5));
  const random = new Random(5);
  const workspace = house.workspace();
  return {
    workspace,
    task: TASK_TEXT,
    async edit() {
      for (let edit = 0; edit < EDITS; edit++) editRandomly(house.collection, random, house.time);
    },
    advance: (ms) => {
      house.time += ms;
    },
    async [Symbol.asyncDispose]() {
      await workspace[Symbol.asyncDispose]();
    },
  };
});

describeLife("couchdb", async () => {
  const house = await openHouse();
  const { couch, workspace, clock } = house;
  await couch.json("PUT", "living");
  let edits = 0;
  return {
    workspace,
    task: "prod/living",
    async edit() {
      edits += 1;
      const path = `living/shared`;
      const { status, text } = await couch.send("GET", path);
      const rev = status === 200 ? { _rev: (JSON.parse(text) as { _rev: string })._rev } : {};
      const note = { content_type: "text/plain", data: btoa(`note ${edits % 3}`) };
      await couch.json("PUT", path, { ...rev, edits, _attachments: { "note.txt": note } });
      await couch.json("PUT", `living/doc-${edits}`, { born: edits });
      if (edits < 3) return;
      const old = `living/doc-${edits - 2}`;
      const { _rev } = (await couch.json("GET", old)) as { _rev: string };
      await couch.json("DELETE", `${old}?rev=${_rev}`);
    },
    advance: (ms) => {
      clock.advance(ms);
    },
    async [Symbol.asyncDispose]() {
      await house[Symbol.asyncDispose]();
    },
  };
});
