/**
 * `/{db}/_changes` in all its feeds. Rows are read in pages and written as they come, so that a feed of any length costs the
 * memory of one page.
 */
import { ChangesRows } from "./changes-rows.ts";
import type { ChangesOptions } from "./changes-options.ts";
import { readChangesOptions } from "./changes-options.ts";
import type { Database } from "./database.ts";
import { methodNotAllowed } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { ServerState } from "./state.ts";

export async function changes(exchange: Exchange, state: ServerState, database: Database): Promise<void> {
  if (exchange.method !== "GET" && exchange.method !== "POST") throw methodNotAllowed("GET,POST,HEAD");
  const options = await readChangesOptions(exchange, database);
  state.limiter.admit("query", 1);
  const rows = new ChangesRows(exchange, database, options);
  switch (options.feed) {
    case "normal":
      await sendNormal(exchange, database, rows);
      return;
    case "longpoll":
      await sendLongpoll(exchange, state, database, options, rows);
      return;
    default:
      await sendContinuous(exchange, state, database, options, rows);
  }
}

async function sendNormal(exchange: Exchange, database: Database, rows: ChangesRows): Promise<void> {
  const etag = `"${database.sequences.encode(database.updateSeq).slice(-16)}"`;
  exchange.start(200, { "Content-Type": "application/json", ETag: etag });
  await exchange.write('{"results":[\n');
  await exchange.writeAll(separated(rows.take(database.updateSeq)));
  await exchange.write(`\n],\n${rows.tail()}}\n\n`);
  await exchange.end();
}

async function sendLongpoll(
  exchange: Exchange,
  state: ServerState,
  database: Database,
  options: ChangesOptions,
  rows: ChangesRows,
): Promise<void> {
  exchange.start(200, { "Content-Type": "application/json" });
  await exchange.write('{"results":[\n');
  await exchange.writeAll(separated(rows.take(database.updateSeq)));
  if (rows.count === 0) await exchange.write("\n");
  while (rows.count === 0 && options.limit > 0) {
    const woken = await nextChange(exchange, state, database, rows.position, options);
    if (woken === "ended") break;
    await exchange.writeAll(separated(rows.take(database.updateSeq)));
  }
  await exchange.write(`\n],\n${rows.tail()}}\n\n`);
  await exchange.end();
}

async function sendContinuous(
  exchange: Exchange,
  state: ServerState,
  database: Database,
  options: ChangesOptions,
  rows: ChangesRows,
): Promise<void> {
  const events = options.feed === "eventsource";
  exchange.start(200, {
    "Content-Type": events ? "text/event-stream" : "application/json",
    ...(events ? { "Cache-Control": "no-cache" } : {}),
  });
  exchange.response.flushHeaders();
  let waited = false;
  for (;;) {
    await exchange.writeAll(asLines(rows.take(database.updateSeq), events));
    if (rows.count >= options.limit) break;
    // A feed that begins with nothing to tell shows that it is there.
    if (rows.count === 0 && !waited) await exchange.write("\n");
    waited = true;
    if ((await nextChange(exchange, state, database, rows.position, options)) === "ended") break;
  }
  // A database that is deleted ends its feeds like a time-out does: with a last line, not with an error.
  await exchange.write(events ? "" : `{${rows.tail()}}\n`);
  await exchange.write("\n");
  await exchange.end();
}

function* separated(rows: Iterable<{ readonly text: string }>): Generator<string> {
  let separator = "";
  for (const { text } of rows) {
    yield separator + text;
    separator = ",\r\n";
  }
}

function* asLines(
  rows: Iterable<{ readonly text: string; readonly seq: string }>,
  events: boolean,
): Generator<string> {
  for (const { text, seq } of rows) yield events ? `data: ${text}\nid: ${seq}\n\n` : `${text}\n`;
}

/** Waits for a change beyond `position`, writing heartbeats meanwhile. */
async function nextChange(
  exchange: Exchange,
  state: ServerState,
  database: Database,
  position: number,
  options: ChangesOptions,
): Promise<"changed" | "ended"> {
  if (database.isDeleted || state.closing.aborted || exchange.response.destroyed) return "ended";
  if (database.updateSeq > position) return "changed";
  const blank = options.feed === "eventsource" ? "event: heartbeat\ndata: \n\n" : "\n";
  return new Promise((resolve) => {
    const finish = (outcome: "changed" | "ended") => (): void => {
      clearInterval(beat);
      clearTimeout(end);
      database.events.off("change", onChange);
      database.events.off("deleted", onEnd);
      state.closing.removeEventListener("abort", onEnd);
      exchange.response.off("close", onEnd);
      resolve(outcome);
    };
    const onChange = finish("changed");
    const onEnd = finish("ended");
    const beat =
      options.heartbeat === undefined
        ? undefined
        : setInterval(() => {
            exchange.response.write(blank);
          }, options.heartbeat);
    const end = options.timeout === undefined ? undefined : setTimeout(onEnd, options.timeout);
    database.events.on("change", onChange);
    database.events.on("deleted", onEnd);
    state.closing.addEventListener("abort", onEnd);
    exchange.response.on("close", onEnd);
  });
}
