/**
 * Recorded traffic of 2022-08-31 and later, sent to the stand-in again: it answers as the service did, times included.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { RecordedEntry } from "./form-recognizer-recording.ts";
import { entriesOf, recording } from "./form-recognizer-recording.ts";
import type { Stand } from "./form-recognizer-v3-stand.ts";
import { SOURCE, startStand } from "./form-recognizer-v3-stand.ts";

const BUNDLE = "12-bundle-composed-copy-errors-list";
const TOKEN = "a-token";
const HEADERS = ["content-type", "retry-after", "x-ms-cs-error-code"];
const OPERATION = /(?<=\/operations\/)(\d{11})_[0-9a-f-]{36}/;
/** Previews are held against the version that was released from them. */
const RELEASED: Readonly<Record<string, string>> = {
  "2021-09-30-preview": "2022-08-31",
  "2022-01-30-preview": "2022-08-31",
  "2022-06-30-preview": "2022-08-31",
  "2023-02-28-preview": "2023-07-31",
};

interface DocType {
  readonly fieldSchema: Readonly<Record<string, { readonly type: string }>>;
}

let stand: Stand;

beforeEach(async () => {
  stand = await startStand({ tokens: [TOKEN], resources: [] });
});

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

/** Sends what was sent. `known`: recorded text → what stands for it here; grows with what is begun. */
async function send(
  { request, response }: RecordedEntry,
  resource: string,
  known: Map<string, string>,
): Promise<void> {
  const ours = (text: string): string => {
    let translated = text;
    for (const [recorded, here] of known) translated = translated.replaceAll(recorded, here);
    return translated;
  };
  const { url, keys } = stand.sandbox.resource(resource);
  known.set(new URL(request.url).origin, url);
  const credentials: Record<string, string> =
    request.auth === "bearer"
      ? { Authorization: `Bearer ${TOKEN}` }
      : { "Ocp-Apim-Subscription-Key": keys[0] };
  const answer = await fetch(ours(request.url), {
    method: request.method,
    headers: { ...credentials, "Content-Type": "application/json" },
    ...(request.body === null ? {} : { body: ours(JSON.stringify(request.body)) }),
  });
  const text = await answer.text();
  expect([answer.status, text === ""], text).toEqual([response.status, response.body === null]);
  for (const name of HEADERS) {
    expect(answer.headers.get(name), `${name} of ${request.url}`).toBe(response.headers[name] ?? null);
  }
  const theirLink = response.headers["operation-location"];
  const link = answer.headers.get("operation-location");
  learnOperation(theirLink ?? "", link ?? "", known);
  expect(link).toBe(theirLink === undefined ? null : ours(theirLink));
  if (text === "") return;
  const body = JSON.parse(text) as Record<string, unknown>;
  if (typeof body["accessToken"] === "string") known.set("Sanitized", body["accessToken"]);
  expect(comparable(body)).toEqual(comparable(JSON.parse(ours(JSON.stringify(response.body)))));
}

/** The digits in front of the GUID tell the time; the service reads its clock twice. */
function learnOperation(theirs: string, ours: string, known: Map<string, string>): void {
  const [recorded = "", digits = 0] = OPERATION.exec(theirs) ?? [];
  const [here = "", ourDigits = 0] = OPERATION.exec(ours) ?? [];
  expect(Math.abs(Number(digits) - Number(ourDigits))).toBeLessThanOrEqual(1);
  if (recorded !== "") known.set(recorded, here);
}

/** Confidences are the model's own affair; when exactly an operation began to run is the service's. */
function comparable(body: unknown): unknown {
  const status = (body as { readonly status?: string }).status;
  return JSON.parse(JSON.stringify(body), (name, value: unknown) => {
    if (name === "accessToken") return "(secret)";
    if (status === "running" && name === "lastUpdatedDateTime") return "(time)";
    return typeof value === "number" ? "(number)" : value;
  });
}

/** The account that a recorded copy has as source and target. */
async function addRecordedResource(entries: readonly RecordedEntry[], region: string): Promise<string> {
  const bodies = entries.map(({ response }) => response.body as { targetResourceId?: string } | null);
  const id = bodies.find((body) => body?.targetResourceId !== undefined)?.targetResourceId ?? "";
  const [, , subscription = "", , resourceGroup = "", , , , name = ""] = id.split("/");
  await stand.sandbox.addResource({ name, region, subscription, resourceGroup });
  return name;
}

function statusOf({ request, response }: RecordedEntry): string | undefined {
  return request.method === "GET" ? (response.body as { status?: string } | null)?.status : undefined;
}

/** Sets the stand's clock to a recorded time. */
async function goTo(time: string): Promise<void> {
  await stand.sandbox.advance(Date.parse(time) - stand.sandbox.now());
}

describe("the stand-in answers as recorded", () => {
  it("07: a model of 2022-08-31 is built, copied with tags and deleted", async () => {
    await stand[Symbol.asyncDispose]();
    const begun = "2022-08-16T06:24:22Z";
    stand = await startStand({
      resources: [],
      manualClockFrom: Date.parse(begun),
      buildMs: 5000,
      copyMs: 500,
    });
    const entries = entriesOf(recording("07-net-v3.0-copy-with-tags"));
    const built = entries[3]?.response.body as { result: { docTypes: Record<string, DocType> } };
    const schema = built.result.docTypes["1415286515"]?.fieldSchema ?? {};
    const types = Object.entries(schema).map(([name, { type }]) => [name, type]);
    await stand.folder.labelled(
      ["a.pdf", "b.pdf", "c.pdf", "d.pdf", "e.pdf"],
      Object.fromEntries(types) as Record<string, string>,
    );
    const resource = await addRecordedResource(entries, "canadacentral");
    const known = new Map([["Sanitized", SOURCE]]);
    for (const entry of entries) {
      const status = statusOf(entry);
      if (status === "running") await goTo("2022-08-16T06:24:26Z");
      if (status === "succeeded") await stand.sandbox.advance(1000);
      if (entry.request.url.includes(":authorizeCopy")) await goTo("2022-08-16T06:24:28Z");
      await send(entry, resource, known);
    }
  });

  it("10: a model of 2024-11-30 is copied", async () => {
    await stand[Symbol.asyncDispose]();
    stand = await startStand({
      resources: [],
      tokens: [TOKEN],
      manualClockFrom: Date.parse("2024-12-10T02:35:23Z"),
      copyMs: 100,
    });
    const recorded = recording("10-net-v4.0-copy-model");
    const entries = entriesOf(recorded);
    const resource = await addRecordedResource(entries, "eastus");
    const notes = recorded.entries as unknown as readonly { readonly body?: Record<string, string> }[];
    const source = notes.find((note) => note.body?.["modelId"] === "1383539849")?.body ?? {};
    stand.sandbox.makeModel(resource, {
      apiVersion: "2024-11-30",
      id: source["modelId"] ?? "",
      created: source["createdDateTime"] ?? "",
      modified: source["modifiedDateTime"] ?? "",
      expires: source["expirationDateTime"] ?? "",
      content: { docTypes: source["docTypes"] },
    });
    const known = new Map<string, string>();
    for (const entry of entries) {
      if (statusOf(entry) === "succeeded") await stand.sandbox.advance(200);
      await send(entry, resource, known);
    }
  });

  it.each(["v3 delete of unknown model", "v3 unknown operation", "v3 build with a bad container"])(
    "12: %s",
    async (part) => {
      const entries = entriesOf(recording(BUNDLE), part);
      expect(entries).toHaveLength(1);
      await stand.sandbox.addResource({ name: "west", region: "westus2" });
      const known = new Map([
        ...Object.entries(RELEASED),
        ["Sanitized", "https://account.blob.core.windows.net"],
      ]);
      for (const entry of entries) await send(entry, "west", known);
    },
  );

  it("12: what a resource holds and may hold", async () => {
    await stand[Symbol.asyncDispose]();
    stand = await startStand({ resources: [], manualClockFrom: Date.parse("2023-03-14T12:00:00Z") });
    await stand.sandbox.addResource({ name: "weu", region: "westeurope" });
    for (const id of ["one", "two", "three"]) {
      stand.sandbox.makeModel("weu", { id, apiVersion: "2023-07-31" });
    }
    const [entry] = entriesOf(recording(BUNDLE), "v3.1-preview info");
    expect(entry).toBeDefined();
    if (entry !== undefined) await send(entry, "weu", new Map(Object.entries(RELEASED)));
  });
});
