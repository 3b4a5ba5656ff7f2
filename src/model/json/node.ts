/**
 * A JSON document as a tree that loses nothing: numbers stay the text they were written in, members keep their order,
 * repeated members are resolved as CouchDB does (the last one wins, in the last one's place) and remembered.
 */
export interface JsonMember {
  readonly name: string;
  readonly value: JsonNode;
}

export interface JsonObject {
  readonly kind: "object";
  readonly members: readonly JsonMember[];
  /** Names that occurred more than once, once each; empty in almost every document. */
  readonly duplicates: readonly string[];
}

export interface JsonArray {
  readonly kind: "array";
  readonly elements: readonly JsonNode[];
}

export interface JsonNumber {
  readonly kind: "number";
  /** As written: `1`, `1.0` and `1e0` are three texts. */
  readonly text: string;
}

export interface JsonString {
  readonly kind: "string";
  readonly value: string;
}

export interface JsonLiteral {
  readonly kind: "literal";
  readonly value: true | false | null;
}

export type JsonNode = JsonObject | JsonArray | JsonNumber | JsonString | JsonLiteral;
