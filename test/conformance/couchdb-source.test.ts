import { systemClock } from "../../src/model/clock.ts";
import { openSource } from "../../src/sources/kinds.ts";
import { Couch, openServer, sourceAt } from "../e2e/house.ts";
import { describeSource, type SourceFixture } from "./source.ts";

const COLLECTION = "conformance";

async function fixture(): Promise<SourceFixture> {
  const server = await openServer();
  const couch = new Couch(server.url);
  await couch.json("PUT", COLLECTION);
  const docs: object[] = Array.from({ length: 12 }, (_, index) => ({ _id: `item ${index}`, index }));
  docs.push({
    _id: "picture",
    _attachments: { "p.png": { content_type: "image/png", data: btoa("not quite a picture") } },
  });
  docs.push({ _id: "_design/app", views: { all: { map: "function (d) { emit(d._id) }" } } });
  await couch.json("POST", `${COLLECTION}/_bulk_docs`, { docs });
  const source = openSource(sourceAt(server.url, ["*"]).options, systemClock);
  const change = async (database: string, id: string, more: object): Promise<void> => {
    const current = (await couch.json("GET", `${database}/${encodeURIComponent(id)}`)) as object;
    await couch.json("PUT", `${database}/${encodeURIComponent(id)}`, { ...current, ...more });
  };
  return {
    source,
    collection: COLLECTION,
    async edit() {
      await change(COLLECTION, "item 3", { edited: true });
      await change(COLLECTION, "item 4", { _deleted: true });
      await couch.json("PUT", `${COLLECTION}/fresh`, { fresh: true });
      return { changed: "item 3", added: "fresh", deleted: "item 4" };
    },
    newTarget: () => "conformance-target",
    async tamper(database) {
      await change(database, "item 7", { index: -1 });
      return "item 7";
    },
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

describeSource("couchdb", fixture);
