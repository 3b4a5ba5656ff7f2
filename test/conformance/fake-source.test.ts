/**
 * The source kind that the simulations use keeps the contract of a source kind, so what they prove holds for every kind.
 */
import { FakeService } from "../simulation/fake-service.ts";
import { FakeSource } from "../simulation/fake-source.ts";
import { describeSource, type SourceFixture } from "./source.ts";

const COLLECTION = "conformance";

async function fixture(): Promise<SourceFixture> {
  const service = new FakeService();
  const collection = service.create(COLLECTION);
  for (let index = 0; index < 12; index++) {
    const blobs = index === 5 ? [{ name: "b.bin", content: Buffer.from("a blob's content") }] : [];
    collection.edit(`item ${index}`, "live", `{"index":${index}}`, blobs, 0);
  }
  const source = new FakeSource(service);
  return {
    source,
    collection: COLLECTION,
    async edit() {
      collection.edit("item 3", "live", `{"edited":true}`, [], 1);
      collection.edit("item 4", "deleted", "{}", [], 1);
      collection.edit("fresh", "live", `{"fresh":true}`, [], 1);
      return { changed: "item 3", added: "fresh", deleted: "item 4" };
    },
    newTarget: () => "conformance-target",
    async tamper(name) {
      service.collections.get(name)?.edit("item 7", "live", `{"index":-1}`, [], 2);
      return "item 7";
    },
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]();
    },
  };
}

describeSource("in memory, for tests", fixture);
