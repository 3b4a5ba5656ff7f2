import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expiryOfTicks, millisOfTime } from "../../../src/sources/form-recognizer/service/expiry.ts";

describe("the expiry of a v2.x authorisation", () => {
  it("is Unix seconds on the wire of today", () => {
    expect(new Date(expiryOfTicks("1598033285")).toISOString()).toBe("2020-08-21T18:08:05.000Z");
    expect(expiryOfTicks('"1598033285"')).toBe(1_598_033_285_000);
  });

  it("is read from .NET ticks without the loss that a double would bring", () => {
    expect(new Date(expiryOfTicks("637233481531659440")).toISOString()).toBe("2020-04-24T18:02:33.165Z");
  });

  it("keeps every second and every millisecond of either form", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
        expect(expiryOfTicks(`${seconds}`)).toBe(seconds * 1000);
      }),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 253_402_300_799_999 }),
        fc.integer({ min: 0, max: 9_999 }),
        (millis, below) => {
          const ticks = 621_355_968_000_000_000n + BigInt(millis) * 10_000n + BigInt(below);
          expect(expiryOfTicks(`${ticks}`)).toBe(millis);
        },
      ),
    );
  });

  it("that is no whole number is not guessed at", () => {
    for (const text of ["null", "-1", "1.6e9", "1622053249.5", '""', "true", "99999999999999999999"]) {
      expect(() => expiryOfTicks(text), text).toThrow("expiry");
    }
  });
});

describe("times of the service", () => {
  it("have no to seven fractional digits and are cut to milliseconds", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_102_444_799 }),
        fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 7 }),
        (seconds, digits) => {
          const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
          const text = digits.length === 0 ? `${whole}Z` : `${whole}.${digits.join("")}Z`;
          const [tenths = 0, hundredths = 0, thousandths = 0] = digits;
          expect(millisOfTime(text)).toBe(seconds * 1000 + tenths * 100 + hundredths * 10 + thousandths);
        },
      ),
    );
  });

  it("may carry an offset", () => {
    expect(millisOfTime("2022-08-16T09:24:28.5+02:00")).toBe(Date.parse("2022-08-16T07:24:28.500Z"));
  });

  it("that are none are not guessed at", () => {
    for (const text of [
      undefined,
      null,
      7,
      "",
      "soon",
      "2022-08-16",
      "2022-13-16T07:24:28Z",
      "2022-08-16T07:24:28.12345678Z",
    ]) {
      expect(() => millisOfTime(text), String(text)).toThrow("time");
    }
  });
});
