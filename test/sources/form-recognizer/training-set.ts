/**
 * A plausible labelled data set: invoices with what the layout analysis read in each, what a person marked, and the list of fields.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface TrainingFile {
  readonly name: string;
  readonly content: Buffer;
  readonly type: string;
}

export interface TrainingSetOptions {
  /** Default 5, the fewest that a training accepts. */
  readonly documents?: number;
  /** Part of the names, such as `invoices/`. Default none. */
  readonly prefix?: string;
  /** Form of the `.ocr.json` files: `v2` (readResults) or `v3` (pages). Default `v3`. */
  readonly layout?: "v2" | "v3";
  /** False: documents only, for training without labels. Default true. */
  readonly labels?: boolean;
  /** Another one makes other values in the same documents. Default 1. */
  readonly series?: number;
}

/** The fields that are marked in every document, with their types. */
export const LABELLED_FIELDS = {
  InvoiceNumber: "string",
  InvoiceDate: "date",
  Customer: "string",
  Total: "number",
} as const;

type Values = Readonly<Record<keyof typeof LABELLED_FIELDS, string>>;

const SCHEMA = "https://schema.cognitiveservices.azure.com/formrecognizer/2021-03-01";
const CUSTOMERS = ["Contoso", "Fabrikam", "Northwind", "Tailspin", "Wingtip", "Adatum"];
const PAGE = { width: 8.5, height: 11, unit: "inch" } as const;

/** In no particular order. Names: `PREFIXinvoice-01.pdf`, with `.ocr.json` and `.labels.json` beside it, and `PREFIXfields.json`. */
export function trainingSet(options: TrainingSetOptions = {}): TrainingFile[] {
  const { documents = 5, prefix = "", layout = "v3", labels = true, series = 1 } = options;
  const names = Array.from(
    { length: documents },
    (_, at) => `${prefix}invoice-${String(at + 1).padStart(2, "0")}.pdf`,
  );
  const files = names.flatMap((name, at): TrainingFile[] => {
    const values = valuesOf(at, series);
    const lines = Object.entries(values).map(([label, value]) => `${label}: ${value}`);
    const document = { name, content: pdfOf(lines), type: "application/pdf" };
    if (!labels) return [document];
    return [
      document,
      jsonFile(`${name}.ocr.json`, layout === "v2" ? layoutV2(lines) : layoutV3(lines)),
      jsonFile(`${name}.labels.json`, labelsOf(name.slice(prefix.length), values)),
    ];
  });
  return labels ? [...files, jsonFile(`${prefix}fields.json`, fieldsOf())] : files;
}

/** Names of the documents alone, without prefix: what a `trainResult` of v2.x lists. */
export function documentNames(files: readonly TrainingFile[], prefix = ""): string[] {
  return files.filter(({ type }) => type === "application/pdf").map(({ name }) => name.slice(prefix.length));
}

/** Into a folder of the local disk, subfolders for `/` in names. */
export async function writeTrainingFolder(folder: string, files: readonly TrainingFile[]): Promise<void> {
  for (const { name, content } of files) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}

function valuesOf(at: number, series: number): Values {
  return {
    InvoiceNumber: `INV-${series}${String(at + 1).padStart(4, "0")}`,
    InvoiceDate: `2026-0${(at % 9) + 1}-15`,
    Customer: CUSTOMERS[at % CUSTOMERS.length] as string,
    Total: `${100 * series + 12 * at}.50`,
  };
}

function jsonFile(name: string, value: unknown): TrainingFile {
  return { name, content: Buffer.from(JSON.stringify(value), "utf8"), type: "application/json" };
}

function fieldsOf(): unknown {
  const fields = Object.entries(LABELLED_FIELDS).map(([fieldKey, fieldType]) => ({
    fieldKey,
    fieldType,
    fieldFormat: "not-specified",
  }));
  return { $schema: `${SCHEMA}/fields.json`, fields, definitions: {} };
}

function labelsOf(document: string, values: Values): unknown {
  const labels = Object.entries(values).map(([label, text], line) => ({
    label,
    value: [{ page: 1, text, boundingBoxes: [relative(boxOf(line, label.length + 2, text.length))] }],
  }));
  return { $schema: `${SCHEMA}/labels.json`, document, labels };
}

/** Eight numbers, clockwise from the upper left, in inches. */
function boxOf(line: number, from: number, length: number): number[] {
  const [left, right] = [1 + from * 0.1, 1 + (from + length) * 0.1];
  const [top, bottom] = [1 + line * 0.3, 1.2 + line * 0.3];
  return [left, top, right, top, right, bottom, left, bottom].map((value) => Math.round(value * 100) / 100);
}

function relative(box: readonly number[]): number[] {
  return box.map((value, at) => value / (at % 2 === 0 ? PAGE.width : PAGE.height));
}

function wordsOf(text: string): { readonly text: string; readonly at: number }[] {
  return [...text.matchAll(/\S+/g)].map((match) => ({ text: match[0], at: match.index }));
}

function layoutV2(lines: readonly string[]): unknown {
  const read = lines.map((text, line) => ({
    boundingBox: boxOf(line, 0, text.length),
    text,
    words: wordsOf(text).map((word) => ({
      boundingBox: boxOf(line, word.at, word.text.length),
      text: word.text,
      confidence: 0.99,
    })),
  }));
  return {
    status: "succeeded",
    createdDateTime: "2026-09-01T08:00:00Z",
    lastUpdatedDateTime: "2026-09-01T08:00:03Z",
    analyzeResult: {
      version: "2.1.0",
      readResults: [{ page: 1, angle: 0, ...PAGE, lines: read }],
      pageResults: [{ page: 1, tables: [] }],
    },
  };
}

function layoutV3(lines: readonly string[]): unknown {
  const content = lines.join("\n");
  const starts = lines.map((_, line) => lines.slice(0, line).join("\n").length + (line > 0 ? 1 : 0));
  const words = lines.flatMap((text, line) =>
    wordsOf(text).map((word) => ({
      content: word.text,
      polygon: boxOf(line, word.at, word.text.length),
      confidence: 0.99,
      span: { offset: (starts[line] as number) + word.at, length: word.text.length },
    })),
  );
  const read = lines.map((text, line) => ({
    content: text,
    polygon: boxOf(line, 0, text.length),
    spans: [{ offset: starts[line] as number, length: text.length }],
  }));
  return {
    status: "succeeded",
    createdDateTime: "2026-09-01T08:00:00Z",
    lastUpdatedDateTime: "2026-09-01T08:00:03Z",
    analyzeResult: {
      apiVersion: "2022-08-31",
      modelId: "prebuilt-layout",
      stringIndexType: "utf16CodeUnit",
      content,
      pages: [
        {
          pageNumber: 1,
          angle: 0,
          ...PAGE,
          words,
          lines: read,
          spans: [{ offset: 0, length: content.length }],
        },
      ],
      tables: [],
      styles: [],
    },
  };
}

/** One page of text; small, and a PDF that readers open. */
function pdfOf(lines: readonly string[]): Buffer {
  const text = lines.map((line) => `(${line}) Tj T*`).join(" ");
  const stream = `BT /F1 12 Tf 72 700 Td 20 TL ${text} ET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  let body = "%PDF-1.4\n";
  const offsets = objects.map((object, at) => {
    const offset = body.length;
    body += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  const count = objects.length + 1;
  const trailer = `trailer\n<< /Size ${count} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`;
  return Buffer.from(`${body}xref\n0 ${count}\n0000000000 65535 f \n${table}${trailer}`, "latin1");
}
