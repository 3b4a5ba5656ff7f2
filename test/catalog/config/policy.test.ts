import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/catalog/config/document.ts";
import { policyLayers, policySettingsOf } from "../../../src/catalog/config/policy-layers.ts";
import { effectivePolicy } from "../../../src/model/policy/layers.ts";

const FILE = `policy:
  timezone: Europe/Berlin
  keep: { daily: 14, yearly: 3 }
sources:
  prod:
    kind: couchdb
    url: http://couch.example
    policy: { every: PT6H, cleanupAfter: P1W }
    tasks:
      orders: { policy: { keep: { daily: 30, yearly: unlimited }, include: { localDocs: true } } }
      "ord*": { policy: { keep: { daily: 2 }, rollupMode: lazy } }
  lab: { kind: couchdb, url: "http://lab.example" }
`;

const policyOf = (source: string, collection: string) =>
  effectivePolicy(policyLayers(parseConfig(FILE, "/etc/holdfast.yaml"), source), collection).policy;

function problemOf(policy: string): string {
  try {
    parseConfig(`policy: ${policy}\n`, "f");
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("was accepted");
}

describe("policies in the configuration file", () => {
  it("are inherited from the top of the file by sources, and from those by their tasks", () => {
    expect(policyOf("lab", "x")).toMatchObject({ timezone: "Europe/Berlin", every: 86_400_000 });
    expect(policyOf("prod", "x")).toMatchObject({ every: 21_600_000, cleanupAfter: 604_800_000 });
    expect(policyOf("prod", "x").keep).toMatchObject({ daily: 14, yearly: 3 });
  });

  it("put a collection's name before a pattern, whatever stands first", () => {
    expect(policyOf("prod", "orders")).toMatchObject({ rollupMode: "lazy", include: { localDocs: true } });
    expect(policyOf("prod", "orders").keep).toMatchObject({ daily: 30, yearly: null });
    expect(policyOf("prod", "orders-old").keep).toMatchObject({ daily: 2, yearly: 3 });
  });

  it("say of each value where it stands, in the file's own words", () => {
    const shown = policySettingsOf(parseConfig(FILE, "/etc/holdfast.yaml"), "prod", "policy", "orders");
    const setting = (name: string) => shown.find((one) => one.name === `policy.${name}`);
    expect(setting("every")).toMatchObject({ value: "6h", origin: { place: "/etc/holdfast.yaml:8:22" } });
    expect(setting("keep.daily")).toMatchObject({ value: 30, origin: { place: "/etc/holdfast.yaml:10:42" } });
    expect(setting("keep.yearly")).toMatchObject({ value: "unlimited" });
    expect(setting("keep.weekly")).toMatchObject({ value: 4, origin: { kind: "default" } });
  });

  it.each([
    ["{ time_of_day: '02:00' }", "policy.time_of_day: is not known; did you mean timeOfDay?"],
    ["{ cleanup_after: 1d }", "policy.cleanup_after: is not known; did you mean cleanupAfter?"],
    ["{ rollup_mode: lazy }", "policy.rollup_mode: is not known; did you mean rollupMode?"],
    [
      "{ include: { design_docs: true } }",
      "policy.include.design_docs: is not known; did you mean designDocs?",
    ],
    ["{ every: 1m }", "policy.every: the shortest time between runs is 5m"],
    ["{ every: P1M }", "policy.every: a duration is written like 6h, 1d, 2w or P1D"],
    ["{ timeOfDay: '24:00' }", "policy.timeOfDay: is a time of day in quotes"],
    ["{ timezone: Mars/Base }", "policy.timezone: is not a time zone"],
    ["{ keep: { daily: 0 } }", "policy.keep.daily:"],
    ["{ keep: { daily: seven } }", "policy.keep.daily:"],
    ["{ cleanupAfter: soon }", "policy.cleanupAfter: a duration is written like 6h, 1d, 2w or P1D"],
    ["{ anomaly: { deletedShare: 30 } }", "policy.anomaly.deletedShare: must be at most 1"],
  ])("refuse %s with its place and the way out", (policy, message) => {
    expect(problemOf(policy)).toContain(message);
  });
});
