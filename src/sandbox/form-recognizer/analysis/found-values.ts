/**
 * What an analysis claims to have found in a document: made up from the document's bytes and from what the model learned, and from nothing
 * else, so that a copy finds what its original finds.
 */
import { createHash } from "node:crypto";

/** Confidence falls by at most this part of what the model is capable of. */
const MAX_DOUBT = 0.1;
const DAY_MS = 86_400_000;
/** Dates that are found lie in the ten years from here on: 2015-01-01. */
const FIRST_DAY_MS = 1_420_070_400_000;
const DAYS = 3650;

interface FoundValue {
  /** As in the document. */
  readonly text: string;
  /** `valueString`, `valueNumber`, …: the member that carries the value. */
  readonly member: string;
  readonly value: unknown;
  /** 0 to 1, three decimals. */
  readonly confidence: number;
}

/** `document`: its digest. `type`: of the field. `accuracy`: what the model is capable of. */
export function foundValue(document: string, name: string, type: string, accuracy: number): FoundValue {
  const digest = createHash("sha256").update(`${document} ${name}`).digest();
  const number = digest.readUInt32BE(0);
  const doubt = (MAX_DOUBT * digest.readUInt16BE(4)) / 0xffff;
  return {
    ...typedValue(type, name, number),
    confidence: Math.round(1000 * accuracy * (1 - doubt)) / 1000,
  };
}

/** The digest that the functions above take. */
export function digestOf(document: Buffer): string {
  return createHash("sha256").update(document).digest("hex");
}

function typedValue(type: string, name: string, number: number): Omit<FoundValue, "confidence"> {
  switch (type) {
    case "number": {
      const value = (number % 1_000_000) / 100;
      return { text: value.toFixed(2), member: "valueNumber", value };
    }
    case "integer": {
      const value = number % 1000;
      return { text: String(value), member: "valueInteger", value };
    }
    case "date": {
      const value = new Date(FIRST_DAY_MS + (number % DAYS) * DAY_MS)
        .toISOString()
        .slice(0, "2015-01-01".length);
      return { text: value, member: "valueDate", value };
    }
    case "selectionMark": {
      const value = number % 2 === 0 ? "selected" : "unselected";
      return { text: `:${value}:`, member: "valueSelectionMark", value };
    }
    case "signature": {
      const value = number % 2 === 0 ? "signed" : "unsigned";
      return { text: "", member: "valueSignature", value };
    }
    case "array":
      return { text: "", member: "valueArray", value: [] };
    case "object":
      return { text: "", member: "valueObject", value: {} };
    default: {
      const value = `${name} ${number % 10_000}`;
      return { text: value, member: "valueString", value };
    }
  }
}
