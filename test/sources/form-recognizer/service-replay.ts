/**
 * A server that answers from recorded traffic: the recorded heads and bodies as they were, links to the recorder's hosts and versions included. A
 * request is known by method, path (any case, any preview of its generation) and query without the version; its recorded answers come in their
 * order, the last one again and again.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stand, type Stand } from "./service-stand.ts";

interface Entry {
  readonly request?: { readonly method: string; readonly url: string; readonly body: unknown };
  readonly response?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

interface Recording {
  readonly entries?: readonly Entry[];
  readonly parts?: readonly { readonly name: string; readonly entries: readonly Entry[] }[];
}

/** Connection matters: the recorded lengths are those of bodies whose secrets were not yet replaced. */
const NOT_REPLAYED = new Set(["content-length", "transfer-encoding", "content-encoding", "connection"]);

/** Entries of a recording; of a bundle those of the part whose name begins so. */
export function entriesOf(recording: string, part = ""): readonly Entry[] {
  const path = join(import.meta.dirname, "../../vectors/azure", `${recording}.json`);
  const whole = JSON.parse(readFileSync(path, "utf8")) as Recording;
  return whole.entries ?? whole.parts?.find(({ name }) => name.startsWith(part))?.entries ?? [];
}

export async function replay(entries: readonly Entry[]): Promise<Stand> {
  const answers = new Map<string, NonNullable<Entry["response"]>[]>();
  for (const { request, response } of entries) {
    if (request === undefined || response === undefined) continue;
    const key = keyOf(request.method, request.url);
    answers.set(key, [...(answers.get(key) ?? []), response]);
  }
  return await stand(({ method, url }, response) => {
    const queue = answers.get(keyOf(method, url));
    const answer = queue !== undefined && queue.length > 1 ? queue.shift() : queue?.[0];
    if (answer === undefined) {
      response.writeHead(599).end(`nothing recorded for ${keyOf(method, url)}`);
      return;
    }
    const heads = Object.entries(answer.headers).filter(([name]) => !NOT_REPLAYED.has(name));
    response.writeHead(answer.status, Object.fromEntries(heads));
    response.end(bodyOf(answer.body));
  });
}

function keyOf(method: string, url: string): string {
  const { pathname, search } = new URL(url, "http://any");
  const path = pathname.toLowerCase().replace(/\/v2\.\d(?:-preview(?:\.\d)?)?\//, "/v2/");
  const query = search
    .slice(1)
    .split("&")
    .filter((part) => part !== "" && !part.startsWith("api-version="));
  return `${method} ${path}?${query.join("&")}`;
}

function bodyOf(body: unknown): string {
  return body === null || body === "" ? "" : JSON.stringify(body);
}
