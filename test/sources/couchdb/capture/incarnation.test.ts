import { describe, expect, it } from "vitest";
import {
  decodeCursor,
  encodeCursor,
  type CouchCursor,
} from "../../../../src/sources/couchdb/capture/cursor.ts";
import { judgeIncarnation, purgeSeqMoved } from "../../../../src/sources/couchdb/capture/incarnation.ts";
import { databaseInfo } from "../../../../src/sources/couchdb/database-info.ts";

const cursor: CouchCursor = {
  since: "10-x",
  identity: "1700000000",
  nonce: "n",
  purgeSeq: "0-a",
  count: 10,
  q: 2,
  purgedInfosLimit: 1000,
  running: undefined,
};

const json = {
  db_name: "d",
  doc_count: 8,
  doc_del_count: 2,
  instance_start_time: "1700000000",
  purge_seq: "0-b",
  cluster: { q: 2, n: 3 },
};

function judge(changed: object, remembered: Partial<CouchCursor> = {}, marker: string | null = "n") {
  return judgeIncarnation(
    { ...cursor, ...remembered },
    databaseInfo({ ...json, ...changed }),
    marker ?? undefined,
  ).run;
}

describe("a database", () => {
  it("that tells the same as before is the same", () => {
    expect(judge({})).toBe("delta");
    expect(judge({ doc_count: 20 })).toBe("delta");
  });

  it("with another creation time and without our marker is another one", () => {
    expect(judge({ instance_start_time: "1800000000" }, {}, null)).toBe("baseline");
    expect(judge({ instance_start_time: "1800000000" }, { nonce: undefined }, null)).toBe("baseline");
    expect(judge({ instance_start_time: "1800000000" }, {}, "foreign")).toBe("baseline");
  });

  it("with our marker is the same though its server was started anew", () => {
    expect(judge({ instance_start_time: "1800000000" })).toBe("delta");
  });

  it("that lost only its marker is compared whole", () => {
    expect(judge({}, {}, null)).toBe("reconcile");
    expect(judge({ instance_start_time: "0" }, { identity: "0" }, null)).toBe("reconcile");
  });

  it("that tells nothing, has no marker and holds less is another one", () => {
    expect(judge({ instance_start_time: "0", doc_count: 1 }, { identity: "0" }, null)).toBe("baseline");
  });

  it("that is proven and holds less without a purge is compared whole", () => {
    expect(judge({ doc_count: 1 })).toBe("reconcile");
    expect(judge({ doc_count: 1, purge_seq: "7-b" })).toBe("delta");
  });

  it("whose shards were split is compared whole", () => {
    expect(judge({ cluster: { q: 4, n: 3 } })).toBe("reconcile");
  });
});

describe("a purge sequence", () => {
  it("has moved when its number has, not when other nodes wrote its rest", () => {
    expect(purgeSeqMoved(cursor, databaseInfo({ ...json, purge_seq: "0-other" }))).toBe(false);
    expect(purgeSeqMoved(cursor, databaseInfo({ ...json, purge_seq: "1-a" }))).toBe(true);
    expect(purgeSeqMoved({ ...cursor, purgeSeq: 3 }, databaseInfo({ ...json, purge_seq: 4 }))).toBe(true);
  });
});

describe("a cursor", () => {
  it.each([["10-x"], [10], [[10, "x"]], [undefined]])("with sequence %j comes back as it was", (since) => {
    const running = {
      run: "baseline",
      reconcile: true,
      path: "feed",
      vanished: ["a"],
      purges: ["b"],
    } as const;
    const whole: CouchCursor = { ...cursor, since, running };
    expect(decodeCursor(JSON.parse(JSON.stringify(encodeCursor(whole))))).toEqual(whole);
  });
});
