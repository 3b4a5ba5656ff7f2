/**
 * The two channels of a command: results on stdout; progress, notes, warnings and errors on stderr.
 */
import type { Clock } from "../model/clock.ts";
import type { OperationProgress } from "../operations/reports.ts";
import type { Io } from "./io.ts";
import type { NoteLine, WarningLine } from "./json-types.ts";
import { ProgressReporter, type ProgressForm } from "./progress.ts";
import { paintFor, type Paint } from "./style.ts";
import { tableLines, type Column } from "./table.ts";
import { visible } from "./format.ts";

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
}

/** Width for texts where there is no terminal to ask. */
const DEFAULT_COLUMNS = 100;

/** Lines longer than this are tiring to read, however wide the terminal is. */
const WIDEST_TEXT = 110;

const CLEAR_LINE = "\r\u001b[2K";

export class Output {
  readonly options: OutputOptions;
  /** Colour for stdout. */
  readonly paint: Paint;
  readonly #io: Io;
  readonly #errorPaint: Paint;
  readonly #reporter: ProgressReporter;
  #status = "";

  constructor(io: Io, options: OutputOptions, clock: Clock) {
    this.options = options;
    this.#io = io;
    this.paint = paintFor(io.stdout, io.env, options.color);
    this.#errorPaint = paintFor(io.stderr, io.env, options.color);
    const form: ProgressForm = options.json ? "json" : io.stderr.isTTY ? "bar" : "lines";
    this.#reporter = new ProgressReporter(
      options.quiet ? "none" : form,
      {
        line: (text) => this.#diagnostic(text),
        status: (text) => this.#showStatus(text),
        columns: io.stderr.columns ?? DEFAULT_COLUMNS,
      },
      clock,
    );
  }

  get json(): boolean {
    return this.options.json;
  }

  /** Whether whoever read the results has gone: a listing may end. */
  get closed(): boolean {
    return this.#io.stdout.closed;
  }

  /** Width for running text on stdout. */
  get width(): number {
    return Math.min(WIDEST_TEXT, this.#io.stdout.columns ?? DEFAULT_COLUMNS);
  }

  /** A line of the result. */
  async line(text = ""): Promise<void> {
    await this.#result(`${text}\n`);
  }

  async lines(texts: Iterable<string>): Promise<void> {
    for (const text of texts) await this.line(text);
  }

  /** Content exactly as it is kept. */
  async bytes(content: Uint8Array): Promise<void> {
    await this.#result(content);
  }

  /** One JSON document on one line. */
  async document(value: unknown): Promise<void> {
    await this.line(JSON.stringify(value));
  }

  /** Label and value on each line, values aligned. */
  async facts(facts: readonly (readonly [string, string])[]): Promise<void> {
    const width = Math.max(...facts.map(([label]) => label.length));
    for (const [label, value] of facts)
      await this.line(`${this.paint("dim", label.padEnd(width))}  ${visible(value)}`);
  }

  /** A list: JSON lines with `--json`, else a table; `none` is said on stderr when there are no rows. */
  async list<Row>(
    rows: AsyncIterable<Row> | Iterable<Row>,
    columns: readonly Column<Row>[],
    none: string,
  ): Promise<void> {
    let empty = true;
    if (this.json) {
      for await (const row of rows) {
        await this.document(row);
        if (this.closed) return;
      }
      return;
    }
    for await (const text of tableLines(columns, rows, this.paint)) {
      empty = false;
      await this.line(text);
      if (this.closed) return;
    }
    if (empty) this.note(none);
  }

  /** Something nice to know, for people only. */
  note(text: string): void {
    if (!this.options.quiet && !this.json) this.#diagnostic(text);
  }

  /** Something to know about the answer, for programs too. */
  remark(text: string): void {
    if (this.json) this.#diagnostic(JSON.stringify({ note: { message: text } } satisfies NoteLine));
    else this.note(text);
  }

  warn(text: string): void {
    if (this.json) this.#diagnostic(JSON.stringify({ warning: { message: text } } satisfies WarningLine));
    else this.#diagnostic(`${this.#errorPaint("yellow", "warning:")} ${visible(text)}`);
  }

  /** Lines about an error, or its JSON. */
  complain(render: (paint: Paint, width: number) => string): void {
    this.#reporter.end();
    this.#diagnostic(
      render(this.#errorPaint, Math.min(WIDEST_TEXT, this.#io.stderr.columns ?? DEFAULT_COLUMNS)),
    );
  }

  progress(step: OperationProgress): void {
    this.#reporter.report(step);
  }

  /** Takes the bar away, before a question and at the end. */
  endProgress(): void {
    this.#reporter.end();
  }

  async #result(content: string | Uint8Array): Promise<void> {
    // On a terminal both channels share the screen: the bar must not stand in the middle of a result.
    if (this.#status !== "" && this.#io.stdout.isTTY) this.#showStatus("");
    await this.#io.stdout.write(content);
  }

  #diagnostic(text: string): void {
    const clear = this.#status === "" ? "" : CLEAR_LINE;
    void this.#io.stderr.write(`${clear}${text}\n${this.#status}`);
  }

  #showStatus(text: string): void {
    if (text === "" && this.#status === "") return;
    this.#status = text;
    void this.#io.stderr.write(`${CLEAR_LINE}${text}`);
  }
}
