import { describe, expect, it } from "vitest";
import { effectivePolicy, type PolicyLayer, type PolicySettings } from "../../../src/model/policy/layers.ts";
import { DEFAULT_POLICY } from "../../../src/model/policy/policy.ts";

function layer(place: string, settings: PolicySettings, collections?: string): PolicyLayer {
  return {
    settings,
    origin: (name) => `${place}:${name}`,
    ...(collections === undefined ? {} : { collections }),
  };
}

const origins = (layers: readonly PolicyLayer[], collection: string): Record<string, string> =>
  Object.fromEntries(effectivePolicy(layers, collection).values.map(({ name, origin }) => [name, origin]));

describe("an effective policy", () => {
  it("is the default where nothing is set, and says so", () => {
    const { policy, values } = effectivePolicy([], "orders");
    expect(policy).toEqual(DEFAULT_POLICY);
    expect(values.every(({ origin }) => origin === "default")).toBe(true);
  });

  it("takes each value from the most particular layer that sets it", () => {
    const layers = [
      layer("top", { timezone: "Europe/Berlin", keep: { daily: 14 } }),
      layer("source", { keep: { weekly: 8 } }),
      layer("pattern", { keep: { daily: 30 } }, "ord*"),
    ];
    const { policy } = effectivePolicy(layers, "orders");
    expect(policy.timezone).toBe("Europe/Berlin");
    expect(policy.keep).toEqual({ intraday: 48, daily: 30, weekly: 8, monthly: 12, yearly: null });
    expect(origins(layers, "orders")).toMatchObject({
      timezone: "top:timezone",
      "keep.daily": "pattern:keep.daily",
      "keep.weekly": "source:keep.weekly",
      "keep.monthly": "default",
    });
  });

  it("leaves layers of other collections out", () => {
    const layers = [layer("pattern", { keep: { daily: 30 } }, "ord*")];
    expect(effectivePolicy(layers, "customers").policy.keep.daily).toBe(7);
  });

  it("sets null where something is unlimited", () => {
    const layers = [layer("top", { cleanupAfter: null, keep: { monthly: null } })];
    const { policy } = effectivePolicy(layers, "orders");
    expect([policy.cleanupAfter, policy.keep.monthly]).toEqual([null, null]);
  });
});
