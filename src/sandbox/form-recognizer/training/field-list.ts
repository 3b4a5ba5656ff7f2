/**
 * `fields.json` of a labelled data set: which fields there are and of what type.
 */

/** As `fieldSchema` of later versions has it. */
export interface FieldSchema {
  readonly type: string;
  readonly items?: FieldSchema;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
}

interface FieldEntry {
  readonly fieldKey?: unknown;
  readonly fieldType?: unknown;
  readonly itemType?: unknown;
  readonly fields?: unknown;
}

/** Name → schema, in the file's order; undefined for a file that lists no fields. */
export function parseFieldList(file: Buffer): ReadonlyMap<string, FieldSchema> | undefined {
  let value: { readonly fields?: unknown; readonly definitions?: Readonly<Record<string, FieldEntry>> };
  try {
    value = JSON.parse(file.toString("utf8").replace(/^\uFEFF/, "")) as typeof value;
  } catch {
    return undefined;
  }
  if (!Array.isArray(value.fields)) return undefined;
  return new Map(entriesOf(value.fields, value.definitions ?? {}));
}

function entriesOf(
  fields: readonly unknown[],
  definitions: Readonly<Record<string, FieldEntry>>,
): [string, FieldSchema][] {
  return (fields as readonly FieldEntry[])
    .filter(({ fieldKey }) => typeof fieldKey === "string")
    .map((entry) => [String(entry.fieldKey), schemaOf(entry, definitions)]);
}

/** A definition is used by name and never within itself: nothing here goes deeper than table, row, cell. */
function schemaOf(entry: FieldEntry, definitions: Readonly<Record<string, FieldEntry>>): FieldSchema {
  const type = typeof entry.fieldType === "string" ? entry.fieldType : "string";
  const definition = typeof entry.itemType === "string" ? definitions[entry.itemType] : undefined;
  if (type === "array" && definition !== undefined) {
    return { type, items: schemaOf({ ...definition, itemType: undefined }, definitions) };
  }
  if (type === "object" && Array.isArray(entry.fields)) {
    const cells = (entry.fields as readonly FieldEntry[]).map((cell) => ({ ...cell, itemType: undefined }));
    return { type, properties: Object.fromEntries(entriesOf(cells, definitions)) };
  }
  return { type };
}
