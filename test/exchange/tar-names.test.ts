import fc from "fast-check";
import { expect, it } from "vitest";
import { decodePath, encodePath, nameLength } from "../../src/exchange/tar/names.ts";

const names = fc.oneof(
  fc.string({ unit: "binary", maxLength: 400 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
);

it("turns any name into a path and back", () => {
  fc.assert(
    fc.property(names, (name) => {
      expect(decodePath(encodePath(name).split("/")).equals(name)).toBe(true);
    }),
  );
});

it("makes paths that stay in their folder, whose components fit every file system", () => {
  fc.assert(
    fc.property(names, (name) => {
      for (const component of encodePath(name).split("/")) {
        expect(component).toMatch(/^[A-Za-z0-9_~=@+:,.%-]{1,210}$/);
        expect(component).not.toMatch(/^\.{1,2}$/);
      }
    }),
  );
});

it("makes different paths of different names, and knows where a name ends among others", () => {
  fc.assert(
    fc.property(names, names, (first, second) => {
      const components = `${encodePath(first)}/${encodePath(second)}`.split("/");
      const length = nameLength(components);
      expect(decodePath(components.slice(0, length)).equals(first)).toBe(true);
      expect(decodePath(components.slice(length)).equals(second)).toBe(true);
    }),
  );
});

it("leaves ordinary names as they are", () => {
  expect(encodePath(Buffer.from("order:2024-11-21.a"))).toBe("order:2024-11-21.a");
  expect(encodePath(Buffer.from("_design/app"))).toBe("_design%2Fapp");
  expect(encodePath(Buffer.from("../x"))).toBe("%2E.%2Fx");
});

it.each([["..", "x"], ["a%"], ["a%zz"], ["a%2"], ["%", "%2f"]])("refuses the path %s", (...components) => {
  expect(() => decodePath(components)).toThrow(/not a name that Holdfast writes/);
});
